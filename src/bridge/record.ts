/**
 * What lxcnet remembers of a bridge that it made: how each file read where it was changed, so that `delete` puts back
 * those bytes and no others. A file of its own for each bridge, since the journal forgets.
 */
import type { BackendName, Texts } from './model.ts'

export const recordFolder = '/etc/lxcnet/bridges'
export const recordPath = (name: string): string => `${recordFolder}/${name}.json`

/** Lines of a file that were replaced by others; null where there was no file. */
interface Edit {
  path: string
  before: string | null
  after: string
}

export type Words = { [word: string]: readonly string[] }

export interface Record {
  /** Of all that lxcnet made on this host, the how many-th: a later one's lines may stand among this one's. */
  number: number
  backend: BackendName
  /** Word → values that somebody gave. */
  told: Words
  /** Word → values as the files had them then, with what was the uplink's: what differs now was changed by hand. */
  made: Words
  /** The uplink's own stanza or file went to the bridge. */
  takesOver: boolean
  edits: Edit[]
}

export function readRecord(text: string | undefined): Record | undefined {
  if (text === undefined) return undefined
  try {
    const { number = 0, backend, told = {}, made = {}, takesOver, edits } = JSON.parse(text) as Record
    return Array.isArray(edits) ? { number, backend, told, made, takesOver, edits } : undefined
  } catch {
    return undefined
  }
}

export const printRecord = (record: Record): string => `${JSON.stringify(record, null, 2)}\n`

/** What `find` says of a bridge: what was told, and what was changed by hand since. */
export function settingsNow(
  { told, made }: Record,
  now: ReadonlyMap<string, readonly string[]>,
): Map<string, readonly string[]> {
  const settings = new Map(Object.entries(told))
  for (const word of new Set([...Object.keys(made), ...now.keys()])) {
    const list = now.get(word) ?? []
    if (list.join() === (made[word] ?? []).join()) continue
    if (list.length === 0) settings.delete(word)
    else settings.set(word, list)
  }
  return settings
}

/** The lines that differ, with one more on each side, by which the place is found again. */
export function editOf(path: string, before: string | undefined, after: string): Edit {
  if (before === undefined) return { path, before: null, after }
  const [old, now] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const [from, behind] = [Math.max(0, head - 1), Math.max(0, tail - 1)]
  const middle = (lines: string[]): string => lines.slice(from, lines.length - behind).join('')
  return { path, before: middle(old), after: middle(now) }
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/**
 * Puts back what the record remembers.
 *
 * @returns the file that no longer reads as lxcnet left it, if there is one; `texts` is of no use then
 */
export function handBack({ edits }: Record, texts: Texts): string | undefined {
  for (const { path, before, after } of edits.toReversed()) {
    const text = texts.read(path)
    if (before === null) {
      if (text === undefined) continue
      if (text !== after) return path
      texts.write(path, null)
      continue
    }
    const at = text?.indexOf(after) ?? -1
    if (text === undefined || at === -1 || text.indexOf(after, at + 1) !== -1) return path
    texts.write(path, text.slice(0, at) + before + text.slice(at + after.length))
  }
  return undefined
}
