/**
 * Lossless view of what dnsmasq(8) reads: a --conf-file of options, and a --dhcp-hostsfile whose lines are the values of
 * `dhcp-host` alone.
 *
 * Every byte of the text sits in exactly one `Line.raw`, so `print(parse(text)) === text`. Grammar: dnsmasq(8)
 * CONFIG FILE; what it leaves open follows `read_file()` in dnsmasq's option.c.
 */

/** `malformed`: a quote that does not end; dnsmasq refuses the file. */
export type Line = { kind: 'blank' | 'comment' | 'malformed'; raw: string } | Option

export interface Option {
  kind: 'option'
  raw: string
  key: string
  /** As dnsmasq takes it: quotes resolved, blanks and a comment behind it dropped; '' when there is none. */
  value: string
  /** The value in which characters from inside quotes divide nothing and make no number, as dnsmasq goes on with it: see `unhide`. */
  hidden: string
  /** 0-based place in `raw` of the value as it is written. */
  at: number
  end: number
}

/** @param only the option that every line is a value of: `dhcp-host` in a --dhcp-hostsfile */
export const parse = (text: string, only?: string): Line[] =>
  (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((raw) => parseLine(raw, only))

export const print = (lines: readonly Line[]): string => lines.map(({ raw }) => raw).join('')

/** The values that an option has, in order; an option may be repeated. */
export const valuesOf = (lines: readonly Line[], key: string): string[] =>
  lines.flatMap((line) => (line.kind === 'option' && line.key === key ? line.value : []))

/** With a line at the end, which ends as the others do. */
export function append(lines: readonly Line[], line: string, only?: string): Line[] {
  const end = lines.some(({ raw }) => raw.endsWith('\r\n')) ? '\r\n' : '\n'
  const last = lines.at(-1)
  const open = last !== undefined && !last.raw.endsWith('\n')
  const closed = open ? [...lines.slice(0, -1), parseLine(last.raw + end, only)] : lines
  return [...closed, parseLine(line + end, only)]
}

/** The line with other text for its value; undefined where quotes stand in it, which hide what is what. */
export function withValue(line: Option, value: string, only?: string): Line | undefined {
  const { raw, at, end } = line
  return raw.slice(at, end) === line.value ? parseLine(raw.slice(0, at) + value + raw.slice(end), only) : undefined
}

function parseLine(raw: string, only: string | undefined): Line {
  return /["\0]/.test(raw) ? parseQuoted(raw, only) : parsePlain(raw, only)
}

/** A line without quotes, as nearly all are: what it says is a part of it. */
function parsePlain(raw: string, only: string | undefined): Line {
  const text = raw.slice(0, behind(/(?:^|[ \t\n\v\f\r])#/.exec(raw)) ?? raw.length)
  const end = text.search(/[ \t\n\v\f\r]*$/)
  const first = text.search(/[^ \t\n\v\f\r]/)
  if (first === -1) return { kind: text === raw ? 'blank' : 'comment', raw }
  const blanks = (part: string): string => part.replace(/[\t\n\v\f\r]/g, ' ')
  const option = (key: string, value: string, at: number): Option => ({
    kind: 'option',
    raw,
    key,
    value,
    hidden: value,
    at,
    end,
  })
  if (only !== undefined) return option(only, blanks(raw.slice(first, end)), first)
  const sign = text.indexOf('=')
  if (sign === -1) return option(blanks(raw.slice(first, end)), '', end)
  const at = sign + 1 + text.slice(sign + 1).search(/[^ \t\n\v\f\r]|$/)
  const value = blanks(raw.slice(at, end))
  const key = blanks(raw.slice(first, sign).replace(/[ \t\n\v\f\r]+$/, ''))
  return option(key, value, value === '' ? end : at)
}

const behind = (found: RegExpExecArray | null): number | undefined =>
  found === null ? undefined : found.index + found[0].length - 1

function parseQuoted(raw: string, only: string | undefined): Line {
  const cells = readCells(raw)
  if (cells === undefined) return { kind: 'malformed', raw }
  const [first] = cells
  const last = cells.at(-1)
  if (first === undefined || last === undefined) return { kind: /^\s*#/.test(raw) ? 'comment' : 'blank', raw }
  const option = (key: string, value: readonly Cell[]): Option => {
    const hidden = textOf(value)
    return { kind: 'option', raw, key, value: unhide(hidden), hidden, at: value[0]?.at ?? last.end, end: last.end }
  }
  if (only !== undefined) return option(only, cells)
  const sign = cells.findIndex(({ text }) => text === '=')
  if (sign === -1) return option(textOf(cells), [])
  return option(textOf(trimmed(cells.slice(0, sign))), trimmed(cells.slice(sign + 1)))
}

/** `meta` of option.c: a character of these stands as its place here while it is inside quotes. */
const meta = '\x00123456 \b\t\n78\r90abcdefABCDE\x1bF:,.'

/** `hide_meta()` */
const hide = (char: string): string => (meta.includes(char) ? String.fromCharCode(meta.indexOf(char)) : char)

/** `unhide_metas()`: the text as it was meant. */
export const unhide = (hidden: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what dnsmasq hides characters behind
  hidden.replace(/[\x01-\x1f]/g, (char) => meta.charAt(char.charCodeAt(0)))

/** One character as dnsmasq takes it, hidden where it is inside quotes, and where it stands. */
interface Cell {
  text: string
  at: number
  end: number
}

const textOf = (cells: readonly Cell[]): string => cells.map(({ text }) => text).join('')

/** isspace(3) in the C locale. */
const isBlank = (char: string): boolean => /[ \t\n\v\f\r]/.test(char)

const escapes: Record<string, string> = { '"': '"', t: '\t', n: '\n', e: '\x1b', b: '\b', r: '\r', '\\': '\\' }

/** Undefined when a quote does not end. A comment begins with a `#` at the start or behind a blank, also behind quotes. */
function readCells(raw: string): Cell[] | undefined {
  const cells: Cell[] = []
  const nul = raw.indexOf('\0')
  const stop = nul === -1 ? raw.length : nul
  let white = true
  for (let at = 0; at < stop; at++) {
    let start = at
    if (raw[at] === '"') {
      for (at++; at < stop && raw[at] !== '"'; at++) {
        const escaped = raw[at] === '\\' ? escapes[raw[at + 1] ?? ''] : undefined
        cells.push({ text: hide(escaped ?? raw.charAt(at)), at: start, end: at + (escaped === undefined ? 1 : 2) })
        if (escaped !== undefined) at++
        start = at + 1
      }
      if (at >= stop) return undefined
      const closed = cells.at(-1)
      if (closed !== undefined) closed.end = at + 1
      // dnsmasq looks at the character behind the quotes without asking whether it opens others
      start = ++at
      if (at >= stop) break
    }
    const char = raw.charAt(at)
    if (isBlank(char)) {
      cells.push({ text: ' ', at: start, end: at + 1 })
      white = true
    } else if (white && char === '#') break
    else {
      cells.push({ text: char, at: start, end: at + 1 })
      white = false
    }
  }
  return trimmed(cells)
}

function trimmed(cells: readonly Cell[]): Cell[] {
  const first = cells.findIndex(({ text }) => text !== ' ')
  return first === -1 ? [] : cells.slice(first, cells.findLastIndex(({ text }) => text !== ' ') + 1)
}
