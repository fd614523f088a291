/** What a wish for a NAT network says, worked out: addresses that follow from others, and what speaks against it. */
import { type Cidr, formatAddress, parseCidr } from '../../../core/address.ts'
import {
  freeSubnet,
  ipv6Word,
  isHost,
  type Network,
  overlaps,
  parseRange,
  rangeText,
  subnetText,
  usualAddress,
  usualRange,
} from '../../../lxc-net/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { NetworkRules } from '../../firewall.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings } from '../../noun/noun.ts'
import { natNetworks } from './networks.ts'

export const one = (settings: Settings, flag: string): string | undefined => settings.get(flag)?.[0]

/** Other firewalls whose own door is used. */
export const throughOf = (settings: Settings): Pick<NetworkRules, 'through'> => {
  const through = settings.get('through') ?? []
  return through.length === 0 ? {} : { through }
}

export const error = (code: string, message: string, fix: string): Note => ({ severity: 'error', code, message, fix })

/**
 * @param fallback what counts where the wish says nothing; absent for a new network
 * @param notes gets what is wrong
 */
export function networkOf(
  name: string,
  want: Settings,
  fallback: Pick<Network, 'bridge' | 'subnet' | 'ipv6Nat'> | undefined,
  notes: Note[],
): Network | undefined {
  const said = one(want, 'subnet')
  const subnet = said === undefined ? fallback?.subnet : parseCidr(said, 4)
  if (subnet === undefined) {
    notes.push(error('nat-bad-value', `nat ${name} has no subnet`, 'say it: subnet=10.7.0.0/24'))
    return undefined
  }
  const { address, range } = addressesIn(subnet, want)
  const out = (what: string): Note =>
    error(
      'nat-outside',
      `nat ${name}: ${what} is not in ${subnetText(subnet)}, or not for a host in it`,
      'leave address and range out, or give ones that are',
    )
  if (!isHost(subnet, address)) notes.push(out(`the address ${formatAddress(address, 4)}`))
  if (!isHost(subnet, range.first) || !isHost(subnet, range.last)) notes.push(out(`the range ${rangeText(range)}`))
  else if (address >= range.first && address <= range.last)
    notes.push(
      error(
        'nat-outside',
        `nat ${name}: DHCP would give ${formatAddress(address, 4)}, the host's own address`,
        'leave it out of the range',
      ),
    )
  const ipv6 = parseCidr(one(want, 'ipv6') ?? '', 6)
  if (ipv6 !== undefined && ipv6.prefix !== 64)
    notes.push({
      severity: 'warning',
      code: 'nat-ipv6-prefix',
      message: `nat ${name}: containers make themselves an IPv6 address in a /64 alone (RFC 4862 section 5.5.3), not in ${subnetText(ipv6)}`,
      fix: 'use a /64',
    })
  const nat6 = one(want, 'ipv6-nat')
  return {
    bridge: one(want, 'bridge') ?? fallback?.bridge ?? name,
    subnet,
    address,
    range,
    domain: one(want, 'domain'),
    ipv6: ipv6 === undefined ? undefined : gatewayOf(ipv6),
    ipv6Nat: nat6 === undefined ? ipv6 === undefined && (fallback?.ipv6Nat ?? false) : nat6 === 'on',
  }
}

/** As they are said, else as they follow from the subnet. */
export function addressesIn(subnet: Cidr, want: Settings): Pick<Network, 'address' | 'range'> {
  const address = parseCidr(one(want, 'address') ?? '', 4)?.value ?? usualAddress(subnet)
  return { address, range: parseRange(one(want, 'range') ?? '') ?? usualRange(subnet, address) }
}

/** `fd07::/64` means its first address. */
function gatewayOf(ipv6: Cidr): Cidr {
  const value = ipv6.value === ipv6.first ? ipv6.first + 1n : ipv6.value
  return { ...ipv6, value, address: formatAddress(value, 6) }
}

/** The words that stand for a network. Addresses that follow from the subnet are left out. */
export function settingsOf({ bridge, subnet, address, range, domain, ipv6, ipv6Nat }: Network): [string, string][] {
  const usual = address === usualAddress(subnet)
  return [
    ['subnet', subnetText(subnet)],
    ['bridge', bridge],
    ...word('address', usual ? undefined : formatAddress(address, 4)),
    ...word('range', rangeText(range) === rangeText(usualRange(subnet, address)) ? undefined : rangeText(range)),
    ...word('domain', domain),
    ...word('ipv6', ipv6 === undefined ? undefined : ipv6Word(ipv6)),
    ...word('ipv6-nat', ipv6 !== undefined && ipv6Nat ? 'on' : undefined),
  ]
}

