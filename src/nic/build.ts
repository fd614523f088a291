/** From what was asked for to the lines of a NIC: values checked, defaults written out, free addresses chosen. */
import { addressValue, contains, nextFree, parseCidr } from '../core/address.ts'
import { lxcPrefix, newMac } from '../core/mac.ts'
import { claimsOf } from './claims.ts'
import type { Finding } from './finding.ts'
import { findKey, type Key, keyOfFlag, keys, type NicType } from './keys.ts'
import { type HostView, type Nic, namesInside, typeOf, value } from './model.ts'
import { checkValue } from './value.ts'

/** Source of randomness, so that a plan can be made again: whole numbers below the argument. */
export type Random = (below: number) => number

export type Entries = [key: string, value: string][]

export interface Built {
  entries: Entries
  findings: Finding[]
}

/** Types that get a MAC of their own when none is given; an ipvlan has its parent's, a phys brings one. */
const withMac: readonly string[] = ['veth', 'macvlan', 'vlan']

/**
 * @param given flag of `create` → values, in the order given
 * @param others the NICs that the container keeps
 */
export function buildNic(
  type: NicType,
  given: ReadonlyMap<string, readonly string[]>,
  others: readonly Nic[],
  view: HostView,
  random: Random,
): Built {
  const findings: Finding[] = []
  const wanted = new Map<string, readonly string[]>()
  for (const [flag, texts] of given) {
    const key = keyOfFlag(flag, type)
    if (key === undefined) {
      const fits = keys.filter((one) => one.flag === flag).flatMap((one) => one.types)
      findings.push({
        severity: 'error',
        code: 'wrong-type-key',
        message: `--${flag} does not belong to a NIC of type ${type}`,
        fix: `it is for ${fits.join(', ')}`,
      })
    } else wanted.set(key.name, texts)
  }
  const chosen = new Set<string>()
  const entries: Entries = [['type', type]]
  const add = (key: Key, texts: readonly string[]): void => {
    for (const text of texts) {
      const checked = choose(key, text, view, random, chosen)
      if ('value' in checked) entries.push([key.name, checked.value])
      else findings.push({ severity: 'error', ...checked, key: key.name })
    }
  }
  for (const key of keys.slice(1)) {
    const texts = wanted.get(key.name) ?? defaultOf(key.name, type, others, wanted)
    if (
      texts !== undefined &&
      !(texts.length === 1 && texts[0] === 'none' && ['hwaddr', 'flags', 'name'].includes(key.name))
    )
      add(key, texts)
  }
  return { entries, findings }
}

function defaultOf(
  key: string,
  type: NicType,
  others: readonly Nic[],
  wanted: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  if (key === 'macvlan.mode' && type === 'macvlan') return ['bridge']
  if (key === 'ipvlan.mode' && type === 'ipvlan') return ['l2']
  if (key === 'flags' && type !== 'none') return ['up']
  if (key === 'hwaddr' && withMac.includes(type)) return ['auto']
  if (
    key === 'name' &&
    !['empty', 'none'].includes(type) &&
    others.some((other) => !['empty', 'none'].includes(typeOf(other)))
  ) {
    // two NICs and more: LXC numbers unnamed ones by a rule that changed in 4.0.7, so the name is said
    const taken = new Set(namesInside(others).values())
    const own = type === 'phys' ? wanted.get('link')?.[0] : undefined
    if (own !== undefined && !own.endsWith('+') && !taken.has(own)) return [own]
    for (let n = 0; ; n++) if (!taken.has(`eth${n}`)) return [`eth${n}`]
  }
  return undefined
}

/**
 * `auto` MACs and `next:SUBNET` addresses become real ones; everything else is checked as it is.
 *
 * @param chosen addresses that the same command has taken already; the one chosen here is added
 */
export function choose(
  key: Key,
  text: string,
  view: HostView,
  random: Random,
  chosen: Set<string>,
): { value: string } | { code: string; message: string; fix: string } {
  if (key.name === 'hwaddr' && (text === 'auto' || text === 'next')) {
    const taken = new Set([...claimsOf(view).mac.keys(), ...[...(view.links?.values() ?? [])].map((link) => link.mac)])
    return { value: newMac(lxcPrefix(view.version), taken, random) }
  }
  if (key.value.kind === 'address' && text.startsWith('next:')) {
    const { family } = key.value
    const subnet = parseCidr(text.slice('next:'.length), family)
    if (subnet === undefined || !subnet.explicit)
      return {
        code: 'bad-address',
        message: `${key.name}: "${text}" names no IPv${family} subnet`,
        fix: `for instance next:${family === 4 ? '10.0.5.0/24' : '2001:db8::/64'}`,
      }
    const free = nextFree(subnet, takenAddresses(view, family, chosen))
    if (free === undefined)
      return {
        code: 'subnet-full',
        message: `${key.name}: no address of ${text.slice(5)} is free`,
        fix: 'take another subnet, or delete NICs that are not used',
      }
    chosen.add(free)
    return checkValue(key, free, view.version)
  }
  return checkValue(key, text, view.version)
}

/** Is `address` one that `next:SUBNET` could have chosen? */
export function isNextOf(text: string, address: string): boolean {
  const family = text.includes(':', 'next:'.length) ? 6 : 4
  const subnet = text.startsWith('next:') ? parseCidr(text.slice('next:'.length), family) : undefined
  const one = parseCidr(address, family)
  return subnet !== undefined && one !== undefined && one.prefix === subnet.prefix && contains(subnet, one.value)
}

/** Every address that a config or a link of this host has or will have, and every gateway. */
function takenAddresses(view: HostView, family: 4 | 6, chosen: ReadonlySet<string>): Set<bigint> {
  const texts = new Set([
    ...[...chosen].map((text) => text.split('/')[0] ?? ''),
    ...claimsOf(view).address.keys(),
    ...[...(view.links?.values() ?? [])].flatMap((link) => link.addresses),
    ...(view.keeps ?? []),
  ])
  for (const container of view.containers.values()) {
    for (const nic of container.effective.nics) texts.add(value(nic, `ipv${family}.gateway`) ?? '')
  }
  return new Set([...texts].flatMap((text) => addressValue(text, family) ?? []))
}

/** Does a NIC that is there already say all that was asked for? Defaults that were not asked for do not count. */
export function alreadySo(nic: Nic, entries: Entries, asked: ReadonlySet<string>): boolean {
  const wanted = new Map<string, string[]>()
  for (const [key, text] of entries) wanted.set(key, [...(wanted.get(key) ?? []), text])
  // asked for and without an entry: it shall not be there ("none")
  for (const key of asked) if (!wanted.has(key) && nic.keys.has(key)) return false
  return [...wanted].every(([key, texts]) => {
    const have = (nic.keys.get(key) ?? []).map((one) => one.value)
    if (!asked.has(key) && !['type', 'macvlan.mode', 'ipvlan.mode', 'flags'].includes(key)) return true
    if (findKey(key)?.list) return texts.length === have.length && texts.every((text) => have.includes(text))
    return have.at(-1) === texts[0]
  })
}
