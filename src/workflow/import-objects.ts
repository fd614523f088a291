/**
 * The objects of all hosts, for `lxcnet import`: those of one name are one entry, which says for single hosts only what is
 * otherwise there.
 */
import { LxcnetError } from '../core/error.ts'
import type { DraftObject, DraftValue } from '../site/index.ts'
import type { Context, Reading } from './context.ts'
import { Desk } from './noun/desk.ts'
import type { Found, Noun, Settings } from './noun/noun.ts'

export interface HostReading {
  context: Context
  reading: Reading
}

/** Sections of a site file, by their names. */
export type Sections = Map<string, Map<string, DraftObject>>

/** @param leaveOut takes what the file cannot say */
export function importObjects(
  readings: readonly HostReading[],
  nouns: readonly Noun[],
  leaveOut: (what: string) => void,
): Sections {
  const hosts = readings.map(({ context }) => context.host.name)
  const sections: Sections = new Map()
  for (const noun of nouns) {
    const objects = new Map<string, Map<string, Found>>()
    for (const { context, reading } of readings) {
      if (context.unprivileged) continue
      const host = context.host.name
      for (const found of readable(context, reading, noun, leaveOut)) {
        objects.set(found.name, (objects.get(found.name) ?? new Map()).set(host, found))
      }
    }
    if (objects.size > 0)
      sections.set(noun.section, new Map([...objects].map(([name, on]) => [name, merged(noun, on, hosts)])))
  }
  return sections
}

/** The objects of a noun that a site file can say, and that are then as they were. */
function readable(context: Context, reading: Reading, noun: Noun, leaveOut: (what: string) => void): Found[] {
  const host = context.host.name
  let found: readonly Found[]
  try {
    found = noun.find(context, reading)
  } catch (error) {
    if (!(error instanceof LxcnetError)) throw error
    leaveOut(`${noun.section} on ${host}: ${error.message}`)
    return []
  }
  const sayable = found.filter((one) => {
    const fault = unsayable(noun, one)
    if (fault !== undefined) leaveOut(`${noun.noun} ${one.name} on ${host}: ${fault}`)
    return fault === undefined
  })
  if (wouldDo(context, reading, noun, sayable) === undefined) return sayable
  return sayable.filter((one) => {
    const what = wouldDo(context, reading, noun, [one])
    if (what !== undefined) leaveOut(`${noun.noun} ${one.name} on ${host}: ${what}`)
    return what === undefined
  })
}

/** What of an object a site file has no words for. */
function unsayable({ noun, name: { pattern }, words, check }: Noun, { name, settings }: Found): string | undefined {
  if (!pattern.test(name)) return `that is not a name lxcnet gives a ${noun}`
  for (const [flag, texts] of settings) {
    const word = words.find((one) => one.flag === flag)
    if (word === undefined || (!word.list && texts.length > 1)) return `it has more ${flag} than lxcnet can say`
    for (const text of texts) {
      const checked = check(flag, text)
      if (!('value' in checked) || checked.value !== text) return `${flag} ${text} is not a value that lxcnet writes`
    }
  }
  const missing = words.find(({ flag, required }) => required === true && !settings.has(flag))
  return missing === undefined ? undefined : `it has no ${missing.flag}`
}

/** What lxcnet would do to make objects what they are; undefined for nothing, as it should be. */
function wouldDo(context: Context, reading: Reading, noun: Noun, objects: readonly Found[]): string | undefined {
  const desk = new Desk(context, reading)
  try {
    noun.plan(
      desk,
      objects.map((have) => ({ name: have.name, want: have.settings, have })),
    )
  } catch (error) {
    if (!(error instanceof LxcnetError)) throw error
    return error.message
  }
  const { changes, notes, summary } = desk.draft()
  const error = notes.find(({ severity }) => severity === 'error')
  if (error !== undefined) return error.message
  if (changes.length === 0) return undefined
  return `it is not as lxcnet would have it, which would change it: ${summary.join('; ') || 'its files'}`
}

/** One entry for the object of a name on all hosts that have it. */
function merged({ words }: Noun, on: ReadonlyMap<string, Found>, hosts: readonly string[]): DraftObject {
  const common = new Map<string, DraftValue>()
  const single = new Map<string, Map<string, DraftValue>>()
  for (const { flag, list } of words) {
    const valueIn = (settings: Settings): string | readonly string[] | undefined => {
      const texts = settings.get(flag) ?? []
      return list && texts.length > 1 ? texts : texts[0]
    }
    const values = new Map([...on].map(([host, { settings }]) => [host, valueIn(settings)]))
    const usual = mostUsual([...values.values()])
    if (usual !== undefined) common.set(flag, { value: usual })
    for (const [host, value] of values) {
      if (value === undefined || isSame(value, usual)) continue
      single.set(host, (single.get(host) ?? new Map()).set(flag, { value }))
    }
  }
  const from = [...new Set([...on.values()].map((one) => one.from))].join(', ')
  const all = hosts.every((host) => on.has(host))
  return { from, entries: common, on: single, ...(all ? {} : { hosts: [...on.keys()] }) }
}

/** The value that most hosts have, the first of several; none where a host has none, since it cannot say so. */
function mostUsual<T>(values: readonly (T | undefined)[]): T | undefined {
  if (values.includes(undefined)) return undefined
  const count = (value: T | undefined): number => values.filter((other) => isSame(value, other)).length
  return values.reduce((best, value) => (count(value) > count(best) ? value : best), values[0])
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
