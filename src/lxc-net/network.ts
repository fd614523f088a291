/** A NAT network as this room thinks of it, and how its addresses follow from its subnet. */
import { addressValue, broadcast, type Cidr, contains, formatAddress, parseCidr } from '../core/address.ts'

/** First and last address that DHCP gives. */
export interface Range {
  first: bigint
  last: bigint
}

/** The host's address in an IPv6 subnet, with it. */
export type Ipv6 = Cidr

export interface Network {
  bridge: string
  /** IPv4, without host bits. */
  subnet: Cidr
  /** Of the host in it. */
  address: bigint
  range: Range
  domain: string | undefined
  ipv6: Ipv6 | undefined
  ipv6Nat: boolean
}

/** The host's own address in a subnet when nobody says otherwise. */
export const usualAddress = (subnet: Cidr): bigint => subnet.first + 1n

/** All addresses of hosts beside the gateway; those on its larger side when it stands in the middle. */
export function usualRange(subnet: Cidr, address: bigint): Range {
  const least = subnet.first + 1n
  const most = subnet.last - 1n
  return address - least > most - address ? { first: least, last: address - 1n } : { first: address + 1n, last: most }
}

export const rangeText = ({ first, last }: Range): string => `${formatAddress(first, 4)},${formatAddress(last, 4)}`

export function parseRange(text: string): Range | undefined {
  const [first, last, ...rest] = text
    .split(',')
    .map((one) => (one.includes('/') ? undefined : parseCidr(one, 4)?.value))
  return first === undefined || last === undefined || rest.length > 0 || first > last ? undefined : { first, last }
}

/** Dotted, as ifconfig(8) takes it. @param prefix 0 to 32 */
export const netmask = (prefix: number): string => formatAddress((1n << 32n) - (1n << BigInt(32 - prefix)), 4)

/** Undefined for what is no netmask: 255.0.255.0. */
export const prefixOf = (mask: string): number | undefined =>
  Array.from({ length: 33 }, (_, bits) => bits).find((bits) => netmask(bits) === mask)

/** `10.7.0.0/24`: without host bits. */
export const subnetText = ({ first, prefix, family }: Cidr): string => `${formatAddress(first, family)}/${prefix}`

export const overlaps = (a: Cidr, b: Cidr): boolean => a.family === b.family && a.first <= b.last && b.first <= a.last

/** Can a host of the subnet have it? */
export const isHost = (subnet: Cidr, value: bigint): boolean =>
  contains(subnet, value) && value !== subnet.first && broadcast(subnet) !== formatAddress(value, 4)

const privateSpace = [
  ['10.0.3.0', '10.255.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.168.0.0', '192.168.255.255'],
] as const

/** A subnet that meets none of `taken`, in RFC 1918; the search begins where LXC's own network usually is. */
export function freeSubnet(prefix: number, taken: readonly Cidr[]): string | undefined {
  const size = 1n << BigInt(32 - prefix)
  for (const [from, to] of privateSpace) {
    const least = addressValue(from, 4) ?? 0n
    const most = addressValue(to, 4) ?? 0n
    for (let first = ((least + size - 1n) / size) * size; first + size - 1n <= most; first += size) {
      const last = first + size - 1n
      if (!taken.some((other) => other.family === 4 && other.first <= last && first <= other.last))
        return `${formatAddress(first, 4)}/${prefix}`
    }
  }
  return undefined
}
