/** The leases that dnsmasq has given, as it notes them itself; lease_update_file() in its lease.c. */
import { formatAddress, parseCidr } from '../core/address.ts'

export interface Lease {
  /** Seconds since 1970; undefined for one that never ends. */
  expiresAtEpochSeconds: number | undefined
  mac: string
  address: string
  /** undefined when the client told none. */
  name: string | undefined
  /** As dhcp_release(1) takes it; undefined when the client sent none. */
  clientId: string | undefined
}

/** @param text lines of `<expiry> <mac> <address> <name> <client-id>`; those of IPv6 and what is no lease are left out */
export const parseLeases = (text: string): Lease[] => text.split('\n').flatMap(parseLease)

function parseLease(line: string): Lease[] {
  const [expiry = '', mac = '', address = '', name = '*', clientId = '*'] = line.split(' ')
  const parsed = address.includes('/') ? undefined : parseCidr(address, 4)
  if (parsed === undefined || !/^\d+$/.test(expiry)) return []
  return [
    {
      expiresAtEpochSeconds: expiry === '0' ? undefined : Number(expiry),
      mac: mac.replace(/^[\da-f]{2}-/i, '').toLowerCase(), // a hardware type other than Ethernet stands in front
      address: formatAddress(parsed.value, 4),
      name: name === '*' ? undefined : name,
      clientId: clientId === '*' ? undefined : clientId,
    },
  ]
}

/** dnsmasq drops an expired lease only when it next looks. */
export const isLive = ({ expiresAtEpochSeconds: end }: Lease, nowEpochSeconds: number): boolean =>
  end === undefined || end > nowEpochSeconds
