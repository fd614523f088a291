/** What a bridge of the host is, whichever of the host's own systems makes it. */
import { contains, parseCidr } from '../core/address.ts'
import { LxcnetError } from '../core/error.ts'

/** What keeps the network of the host. */
export type BackendName = 'ifupdown' | 'networkd' | 'netplan'
export const backendNames: readonly BackendName[] = ['ifupdown', 'networkd', 'netplan']

export interface Bridge {
  name: string
  uplink?: string
  vlanId?: number
  /** `10.0.5.1/24`, `2001:db8::1/64`, `dhcp` (IPv4) and `slaac` (IPv6). */
  address: readonly string[]
  gateway: readonly string[]
  dns: readonly string[]
  mtu?: number
  stp: boolean
  /** Absent: that of the uplink, or of the kernel's choice. */
  hwaddr?: string
}

/** A bridge that stands in the host's files. */
export interface Standing {
  bridge: Bridge
  backend: BackendName
  /** The file that says so. */
  from: string
}

/** What became of an uplink that a new bridge was written for. */
export interface Added {
  /** What its files said of addresses is the bridge's now. */
  takesOver: boolean
  /** Commands that name the uplink, and stand with the bridge now: a person has to judge. */
  mentions: readonly string[]
  /** Gateways of the uplink that the bridge does not have; `dhcp` for that of its lease. */
  dropped: readonly string[]
}

/** What the kernel and networkd say of the uplink, which files do not. */
export interface Uplink {
  mac?: string | undefined
  /** Client identifier of its DHCP lease, hex: type 255, IAID, DUID (RFC 4361 §6.1). */
  clientId?: string | undefined
}

/** Something else has the name in the host's files, and would be mixed up with the bridge. */
export const nameTaken = (name: string, file: string): LxcnetError =>
  new LxcnetError('name-taken', `${file} has something of the name ${name} already`, {
    suggestions: ['choose another name, or take it out there first'],
  })

/** The link that is the bridge's port: the uplink, or its VLAN. As ip-link(8) and ifupdown name it. */
export const portOf = ({ uplink, vlanId }: Pick<Bridge, 'uplink' | 'vlanId'>): string | undefined =>
  uplink === undefined || vlanId === undefined ? uplink : `${uplink}.${vlanId}`

/** `eth1.100` is VLAN 100 of eth1. */
export function uplinkOf(port: string): Pick<Bridge, 'uplink' | 'vlanId'> {
  const [, uplink, id] = /^(.+)\.(\d{1,4})$/.exec(port) ?? []
  return uplink === undefined ? { uplink: port } : { uplink, vlanId: Number(id) }
}

const familyOf = (text: string): 4 | 6 => (text === 'slaac' || text.includes(':') ? 6 : 4)

/**
 * What is not said of a bridge comes from its uplink: an address goes with the gateway that it reaches, and a gateway with
 * the addresses that are there. Where neither is said the lines move as they are.
 *
 * @param had the uplink, as the host's files have it
 */
export function heirOf(bridge: Bridge, had: Bridge | undefined): Bridge {
  if (had === undefined || bridge.address.length + bridge.gateway.length === 0) return bridge
  const address = bridge.address.length > 0 ? bridge.address : had.address
  const stays = (gateway: string): boolean =>
    reaches(address, gateway) || (!reaches(had.address, gateway) && address.some((one) => isOf(one, gateway)))
  return { ...bridge, address, gateway: bridge.gateway.length > 0 ? bridge.gateway : had.gateway.filter(stays) }
}

const isOf = (address: string, gateway: string): boolean =>
  address.includes('/') && familyOf(address) === familyOf(gateway)

/** A router's address of scope link is next to any address. */
const reaches = (addresses: readonly string[], gateway: string): boolean => {
  const value = parseCidr(gateway, familyOf(gateway))?.value
  return addresses.some((one) => {
    const subnet = isOf(one, gateway) ? parseCidr(one, familyOf(one)) : undefined
    return subnet !== undefined && value !== undefined && (contains(subnet, value) || /^fe[89ab]/i.test(gateway))
  })
}

/** Ways out that the uplink has and the bridge has not, nor another one in their place. */
export function droppedOf(bridge: Bridge, had: Bridge | undefined): string[] {
  if (had === undefined || bridge.address.length === 0) return []
  const without = ([4, 6] as const).filter(
    (family) =>
      !bridge.gateway.some((one) => familyOf(one) === family) &&
      !bridge.address.includes(family === 4 ? 'dhcp' : 'slaac'),
  )
  const fixed = had.gateway.filter((one) => without.includes(familyOf(one)))
  return had.address.includes('dhcp') && without.includes(4) ? [...fixed, 'dhcp'] : fixed
}

export type Settings = ReadonlyMap<string, readonly string[]>

export function bridgeOf(name: string, settings: Settings): Bridge {
  const one = (word: string): string | undefined => settings.get(word)?.[0]
  const uplink = one('uplink')
  const vlanId = one('vlan-id')
  const mtu = one('mtu')
  const hwaddr = one('hwaddr')
  return {
    name,
    address: settings.get('address') ?? [],
    gateway: settings.get('gateway') ?? [],
    dns: settings.get('dns') ?? [],
    stp: one('stp') === 'on',
    ...(uplink === undefined ? {} : { uplink }),
    ...(vlanId === undefined ? {} : { vlanId: Number(vlanId) }),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(hwaddr === undefined ? {} : { hwaddr }),
  }
}

export function settingsOf(bridge: Bridge): Map<string, readonly string[]> {
  const { uplink, vlanId, address, gateway, dns, mtu, stp, hwaddr } = bridge
  const texts: [string, readonly string[]][] = [
    ['uplink', uplink === undefined ? [] : [uplink]],
    ['vlan-id', vlanId === undefined ? [] : [`${vlanId}`]],
    ['address', address],
    ['gateway', gateway],
    ['dns', dns],
    ['mtu', mtu === undefined ? [] : [`${mtu}`]],
    ['stp', stp ? ['on'] : []],
    ['hwaddr', hwaddr === undefined ? [] : [hwaddr]],
  ]
  return new Map(texts.filter(([, list]) => list.length > 0))
}

/** Texts of files as they are, and as they shall become. */
export class Texts {
  private readonly base: (path: string) => string | undefined
  private readonly written = new Map<string, string | null>()

  constructor(base: (path: string) => string | undefined) {
    this.base = base
  }

  read(path: string): string | undefined {
    const own = this.written.get(path)
    return own === undefined ? this.base(path) : (own ?? undefined)
  }

  /** @param text null to remove the file */
  write(path: string, text: string | null): void {
    this.written.set(path, text)
  }

  /** What is written to it is not written to this one. */
  fork(): Texts {
    return new Texts((path) => this.read(path))
  }

  get paths(): string[] {
    return [...this.written.keys()]
  }
}
