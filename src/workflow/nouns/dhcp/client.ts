/** Whose reservation it is: network, NIC, MAC and address, as far as they were not said. */
import { addressValue, contains, formatAddress, parseCidr } from '../../../core/address.ts'
import { lxcPrefix, newMac } from '../../../core/mac.ts'
import { isHostName } from '../../../dnsmasq/index.ts'
import { isHost, rangeText, subnetText } from '../../../lxc-net/index.ts'
import { type Container, type Nic, namesInside, typeOf, value } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { View } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings } from '../../noun/noun.ts'
import { type DhcpSide, type Reservation, staticAddresses } from './read.ts'

export interface Client {
  name: string
  /** undefined for one that is known by its name. */
  mac: string | undefined
  container: Container | undefined
  nic: Nic | undefined
  side: DhcpSide
  address: string
}

export const refusal = (name: string, code: string, message: string, fix: string): Note => ({
  severity: 'error',
  code,
  message: `dhcp ${name}: ${message}`,
  fix,
})

/** @param have what is reserved for it now */
export function clientOf(
  desk: Desk,
  sides: readonly DhcpSide[],
  name: string,
  want: Settings,
  have: Reservation | undefined,
): Client | Note {
  const container = desk.view.containers.get(name)
  const text = want.get('address')?.[0] ?? have?.address ?? ''
  const side = sideFor(sides, name, want.get('network')?.[0], text, container)
  if ('severity' in side) return side
  const { bridge, range } = side.network
  const nic = nicFor(container, bridge, want.get('nic')?.[0])
  const mac = want.get('mac')?.[0] ?? macOf(desk.view, container, nic, have) ?? newMacFor(desk, sides, nic)
  if (container !== undefined && mac === undefined) {
    const fix = `lxcnet create ${name} --type veth --link ${bridge}`
    return refusal(name, 'dhcp-no-nic', `the container has no such veth NIC on ${bridge}`, fix)
  }
  if (mac === undefined && !isHostName(name))
    return refusal(name, 'bad-object-name', 'it is no name that a DHCP client can have', 'say --mac')
  const address = text.startsWith('next:') ? nextFree(desk.view, side, mac, text, have) : text
  if (address !== undefined) return { name, mac, container, nic, side, address }
  const fix = '`lxcnet dhcp leases` shows who has them'
  return refusal(name, 'subnet-full', `no address of ${rangeText(range)} is free`, fix)
}

function sideFor(
  sides: readonly DhcpSide[],
  name: string,
  named: string | undefined,
  text: string,
  container: Container | undefined,
): DhcpSide | Note {
  const all = sides.map(({ network }) => `${network.name} ${subnetText(network.subnet)}`).join(', ')
  const fix = sides.length === 0 ? "`lxcnet nat enable` switches LXC's own on" : `the networks are ${all}`
  const no = (message: string): Note => refusal(name, 'dhcp-no-network', message, fix)
  if (named !== undefined)
    return sides.find(({ network }) => network.name === named) ?? no(`there is no DHCP network "${named}"`)
  const [, subnet] = /^next:(.*)$/.exec(text) ?? []
  if (subnet === '') {
    const links = container?.effective.nics.map((nic) => value(nic, 'link')) ?? []
    const on = sides.find(({ network }) => links.includes(network.bridge))
    const only = sides.length === 1 ? sides[0] : undefined
    return on ?? only ?? refusal(name, 'dhcp-which-network', 'next: of which network? It has no NIC on any', fix)
  }
  const wanted = parseCidr(subnet ?? text, 4)
  const inside = sides.find(({ network }) => wanted !== undefined && contains(network.subnet, wanted.value))
  return inside ?? no(`${subnet ?? text} is in no DHCP network of this host`)
}

/** @param index as it was said */
function nicFor(container: Container | undefined, bridge: string, index: string | undefined): Nic | undefined {
  const nics = container?.effective.nics.filter((nic) => value(nic, 'link') === bridge && typeOf(nic) === 'veth') ?? []
  return index === undefined ? nics[0] : nics.find((nic) => nic.index === Number(index))
}

/** The fixed MAC of the NIC, else the one that it runs with: then its lease stays, and no restart is needed. */
function macOf(
  view: View,
  container: Container | undefined,
  nic: Nic | undefined,
  have: Reservation | undefined,
): string | undefined {
  if (container === undefined) return have?.macs[0]
  if (nic === undefined) return undefined
  const fixed = value(nic, 'hwaddr')?.toLowerCase()
  if (fixed !== undefined && !fixed.includes('x')) return fixed
  const inside = namesInside(container.effective.nics).get(nic.index)
  const live = container.live?.find((link) => link.name === inside)
  const onBridge = [...(view.links?.values() ?? [])].some(
    (link) => link.index === live?.peerIndex && link.master === value(nic, 'link'),
  )
  return onBridge ? live?.mac : undefined
}

function newMacFor({ view, context }: Desk, sides: readonly DhcpSide[], nic: Nic | undefined): string | undefined {
  if (nic === undefined) return undefined
  const nics = [...view.containers.values()].flatMap(({ effective }) => effective.nics)
  const taken = new Set([
    ...nics.flatMap((one) => value(one, 'hwaddr')?.toLowerCase() ?? []),
    ...[...(view.links?.values() ?? [])].map((link) => link.mac),
    ...sides.flatMap(({ reservations }) => reservations.flatMap(({ macs }) => macs)),
    ...sides.flatMap(({ leases }) => leases.map((lease) => lease.mac)),
  ])
  return newMac(lxcPrefix(view.version), taken, context.random)
}

/** The one it has, by reservation or lease, else the first of the range that nobody has. */
function nextFree(
  view: View,
  side: DhcpSide,
  mac: string | undefined,
  text: string,
  have: Reservation | undefined,
): string | undefined {
  const { network, reservations, leases } = side
  const { first, last } = network.range
  const within = parseCidr(text.slice('next:'.length), 4) ?? network.subnet
  const reserved = new Set(reservations.map(({ address }) => address))
  const isWithin = (one: string): boolean => {
    const number = addressValue(one, 4) ?? -1n
    return number >= first && number <= last && contains(within, number)
  }
  if (have !== undefined && side.reservations.includes(have) && isWithin(have.address)) return have.address
  const held = leases.find((lease) => lease.mac === mac)?.address
  if (held !== undefined && isWithin(held) && !reserved.has(held)) return held
  const leased = new Set(leases.map(({ address }) => address))
  const fixed = staticAddresses(view)
  for (let at = first; at <= last; at++) {
    const address = formatAddress(at, 4)
    const taken = reserved.has(address) || leased.has(address) || fixed.has(address) || address === network.address
    if (!taken && contains(within, at) && isHost(network.subnet, at)) return address
  }
  return undefined
}
