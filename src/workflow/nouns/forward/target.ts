/** Where a forward leads: the address of a container, as far as it is known for good. */
import { parseCidr } from '../../../core/address.ts'
import type { Target } from '../../../firewall/index.ts'
import { type Container, typeOf, value, values } from '../../../nic/index.ts'
import type { View } from '../../context.ts'
import type { DhcpSide } from '../dhcp/read.ts'

export interface Place {
  /** LXCPATH/NAME; undefined for an address that was named. */
  container: string | undefined
  /** By the config of the container or a reservation; undefined when it has what a DHCP server gives it. */
  address: string | undefined
  /** What it has been given. */
  lease: string | undefined
}

/** @param family 6 where the forward is for an IPv6 address of the host @returns undefined where there is none */
export function placeOf(target: Target, family: 4 | 6, view: View, dhcp: readonly DhcpSide[]): Place | undefined {
  if (target.isAddress) return { container: undefined, address: target.host, lease: undefined }
  const container = view.containers.get(target.host)
  if (container === undefined) return undefined
  const path = `${view.lxcpath}/${container.name}`
  const fixed = configured(container, family)
  if (fixed !== undefined) return { container: path, address: fixed, lease: undefined }
  if (family === 6) return undefined
  const macs = new Set(container.effective.nics.flatMap((nic) => value(nic, 'hwaddr')?.toLowerCase() ?? []))
  const reserved = dhcp
    .flatMap(({ reservations }) => reservations)
    .find((one) => one.macs.some((mac) => macs.has(mac)))?.address
  if (reserved !== undefined) return { container: path, address: reserved, lease: undefined }
  if (!container.effective.nics.some((nic) => ['veth', 'macvlan', 'ipvlan'].includes(typeOf(nic)))) return undefined
  const lease = dhcp.flatMap(({ leases }) => leases).find(({ mac }) => macs.has(mac))?.address
  return { container: path, address: undefined, lease }
}

function configured({ effective }: Container, family: 4 | 6): string | undefined {
  const texts = effective.nics.flatMap((nic) => values(nic, `ipv${family}.address`))
  const [word = ''] = texts[0]?.split(' ') ?? []
  return parseCidr(word, family)?.address
}
