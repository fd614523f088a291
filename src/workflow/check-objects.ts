/** `lxcnet check` of what a host has besides containers: every noun looks at its own. */
import { LxcnetError } from '../core/error.ts'
import type { Probe } from '../core/probe.ts'
import type { Note } from '../plan/plan.ts'
import type { CheckFinding } from '../report/check.ts'
import type { Context, Reading } from './context.ts'
import type { Noun } from './noun/noun.ts'
import { nouns } from './nouns/index.ts'
import { probesOf } from './site-objects.ts'

/** A plain user's containers use the network of the host, which is root's business. */
const nounsFor = ({ unprivileged }: Context): readonly Noun[] => (unprivileged ? [] : nouns)

/** What has to be read for it. */
export const objectProbes = (context: Context): Probe[] => probesOf(context, nounsFor(context))

/** Findings of all nouns. One that cannot be read at all is a finding, and keeps no other from being looked at. */
export function checkObjects(
  context: Context,
  reading: Reading,
  allow: ReadonlySet<string>,
  which = nounsFor(context),
): CheckFinding[] {
  return which.flatMap((noun) => {
    const { names, notes } = inspect(context, reading, noun)
    return notes
      .filter(({ code }) => !allow.has(code))
      .map((note) => ({ ...note, container: null, nic: null, object: objectOf(noun, names, note) }))
  })
}

function inspect(context: Context, reading: Reading, noun: Noun): { names: string[]; notes: readonly Note[] } {
  try {
    const names = noun.find(context, reading).map(({ name }) => name)
    return { names, notes: noun.inspect(context, reading) }
  } catch (error) {
    if (!(error instanceof LxcnetError)) throw error
    const { code, message, suggestions, place } = error
    const fix = suggestions.length === 0 ? {} : { fix: suggestions.join('; ') }
    return {
      names: [],
      notes: [{ severity: 'error', code, message, ...fix, ...(place === undefined ? {} : { place }) }],
    }
  }
}

/** The object that a message begins with; else the noun alone. */
function objectOf({ noun }: Noun, names: readonly string[], { message }: Note): string {
  const titles = names.map((name) => `${noun} ${name}`).filter((title) => message.startsWith(title))
  return titles.sort((a, b) => b.length - a.length)[0] ?? noun
}
