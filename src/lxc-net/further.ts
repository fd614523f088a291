/** A NAT network of lxcnet's own: the settings of its piece. */
import { formatAddress, parseCidr } from '../core/address.ts'
import { ipv6Text } from './lxc-net.ts'
import { type Network, parseRange, rangeText } from './network.ts'

export interface FurtherNetwork extends Network {
  /** Octets of IP packet; undefined for what the kernel takes. */
  mtu: number | undefined
}

/** Options that lxcnet gives the dnsmasq of a network; that of a further one reads the file when it is there. A lasting name. */
export const ownConfFile = (network: string): string => `/etc/lxcnet/dnsmasq/${network}.conf`

/** The reservations that lxcnet keeps for a network. A lasting name. */
export const ownHostsFile = (network: string): string => `/etc/lxcnet/dnsmasq/${network}.hosts`

export function printFurther(name: string, network: FurtherNetwork): Map<string, string> {
  const { bridge, subnet, address, range, domain, ipv6, ipv6Nat, mtu } = network
  return new Map([
    ['name', name],
    ['bridge', bridge],
    ['address', `${formatAddress(address, 4)}/${subnet.prefix}`],
    ['range', rangeText(range)],
    ['leases', `${range.last - range.first + 1n}`],
    ['domain', domain ?? ''],
    ['ipv6', ipv6Text(ipv6)],
    ['ipv6_nat', ipv6Nat ? 'on' : 'off'],
    ['mtu', `${mtu ?? ''}`],
  ])
}

/** Undefined for a piece that somebody damaged. */
export function readFurther(settings: ReadonlyMap<string, string>): FurtherNetwork | undefined {
  const own = parseCidr(settings.get('address') ?? '', 4)
  const range = parseRange(settings.get('range') ?? '')
  const bridge = settings.get('bridge')
  if (own === undefined || range === undefined || !bridge) return undefined
  return {
    bridge,
    subnet: { ...own, value: own.first, address: formatAddress(own.first, 4) },
    address: own.value,
    range,
    domain: settings.get('domain') || undefined,
    ipv6: parseCidr(settings.get('ipv6') ?? '', 6),
    ipv6Nat: settings.get('ipv6_nat') === 'on',
    mtu: Number(settings.get('mtu')) || undefined,
  }
}