export const throughWord = (rules: NetworkRules | undefined): [string, readonly string[]][] =>
  rules?.through === undefined ? [] : [['through', rules.through]]

export const word = (flag: string, text: string | undefined): [string, string][] =>
  text === undefined ? [] : [[flag, text]]

/** What the host is told for it, and with it every other network of the host. */
export const forwarding = ({ ipv6 }: Network): string =>
  ['net.ipv4.ip_forward=1', ...(ipv6 === undefined ? [] : ['net.ipv6.conf.all.forwarding=1'])].join(' and ')

interface Route {
  dst: string
  dev?: string
  type?: string
}

/** Routes of the kernel's own making, which say nothing of who else has a subnet. */
const internal = new Set(['local', 'broadcast', 'multicast', 'anycast'])

type Clash = (desk: Desk, name: string, network: Network, old: Network | undefined, notes: Note[]) => void

const othersThan = (desk: Desk, name: string) =>
  natNetworks(desk).filter((other) => other.enabled && other.name !== name)

/** A new bridge must not be somebody else's. @param old the network as it is */
export const checkBridge: Clash = (desk, name, network, old, notes) => {
  const { view } = desk
  const sameBridge = othersThan(desk, name).find(({ bridge }) => bridge === network.bridge)
  if (sameBridge !== undefined || (network.bridge !== old?.bridge && view.links?.has(network.bridge))) {
    const whose =
      sameBridge === undefined ? 'a link of this host that lxcnet did not make' : `the bridge of ${sameBridge.name}`
    notes.push(
      error('nat-bridge-taken', `nat ${name}: ${network.bridge} is ${whose}`, 'choose another name: bridge=LINK'),
    )
  }
}

/** Nor must subnets that the host gets now. @param old what it has of them already */
export const checkSubnets: Clash = (desk, name, network, old, notes) => {
  const own = new Set([network.bridge, old?.bridge])
  const taken = [
    ...othersThan(desk, name).map(({ name: other, subnet }) => ({ subnet, by: `the network ${other}` })),
    ...routesOf(desk).filter(({ dev }) => !own.has(dev)),
  ]
  for (const [mine, before] of [
    [network.subnet, old?.subnet],
    [network.ipv6, old?.ipv6],
  ]) {
    if (mine === undefined || (before !== undefined && subnetText(before) === subnetText(mine))) continue
    const clash = taken.find(({ subnet }) => overlaps(subnet, mine))
    if (clash === undefined) continue
    const kept = before === undefined ? [] : [before]
    const other =
      mine.family === 4 ? freeSubnet(mine.prefix, [...taken.map(({ subnet }) => subnet), ...kept]) : undefined
    const free = other === undefined ? 'choose another' : `${other} is free`
    const message = `nat ${name}: ${subnetText(mine)} is taken: ${clash.by} has ${subnetText(clash.subnet)}`
    const keep = before === undefined ? '' : `, or keep ${subnetText(before)}`
    notes.push(error('nat-subnet-taken', message, free + keep))
  }
}

/** Where the host sends packets already; also the subnets of links that are down, which have no route. */
function routesOf({ reading: { snapshot }, view }: Desk): { subnet: Cidr; dev: string; by: string }[] {
  const said = ['nat-routes', 'nat-routes6'].map((id) => snapshot.answers.get(id))
  const routes = said.flatMap((answer) => (answer?.status === 0 ? (JSON.parse(answer.text || '[]') as Route[]) : []))
  const ofLinks = [...(view.links?.values() ?? [])].flatMap(({ name, addresses, loopback }) =>
    loopback ? [] : addresses.map((dst) => ({ dst, dev: name })),
  )
  return [...routes, ...ofLinks].flatMap(({ dst, dev = '', type = '' }: Route) => {
    const subnet = parseCidr(dst, dst.includes(':') ? 6 : 4)
    const idle = subnet === undefined || subnet.prefix === 0 || internal.has(type) || dst.startsWith('fe80')
    return idle ? [] : [{ subnet, dev, by: dev === '' ? 'a route' : `the link ${dev}` }]
  })
}
