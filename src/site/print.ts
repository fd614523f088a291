/**
 * A site file as text, for `import`: sorted, one thing a line, with a comment on where each value came from.
 *
 * The same draft gives the same bytes, and what is printed is read back as what it was.
 */
import { DEFAULT_SCALAR_STYLE_RULES, dump, SCALAR_STYLE, type ScalarStyleRule } from 'js-yaml'
import { LxcnetError } from '../core/error.ts'
import type { SiteTable } from './model.ts'
import { decodeUtf8, toBytes } from './source.ts'

export interface Draft {
  /** Comment lines for the top of the file, without `#`. */
  head: readonly string[]
  name?: string
  /** By name, with their keys as in the file; none for a host that its name says all about. */
  hosts: ReadonlyMap<string, DraftEntries>
  networks: ReadonlyMap<string, DraftEntries>
  /** Objects by section, then by name. */
  sections?: ReadonlyMap<string, ReadonlyMap<string, DraftObject>>
  containers: readonly DraftContainer[]
}

export interface DraftObject {
  /** Where it was read. */
  from?: string
  /** Absent when all hosts have it. */
  hosts?: readonly string[]
  entries: DraftEntries
  /** What is otherwise on single hosts. */
  on: ReadonlyMap<string, DraftEntries>
}

export interface DraftContainer {
  name: string
  host: string
  /** Where it was read. */
  from?: string
  nics: ReadonlyMap<number, DraftEntries>
}

export type DraftEntries = ReadonlyMap<string, DraftValue>

export interface DraftValue {
  /** One text, a list of them, or, for `links`, one for each host. */
  value: string | readonly string[] | ReadonlyMap<string, string>
  /** Where it was read: `/var/lib/lxc/web01/config:12`. */
  from?: string
}

/**
 * @returns bytes as latin1
 * @throws {LxcnetError} `not-utf-8` for a text that YAML cannot hold
 */
export function printSite(draft: Draft, table: SiteTable): string {
  return new Printer(table).print(draft)
}

/** Rank of each key that has one; others follow by name. */
type Ranks = ReadonlyMap<string, number>

const ranked = (keys: readonly string[]): Ranks => new Map(keys.map((key, rank) => [key, rank]))

class Printer {
  /** Of the keys of networks and NICs. */
  private readonly ranks: Ranks
  private readonly sections: SiteTable['sections']
  private readonly lines: string[] = []
  /** Most texts come again and again, and quoting takes time. */
  private readonly scalars = new Map<string, string>()

  constructor({ words, sections }: SiteTable) {
    this.ranks = ranked(['network', ...words.map(({ flag }) => flag), 'links'])
    this.sections = sections
  }

  print({ head, name, hosts, networks, sections, containers }: Draft): string {
    this.lines.push(...head.map((line) => `#${commented(line)}`))
    if (name !== undefined) this.lines.push('', `site: ${this.scalar(name)}`)
    this.section('hosts', hosts, (title, entries) => this.block('  ', title, entries))
    this.section('networks', networks, (title, entries) => this.block('  ', title, entries))
    for (const { section, words } of this.sections) {
      const ranks = ranked(words.map(({ flag }) => flag))
      this.section(section, sections?.get(section) ?? new Map(), (title, object) => this.object(title, object, ranks))
    }
    this.section('containers', titled(containers), (title, container) => this.container(title, container))
    return toBytes(`${this.lines.join('\n')}\n`)
  }

  private section<T>(title: string, things: ReadonlyMap<string, T>, print: (name: string, thing: T) => void): void {
    if (things.size === 0) return
    this.lines.push('', `${title}:`)
    for (const [name, thing] of [...things].sort(([a], [b]) => inCodeOrder(a, b))) print(name, thing)
  }

  private container(title: string, { name, host, from, nics }: DraftContainer): void {
    this.lines.push(`  ${this.scalar(title)}:${comment(from)}`)
    if (title === name) this.lines.push(`    host: ${this.scalar(host)}`)
    this.lines.push(nics.size === 0 ? '    nics: {}' : '    nics:')
    for (const [index, entries] of [...nics].sort(([a], [b]) => a - b)) this.block('      ', String(index), entries)
  }

