/** Does the running container differ from its config? Compared with what is live, never with a clock. */
import {
  type Container,
  type HostLink,
  type HostView,
  modeOf,
  type Nic,
  namesInside,
  typeOf,
  value,
  values,
} from './model.ts'
import { linkOf, plugOf } from './plug.ts'
import { lxcCidr, lxcMac, lxcNumber } from './value.ts'

/** What a restart would change, in words; `undefined` when the live links cannot be read, empty when all fits. */
export function pendingChanges(container: Container, view: HostView): string[] | undefined {
  if (container.state === 'stopped') return []
  if (container.live === undefined || view.links === undefined) return undefined
  const nics = container.effective.nics
  const names = namesInside(nics)
  const live = new Map(container.live.filter((link) => !link.loopback).map((link) => [link.name, link]))
  const host = new Map([...view.links.values()].map((link) => [link.index, link]))
  const found: string[] = []
  for (const nic of nics) {
    const name = names.get(nic.index)
    if (name === undefined) continue
    const link = live.get(name)
    live.delete(name)
    if (link === undefined) found.push(`NIC ${nic.index} (${name}) is not there yet`)
    else found.push(...differences(nic, link, host).map((text) => `NIC ${nic.index} (${name}): ${text}`))
  }
  // with type none the links are the host's; which one a phys of eth+ is, LXC alone knows
  if (!nics.some((nic) => typeOf(nic) === 'none' || (typeOf(nic) !== 'empty' && !names.has(nic.index))))
    found.push(...[...live.keys()].map((name) => `${name} is still there`))
  return found
}

function differences(nic: Nic, live: HostLink, host: ReadonlyMap<number, HostLink>): string[] {
  const found: string[] = []
  const differs = (what: string, now: string, then: string | undefined): void => {
    if (then !== undefined && now !== then) found.push(`${what} ${now || 'none'} becomes ${then}`)
  }
  const type = typeOf(nic)
  if (type !== 'phys' && live.kind !== type) return [`type ${live.kind || 'phys'} becomes ${type}`]
  const mac = value(nic, 'hwaddr')?.toLowerCase()
  if (mac !== undefined && !mac.includes('x')) differs('MAC', live.mac, lxcMac(mac) ?? mac)
  if (type === 'macvlan') differs('mode', live.mode ?? '', modeOf(nic))
  if (type === 'vlan') differs('VLAN', String(live.vlanId), number(nic, 'vlan.id'))
  const below = live.peerIndex === undefined ? undefined : host.get(live.peerIndex)
  // without an MTU of its own a macvlan has its parent's; what a veth had from its bridge is not known any more
  const mtu = number(nic, 'mtu')
  differs('MTU', String(live.mtu), mtu && mtu !== '0' ? mtu : type === 'macvlan' ? below?.mtu.toString() : undefined)
  const isPlugged = value(nic, 'script.up') === undefined || plugOf(nic) !== undefined
  if (below !== undefined && type === 'veth' && modeOf(nic) === 'bridge' && isPlugged)
    differs('link', below.master ?? '', linkOf(nic))
  if (below !== undefined && ['macvlan', 'ipvlan', 'vlan'].includes(type))
    differs('link', below.name, value(nic, 'link'))
  for (const family of [4, 6] as const) {
    for (const text of values(nic, `ipv${family}.address`)) {
      const read = lxcCidr(text, family)
      const address = read === undefined ? (text.split(' ')[0] ?? '') : `${read.address}/${read.prefix}`
      // which need not be an older config: the container's own DHCP client or a person can have removed it
      if (!live.addresses.includes(address)) found.push(`address ${address} is not on ${live.name}`)
    }
  }
  return found
}

/** A number as LXC reads it, else the text. */
function number(nic: Nic, key: string): string | undefined {
  const text = value(nic, key)
  return text === undefined ? undefined : (lxcNumber(text)?.toString() ?? text)
}
