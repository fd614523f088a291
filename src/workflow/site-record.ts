/**
 * What a site has set on a host: site-NAME.json beside lxcnet's journal there, written in the same change that sets it.
 *
 * It holds only what lxcnet wrote for the site, with what stood there before: so lxcnet takes away and hands back its
 * own alone, and can tell what others have changed since.
 */
import { exit, LxcnetError } from '../core/error.ts'
import type { Snapshot } from '../host/snapshot.ts'
import type { Change } from '../plan/plan.ts'
import { defaultSiteName } from '../site/index.ts'
import type { Context } from './context.ts'

export interface SiteRecord {
  schema: 'lxcnet.site-record/1'
  site: string
  /** By name, then by N of lxc.net.N. */
  containers: Record<string, Record<string, NicRecord>>
}

export interface NicRecord {
  /** The site made the NIC; else it set keys of one that was there. */
  created: boolean
  keys: Record<string, KeyRecord>
}

export interface KeyRecord {
  set: string[]
  /** What stood there when the site set it first. */
  before: string[]
}

export const recordPath = ({ scope }: Context, site = defaultSiteName): string => `${scope.state}/site-${site}.json`

/** @throws {LxcnetError} `bad-record` */
export function readRecord(context: Context, snapshot: Snapshot, site: string): SiteRecord {
  const empty: SiteRecord = { schema: 'lxcnet.site-record/1', site, containers: {} }
  const path = recordPath(context, site)
  const text = snapshot.files.get(path)?.text
  if (text === undefined) return empty
  try {
    const record = JSON.parse(text) as SiteRecord
    if (record.schema === empty.schema && typeof record.containers === 'object' && record.containers !== null)
      return record
  } catch {
    // said below
  }
  throw new LxcnetError('bad-record', `${path} is not what lxcnet wrote there`, {
    exit: exit.data,
    suggestions: [
      'it says which NICs the site set: put it back from a backup',
      'or remove it: the site then owns nothing on this host until it sets something again',
    ],
  })
}

/** The change that brings the record up to date; none when it is. */
export function recordChange(context: Context, snapshot: Snapshot, record: SiteRecord): Change[] {
  const path = recordPath(context, record.site)
  const file = snapshot.files.get(path)
  const empty = Object.keys(record.containers).length === 0
  const after = empty ? null : `${JSON.stringify(record, null, 1)}\n`
  if (after === (file?.text ?? null)) return []
  const why = `remembers what the site ${record.site} set here`
  const before = file?.text ?? null
  return [{ kind: 'file', path, before, after, mode: 0o600, ...context.owner, why, impact: 'live', record: true }]
}
