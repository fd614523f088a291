/** Does the running container still have the NICs of an older config? Compared with what is live, never with a clock. */
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
  if (!nics.some((nic) => typeOf(nic) === 'none'))
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
  if (mac !== undefined && !mac.includes('x')) differs('MAC', live.mac, mac)
  differs('MTU', String(live.mtu), value(nic, 'mtu'))
  if (type === 'macvlan') differs('mode', live.mode ?? '', modeOf(nic))
  if (type === 'vlan') differs('VLAN', String(live.vlanId), value(nic, 'vlan.id'))
  const below = live.peerIndex === undefined ? undefined : host.get(live.peerIndex)
  if (below !== undefined && type === 'veth' && modeOf(nic) === 'bridge' && value(nic, 'script.up') === undefined)
    differs('link', below.master ?? '', value(nic, 'link'))
  if (below !== undefined && ['macvlan', 'ipvlan', 'vlan'].includes(type))
    differs('link', below.name, value(nic, 'link'))
  for (const text of [...values(nic, 'ipv4.address'), ...values(nic, 'ipv6.address')]) {
    const address = text.split(' ')[0] ?? ''
    if (!live.addresses.includes(address)) found.push(`address ${address} is not there yet`)
  }
  return found
}
