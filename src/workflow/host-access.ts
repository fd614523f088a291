/** `create --type macvlan --host-access`: the NIC, and the shim by which the host reaches it, in one plan. */
import { exit, LxcnetError } from '../core/error.ts'
import { choose, findKey, modeOf, type Nic, typeOf, value, values } from '../nic/index.ts'
import { checkShimValue, sameSubnet } from '../shim/index.ts'
import type { Draft } from './change.ts'
import type { Context, Reading, View } from './context.ts'
import { byName } from './noun/change-noun.ts'
import { Desk } from './noun/desk.ts'
import type { Settings } from './noun/noun.ts'
import { freshShim } from './nouns/shim/shim.ts'

/** The host's address towards the container: `10.0.5.5/24`, or a free one of the NIC's subnet. */
export type HostAccess = 'next' | (string & {})

/** @throws {LxcnetError} `bad-address` */
export function checkHostAccess(text: string): HostAccess {
  if (text === 'next') return text
  const checked = checkShimValue('address', text)
  if ('value' in checked) return checked.value
  throw new LxcnetError(checked.code, `--host-access: "${text}" is not an address with a prefix`, {
    exit: exit.usage,
    suggestions: [`${checked.fix}; alone it takes a free one of the NIC's subnet`],
  })
}

/** @param draft adds NICs to a container */
export function withHostAccess(
  context: Context,
  reading: Reading,
  draft: Draft,
  { container, access }: { container: string; access: HostAccess | undefined },
): Draft {
  if (access === undefined || draft.notes.some(({ severity }) => severity === 'error')) return draft
  const desk = new Desk(context, reading)
  desk.view = withChanges(reading.view, draft)
  const nic = addedNic(reading.view, desk.view, container)
  // the same command again: the NIC was there
  if (nic === undefined) return draft
  const parent = value(nic, 'link') ?? ''
  if (typeOf(nic) !== 'macvlan' || modeOf(nic) !== 'bridge') throw notForIt(nic)
  const have = byName(freshShim.find(context, reading)).get(parent)
  const addresses = have?.settings.get('address') ?? []
  const more = addressFor(context, desk.view, nic, addresses, access)
  const want: Settings = new Map([...(have?.settings ?? []), ['address', [...addresses, ...more]]])
  freshShim.plan(desk, [{ name: parent, want, have }])
  const shim = desk.draft()
  return {
    ...draft,
    summary: [...draft.summary, ...shim.summary],
    changes: [...shim.changes, ...draft.changes],
    notes: [...draft.notes, ...shim.notes],
    leftOut: [...draft.leftOut, ...shim.leftOut],
  }
}

function withChanges(view: View, { changes }: Draft): View {
  const texts = new Map(
    changes.flatMap((step) => (step.kind === 'file' && step.after !== null ? [[step.path, step.after]] : [])),
  )
  const containers = [...view.containers].map(([name, container]) => {
    const text = texts.get(container.path)
    const seen = text === undefined ? container : { ...container, text, effective: view.evaluate(container.path, text) }
    return [name, seen] as const
  })
  return { ...view, containers: new Map(containers) }
}

function addedNic(before: View, after: View, name: string): Nic | undefined {
  const old = before.containers.get(name)
  const now = after.containers.get(name)
  if (old?.text === now?.text) return undefined
  const same = (a: Nic, b: Nic): boolean =>
    JSON.stringify([...a.keys].map(([key]) => [key, values(a, key)])) ===
    JSON.stringify([...b.keys].map(([key]) => [key, values(b, key)]))
  return now?.effective.nics.find(
    (nic) => !old?.effective.nics.some((one) => one.index === nic.index && same(one, nic)),
  )
}

/** Addresses that the shim lacks to be in a subnet of the NIC. */
function addressFor(
  context: Context,
  view: View,
  nic: Nic,
  have: readonly string[],
  access: HostAccess,
): readonly string[] {
  if (access !== 'next') return have.includes(access) ? [] : [access]
  const fixed = (['ipv4.address', 'ipv6.address'] as const).flatMap((key) =>
    values(nic, key).map((text) => ({ key, text: text.split(' ')[0] ?? '' })),
  )
  if (fixed.some(({ text }) => have.some((one) => sameSubnet(one, text)))) return []
  const [first] = fixed
  const key = findKey(first?.key ?? '')
  if (first === undefined || key === undefined)
    throw new LxcnetError('host-access', 'the NIC has no address here, so the subnet of the host is not known', {
      exit: exit.usage,
      suggestions: [
        'say which address the host takes: --host-access 10.0.5.5/24',
        'give the NIC one: --ipv4 10.0.5.3/24',
      ],
    })
  const chosen = choose(key, `next:${first.text}`, view, context.random, new Set())
  if ('value' in chosen) return [chosen.value.split(' ')[0] ?? '']
  throw new LxcnetError(chosen.code, chosen.message, { exit: exit.data, suggestions: [chosen.fix] })
}

function notForIt(nic: Nic): LxcnetError {
  const type = typeOf(nic)
  const what = type === 'macvlan' ? `a macvlan in mode ${modeOf(nic)}` : `a NIC of type ${type}`
  const reason = type === 'macvlan' ? 'hears no neighbour on its parent, the host neither' : 'needs no shim'
  return new LxcnetError('host-access', `--host-access: ${what} ${reason}`, {
    exit: exit.usage,
    suggestions: ['it goes with --type macvlan --mode bridge'],
  })
}
