/** From what a site file says of a host's objects to what its nouns shall do there: made, set, handed back, taken away. */
import type { Probe } from '../core/probe.ts'
import type { Note } from '../plan/plan.ts'
import { objectsOf, type Site, type SiteObject } from '../site/index.ts'
import type { Context, Reading, ReadRequest } from './context.ts'
import { byName } from './noun/change-noun.ts'
import type { Found, Noun, Wish } from './noun/noun.ts'
import { nouns } from './nouns/index.ts'
import { readRecord, recordPath, type Share, type SiteRecord } from './site-record.ts'
import type { Difference, SiteRequest } from './site-request.ts'
import { switchProbes } from './switches.ts'

/** What the nouns need to have read, each thing once: several look at what is brought back at boot. */
export function probesOf(context: Context, which: readonly Noun[]): Probe[] {
  return once(which.flatMap((noun) => noun.probes(context)))
}

const once = (probes: readonly Probe[]): Probe[] => [
  ...new Map(probes.map((probe) => [JSON.stringify(probe), probe])).values(),
]

export const nounsNamed = (names: readonly string[]): Noun[] =>
  names.flatMap((name) => nouns.find(({ noun }) => noun === name) ?? [])

/** Nouns that the site says something of on a host, and behind them those that it once did. */
export function nounsOf(site: Site, host: string, record?: SiteRecord): Noun[] {
  const said = new Set(objectsOf(site, host).map(({ noun }) => noun))
  const isSaid = ({ noun }: Noun): boolean => said.has(noun)
  return [...nouns.filter(isSaid), ...nouns.filter((one) => !isSaid(one) && record?.objects[one.noun] !== undefined)]
}

/** What has to be read for the plan of a site: of nouns, those alone that it is about. */
export function siteReads(context: Context, site: Site): Pick<ReadRequest, 'files' | 'probes'> & Further {
  const now = nounsOf(site, context.host.name)
  const probes = siteProbes(context, now)
  return {
    files: [recordPath(context, site.name)],
    probes,
    further(snapshot) {
      const all = nounsOf(site, context.host.name, readRecord(context, snapshot, site.name))
      return siteProbes(context, all).filter((probe) => !isAmong(probe, probes))
    },
  }
}

/** NICs have to know of switches, whatever the site says of those. */
export const siteProbes = (context: Context, which: readonly Noun[]): Probe[] =>
  once([...switchProbes, ...probesOf(context, which)])

const isAmong = (probe: Probe, others: readonly Probe[]): boolean =>
  others.some((other) => JSON.stringify(other) === JSON.stringify(probe))

interface Further {
  further(snapshot: Reading['snapshot']): readonly Probe[]
}

/** What one noun shall do. */
export interface Task {
  noun: Noun
  wishes: Wish[]
  notes: Note[]
  differences: Difference[]
}

/** @param record is brought up to date */
export function objectTasks(
  context: Context,
  reading: Reading,
  request: Pick<SiteRequest, 'site' | 'only' | 'destroy'>,
  record: SiteRecord,
): Task[] {
  const { site, destroy = false } = request
  const wanted = destroy ? [] : objectsOf(site, context.host.name)
  const used = new Set(nounsOf(site, context.host.name, record))
  return nouns.flatMap((noun) => {
    if (!used.has(noun)) return []
    const shares = { ...record.objects[noun.noun] }
    const found = byName(noun.find(context, reading))
    const task = taskOf(
      noun,
      found,
      wanted.filter((one) => one.noun === noun.noun),
      shares,
      request.only,
    )
    if (Object.keys(shares).length === 0) delete record.objects[noun.noun]
    else record.objects[noun.noun] = shares
    if (task.wishes.length > 0 && context.unprivileged) task.notes.push(noRights(noun, site, wanted))
    return task.wishes.length + task.notes.length === 0 ? [] : [task]
  })
}

function noRights({ noun }: Noun, site: Site, wanted: readonly SiteObject[]): Note {
  const message = `${noun}: only root can change the network of a host`
  const first = wanted.find((one) => one.noun === noun)
  const place = first === undefined ? {} : { place: site.place(first.span) }
  return { severity: 'error', code: 'no-rights', message, fix: 'run lxcnet as root', ...place }
}

/**
 * What the objects of one noun shall become.
 *
 * @param shares what of them is the site's; brought up to date
 * @param only is `NOUN/NAME` meant?
 */
