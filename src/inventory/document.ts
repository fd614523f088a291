/**
 * Lossless view of an inventory: an INI file in Ansible's form.
 *
 * Every byte of the text sits in exactly one `Line.raw`, so `print(parse(text, file)) === text`.
 * Grammar: InventoryModule._parse() in lib/ansible/plugins/inventory/ini.py. Where lxcnet reads differently on
 * purpose, test/inventory/differences.ts says so and why.
 */
import { parse as parseIni } from 'ini'
import { LxcnetError, type Place } from '../core/error.ts'
import { expandHosts } from './names.ts'
import { Fault, type Word, words } from './words.ts'

export type SectionKind = 'hosts' | 'children' | 'vars'

/** `place` is that of the whole assignment. */
export interface Variable {
  key: string
  value: string
  place: Place
}

/** `place` is that of what the line names. */
export type Line =
  | { kind: 'blank' | 'comment'; raw: string }
  | { kind: 'section'; raw: string; group: string; of: SectionKind; place: Place }
  | { kind: 'hosts'; raw: string; group: string; names: string[]; port?: number; vars: Variable[]; place: Place }
  | { kind: 'child'; raw: string; group: string; child: string; place: Place }
  | { kind: 'variable'; raw: string; group: string; variable: Variable }
  | { kind: 'wrong'; raw: string; problem: LxcnetError }

interface Section {
  group: string
  of: SectionKind
}

const blank = /^[ \t\v\f]+|[ \t\v\f\r\n]+$/g

export function parse(text: string, file: string): Line[] {
  let section: Section = { group: 'ungrouped', of: 'hosts' }
  const rows = text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []
  return rows.map((raw, index) => {
    const body = raw.replace(blank, '')
    if (body === '') return { kind: 'blank', raw }
    if (/^[#;]/.test(body)) return { kind: 'comment', raw }
    const excerpt = raw.replace(/[\r\n]+$/, '')
    const placeOf = (at: number, length: number): Place => {
      return { file, line: index + 1, column: raw.indexOf(body) + at + 1, length, text: excerpt }
    }
    try {
      const line = parseLine(body, section, placeOf)
      if (line.kind === 'section') section = line
      return { ...line, raw }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const place = placeOf(error.at, error.length)
      return { kind: 'wrong', raw, problem: new LxcnetError('bad-inventory', error.message, { place }) }
    }
  })
}

export const print = (lines: readonly Line[]): string => lines.map((line) => line.raw).join('')

type PlaceOf = (at: number, length: number) => Place
type Bare<L> = L extends Line ? Omit<L, 'raw'> : never

function parseLine(body: string, { group, of }: Section, placeOf: PlaceOf): Bare<Exclude<Line, { kind: 'wrong' }>> {
  const [head, name, kind = 'hosts'] = /^\[([^:\] \t\v\f]+)(?::(\w+))?\][ \t\v\f]*(?:#.*)?$/s.exec(body) ?? []
  if (head !== undefined && name !== undefined) {
    if (!isKind(kind)) throw new Fault(`[${name}:${kind}]: a section is of hosts, children or vars`, 0, body.length)
    return { kind: 'section', group: name, of: kind, place: placeOf(1, name.length) }
  }
  if (/^\[.*\]$/s.test(body)) throw new Fault('a section is [group], [group:children] or [group:vars]', 0, body.length)
  if (of === 'vars') return { kind: 'variable', group, variable: parseSetting(body, placeOf) }
  if (of === 'children') {
    const [, child] = /^([^:\] \t\v\f]+)[ \t\v\f]*(?:#.*)?$/s.exec(body) ?? []
    if (child === undefined) throw new Fault('a line of [group:children] is the name of a group', 0, body.length)
    return { kind: 'child', group, child, place: placeOf(0, child.length) }
  }
  return parseHosts(body, group, placeOf)
}

const isKind = (word: string): word is SectionKind => word === 'hosts' || word === 'children' || word === 'vars'

function parseHosts(body: string, group: string, placeOf: PlaceOf): Bare<Extract<Line, { kind: 'hosts' }>> {
  const [first, ...rest] = words(body)
  if (first === undefined) throw new Fault('a host has a name', 0, body.length)
  const vars = rest.map((word): Variable => {
    const equals = word.text.indexOf('=')
    if (equals < 1) throw new Fault('behind the host stands name=value', word.at, word.length)
    const value = unquoted(word.text.slice(equals + 1))
    return { key: word.text.slice(0, equals), value, place: placeOf(word.at, word.length) }
  })
  const { names, port } = named(first)
  return {
    kind: 'hosts',
    group,
    names,
    ...(port === undefined ? {} : { port }),
    vars,
    place: placeOf(first.at, first.length),
  }
}

function named({ text, at, length }: Word): { names: string[]; port: number | undefined } {
  try {
    return expandHosts(text)
  } catch (error) {
    throw new Fault((error as Error).message, at, length)
  }
}

/**
 * `name = value` of a [group:vars] section. To Ansible `;`, `#` and `\` are letters of the value like others, which
 * ini's own escape says; the letter behind keeps ini from taking quotes off by JSON's rules instead of Python's.
 */
function parseSetting(body: string, placeOf: PlaceOf): Variable {
  const settings = parseIni(`${body.replace(/[\\;#]/g, '\\$&')}\\;`, { bracketedArray: false })
  const [[key, value] = []] = Object.entries(settings)
  if (!body.includes('=') || key === undefined)
    throw new Fault('a line of [group:vars] is name = value', 0, body.length)
  return { key, value: unquoted(String(value).slice(0, -1).replace(blank, '')), place: placeOf(0, body.length) }
}

const python =
  /^[ \t]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([+-]?(?:0|[1-9]\d*)(?:\.\d+)?|True|False|None))[ \t\f]*(#.*)?$/s
const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' }

/** The text of a Python literal, of which Ansible makes every value that is one: ast.literal_eval(). */
function unquoted(value: string): string {
  const [, single, double, word] = python.exec(value) ?? []
  const text = single ?? double
  if (text === undefined) return word ?? value
  return text.replace(/\\(.)/gs, (both, letter: string) => escapes[letter] ?? both)
}
