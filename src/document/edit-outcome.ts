/** Does an edit give what was asked for? Each result is evaluated before it is handed out. */
import { LxcnetError } from '../core/error.ts'
import { evaluate, type Nic } from './effective.ts'
import { type Line, parse, print } from './lxc-config.ts'
import { type NicRef, netKey } from './net-key.ts'

const read = (lines: readonly Line[]) => evaluate({ file: '', lines: [...lines] }, { include: () => [] })

/** The NICs as LXC sees them, included files apart. */
export const seen = (lines: readonly Line[]): Nic[] => read(lines).nics

/** Lines for which LXC would refuse the file, and which an edit can bring about. */
const refused = (lines: readonly Line[]): number =>
  read(lines).problems.filter(({ code }) => code === 'clear-before-define').length

export const sameNic = (one: NicRef, other: NicRef): boolean => one.style === other.style && one.index === other.index

export const valuesOf = (nics: readonly Nic[], nic: NicRef, sub: string): string[] =>
  (nics.find((one) => sameNic(one, nic))?.keys.get(sub) ?? []).map(({ value }) => value)

export const sameValues = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one, n) => one === others[n])

/** Are the NICs the same, apart from what `except` says? */
export function sameBut(
  before: readonly Nic[],
  after: readonly Nic[],
  except: (nic: NicRef, sub: string) => boolean,
): boolean {
  const written = (nics: readonly Nic[]): string =>
    JSON.stringify(
      nics.flatMap((nic) =>
        [...nic.keys]
          .filter(([sub]) => !except(nic, sub))
          .sort(([a], [b]) => (a < b ? -1 : 1)) // the first localeCompare() of a process takes 8 ms
          .map(([sub, values]) => [nic.style, nic.index, sub, ...values.map(({ value }) => value)]),
      ),
    )
  return written(before) === written(after)
}

/**
 * The first attempt whose result is wanted.
 *
 * @param sub the key the edit is about; '' for a whole NIC
 * @throws {LxcnetError} `edit-defeated` when there is none
 */
export function firstThat(
  before: readonly Line[],
  isWanted: (after: Nic[]) => boolean,
  nic: NicRef,
  sub: string,
  attempts: readonly (() => Line[])[],
): Line[] {
  for (const attempt of attempts) {
    const lines = parse(print(attempt())) // a CR and an LF that come to stand together are one line end now
    if (isWanted(seen(lines)) && refused(lines) <= refused(before)) return lines
  }
  const what = sub === '' ? `NIC ${nic.index}` : netKey(nic, sub)
  throw new LxcnetError('edit-defeated', `${what}: other lines of the file would defeat the change`, {
    suggestions: ['bring the NIC into one block, type first, and try again'],
  })
}
