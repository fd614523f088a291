/** IPv4 and IPv6 addresses and subnets, strict: no leading zeros, no short forms of IPv4, no zones. */
import { Address4, Address6 } from 'ip-address'

export interface Cidr {
  family: 4 | 6
  /** As a number, so that ranges are compared by arithmetic. */
  value: bigint
  prefix: number
  /** First and last address of the subnet. */
  first: bigint
  last: bigint
  /** In canonical form, without prefix. */
  address: string
}

/** @param text `10.0.5.3/24`, `2001:db8::1/64`, or without prefix */
export function parseCidr(text: string, family: 4 | 6): (Cidr & { explicit: boolean }) | undefined {
  const parsed = parse(text, family)
  if (parsed === undefined) return undefined
  const value = parsed.bigInt()
  const prefix = parsed.subnetMask
  const host = BigInt((family === 4 ? 32 : 128) - prefix)
  const first = (value >> host) << host // startAddress() and endAddress() take ten times as long
  return {
    family,
    value,
    prefix,
    first,
    last: first + (1n << host) - 1n,
    address: parsed.correctForm(),
    explicit: text.includes('/'),
  }
}

/** The address alone, as a number: a third of the work, for thousands of them. */
export const addressValue = (text: string, family: 4 | 6): bigint | undefined => parse(text, family)?.bigInt()

function parse(text: string, family: 4 | 6): Address4 | Address6 | undefined {
  const shape = family === 4 ? /^[\d.]+(\/\d{1,3})?$/ : /^[\da-f]*:[\da-f.:]+(\/\d{1,3})?$/i
  if (!shape.test(text) || /\/0\d/.test(text)) return undefined
  try {
    return family === 4 ? new Address4(text) : new Address6(text)
  } catch {
    return undefined
  }
}

export const contains = (subnet: Cidr, value: bigint): boolean => value >= subnet.first && value <= subnet.last

export function formatAddress(value: bigint, family: 4 | 6): string {
  return (family === 4 ? Address4.fromBigInt(value) : Address6.fromBigInt(value)).correctForm()
}

/** Broadcast address of an IPv4 subnet; /31 and /32 have none (RFC 3021). */
export function broadcast(subnet: Cidr): string | undefined {
  return subnet.family === 6 || subnet.prefix > 30 ? undefined : formatAddress(subnet.last, 4)
}

/**
 * The lowest address of `subnet` that is not taken, with its prefix; undefined when the subnet is full.
 *
 * Never the network's own address, an IPv4 broadcast, or the first host of a subnet with room: a gateway's usual place,
 * which nothing on this host need know of.
 */
export function nextFree(subnet: Cidr, taken: ReadonlySet<bigint>): string | undefined {
  const size = subnet.last - subnet.first + 1n
  const lowest = subnet.first + (size > 4n ? 2n : size > 2n ? 1n : 0n)
  const highest = subnet.last - (subnet.family === 4 && size > 2n ? 1n : 0n)
  for (let value = lowest; value <= highest; value++) {
    if (!taken.has(value)) return `${formatAddress(value, subnet.family)}/${subnet.prefix}`
  }
  return undefined
}

/** Why no host can have this address: it is the subnet's own, or that of all who are in it. */
export function hostFault(flag: string, cidr: Cidr): { code: string; message: string; fix: string } | undefined {
  const { value, first, last, address, prefix } = cidr
  if (broadcast(cidr) === undefined || (value !== first && value !== last)) return undefined
  const [code, whose] = value === first ? ['address-is-network', 'own'] : ['address-is-broadcast', 'broadcast']
  const message = `${flag}: ${address}/${prefix} is the subnet's ${whose} address`
  return { code, message, fix: 'take another one of the subnet' }
}
