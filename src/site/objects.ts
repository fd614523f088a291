/**
 * `bridges:`, `forwards:` and so on: what hosts have besides the NICs of their containers, one section for each noun.
 *
 * Every section has the same form: names, and below each the words of `lxcnet NOUN create`, with `hosts` for the hosts
 * that have it and `on` for what is otherwise on one of them.
 */
import * as z from 'zod/mini'
import { closest } from '../core/closest.ts'
import { hostName } from './hosts.ts'
import type { Given, Say, SectionTable, SiteHost, Span } from './model.ts'
import { rawGiven } from './networks.ts'
import { matching, named, wordValue } from './shape.ts'
import { type Entry, entriesOf, type Mapping, type Text } from './tree.ts'

export function sectionShape({ section, summary, name, words }: SectionTable) {
  const keys = Object.fromEntries(words.map((word) => [word.flag, z.optional(wordValue(word, word.summary))]))
  const host = matching(hostName, { description: 'one of the hosts' })
  const description = 'the hosts that have it; all hosts of the site when left out'
  const entry = z
    .strictObject({
      hosts: z.optional(z.union([host, z.array(host).check(z.minLength(1))]).check(z.meta({ description }))),
      ...keys,
      on: z.optional(
        z
          .record(named(hostName), z.strictObject(keys))
          .check(z.meta({ description: 'what is otherwise on single hosts: the same keys, by the name of the host' })),
      ),
    })
    .check(z.meta({ id: section, description: summary }))
  return z.record(named(name.pattern), z.nullable(entry)).check(z.meta({ description: `${summary}, by name` }))
}

export interface ObjectContext {
  hosts: ReadonlyMap<string, SiteHost>
  say: Say
}

/** Gives each host its objects of one section. */
export function readObjects(site: Mapping, table: SectionTable, context: ObjectContext): void {
  const reader = new ObjectReader(table, context)
  for (const [name, entry] of entriesOf(site.entries.get(table.section)?.value)) reader.read(name, entry)
}

type Words = ReadonlyMap<string, Given>

class ObjectReader {
  private readonly table: SectionTable
  private readonly context: ObjectContext

  constructor(table: SectionTable, context: ObjectContext) {
    this.table = table
    this.context = context
  }

  read(name: string, { key, value }: Entry): void {
    const { noun, name: right, words } = this.table
    const { hosts, say } = this.context
    const title = `${noun} ${name}`
    if (value.kind !== 'mapping' && value.kind !== 'nothing') return
    if (!right.pattern.test(name)) say.error(key, 'bad-name', `"${name}" is not a name for a ${noun}`, right.words)
    const entries = entriesOf(value)
    const meant = this.meant(title, entries.get('hosts'))
    const common = this.given(title, entries)
    const on = entriesOf(entries.get('on')?.value)
    const single = new Map<string, Words>()
    for (const [host, entry] of on) {
      if (!this.isHost(title, 'on', host, entry.key)) continue
      if (!meant.has(host)) {
        const message = `${title}: on names ${host}, which is not among its hosts`
        say.error(entry.key, 'host-not-listed', message, `add ${host} to its hosts, or take it out here`)
      }
      single.set(host, this.given(`${title} on ${host}`, entriesOf(entry.value)))
    }
    const required = words.filter((word) => word.required === true)
    for (const [host, { objects }] of hosts)
      if (meant.has(host))
        objects.push({ noun, name, span: key, given: new Map([...common, ...(single.get(host) ?? [])]) })
    for (const { flag, helpValue = 'VALUE' } of required) {
      // what is wrong there was told before
      const lacks = [...meant].filter((host) => !entries.has(flag) && !entriesOf(on.get(host)?.value).has(flag))
      if (lacks.length === 0) continue
      const where = lacks.length === meant.size ? '' : ` on ${lacks.join(', ')}`
      say.error(key, 'key-missing', `${title}: nothing says its ${flag}${where}`, `add "${flag}: ${helpValue}"`)
    }
  }

  /** The hosts that have the object. */
  private meant(title: string, entry: Entry | undefined): ReadonlySet<string> {
    const { hosts, say } = this.context
    const said = rawGiven(entry, true)
    if (said === undefined) return new Set(hosts.keys())
    const meant = new Set<string>()
    for (const node of said.nodes) {
      if (!this.isHost(title, 'hosts', node.text, node)) continue
      if (meant.has(node.text))
        say.error(node, 'object-repeated', `${title}: hosts names ${node.text} twice`, 'name each host once')
      meant.add(node.text)
    }
    return meant
  }

  private isHost(title: string, where: string, host: string, span: Span): boolean {
    const { hosts, say } = this.context
    if (hosts.has(host)) return true
    const near = closest(host, hosts.keys())
    const fix = near.length > 0 ? `did you mean ${near.join(', ')}?` : `put "${host}: {}" below hosts`
    say.error(span, 'host-not-listed', `${title}: ${where} names "${host}", which is not one of the hosts`, fix)
    return false
  }

  /** What stands below an object, or below one of its hosts, checked. */
  private given(title: string, entries: ReadonlyMap<string, Entry>): Words {
    const given = new Map<string, Given>()
    for (const { flag, list } of this.table.words) {
      const raw = rawGiven(entries.get(flag), list)
      const values = raw?.nodes.flatMap((node) => this.checked(title, flag, node)) ?? []
      if (raw !== undefined && values.length > 0) given.set(flag, { values, span: raw.span })
    }
    return given
  }

  private checked(title: string, flag: string, node: Text): string[] {
    const { say } = this.context
    if (node.text.trim() === '') {
      say.error(node, 'no-value', `${title}: ${flag} is empty`, `write its value, or leave ${flag} out`)
      return []
    }
    const found = this.table.check(flag, node.text)
    if ('value' in found) return [found.value]
    say.error(node, found.code, `${title}: ${found.message}`, found.fix)
    return []
  }
}
