/**
 * Every key of a NIC: lxc.container.conf(5) NETWORK, checked against confile.c of LXC 1.0 to 7.0.
 *
 * The one table that flags of `create`, `set key=value`, the checks and the manual are made from. A key stands here
 * without its `lxc.net.N.` prefix.
 */
import { compareVersions } from '../core/version.ts'

export const nicTypes = ['veth', 'macvlan', 'ipvlan', 'vlan', 'phys', 'empty', 'none'] as const
export type NicType = (typeof nicTypes)[number]

export interface Key {
  name: string
  /** First release that knows it as `lxc.net.N.…`. */
  since: string
  /** Types it belongs to; LXC 4.0.7 and later refuse it on others. */
  types: readonly NicType[]
  /** May stand on several lines, which add up. */
  list?: boolean
  /** Has a form under `lxc.network.`; its name there when it differs. */
  legacy?: string | true
  /** The flag of `create`; several keys share `mode` and `vlan-id`, the type decides. */
  flag: string
  /** Kind of value, for checks and for the manual. */
  value: ValueKind
  summary: string
}

export type ValueKind =
  | { kind: 'type' }
  | { kind: 'choice'; of: readonly string[] }
  | { kind: 'link' }
  | { kind: 'name' }
  | { kind: 'mac' }
  | { kind: 'number'; least: number; most: number; word?: string }
  | { kind: 'address'; family: 4 | 6 }
  | { kind: 'gateway'; family: 4 | 6 }
  | { kind: 'route'; family: 4 | 6 }
  | { kind: 'flags' }
  | { kind: 'command' }

const device = ['veth', 'macvlan', 'ipvlan', 'vlan', 'phys'] as const
const withEmpty = [...device, 'empty'] as const

