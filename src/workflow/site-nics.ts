/** From what a site file says of the NICs of a host to its configs: NICs made, keys set, and the site's own taken away. */
import { addNic, removeNic, setKey, unsetKey } from '../document/edit.ts'
import type { Effective } from '../document/effective.ts'
import { type Line, parse, print } from '../document/lxc-config.ts'
import {
  buildNic,
  type Container,
  checkValue,
  type Finding,
  type Key,
  keyOfWord,
  modeOf,
  type Nic,
  type NicType,
  type Random,
  typeOf,
  values,
} from '../nic/index.ts'
import type { Note } from '../plan/plan.ts'
import { containersOf, type Site, type SiteContainer } from '../site/index.ts'
import type { Context, View } from './context.ts'
import { notInLegacy, styleFor } from './create-nic.ts'
import { type Assignment, assign } from './edit-nic.ts'
import { noteOf, type Touch } from './nic-change.ts'
import { editPlugged, plugIn } from './nouns/ovs/nic.ts'
import type { Share, SiteRecord } from './site-record.ts'
import type { Difference, SiteRequest } from './site-request.ts'
import { asSaid } from './site-switches.ts'

/** One container on its way from what it is to what it should be. */
interface Work {
  context: Context
  view: View
  container: Container & { text: string }
  lines: Line[]
  /** The lines, as LXC sees them. */
  seen: Effective
  nics: Record<string, Share>
  indexes: number[]
  said: string[]
  findings: Note[]
  differences: Difference[]
}

export interface NicWork {
  touches: Touch[]
  notes: Note[]
  differences: Difference[]
}

/** @param next what the site remembers; is brought up to date */
export function nicWork(context: Context, view: View, request: SiteRequest, next: SiteRecord): NicWork {
  const { site } = request
  const wanted = new Map((request.destroy ? [] : containersOf(site, context.host.name)).map((one) => [one.name, one]))
  const names = [...new Set([...wanted.keys(), ...Object.keys(next.containers)])].filter(request.only)
  const notes: Note[] = []
  const touches: Touch[] = []
  const differences: Difference[] = []
  for (const name of names) {
    const container = view.containers.get(name)
    const want = wanted.get(name)
    if (container?.text === undefined) {
      if (want !== undefined) notes.push(missing(want, container, site))
      else if (container === undefined) {
        delete next.containers[name]
        const message = `there is no container ${name} any more; what the site set there is forgotten`
        notes.push({
          severity: 'warning',
          code: 'record-dropped',
          message,
          fix: `see that the storage is mounted and -P is right`,
        })
      } else {
        const message = `${container.path} cannot be read; what the site set there stays`
        notes.push({ severity: 'error', code: 'unreadable', message, fix: 'log in as root, or with sudo' })
      }
      continue
    }
    const place = { context, view, container: container as Work['container'] }
    const work = settle(place, want, next.containers[name] ?? {}, site)
    if (Object.keys(work.nics).length === 0) delete next.containers[name]
    else next.containers[name] = work.nics
    notes.push(...work.findings)
    differences.push(...work.differences)
    if (work.said.length > 0) {
      const { lines, indexes, said } = work
      touches.push({ container: work.container, lines, indexes, why: `${name}: ${said.join('; ')}` })
    }
  }
  return { touches, notes, differences }
}

function missing({ name, span }: SiteContainer, container: Container | undefined, site: Site): Note {
  const message =
    container === undefined ? `there is no container ${name} on this host` : `${container.path} cannot be read`
  const fix =
    container === undefined
      ? `make it: \`lxc-create -n ${name} …\`, or take it out of the site file`
      : 'log in as root, or with sudo'
  return {
    severity: 'error',
    code: container === undefined ? 'no-container' : 'unreadable',
    message,
    fix,
    place: site.place(span),
  }
}

function settle(
  place: Pick<Work, 'context' | 'view' | 'container'>,
  want: SiteContainer | undefined,
  old: Readonly<Record<string, Share>>,
  site: Site,
): Work {
  const { text, effective } = place.container
  const nics = structuredClone(old)
  const fresh = { nics, indexes: [], said: [], findings: [], differences: [] }
  const work: Work = { ...place, ...fresh, lines: parse(text), seen: effective }
  const surplus = Object.keys(old).filter((index) => !want?.nics.has(Number(index)))
  for (const index of surplus.map(Number).sort((a, b) => b - a)) giveUp(work, index) // legacy NICs are numbered by place
  for (const [index, { given, span }] of want?.nics ?? []) {
    const values = new Map([...given].map(([flag, { values: texts }]) => [flag, texts]))
    const nic = saidOf(work, index)
    const before = work.findings.length
    if (nic === undefined) make(work, index, values)
    else adjust(work, nic, values)
    for (const note of work.findings.slice(before)) note.place ??= site.place(span)
  }
  return work
}