export function taskOf(
  noun: Noun,
  found: ReadonlyMap<string, Found>,
  wanted: readonly SiteObject[],
  shares: Record<string, Share>,
  only: (name: string) => boolean,
): Task {
  const task: Task = { noun, wishes: [], notes: [], differences: [] }
  const isMeant = (name: string): boolean => only(`${noun.noun}/${name}`)
  const names = new Set(wanted.map(({ name }) => name))
  // what came last goes first
  for (const [name, share] of Object.entries(shares).reverse()) {
    if (names.has(name) || !isMeant(name)) continue
    delete shares[name]
    const have = found.get(name)
    if (have !== undefined) giveUp(task, have, share)
  }
  for (const { name, given } of wanted) {
    if (!isMeant(name)) continue
    const texts = new Map([...given].map(([flag, { values }]) => [flag, values]))
    const have = found.get(name)
    const share = have === undefined ? make(task, name, texts, shares[name]) : adjust(task, have, texts, shares[name])
    if (share !== undefined) shares[name] = share
    else delete shares[name]
  }
  return task
}

/** `present` stands for an object that is missing or surplus as a whole. */
function differ(
  task: Task,
  name: string,
  key: string,
  values: Pick<Difference, 'want' | 'have' | 'set' | 'from'>,
): void {
  task.differences.push({ container: null, nic: null, object: `${task.noun.noun} ${name}`, key, ...values })
}

function make(task: Task, name: string, want: Wish['want'] & object, old: Share | undefined): Share {
  task.wishes.push({ name, want, have: undefined })
  differ(task, name, 'present', { want: ['yes'], have: [], set: old === undefined ? null : ['yes'], from: null })
  const keys = [...want].map(([flag, texts]) => [flag, { set: [...texts], before: [] }])
  return { created: true, keys: Object.fromEntries(keys) }
}

/** @returns what is the site's from now on; undefined when nothing is */
function adjust(task: Task, have: Found, given: Wish['want'] & object, old: Share | undefined): Share | undefined {
  const { name, settings, from } = have
  const share: Share = structuredClone(old ?? { created: false, keys: {} })
  const want = new Map(settings)
  for (const flag of Object.keys(share.keys)) if (!given.has(flag)) handBack(task, have, flag, share, want)
  for (const [flag, texts] of given) {
    const now = settings.get(flag) ?? []
    if (isSame(now, texts)) continue
    want.set(flag, texts)
    const { set, before } = share.keys[flag] ?? { set: null, before: [...now] }
    differ(task, name, flag, { want: [...texts], have: [...now], set, from })
    share.keys[flag] = { set: [...texts], before }
  }
  task.wishes.push({ name, want, have })
  return share.created || Object.keys(share.keys).length > 0 ? share : undefined
}

/** An object that the site file no longer has: one of the site's own goes, of another what the site set is handed back. */
function giveUp(task: Task, have: Found, share: Share): void {
  const { name, settings, from, own } = have
  if (share.created && own) {
    task.wishes.push({ name, want: undefined, have })
    differ(task, name, 'present', { want: [], have: ['yes'], set: ['yes'], from })
    return
  }
  const want = new Map(settings)
  if (share.created) changedSince(task, have, `stands in ${from} and is not lxcnet's any more`)
  else for (const flag of Object.keys(share.keys)) handBack(task, have, flag, share, want)
  if (!isSame([...want], [...settings])) task.wishes.push({ name, want, have })
}

/** A word that the site file no longer says becomes what it was before the site set it. */
function handBack(task: Task, have: Found, flag: string, share: Share, want: Map<string, readonly string[]>): void {
  const { set = [], before = [] } = share.keys[flag] ?? {}
  delete share.keys[flag]
  const now = have.settings.get(flag) ?? []
  if (!isSame(now, set)) {
    changedSince(task, have, `has ${flag} ${now.join(', ') || 'not set'}, which the site did not set`)
    return
  }
  if (before.length === 0) want.delete(flag)
  else want.set(flag, before)
  differ(task, have.name, flag, { want: before, have: [...now], set, from: have.from })
}

function changedSince({ noun: { noun }, notes }: Task, { name }: Found, what: string): void {
  const fix = `\`lxcnet ${noun} show ${name}\` shows it, \`lxcnet ${noun} --help\` what changes it`
  notes.push({ severity: 'warning', code: 'changed-since-set', message: `${noun} ${name} ${what}; it stays`, fix })
}

/** Values of a word have no order of their own. */
const isSame = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  JSON.stringify(some.map((one) => JSON.stringify(one)).sort()) ===
  JSON.stringify(others.map((one) => JSON.stringify(one)).sort())
