/** What the nic room knows of a host: its containers with their NICs, and the links that NICs hang on. */
import type { Effective, Nic } from '../document/effective.ts'

export type { Nic } from '../document/effective.ts'

/** `unknown` under --root, and where LXC itself cannot tell because it refuses the config. */
export type ContainerState = 'running' | 'frozen' | 'stopped' | 'unknown'

export interface Container {
  name: string
  /** Absolute path of the config below the root, symbolic links resolved. */
  path: string
  /** The config's bytes as latin1 text; undefined when it cannot be read. */
  text: string | undefined
  mode: number
  uid: number
  gid: number
  effective: Effective
  state: ContainerState
  /** Links inside the running container; undefined when stopped or unreadable. */
  live: HostLink[] | undefined
  /** Other containers whose config is the same file, by symbolic links; absent when there are none. */
  sharedWith?: readonly string[]
}

/** A kernel link, as `ip -d -j address show` tells it. */
export interface HostLink {
  name: string
  /** rtnl kind: bridge, openvswitch, veth, macvlan, vlan, …; '' for hardware. */
  kind: string
  /** Number in its namespace, and of the link below or the other end of a veth, which may be in another one. */
  index: number
  peerIndex: number | undefined
  mac: string
  mtu: number
  up: boolean
  loopback: boolean
  /** The bridge or OVS bridge it is a port of. */
  master: string | undefined
  /** Lower link of a VLAN, macvlan or ipvlan, when it is in the same namespace. */
  parent: string | undefined
  /** `10.0.3.1/24`, without link-local IPv6. */
  addresses: string[]
  vlanId: number | undefined
  mode: string | undefined
  vlanFiltering: boolean
  defaultPvid: number | undefined
}

export interface HostView {
  /** undefined when it could not be asked (--root without --lxc-version). */
  version: string | undefined
  lxcpath: string
  containers: Map<string, Container>
  /** undefined under --root: nothing is known of the host's links. */
  links: Map<string, HostLink> | undefined
  /** Links that carry a default route. */
  defaultRouteLinks: Set<string>
  ovsBridges: Set<string>
  /** What LXC would see of a container if its config had this text. */
  evaluate(path: string, text: string): Effective
  /** Hooks that were asked for: can they be run? */
  scripts: ReadonlyMap<string, boolean>
  /** Addresses of links that lxcnet brings up, known also where nothing is known of links. */
  keeps?: readonly string[]
  /** Includes that the configs name and that were not asked for when the host was read. */
  unread: string[]
}

/** The winning value of a scalar key. */
export const value = (nic: Nic, key: string): string | undefined => nic.keys.get(key)?.at(-1)?.value || undefined

/** All values of a list key. */
export const values = (nic: Nic, key: string): string[] =>
  (nic.keys.get(key) ?? []).map((one) => one.value).filter((one) => one !== '')

export const typeOf = (nic: Nic): string => value(nic, 'type') ?? 'empty'

/** The program that a hook's command line starts, when that is plain to see: LXC gives the line to `sh -c`. */
export const programOf = (command: string): string | undefined => /^\/[\w./+-]+/.exec(command)?.[0]

/** Mode as it takes effect; LXC's silent defaults spelled out (macvlan private, ipvlan l2, veth bridge). */
export function modeOf(nic: Nic): string | undefined {
  const type = typeOf(nic)
  if (type === 'macvlan') return value(nic, 'macvlan.mode') ?? 'private'
  if (type === 'ipvlan') return value(nic, 'ipvlan.mode') ?? 'l2'
  if (type === 'veth') return value(nic, 'veth.mode') ?? 'bridge'
  return undefined
}

/**
 * Name inside the container: the key, else the lowest free ethX; named NICs come first (network.c, LXC ≥ 4.0.7).
 * The kernel fills a %d with the lowest free number (net/core/dev.c, __dev_alloc_name()).
 */
export function namesInside(nics: readonly Nic[]): Map<number, string> {
  const names = new Map<number, string>()
  const patterns = new Map<number, string>()
  for (const nic of nics) {
    const type = typeOf(nic)
    if (type === 'empty' || type === 'none') continue
    const given = value(nic, 'name')?.slice(0, 15) // confile_utils.c:network_ifname() cuts to IFNAMSIZ
    const name = given ?? (type === 'phys' ? value(nic, 'link') : undefined) ?? 'eth%d'
    if (name.includes('%d')) patterns.set(nic.index, name)
    else if (!name.endsWith('+') || given !== undefined) names.set(nic.index, name) // eth+: any of them
  }
  const taken = new Set(names.values())
  for (const [index, pattern] of patterns) {
    let n = 0
    while (taken.has(pattern.replace('%d', String(n)))) n++
    const name = pattern.replace('%d', String(n))
    names.set(index, name)
    taken.add(name)
  }
  return names
}