  private object(title: string, { from, hosts, entries, on }: DraftObject, ranks: Ranks): void {
    const isBare = hosts === undefined && entries.size + on.size === 0
    this.lines.push(`  ${this.scalar(title)}:${isBare ? ' {}' : ''}${comment(from)}`)
    if (hosts !== undefined) this.entry('    ', 'hosts', { value: hosts })
    this.entries('    ', entries, ranks)
    if (on.size > 0) this.lines.push('    on:')
    for (const [host, own] of [...on].sort(([a], [b]) => inCodeOrder(a, b))) this.block('      ', host, own, ranks)
  }

  private block(indent: string, title: string, entries: DraftEntries, ranks = this.ranks): void {
    this.lines.push(`${indent}${this.scalar(title)}:${entries.size === 0 ? ' {}' : ''}`)
    this.entries(`${indent}  `, entries, ranks)
  }

  private entries(indent: string, entries: DraftEntries, ranks: Ranks): void {
    const rank = (key: string): number => ranks.get(key) ?? ranks.size
    for (const [key, one] of [...entries].sort(([a], [b]) => rank(a) - rank(b) || inCodeOrder(a, b)))
      this.entry(indent, key, one)
  }

  private entry(indent: string, key: string, { value, from }: DraftValue): void {
    const start = `${indent}${this.scalar(key)}:`
    if (typeof value === 'string') {
      this.lines.push(`${start} ${this.scalar(value)}${comment(from)}`)
      return
    }
    this.lines.push(start + comment(from))
    const rows = isMap(value)
      ? [...value]
          .sort(([a], [b]) => inCodeOrder(a, b))
          .map(([name, text]) => `${this.scalar(name)}: ${this.scalar(text)}`)
      : value.map((text) => `- ${this.scalar(text)}`)
    this.lines.push(...rows.map((row) => `${indent}  ${row}`))
  }

  private scalar(bytes: string): string {
    const known = this.scalars.get(bytes)
    if (known !== undefined) return known
    const written = scalar(bytes)
    this.scalars.set(bytes, written)
    return written
  }
}

/** By name, or NAME@HOST where several hosts have one of that name. */
function titled(containers: readonly DraftContainer[]): Map<string, DraftContainer> {
  const count = new Map<string, number>()
  for (const { name } of containers) count.set(name, (count.get(name) ?? 0) + 1)
  return new Map(containers.map((one) => [count.get(one.name) === 1 ? one.name : `${one.name}@${one.host}`, one]))
}

/** Not as a locale has it, which is another one elsewhere. */
const inCodeOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const isMap = (value: readonly string[] | ReadonlyMap<string, string>): value is ReadonlyMap<string, string> =>
  value instanceof Map

const comment = (from: string | undefined): string => (from === undefined ? '' : `  #${commented(from)}`)

/** One line, of what YAML allows in a comment. */
function commented(text: string): string {
  if (text === '') return ''
  const words = /^[ -~]*$/.test(text) ? text : Buffer.from(text, 'latin1').toString()
  return ` ${words.replace(/[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/gu, '?')}`
}

/** A text as YAML, in quotes only where it needs them. */
function scalar(bytes: string): string {
  if (/^(0|[1-9]\d{0,9})$/.test(bytes)) return bytes // a number to an editor, and read as the text it is
  return dump(utf8(bytes), quoting).trimEnd()
}

const rules = DEFAULT_SCALAR_STYLE_RULES
const oneLine: ScalarStyleRule = (layout) => {
  if (/[\r\n]/.test(layout.node.value)) layout.style = SCALAR_STYLE.DOUBLE_QUOTED
}

/** js-yaml quotes what YAML 1.1 or 1.2 would take for a number, a date or a truth value. */
const quoting = {
  lineWidth: -1,
  quoteStyle: 'double' as const,
  scalarStyleRules: [oneLine, ...Object.values(rules).filter((rule) => rule !== rules.tryLongOrMultilineAsBlock)],
}

function utf8(bytes: string): string {
  try {
    return decodeUtf8(bytes)
  } catch (cause) {
    throw new LxcnetError('not-utf-8', `${JSON.stringify(bytes)} is not UTF-8, so a site file cannot say it`, {
      cause,
      suggestions: ['rename it, or leave the container out'],
    })
  }
}
