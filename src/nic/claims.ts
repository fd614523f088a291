/** Who holds what on this host: MACs, addresses, host-side names, parents. */

import { formatAddress } from '../core/address.ts'
import { macOf } from './finding.ts'
import { type Container, type HostView, type Nic, typeOf, value, values } from './model.ts'
import { lxcCidr } from './value.ts'

export interface Claim {
  container: Container
  nic: Nic
}

/** Who holds what on this host, built once per view. */
export interface Claims {
  mac: Map<string, Claim[]>
  address: Map<string, Claim[]>
  pair: Map<string, Claim[]>
  /** macvlan, vlan and phys NICs by their link. */
  parent: Map<string, Claim[]>
}

const claims = new WeakMap<HostView, Claims>()

export function claimsOf(view: HostView): Claims {
  let all = claims.get(view)
  if (all !== undefined) return all
  all = { mac: new Map(), address: new Map(), pair: new Map(), parent: new Map() }
  const put = (map: Map<string, Claim[]>, key: string, claim: Claim): void => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [claim])
    else list.push(claim)
  }
  for (const container of view.containers.values()) {
    for (const nic of container.effective.nics) {
      const claim = { container, nic }
      const mac = macOf(nic)
      if (mac !== undefined && !mac.includes('x')) put(all.mac, mac, claim)
      for (const text of [...values(nic, 'ipv4.address'), ...values(nic, 'ipv6.address')])
        put(all.address, bare(text), claim)
      const pair = value(nic, 'veth.pair')
      if (pair !== undefined) put(all.pair, pair, claim)
      const link = value(nic, 'link')
      if (link !== undefined && ['macvlan', 'vlan', 'phys'].includes(typeOf(nic))) put(all.parent, link, claim)
    }
  }
  claims.set(view, all)
  return all
}

/** `10.0.5.3/24 10.0.5.255` → `10.0.5.3`; IPv6 in lower case. */
export const bare = (text: string): string => (text.split(/[/ ]/)[0] ?? '').toLowerCase()

/** The subnet that an address is in, for `next:`. */
export function subnetOf(text: string, key: string): string {
  const family = key === 'ipv4.address' ? 4 : 6
  const one = lxcCidr(text, family)
  return one === undefined ? 'SUBNET' : `${formatAddress(one.first, family)}/${one.prefix}`
}
