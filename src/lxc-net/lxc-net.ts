/** LXC's own network: what its variables say in the words of lxcnet, and the variables that say what is wanted. */
import { type Cidr, formatAddress, parseCidr } from '../core/address.ts'
import type { Answers } from './answers.ts'
import {
  type Ipv6,
  isHost,
  type Network,
  netmask,
  parseRange,
  prefixOf,
  rangeText,
  subnetText,
  usualRange,
} from './network.ts'
import { type Places, placesOf, readVariables, type Variable } from './variables.ts'

export const lxcNetName = 'lxc-net'

export interface LxcNet {
  places: Places
  /** USE_LXC_BRIDGE. */
  enabled: boolean
  firewall: 'nft' | 'iptables'
  /** Undefined when the variables make no network, or only a shell can tell them. */
  network: Network | undefined
  /** LXC_DHCP_CONFILE. */
  confFile: string | undefined
  /** Where it keeps its pid file and the flag that it is up. */
  runtime: string
  /** Variables that contradict each other, each in words. */
  contradictions: string[]
  /** Undefined for what only a shell can tell. */
  values: ReadonlyMap<string, string | undefined>
}

/** Undefined on a host without lxc-net. */
export function readLxcNet(answers: Answers): LxcNet | undefined {
  const places = placesOf(answers)
  if (places === undefined) return undefined
  const values = readVariables(answers, places)
  const script = places.script === undefined ? undefined : answers.files.get(places.script)?.text
  const network = networkOf(values)
  return {
    places,
    values,
    network,
    // only the exact word counts: lxc-net, start()
    enabled: values.get('USE_LXC_BRIDGE') === 'true',
    firewall: values.get('LXC_USE_NFT') === 'true' ? 'nft' : 'iptables',
    confFile: values.get('LXC_DHCP_CONFILE') || undefined,
    runtime: /^varrun="?(\/[^"\s]*)"?$/m.exec(script ?? '')?.[1] ?? '/run/lxc',
    contradictions: network === undefined ? [] : contradictionsOf(values, network),
  }
}

type Values = ReadonlyMap<string, string | undefined>

function networkOf(values: Values): Network | undefined {
  const prefix = prefixOf(values.get('LXC_NETMASK') ?? '')
  const subnet = parseCidr(`${values.get('LXC_ADDR')}/${prefix}`, 4)
  const bridge = values.get('LXC_BRIDGE')
  if (subnet === undefined || prefix === undefined || !bridge) return undefined
  return {
    bridge,
    subnet: { ...subnet, value: subnet.first, address: formatAddress(subnet.first, 4) },
    address: subnet.value,
    range: parseRange(values.get('LXC_DHCP_RANGE') ?? '') ?? usualRange(subnet, subnet.value),
    domain: values.get('LXC_DOMAIN') || undefined,
    ipv6: ipv6Of(values),
    ipv6Nat: values.get('LXC_IPV6_NAT') === 'true',
  }
}

/** As start_ipv6() has it: all three have to be said. */
function ipv6Of(values: Values): Ipv6 | undefined {
  const parts = [values.get('LXC_IPV6_ADDR'), values.get('LXC_IPV6_MASK'), values.get('LXC_IPV6_NETWORK')]
  if (parts.some((part) => !part) || values.get('LXC_IPV6_ENABLE') === 'false') return undefined
  return parseCidr(`${parts[0]}/${parts[1]}`, 6)
}

function contradictionsOf(values: Values, { subnet, address, range }: Network): string[] {
  const text = subnetText(subnet)
  const found: string[] = []
  const add = (name: Variable, what: string): void => {
    found.push(`${name}=${values.get(name)} is ${what}`)
  }
  if (values.get('LXC_NETWORK') !== text) add('LXC_NETWORK', `not ${text}`)
  if (!isHost(subnet, address)) add('LXC_ADDR', `no address of a host in ${text}`)
  const inside = isHost(subnet, range.first) && isHost(subnet, range.last)
  if (parseRange(values.get('LXC_DHCP_RANGE') ?? '') === undefined) add('LXC_DHCP_RANGE', 'not two addresses')
  else if (!inside) add('LXC_DHCP_RANGE', `not in ${text}`)
  return found
}

export interface Wanted {
  network: Network
  firewall: 'nft' | 'iptables'
  enabled: boolean
  /** The addresses are written also where they stay. */
  anew: boolean
}

/** The variables that the file has to say. */
export function variablesFor(want: Wanted, have: LxcNet): Map<Variable, string> {
  const { network } = want
  const old = have.network
  const wanted = new Map<Variable, string>()
  const set = (name: Variable, value: string): void => {
    if (have.values.get(name) !== value) wanted.set(name, value)
  }
  if (want.enabled !== have.enabled) set('USE_LXC_BRIDGE', `${want.enabled}`)
  if (network.bridge !== old?.bridge) set('LXC_BRIDGE', network.bridge)
  if (old === undefined || !sameAddresses(network, old) || want.anew) {
    // all five, so that the file says one whole whatever the defaults of the next LXC are
    wanted.set('LXC_ADDR', formatAddress(network.address, 4))
    wanted.set('LXC_NETMASK', netmask(network.subnet.prefix))
    wanted.set('LXC_NETWORK', subnetText(network.subnet))
    wanted.set('LXC_DHCP_RANGE', rangeText(network.range))
    wanted.set('LXC_DHCP_MAX', `${network.range.last - network.range.first + 1n}`)
  }
  if (network.domain !== old?.domain) set('LXC_DOMAIN', network.domain ?? '')
  if (ipv6Text(network.ipv6) !== ipv6Text(old?.ipv6)) {
    const { ipv6 } = network
    if (ipv6 !== undefined && have.values.get('LXC_IPV6_ENABLE') === 'false') set('LXC_IPV6_ENABLE', 'true')
    set('LXC_IPV6_ADDR', ipv6?.address ?? '')
    set('LXC_IPV6_MASK', ipv6 === undefined ? '' : `${ipv6.prefix}`)
    set('LXC_IPV6_NETWORK', ipv6 === undefined ? '' : subnetText(ipv6))
  }
  if (network.ipv6Nat !== old?.ipv6Nat) set('LXC_IPV6_NAT', `${network.ipv6Nat}`)
  if (want.firewall !== have.firewall) set('LXC_USE_NFT', `${want.firewall === 'nft'}`)
  return wanted
}

export const sameAddresses = (a: Network, b: Network): boolean =>
  sameSubnet(a, b) && a.range.first === b.range.first && a.range.last === b.range.last

/** The same for whoever has an address already. */
export const sameSubnet = (a: Network, b: Network): boolean =>
  subnetText(a.subnet) === subnetText(b.subnet) && a.address === b.address

export const ipv6Text = (ipv6: Cidr | undefined): string => (ipv6 === undefined ? '' : `${ipv6.address}/${ipv6.prefix}`)