function differ(work: Work, nic: number, key: string, values: Pick<Difference, 'want' | 'have' | 'set'>): void {
  const { name, path } = work.container
  work.differences.push({ container: name, nic, object: null, key, ...values, from: path })
}

/** A NIC as it stands. */
const nicOf = ({ seen }: Work, index: number): Nic | undefined => seen.nics.find((nic) => nic.index === index)

/** A NIC in the words of a site file. */
function saidOf(work: Work, index: number): Nic | undefined {
  const nic = nicOf(work, index)
  return nic === undefined ? undefined : asSaid(nic)
}

function rewrite(work: Work, lines: Line[]): void {
  work.lines = lines
  work.seen = work.view.evaluate(work.container.path, print(lines))
}

/** Edits a NIC that stands there, by the hook or without it. @param keys that the edit is about */
function edit(
  work: Work,
  index: number,
  keys: readonly string[],
  findings: Finding[],
  how: (lines: Line[], nic: Nic) => Line[],
): void {
  const { container, view } = work
  const nic = nicOf(work, index)
  if (nic !== undefined) rewrite(work, editPlugged(work.lines, nic, { container, view, words: keys, findings }, how))
}

/** A NIC that the site file no longer has: one of the site's own goes, of another what the site set is handed back. */
function giveUp(work: Work, index: number): void {
  const { nics, said } = work
  const record = nics[index] as Share
  const nic = saidOf(work, index)
  delete nics[index]
  if (nic === undefined) return
  const ref = { style: nic.style, index }
  if (record.created) {
    rewrite(work, removeNic(work.lines, ref))
    said.push(`removes NIC ${index}, which the site made`)
    differ(work, index, 'type', { want: [], have: [typeOf(nic)], set: record.keys['type']?.set ?? null })
    return
  }
  for (const key of Object.keys(record.keys)) handBack(work, nic, key, record)
}

/** A key that the site file no longer mentions becomes what it was before the site set it; that is not judged anew. */
function handBack(work: Work, nic: Nic, key: string, record: Share): void {
  const { container, said } = work
  const { set = [], before = [] } = record.keys[key] ?? {}
  delete record.keys[key]
  const have = values(nic, key)
  if (!same(have, set)) {
    const message = `${container.name}: NIC ${nic.index}: ${key} is ${have.join(', ') || 'not set'}, which the site did not set; it stays`
    const fix = `\`lxcnet set ${container.name}:${nic.index}\` and \`unset\` change it`
    work.findings.push({ severity: 'warning', code: 'changed-since-set', message, fix })
    return
  }
  const ref = { style: nic.style, index: nic.index }
  edit(work, nic.index, [key], [], (lines) =>
    before.length === 0 ? unsetKey(lines, ref, key) : setKey(lines, ref, key, before),
  )
  said.push(`NIC ${nic.index}: ${key} ${set.join(', ')} becomes ${before.join(', ') || '(not set)'}`)
  differ(work, nic.index, key, { want: before, have, set })
}

function make(work: Work, index: number, given: ReadonlyMap<string, readonly string[]>): void {
  const { context, view, container, findings, nics } = work
  const type = given.get('type')?.[0] as NicType
  const style = styleFor(container, view)
  const others = work.seen.nics
  const random = seeded(`${context.host.name}/${container.name}/${index}`)
  const texts = new Map([...given].filter(([flag]) => flag !== 'type'))
  const built = plugIn(buildNic(type, texts, others, view, random), view)
  if (style === 'legacy') built.findings.push(...notInLegacy(built.entries, container.name))
  findings.push(...built.findings.map((finding) => noteOf(finding)))
  if (built.findings.some(({ severity }) => severity === 'error')) return
  rewrite(work, addNic(work.lines, { style, index }, built.entries))
  work.indexes.push(index)
  const link = given.get('link')?.[0]
  work.said.push(`adds NIC ${index}, ${type}${link === undefined ? '' : ` on ${link}`}`)
  differ(work, index, 'type', { want: [type], have: [], set: nics[index]?.keys['type']?.set ?? null })
  const mentioned = new Set([...given.keys()].map((flag) => keyOfWord(flag, type)?.name))
  const made = saidOf(work, index)
  const keys = [...(made?.keys.keys() ?? [])].filter((key) => mentioned.has(key))
  const set = (key: string): string[] => (made === undefined ? [] : values(made, key))
  nics[index] = { created: true, keys: Object.fromEntries(keys.map((key) => [key, { set: set(key), before: [] }])) }
}