export const keys: readonly Key[] = [
  {
    name: 'type',
    since: '2.1.0',
    types: nicTypes,
    legacy: true,
    flag: 'type',
    value: { kind: 'type' },
    summary: 'how the NIC is made',
  },
  {
    name: 'veth.mode',
    since: '3.2.0',
    types: ['veth'],
    flag: 'mode',
    value: { kind: 'choice', of: ['bridge', 'router'] },
    summary: 'bridge: a port of link; router: routes on the host',
  },
  {
    name: 'macvlan.mode',
    since: '2.1.0',
    types: ['macvlan'],
    legacy: true,
    flag: 'mode',
    value: { kind: 'choice', of: ['bridge', 'private', 'vepa', 'passthru'] },
    summary: 'who reaches whom on the same parent',
  },
  {
    name: 'ipvlan.mode',
    since: '3.2.0',
    types: ['ipvlan'],
    flag: 'mode',
    value: { kind: 'choice', of: ['l2', 'l3', 'l3s'] },
    summary: 'layer at which the parent forwards',
  },
  {
    name: 'ipvlan.isolation',
    since: '3.2.0',
    types: ['ipvlan'],
    flag: 'isolation',
    value: { kind: 'choice', of: ['bridge', 'private', 'vepa'] },
    summary: 'who reaches whom on the same parent',
  },
  {
    name: 'link',
    since: '2.1.0',
    types: device,
    legacy: true,
    flag: 'link',
    value: { kind: 'link' },
    summary: 'bridge of a veth, parent of a macvlan, ipvlan or vlan, the link itself for phys',
  },
  {
    name: 'vlan.id',
    since: '2.1.0',
    types: ['vlan'],
    legacy: true,
    flag: 'vlan-id',
    value: { kind: 'number', least: 1, most: 4094 },
    summary: '802.1Q id',
  },
  {
    name: 'flags',
    since: '2.1.0',
    types: withEmpty,
    legacy: true,
    flag: 'flags',
    value: { kind: 'flags' },
    summary: 'up: bring the NIC up at start',
  },
  {
    name: 'name',
    since: '2.1.0',
    types: withEmpty,
    legacy: true,
    flag: 'ifname',
    value: { kind: 'name' },
    summary: "the NIC's name inside the container",
  },
  {
    name: 'hwaddr',
    since: '2.1.0',
    types: ['veth', 'macvlan', 'vlan', 'phys'],
    legacy: true,
    flag: 'hwaddr',
    value: { kind: 'mac' },
    summary: 'MAC address',
  },
  {
    name: 'mtu',
    since: '2.1.0',
    types: device,
    legacy: true,
    flag: 'mtu',
    value: { kind: 'number', least: 68, most: 65535 },
    summary: 'octets of IP packet',
  },
  {
    name: 'veth.pair',
    since: '2.1.0',
    types: ['veth'],
    legacy: true,
    flag: 'pair',
    value: { kind: 'name' },
    summary: 'name of the host-side veth',
  },
  {
    name: 'veth.vlan.id',
    since: '5.0.0',
    types: ['veth'],
    flag: 'vlan-id',
    value: { kind: 'number', least: 1, most: 4094, word: 'none' },
    summary: 'untagged VLAN of the bridge port; none: no untagged traffic',
  },
  {
    name: 'veth.vlan.tagged.id',
    since: '5.0.0',
    types: ['veth'],
    list: true,
    flag: 'vlan-tagged-id',
    value: { kind: 'number', least: 1, most: 4094 },
    summary: 'tagged VLAN of the bridge port',
  },
  {
    name: 'veth.n_rxqueues',
    since: '5.0.0',
    types: ['veth'],
    flag: 'rxqueues',
    value: { kind: 'number', least: 1, most: 4096 },
    summary: 'receive queues inside; the host end gets as many to send',
  },
  {
    name: 'veth.n_txqueues',
    since: '5.0.0',
    types: ['veth'],
    flag: 'txqueues',
    value: { kind: 'number', least: 1, most: 4096 },
    summary: 'transmit queues inside; the host end gets as many to receive',
  },
  {
    name: 'ipv4.address',
    since: '2.1.0',
    types: withEmpty,
    list: true,
    legacy: 'ipv4',
    flag: 'ipv4',
    value: { kind: 'address', family: 4 },
    summary: 'ADDRESS/PREFIX, or next:SUBNET for the lowest free one',
  },
  {
    name: 'ipv4.gateway',
    since: '2.1.0',
    types: device,
    legacy: true,
    flag: 'ipv4-gateway',
    value: { kind: 'gateway', family: 4 },
    summary: 'default route: an address, auto (of link) or dev',
  },
  {
    name: 'ipv6.address',
    since: '2.1.0',
    types: withEmpty,
    list: true,
    legacy: 'ipv6',
    flag: 'ipv6',
    value: { kind: 'address', family: 6 },
    summary: 'ADDRESS/PREFIX, or next:SUBNET for the lowest free one',
  },
  {
    name: 'ipv6.gateway',
    since: '2.1.0',
    types: device,
    legacy: true,
    flag: 'ipv6-gateway',
    value: { kind: 'gateway', family: 6 },
    summary: 'default route: an address, auto (of link) or dev',
  },
  {
    name: 'veth.ipv4.route',
    since: '3.2.0',
    types: ['veth'],
    list: true,
    flag: 'veth-ipv4-route',
    value: { kind: 'route', family: 4 },
    summary: 'SUBNET that the host routes to the NIC',
  },
  {
    name: 'veth.ipv6.route',
    since: '3.2.0',
    types: ['veth'],
    list: true,
    flag: 'veth-ipv6-route',
    value: { kind: 'route', family: 6 },
    summary: 'SUBNET that the host routes to the NIC',
  },
  {
    name: 'l2proxy',
    since: '3.2.0',
    types: device,
    flag: 'l2proxy',
    value: { kind: 'choice', of: ['0', '1'] },
    summary: '1: link answers ARP and NDP for the addresses',
  },
  {
    name: 'script.up',
    since: '2.1.0',
    types: withEmpty,
    legacy: true,
    flag: 'script-up',
    value: { kind: 'command' },
    summary: 'hook on the host as the NIC comes up',
  },
  {
    name: 'script.down',
    since: '2.1.0',
    types: withEmpty,
    legacy: true,
    flag: 'script-down',
    value: { kind: 'command' },
    summary: 'hook on the host as the NIC goes down',
  },
]

const byName = new Map(keys.map((key) => [key.name, key]))

export const findKey = (name: string): Key | undefined => byName.get(name)

/** Does this LXC know the key? An unknown version is taken as the newest. */
export const knows = (key: Key, version: string | undefined): boolean =>
  version === undefined || compareVersions(version, key.since) >= 0

/** Key of a flag for a type: `mode` of a macvlan is `macvlan.mode`. */
export const keyOfFlag = (flag: string, type: string): Key | undefined =>
  keys.find((key) => key.flag === flag && (key.types as readonly string[]).includes(type))

/** The short words that `set` takes for longer keys: `mode=bridge`, `vlan-id=10`, as the flags of `create`. */
export const keyOfWord = (word: string, type: string): Key | undefined => byName.get(word) ?? keyOfFlag(word, type)
