/** Where a forward leads: the address of a container, as far as it is known for good. */
import { parseCidr } from '../../../core/address.ts'
import type { Forward, Target } from '../../../firewall/index.ts'
import { type Nic, typeOf, value, values } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Reading, View } from '../../context.ts'
import { isFar } from '../../targets.ts'
import type { DhcpSide } from '../dhcp/read.ts'

export interface Place {
  /** LXCPATH/NAME; undefined for an address that was named. */
  container: string | undefined
  /** By the config of the container or a reservation; undefined when it has what a DHCP server gives it. */
  address: string | undefined
  /** What it has been given. */
  lease: string | undefined
  /** Link of the macvlan that has the address. */
  parent?: string | undefined
}

/** @param family 6 where the forward is for an IPv6 address of the host @returns undefined where there is none */
export function placeOf(target: Target, family: 4 | 6, view: View, dhcp: readonly DhcpSide[]): Place | undefined {
  if (target.isAddress) return { container: undefined, address: target.host, lease: undefined }
  const container = view.containers.get(target.host)
  if (container === undefined) return undefined
  const path = `${view.lxcpath}/${container.name}`
  const { nics } = container.effective
  for (const nic of nics) {
    const [word = ''] = values(nic, `ipv${family}.address`)[0]?.split(' ') ?? []
    const address = parseCidr(word, family)?.address
    if (address !== undefined) return { container: path, address, lease: undefined, parent: parentOf(nic) }
  }
  if (family === 6) return undefined
  const macs = new Set(nics.flatMap((nic) => value(nic, 'hwaddr')?.toLowerCase() ?? []))
  const reserved = dhcp
    .flatMap(({ reservations }) => reservations)
    .find((one) => one.macs.some((mac) => macs.has(mac)))?.address
  if (reserved !== undefined) return { container: path, address: reserved, lease: undefined }
  const nic = nics.find((one) => ['veth', 'macvlan', 'ipvlan'].includes(typeOf(one)))
  if (nic === undefined) return undefined
  const lease = dhcp.flatMap(({ leases }) => leases).find(({ mac }) => macs.has(mac))?.address
  return { container: path, address: undefined, lease, parent: parentOf(nic) }
}

const parentOf = (nic: Nic): string | undefined => (typeOf(nic) === 'macvlan' ? value(nic, 'link') : undefined)

/** A host and the macvlans on its links never hear each other, see src/shim/index.ts: then no forward gets there. */
export function unreached(name: string, to: string, { parent }: Place, { links }: View): Note[] {
  if (parent === undefined || links === undefined) return []
  if ([...links.values()].some((link) => link.kind === 'macvlan' && link.parent === parent)) return []
  return [
    {
      severity: 'warning',
      code: 'forward-unreached',
      message: `forward ${name}: ${to} is a macvlan on ${parent}, which this host does not reach`,
      fix: `\`lxcnet shim create ${parent} --address ADDRESS/PREFIX\`, then \`lxcnet forward set ${name} to=${to}\``,
    },
  ]
}

/** Whoever is outside answers past this host: the client never asked that address, and the host's firewall sees no answer. */
export function far(name: string, { to, address }: Forward, reading: Pick<Reading, 'snapshot' | 'view'>): Note[] {
  if (address === undefined || !isFar(reading, address)) return []
  return [
    {
      severity: 'warning',
      code: 'forward-far',
      message: `forward ${name}: this host has no route to ${address} but a default one, so ${to} is somebody outside, if anybody`,
      fix: '`ip route` lists the networks that it is in; `lxcnet list` the containers',
    },
  ]
}