/** Keys that a NIC of the site's own keeps when the file no longer mentions them: lxcnet would write them anyway. */
const kept = ['type', 'hwaddr', 'flags', 'name', 'macvlan.mode', 'ipvlan.mode', 'veth.mode']

function adjust(work: Work, nic: Nic, given: ReadonlyMap<string, readonly string[]>): void {
  const { view, nics } = work
  const { index } = nic
  const record = nics[index] ?? { created: false, keys: {} }
  const type = given.get('type')?.[0] ?? typeOf(nic)
  const wanted = new Map<string, string[]>()
  const mentioned = new Set<string>()
  for (const [flag, texts] of given) {
    const key = keyOfWord(flag, type)
    mentioned.add(key?.name ?? flag)
    if (key !== undefined && isSo(key, texts, standing(nic, key), view.version)) continue
    wanted.set(key?.name ?? flag, [...texts])
  }
  const surplus = Object.keys(record.keys).filter(
    (key) => !mentioned.has(key) && !(record.created && kept.includes(key)),
  )
  if (wanted.size === 0 && surplus.length === 0) return
  if (wanted.size > 0 && !setAll(work, nic, wanted)) return
  for (const key of surplus) handBack(work, nic, key, record)
  const now = saidOf(work, index)
  for (const [key, want] of wanted) {
    const have = values(nic, key)
    const old = record.keys[key]
    differ(work, index, key, { want, have, set: old?.set ?? null })
    record.keys[key] = { set: now === undefined ? [] : values(now, key), before: old?.before ?? have }
  }
  if (Object.keys(record.keys).length === 0 && !record.created) delete nics[index]
  else nics[index] = record
  if (wanted.size > 0) work.indexes.push(index)
}

/** @returns false when a value is wrong */
function setAll(work: Work, nic: Nic, wanted: ReadonlyMap<string, string[]>): boolean {
  const { context, view, container } = work
  const assignments = [...wanted].map(
    ([key, texts]): Assignment => ({ key, index: undefined, operator: '=', values: texts }),
  )
  const findings: Finding[] = []
  const said: string[] = []
  const chosen = new Set<string>()
  const before = work.lines
  edit(work, nic.index, [...wanted.keys()], findings, (lines, seen) =>
    assign(lines, seen, assignments, { context, view, container, findings, said, chosen }),
  )
  work.findings.push(...findings.map((finding) => noteOf(finding)))
  if (findings.some(({ severity }) => severity === 'error')) {
    rewrite(work, before)
    return false
  }
  work.said.push(...said.map((text) => `NIC ${nic.index}: ${text}`))
  return true
}

/** What stands there, LXC's silent defaults spelled out. */
function standing(nic: Nic, key: Key): string[] {
  const have = values(nic, key.name)
  const mode = key.name.endsWith('.mode') ? modeOf(nic) : undefined
  return have.length === 0 && mode !== undefined ? [mode] : have
}

function isSo(key: Key, want: readonly string[], have: readonly string[], version: string | undefined): boolean {
  return same(want, have) || asWritten(key, want, version) === asWritten(key, have, version)
}

/** The values as lxcnet would write them, in no order where LXC knows none. */
function asWritten(key: Key, texts: readonly string[], version: string | undefined): string {
  const written = (key.list ? texts : texts.slice(-1)).map((text) => {
    const checked = checkValue(key, text, version)
    return 'value' in checked ? checked.value.toLowerCase() : text
  })
  return JSON.stringify(written.sort())
}

const same = (some: readonly string[], others: readonly string[]): boolean =>
  JSON.stringify(some) === JSON.stringify(others)

/** The same numbers for the same NIC, so that a plan made twice has the same MAC in it. */
function seeded(seed: string): Random {
  const { createHash } = process.getBuiltinModule('node:crypto')
  let count = 0
  return (below) => createHash('sha256').update(`${seed}/${count++}`, 'latin1').digest().readUInt32BE() % below
}
