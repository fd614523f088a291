/**
 * YAML as a tree of texts, lists and mappings that knows where each stands.
 *
 * Built from js-yaml's events, which carry offsets, in a tenth of the time that `yaml` takes. Every scalar is the text
 * that was written (the failsafe schema of YAML 1.2.2, section 10.1): `yes`, `010` and `1:30` mean no more than that,
 * and a MAC stays a MAC. Only a value left out, or null, is nothing. Tags and merge keys are refused.
 */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml'
import type { Say, Span } from './model.ts'
import { type Source, toBytes } from './source.ts'
import { sayWhyNotYaml } from './syntax.ts'

export type Node = Text | Nothing | List | Mapping

export interface Text extends Span {
  kind: 'text'
  text: string
}

export interface Nothing extends Span {
  kind: 'nothing'
  /** Something stands there, and was complained of. */
  told?: true
}

export interface List extends Span {
  kind: 'list'
  items: Node[]
}

export interface Mapping extends Span {
  kind: 'mapping'
  entries: Map<string, Entry>
}

export interface Entry {
  key: Text
  value: Node
}

/** Null in the core schema of YAML 1.2.2, section 10.3.2. */
const isNull = (text: string): boolean => /^(|~|null|Null|NULL)$/.test(text)

/** @returns undefined when the text is not YAML, which `say` then was told */
export function parseTree(source: Source, say: Say): Node | undefined {
  let events: Event[]
  try {
    events = parseEvents(source.text, {})
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    sayWhyNotYaml(source.text, error, say)
    return undefined
  }
  return new Composer(source, events, say).document()
}

class Composer {
  private readonly anchors = new Map<string, Node | 'open'>()
  private readonly source: Source
  private readonly text: string
  private readonly events: readonly Event[]
  private readonly say: Say
  private next = 0
  /** Where a value that was left out would stand: behind what came last. */
  private last = 0

  constructor(source: Source, events: readonly Event[], say: Say) {
    this.source = source
    this.text = source.text
    this.events = events
    this.say = say
  }

  document(): Node {
    if (this.events.length === 0) return { kind: 'nothing', at: 0, end: 0 }
    this.next++
    const root = this.node()
    this.next++
    if (this.next < this.events.length) {
      const fix = 'keep one of them, and take the line "---" between them out'
      const at = this.text.indexOf('\n---', this.last) + 1 || this.last
      this.say.error({ at, end: at + 3 }, 'yaml-syntax', 'more than one YAML document stands in the file', fix)
    }
    return root
  }

  private node(): Node {
    const event = this.events[this.next++]
    if (event === undefined || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP)
      throw new Error('js-yaml: events out of order')
    if (event.type === EVENT_ID.ALIAS) return this.alias(event.anchorStart, event.anchorEnd)
    if (event.tagStart !== -1) {
      const tag = this.text.slice(event.tagStart, event.tagEnd)
      const fix = 'leave it out: every value is taken as it is written'
      this.say.error({ at: event.tagStart, end: event.tagEnd }, 'yaml-tag', `${tag}: a site file has no tags`, fix)
    }
    const anchor = event.anchorStart === -1 ? undefined : this.text.slice(event.anchorStart, event.anchorEnd)
    if (anchor !== undefined) this.anchors.set(anchor, 'open')
    const node =
      event.type === EVENT_ID.SCALAR
        ? this.scalar(event)
        : event.type === EVENT_ID.SEQUENCE
          ? this.list(event.start)
          : this.mapping(event.start)
    if (anchor !== undefined) this.anchors.set(anchor, node)
    return node
  }

  private scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): Text | Nothing {
    const { valueStart, valueEnd, style } = event
    const span = valueStart === -1 ? { at: this.last, end: this.last } : { at: valueStart, end: valueEnd }
    if (valueStart !== -1) this.last = valueEnd
    const text = getScalarValue(this.text, event)
    if (style === SCALAR_STYLE.PLAIN && isNull(text)) return { kind: 'nothing', ...span }
    return { kind: 'text', text: toBytes(text), ...span }
  }

  private list(at: number): List {
    const items: Node[] = []
    while (this.events[this.next]?.type !== EVENT_ID.POP) items.push(this.node())
    this.next++
    return { kind: 'list', items, at, end: at + 1 }
  }

  private mapping(at: number): Mapping {
    const entries = new Map<string, Entry>()
    while (this.events[this.next]?.type !== EVENT_ID.POP) {
      const key = this.node()
      const value = this.node()
      if (this.isKey(key, entries)) entries.set(key.text, { key, value })
    }
    this.next++
    return { kind: 'mapping', entries, at, end: at + 1 }
  }

  private isKey(key: Node, entries: ReadonlyMap<string, Entry>): key is Text {
    if (key.kind !== 'text') {
      this.say.error(key, 'bad-key', 'a key is one word here', 'write `key: value`')
      return false
    }
    if (key.text === '<<') {
      const fix = 'write out what it brings in; what NICs have in common belongs into networks'
      this.say.error(key, 'merge-key', '"<<" is not known: YAML 1.2 has no merge keys', fix)
      return false
    }
    if (key.text === '__proto__') {
      this.say.error(key, 'bad-key', '"__proto__" cannot be a key', 'choose another name')
      return false
    }
    const first = entries.get(key.text)
    if (first === undefined) return true
    const fix = 'keep one of them, or put what they say together'
    const { line } = this.source.place(first.key)
    this.say.error(key, 'duplicate-key', `"${key.text}" stands here twice, first in line ${line}`, fix)
    return false
  }

  private alias(start: number, end: number): Node {
    const name = this.text.slice(start, end)
    const span = { at: start - 1, end }
    this.last = end
    const node = this.anchors.get(name)
    if (typeof node === 'object') return node
    const [message, fix] =
      node === 'open'
        ? [`*${name} stands inside of &${name} itself`, 'write out what is meant']
        : [`*${name} stands for nothing: no &${name} is above it`, `a text that begins with * needs quotes: "*${name}"`]
    this.say.error(span, 'yaml-syntax', message, fix)
    return { kind: 'nothing', told: true, ...span }
  }
}

/** The tree as plain values, for the schema: texts, null, arrays and objects. What is shared by aliases stays shared. */
export function plain(root: Node): unknown {
  const made = new Map<Node, unknown>()
  const make = (node: Node): unknown => {
    if (node.kind === 'text') return node.text
    if (node.kind === 'nothing') return null
    const known = made.get(node)
    if (known !== undefined) return known
    const value = node.kind === 'list' ? node.items.map(make) : object(node)
    made.set(node, value)
    return value
  }
  const object = ({ entries }: Mapping): Record<string, unknown> => {
    const values: Record<string, unknown> = {}
    for (const [name, { value }] of entries) values[name] = make(value)
    return values
  }
  return make(root)
}

/** What a mapping says, by key; nothing for whatever is not a mapping, which the schema complains of. */
export const entriesOf = (node: Node | undefined): ReadonlyMap<string, Entry> =>
  node?.kind === 'mapping' ? node.entries : none

const none: ReadonlyMap<string, Entry> = new Map()

export const textOf = (entry: Entry | undefined): Text | undefined =>
  entry?.value.kind === 'text' ? entry.value : undefined
