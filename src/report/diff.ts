/** What `lxcnet diff` says of one host. */
import type { Note } from '../plan/plan.ts'
import { noteText } from './change.ts'
import { table } from './table.ts'

export interface DiffRow {
  /** null for an object. */
  container: string | null
  nic: number | null
  /** `bridge lxcbr1`; null for a NIC. */
  object: string | null
  /**
   * LXC's own, without its prefix; `type` for a NIC that is missing or surplus as a whole. Of an object one of its
   * words; `present` for the whole of it.
   */
  key: string
  want: string[]
  have: string[]
  /** As the site set it last; null when it never did. */
  set: string[] | null
  /** Who made the difference: an edit of the site file, a later lxcnet command, or somebody else on the host. */
  origin: 'site-file' | 'lxcnet' | 'other'
  /** That command. */
  change: { id: string; user: string; command: string } | null
}

export interface DiffReport {
  schema: 'lxcnet.diff/1'
  host: string
  site: string
  differences: DiffRow[]
  /** What keeps the host from becoming what the file says: a container that is not there, an uplink that does not exist. */
  notes: Note[]
}

export function diffText({ differences, notes }: DiffReport, width: number): string {
  if (differences.length + notes.length === 0) return 'as the site file says'
  const rows = differences.map(({ container, nic, object, key, want, have, origin, change }) => [
    object ?? `${container}:${nic}`,
    key,
    want.join(' ') || '-',
    have.join(' ') || '-',
    origin === 'site-file' ? 'the site file' : change === null ? 'not lxcnet' : `${change.id} ${change.user}`,
  ])
  const isMixed = differences.some(({ object }) => object !== null)
  const head = [isMixed ? 'WHAT' : 'NIC', 'KEY', 'SITE FILE', 'HOST', 'CHANGED BY']
  return [...(rows.length > 0 ? [table(head, rows, width)] : []), ...notes.map((note) => noteText(note, width))].join(
    '\n',
  )
}
