/**
 * How a file is written: indent, spacing around `=`, line ends, blank lines between NICs. New lines imitate it.
 *
 * A file whose last line has no line end keeps having none.
 */
import { type Line, lineEnd, type Setting } from './lxc-config.ts'
import { type NicLine, reread } from './nic-lines.ts'

/** What an edit may do to a list of lines; places are 0-based and refer to the lines before the edit. */
export interface Splice {
  /** Place → the line that takes its place. */
  replace?: ReadonlyMap<number, Line>
  remove?: ReadonlySet<number>
  /** Place → texts without line end that come to stand before it; the number of lines stands for the end. */
  insert?: ReadonlyMap<number, readonly string[]>
}

export function splice(lines: readonly Line[], { replace, remove, insert }: Splice): Line[] {
  const out: Line[] = []
  for (let at = 0; at <= lines.length; at++) {
    const texts = insert?.get(at)
    if (texts !== undefined) append(out, texts, lines[at], lines)
    const line = replace?.get(at) ?? lines[at]
    if (line !== undefined && !remove?.has(at)) out.push(line)
  }
  return out
}

function append(out: Line[], texts: readonly string[], next: Line | undefined, lines: readonly Line[]): void {
  const last = out.at(-1)
  const end = lineEnd(last?.raw ?? '') || lineEnd(next?.raw ?? '') || firstEnd(lines)
  const open = last !== undefined && lineEnd(last.raw) === ''
  if (open) out[out.length - 1] = reread(last.raw + end)
  for (const [n, text] of texts.entries()) out.push(reread(open && n === texts.length - 1 ? text : text + end))
}

const firstEnd = (lines: readonly Line[]): string =>
  lines.map(({ raw }) => lineEnd(raw)).find((end) => end !== '') ?? '\n'

/** Place behind the last line that LXC reads. */
export const endOf = (lines: readonly Line[]): number =>
  lines.at(-1)?.kind === 'unread' ? lines.length - 1 : lines.length

/** `key = value` in the manner of the first of `groups` that has a line to imitate. */
export function writeLine(key: string, value: string, groups: readonly (readonly Setting[])[]): string {
  const near = groups.find((group) => group.length > 0) ?? []
  const model = near.findLast((line) => line.value !== '') ?? near.at(-1)
  if (model === undefined) return `${key} = ${value}`
  const { indent, left, right } = spacing(model)
  const columns = new Set(near.map((line) => line.raw.indexOf('=')))
  const lengths = new Set(near.map((line) => line.key.length))
  // keys of several lengths with their signs in one column: the file is aligned
  const aligned = columns.size === 1 && lengths.size > 1 && left.endsWith(' ')
  const pad = aligned ? ' '.repeat(Math.max(1, model.raw.indexOf('=') - indent.length - key.length)) : left
  return `${indent}${key}${pad}=${right}${value}`
}

function spacing(line: Setting): { indent: string; left: string; right: string } {
  const from = line.raw.indexOf(line.key)
  const sign = line.raw.indexOf('=')
  return {
    indent: line.raw.slice(0, from),
    left: line.raw.slice(from + line.key.length, sign),
    right: line.value === '' ? line.raw.slice(from + line.key.length, sign) : line.raw.slice(sign + 1, line.at),
  }
}

/** Does a blank line stand between the NICs of this file? Where that cannot be told: has it blank lines at all? */
export function separatesNics(lines: readonly Line[], owned: readonly NicLine[]): boolean {
  const met = new Set<string>()
  let separated: boolean | undefined
  for (const { at, nic, sub, alive } of owned) {
    const name = `${nic?.style} ${nic?.index}`
    if (!alive || sub === '' || met.has(name)) continue
    met.add(name)
    const above = lines[aboveComments(lines, at) - 1]
    if (above !== undefined) separated = above.kind === 'blank'
  }
  return separated ?? lines.some(({ kind }) => kind === 'blank')
}

/** Place of the first of the comments that stand directly above a line, else of the line itself. */
export function aboveComments(lines: readonly Line[], at: number): number {
  let place = at
  while (lines[place - 1]?.kind === 'comment') place--
  return place
}

/**
 * Takes lines out, and of the blank lines that meet there as many as stood on the one side or the other, so that no
 * gap tells of what has gone. At the start and the end of the file no new blank lines come to stand.
 */
export function cutOut(lines: readonly Line[], gone: ReadonlySet<number>): Line[] {
  const out: Line[] = []
  const end = endOf(lines)
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]
    if (!gone.has(at)) {
      if (line !== undefined) out.push(line)
      at++
      continue
    }
    while (gone.has(at)) at++
    let blanksBelow = 0
    while (lines[at + blanksBelow]?.kind === 'blank') blanksBelow++
    let blanksAbove = 0
    while (out.at(-1 - blanksAbove)?.kind === 'blank') blanksAbove++
    if (at + blanksBelow === end) out.length -= blanksAbove
    else at += out.length === blanksAbove ? blanksBelow : Math.min(blanksAbove, blanksBelow)
  }
  return out
}
