/**
 * Lossless view of a file of systemd-networkd: systemd.syntax(7), systemd.network(5), systemd.netdev(5).
 *
 * Every byte of the text sits in exactly one `Line.raw`, so `print(parse(text)) === text`. Sections and keys may repeat;
 * a backslash at the end of a line continues it, and comments among the continuing lines are skipped
 * (config_parse() in systemd's conf-parser.c).
 */
export type Line =
  | { kind: 'blank' | 'comment' | 'foreign'; raw: string }
  | { kind: 'section'; raw: string; section: string }
  | Assignment

export interface Assignment {
  kind: 'assignment'
  raw: string
  section: string
  key: string
  value: string
}

export const print = (lines: readonly Line[]): string => lines.map(({ raw }) => raw).join('')

export function parse(text: string): Line[] {
  const physical = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const lines: Line[] = []
  let section = ''
  for (let at = 0; at < physical.length; ) {
    let raw = physical[at++] ?? ''
    if (/^\s*[#;]/.test(raw)) {
      lines.push({ kind: 'comment', raw })
      continue
    }
    let folded = raw
    while (/\\\n$/.test(folded) && at < physical.length) {
      const next = physical[at++] ?? ''
      raw += next
      if (!/^\s*[#;]/.test(next)) folded = `${folded.slice(0, -2)} ${next}`
    }
    const line = logical(raw, folded.trim(), section)
    if (line.kind === 'section') section = line.section
    lines.push(line)
  }
  return lines
}

function logical(raw: string, text: string, section: string): Line {
  if (text === '') return { kind: 'blank', raw }
  const [, name] = /^\[(.*)\]$/.exec(text) ?? []
  if (name !== undefined) return { kind: 'section', raw, section: name }
  const [, key = '', value = ''] = /^([^=]+?)\s*=\s*(.*)$/s.exec(text) ?? []
  return key === '' ? { kind: 'foreign', raw } : { kind: 'assignment', raw, section, key, value }
}

/** All values of a key, in order; an empty one takes back those before it, as for all lists of systemd. */
export function values(lines: readonly Line[], section: string, key: string): string[] {
  let found: string[] = []
  for (const line of lines) {
    if (line.kind !== 'assignment' || line.section !== section || line.key !== key) continue
    found = line.value === '' ? [] : [...found, line.value]
  }
  return found
}
