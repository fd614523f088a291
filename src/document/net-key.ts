/**
 * Keys that configure NICs: `lxc.net.N.KEY` and, up to LXC 2.1, `lxc.network.KEY`.
 *
 * Sources: `get_network_config_ops()` and `clr_config_jump_table_net()` in liblxc's confile.c; for the legacy form
 * `set_config_network_legacy_nic()` in confile_legacy.c of LXC 2.1. lxc.container.conf(5) NETWORK.
 */
import { parseNumber } from './lxc-config.ts'

export type NetKey =
  /** `lxc.net.N.KEY` */
  | { style: 'modern'; index: number; sub: string }
  /** `lxc.net`: clears all NICs */
  | { style: 'modern-all' }
  /** `lxc.net.N`: clears one NIC; this one index is read base 0, so `lxc.net.010` is NIC 8 */
  | { style: 'modern-nic'; index: number }
  /** `lxc.network.KEY` and `lxc.network.N.KEY`; `sub` is the key's modern name */
  | { style: 'legacy'; index?: number; sub: string }
  /** `lxc.network`: clears all NICs */
  | { style: 'legacy-all' }
  /** LXC refuses the file */
  | { style: 'bad'; reason: string }

/** Most that LXC takes: INT_MAX is refused. */
const highestIndex = 2 ** 31 - 2

/** @returns undefined for a key that is not about NICs */
export function parseNetKey(key: string): NetKey | undefined {
  if (!key.startsWith('lxc.net')) return undefined
  if (key === 'lxc.net') return { style: 'modern-all' }
  if (key.startsWith('lxc.net.')) return parseModern(key.slice('lxc.net.'.length))
  if (key === 'lxc.network') return { style: 'legacy-all' }
  return key.startsWith('lxc.network.') ? parseLegacy(key.slice('lxc.network.'.length)) : undefined
}

function parseModern(rest: string): NetKey {
  if (!isDigit(rest.charCodeAt(0)))
    return { style: 'bad', reason: 'after lxc.net. LXC wants the index of a NIC, in decimal' }
  const dot = rest.indexOf('.')
  if (dot === -1) {
    const index = parseNumber(rest)
    return index === undefined ? { style: 'bad', reason: `"${rest}" is not a number` } : { style: 'modern-nic', index }
  }
  const index = decimal(rest, dot)
  if (index === undefined) return { style: 'bad', reason: `the index "${rest.slice(0, dot)}" is not decimal` }
  if (index > highestIndex) return { style: 'bad', reason: `the index is above ${highestIndex}` }
  const sub = rest.slice(dot + 1)
  return sub === '' ? { style: 'bad', reason: 'no key stands after the index' } : { style: 'modern', index, sub }
}

function parseLegacy(rest: string): NetKey {
  if (!isDigit(rest.charCodeAt(0))) {
    return rest === ''
      ? { style: 'bad', reason: 'no key stands after lxc.network.' }
      : { style: 'legacy', sub: modernName(rest) }
  }
  const dot = rest.indexOf('.')
  const index = dot === -1 ? undefined : decimal(rest, dot)
  if (index === undefined || dot === rest.length - 1)
    return { style: 'bad', reason: 'lxc.network.N needs a decimal index and a key' }
  return { style: 'legacy', index, sub: modernName(rest.slice(dot + 1)) }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

function decimal(text: string, end: number): number | undefined {
  let number = 0
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return undefined
    number = number * 10 + code - 48
  }
  return number
}

const modernName = (leaf: string): string => (leaf === 'ipv4' || leaf === 'ipv6' ? `${leaf}.address` : leaf)

const legacyName = (sub: string): string => (sub === 'ipv4.address' || sub === 'ipv6.address' ? sub.slice(0, 4) : sub)

/** Which NIC of a file: a modern index, or the 0-based position of a legacy section. */
export interface NicRef {
  style: 'modern' | 'legacy'
  index: number
}

/** How a key of a NIC is written; legacy keys go without index, to the section they stand in. */
export const netKey = (nic: NicRef, sub: string): string =>
  nic.style === 'modern' ? `lxc.net.${nic.index}.${sub}` : `lxc.network.${legacyName(sub)}`

/** Keys whose lines add up; all others are scalars, where the last line wins. */
const lists: ReadonlySet<string> = new Set([
  'ipv4.address',
  'ipv6.address',
  'veth.ipv4.route',
  'veth.ipv6.route',
  'veth.vlan.tagged.id',
])

export const isList = (sub: string): boolean => lists.has(sub)
