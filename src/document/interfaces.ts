/**
 * Lossless view of a file of ifupdown(8): /etc/network/interfaces and what it has sourced.
 *
 * Every byte of the text sits in exactly one `Line.raw`, so `print(parse(text)) === text`. Grammar: interfaces(5); what
 * it leaves open follows `get_line()` and `read_interfaces_defn()` in ifupdown's config.c: a comment starts a line, is
 * never continued by a backslash, and any word that does not begin a stanza is an option of the one before.
 */
export type Line =
  | { kind: 'blank' | 'comment'; raw: string }
  /** `auto eth0`, `source FILE`, `iface eth0 inet static`; words[0] is the keyword. */
  | { kind: 'keyword'; raw: string; words: readonly string[] }
  | Option

/** A line of a stanza; `value` has continuations folded. */
export interface Option {
  kind: 'option'
  raw: string
  key: string
  value: string
}

/** `iface NAME FAMILY METHOD` with the lines that belong to it: `lines[at]` and those up to `end`. */
export interface Stanza {
  name: string
  family: string
  method: string
  /** Templates whose options it has too. */
  inherits: readonly string[]
  options: readonly Option[]
  at: number
  /** Behind its last option; comments and blank lines after that are nobody's. */
  end: number
}

const keyword = /^(iface|mapping|auto|allow-\S+|source|source-directory|no-auto-down|no-scripts|rename|template)$/

export const print = (lines: readonly Line[]): string => lines.map(({ raw }) => raw).join('')

export function parse(text: string): Line[] {
  const physical = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const lines: Line[] = []
  for (let at = 0; at < physical.length; ) {
    let raw = physical[at++] ?? ''
    if (/^[ \t]*#/.test(raw)) {
      lines.push({ kind: 'comment', raw })
      continue
    }
    while (/\\\n$/.test(raw) && at < physical.length) raw += physical[at++]
    lines.push(logical(raw))
  }
  return lines
}

function logical(raw: string): Line {
  const folded = raw.replaceAll('\\\n', ' ').trim()
  if (folded === '') return { kind: 'blank', raw }
  const [key = '', ...rest] = folded.split(/\s+/)
  if (keyword.test(key)) return { kind: 'keyword', raw, words: [key, ...rest] }
  return { kind: 'option', raw, key, value: folded.slice(key.length).trim() }
}

/** The `iface` stanzas, in order. */
export function stanzas(lines: readonly Line[]): Stanza[] {
  const found: Stanza[] = []
  let open: (Stanza & { options: Option[] }) | undefined
  for (const [at, line] of lines.entries()) {
    if (line.kind === 'keyword') {
      const [word, name = '', ...rest] = line.words
      open = undefined
      if (word !== 'iface' && word !== 'template') continue
      const split = rest.indexOf('inherits')
      const [family = '', method = ''] = split === -1 ? rest : rest.slice(0, split)
      const inherits = split === -1 ? [] : rest.slice(split + 1)
      open = { name, family, method, inherits, options: [], at, end: at + 1 }
      found.push(open)
    } else if (line.kind === 'option' && open !== undefined) {
      open.options.push(line)
      open.end = at + 1
    }
  }
  return found
}

/** The indent that the options of a file have; four blanks, as in interfaces(5), when there are none. */
export function indentOf(lines: readonly Line[]): string {
  const option = lines.find((line) => line.kind === 'option')
  return option === undefined ? '    ' : (/^[ \t]*/.exec(option.raw)?.[0] ?? '')
}
