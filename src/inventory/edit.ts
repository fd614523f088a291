/** Adds and removes hosts; every other byte of the text stays. */
import { exit, LxcnetError } from '../core/error.ts'
import { quote } from '../core/shell.ts'
import { type Line, parse, print, type Variable } from './document.ts'
import { inventoryOf } from './inventory.ts'
import { isSecret } from './target.ts'

export interface NewHost {
  name: string
  /** Made when there is none; ungrouped when left out. */
  group?: string
  vars: ReadonlyMap<string, string>
}

/**
 * The text with one more host line, at the end of its group's section.
 *
 * @throws {LxcnetError} `host-exists`, `bad-target`; `bad-inventory` when the text is none
 */
export function addHost(text: string, host: NewHost, file: string): string {
  inventoryOf(text, file)
  checkNewHost(host)
  return withHost(text, host, file)
}

/** What is written must mean the same when it is read, and be of use. */
function checkNewHost({ name, group = 'ungrouped', vars }: NewHost): void {
  const wrong = (message: string): LxcnetError =>
    new LxcnetError('bad-target', message, {
      exit: exit.usage,
      suggestions: ['lxcnet host add web01 --address 192.0.2.7 --user admin --port 2222 -g web'],
    })
  if (/[*?[\]!@,#;"'\\= \t\v\f\r\n]/.test(name)) throw wrong(`${name}: this is no plain name for a host`)
  if (!/^[^:\][#; \t\v\f\r\n]+$/.test(group)) throw wrong(`-g ${group}: this is no plain name for a group`)
  try {
    const known = inventoryOf(withHost('', { name, vars }, name), name).hosts.get(name)
    if (known === undefined) throw wrong(`${name}: the port has a flag of its own, --port`)
    const lost = [...vars].find(([key, value]) => known.target && known.vars.get(key)?.value !== value)
    if (lost !== undefined) throw wrong(`${lost.join('=')} cannot be written into an inventory`)
  } catch (error) {
    throw error instanceof LxcnetError && error.code === 'bad-inventory' ? wrong(error.message) : error
  }
}

function withHost(text: string, { name, group, vars }: NewHost, file: string): string {
  const lines = parse(text, file)
  const there = lines.find((line) => line.kind === 'hosts' && line.names.includes(name))
  if (there?.kind === 'hosts') {
    throw new LxcnetError('host-exists', `${file} has the host ${name} already`, {
      place: there.place,
      suggestions: [`lxcnet host remove ${name}, and add it again`, 'or edit the line'],
    })
  }
  const end = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n'
  const row = [name, ...[...vars].map(([key, value]) => `${key}=${quote(value)}`)].join(' ')
  const at = sectionEnd(lines, group)
  const before = at === undefined ? text : print(lines.slice(0, at))
  const header = at === undefined ? `${text === '' ? '' : end}[${group ?? 'ungrouped'}]${end}` : ''
  // a text whose last line has no end keeps having none
  if (before !== '' && !/[\r\n]$/.test(before)) return before + end + header + row
  return before + header + row + end + text.slice(before.length)
}

/**
 * Where a new host line of the group goes: behind the last line of its last section that says something; undefined when
 * a section has to be made. Without a group: behind the hosts that stand before all sections.
 */
function sectionEnd(lines: readonly Line[], group: string | undefined): number | undefined {
  const sections = lines.flatMap((line, at) => (line.kind === 'section' ? [{ line, at }] : []))
  const first = sections[0]?.at ?? lines.length
  const lead = lines.slice(0, first).findLastIndex((line) => line.kind === 'hosts')
  if (group === undefined && (lead !== -1 || sections.length === 0)) return lead === -1 ? lines.length : lead + 1
  const own = sections.findLast(({ line }) => line.of === 'hosts' && line.group === (group ?? 'ungrouped'))
  if (own === undefined) return undefined
  const next = sections.find(({ at }) => at > own.at)?.at ?? lines.length
  return 1 + lines.slice(0, next).findLastIndex((line) => line.kind !== 'blank' && line.kind !== 'comment')
}

/**
 * The text without the lines of one host.
 *
 * @throws {LxcnetError} `no-host`; `host-in-range` when a line names it together with others
 */
export function removeHost(text: string, name: string, file: string): string {
  const lines = parse(text, file)
  const its = lines.flatMap((line) => (line.kind === 'hosts' && line.names.includes(name) ? [line] : []))
  const [first] = its
  if (first === undefined) {
    throw new LxcnetError('no-host', `${file} has no host ${name}`, { suggestions: ['lxcnet host list'] })
  }
  const range = its.find((line) => line.names.length > 1)
  if (range !== undefined) {
    const others = range.names.length - 1
    throw new LxcnetError('host-in-range', `${name} stands in a range, together with ${others} other hosts`, {
      place: range.place,
      suggestions: ['edit the range', "or leave the host out of a run: --limit '!HOST'".replace('HOST', name)],
    })
  }
  const gone = new Set<Line>(its)
  return print(lines.filter((line) => !gone.has(line)))
}

/** The text with the values of secrets masked, to be shown. */
export function masked(text: string, file: string): string {
  return parse(text, file)
    .map((line) => {
      const vars = line.kind === 'hosts' ? line.vars : line.kind === 'variable' ? [line.variable] : []
      return vars.filter(({ key }) => isSecret(key)).reduceRight(mask, line.raw)
    })
    .join('')
}

function mask(raw: string, { key, place: { column = 1, length = 0 } }: Variable): string {
  return `${raw.slice(0, column - 1)}${key}=***${raw.slice(column - 1 + length)}`
}
