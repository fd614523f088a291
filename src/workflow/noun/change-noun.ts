/** `create`, `set` and `delete` of every noun. */
import { closest } from '../../core/closest.ts'
import { exit, LxcnetError } from '../../core/error.ts'
import type { ChangeReport } from '../../report/change.ts'
import { change, type Mandate } from '../change.ts'
import type { Context, Reading } from '../context.ts'
import { Desk } from './desk.ts'
import type { Found, Noun, Settings, Wish } from './noun.ts'

/**
 * One change of objects of a noun.
 *
 * @param wishes what shall become of which, from what is there
 */
export function changeNoun(
  context: Context,
  noun: Noun,
  wishes: (found: ReadonlyMap<string, Found>, reading: Reading) => readonly Wish[],
  mandate: Mandate,
): Promise<ChangeReport> {
  refusePlainUser(context, noun)
  return change(context, {
    ...mandate,
    probes: noun.probes(context),
    draft: (reading) => {
      const desk = new Desk(context, reading)
      noun.plan(desk, wishes(byName(noun.find(context, reading)), reading))
      return desk.draft()
    },
  })
}

export const byName = (found: readonly Found[]): ReadonlyMap<string, Found> =>
  new Map(found.map((one) => [one.name, one]))

/** @throws {LxcnetError} `no-rights` */
export function refusePlainUser({ unprivileged }: Context, { noun }: Noun): void {
  if (!unprivileged) return
  throw new LxcnetError('no-rights', `${noun}: only root can change the network of a host`, {
    exit: exit.noRights,
    suggestions: ['run lxcnet as root, or over SSH as one who may'],
  })
}

/** Words and their texts as they were given, checked. @throws {LxcnetError} the code of the first value that is wrong */
export function settingsOf(noun: Noun, given: Readonly<Record<string, readonly string[]>>): Settings {
  const settings = new Map<string, readonly string[]>()
  for (const word of noun.words) {
    const texts = given[word.flag]
    if (texts !== undefined)
      settings.set(
        word.flag,
        texts.map((text) => checked(noun, word.flag, text)),
      )
  }
  return settings
}

function checked(noun: Noun, flag: string, text: string): string {
  const result = noun.check(flag, text)
  if ('value' in result) return result.value
  throw new LxcnetError(result.code, result.message, { exit: exit.data, suggestions: [result.fix] })
}

/** @throws {LxcnetError} `bad-object-name` */
export function checkName({ noun, name: { pattern, words } }: Noun, name: string): string {
  if (pattern.test(name)) return name
  throw new LxcnetError('bad-object-name', `${noun}: ${JSON.stringify(name)} is not a name for it`, {
    exit: exit.usage,
    suggestions: [words],
  })
}

/** An object that is not there yet; one that is there just so is left as it is. @throws {LxcnetError} `object-exists` */
export function wishNew(noun: Noun, name: string, want: Settings, found: ReadonlyMap<string, Found>): Wish {
  const have = found.get(name)
  if (have === undefined) return { name, want, have }
  const differs = [...want].filter(([flag, texts]) => !same(have.settings.get(flag) ?? [], texts))
  if (differs.length === 0) return { name, want: have.settings, have }
  throw new LxcnetError('object-exists', `there is a ${noun.noun} ${name} already, in ${have.from}`, {
    exit: exit.data,
    suggestions: [
      `\`lxcnet ${noun.noun} show ${name}\` shows it`,
      `lxcnet ${noun.noun} set ${name} ${differs.map(([flag, texts]) => `${flag}=${texts.join(',')}`).join(' ')}`,
    ],
  })
}

/** One that is there, with some words said anew. @param change word → texts; empty for one that shall be unset */
export function wishChanged(noun: Noun, name: string, change: Settings, found: ReadonlyMap<string, Found>): Wish {
  const have = existing(noun, name, found)
  const want = new Map(have.settings)
  for (const [flag, texts] of change) texts.length === 0 ? want.delete(flag) : want.set(flag, texts)
  return { name, want, have }
}

export const wishGone = (noun: Noun, name: string, found: ReadonlyMap<string, Found>): Wish => ({
  name,
  want: undefined,
  have: existing(noun, name, found),
})

/** @throws {LxcnetError} `no-object` */
export function existing({ noun }: Noun, name: string, found: ReadonlyMap<string, Found>): Found {
  const have = found.get(name)
  if (have !== undefined) return have
  const near = closest(name, found.keys())
  throw new LxcnetError('no-object', `there is no ${noun} ${name}`, {
    exit: exit.data,
    suggestions: [
      ...(near.length > 0 ? [`did you mean ${near.join(', ')}?`] : []),
      `\`lxcnet ${noun} list\` shows what there is`,
    ],
  })
}

const same = (some: readonly string[], others: readonly string[]): boolean =>
  JSON.stringify(some) === JSON.stringify(others)
