/** What a forward is called: `443/tcp`, `80-90/udp`, `192.0.2.1:443/tcp`, `[2001:db8::1]:443/tcp`. */
import { parseCidr } from '../core/address.ts'

export interface Entrance {
  protocol: 'tcp' | 'udp'
  /** Inclusive. */
  first: number
  last: number
  /** The host's address that it is for; every address of the host when it is left out. */
  listen: string | undefined
}

export const namePattern = /^(?:(?:\d+\.\d+\.\d+\.\d+|\[[\da-fA-F:.]+\]):)?\d+(?:-\d+)?\/(?:tcp|udp)$/

/** @returns undefined for what is no forward's name: a port out of range, an address that is none */
export function parseEntrance(name: string): Entrance | undefined {
  const [, host, port = '', end = port, protocol] = /^(?:(.*):)?(\d+)(?:-(\d+))?\/(tcp|udp)$/.exec(name) ?? []
  const first = portOf(port)
  const last = portOf(end)
  if (first === undefined || last === undefined || last < first) return undefined
  const listen = host === undefined ? undefined : addressOf(host)
  if (host !== undefined && (listen === undefined || listen === '0.0.0.0' || listen === '::')) return undefined
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', first, last, listen }
}

export function printEntrance({ protocol, first, last, listen }: Entrance): string {
  const host = listen === undefined ? '' : `${bracketed(listen)}:`
  return `${host}${portsText(first, last)}/${protocol}`
}

export const portsText = (first: number, last: number): string => (first === last ? `${first}` : `${first}-${last}`)

/** Do two forwards take the same packets, or one those of the other? */
export const overlap = (a: Entrance, b: Entrance): boolean =>
  a.protocol === b.protocol &&
  a.first <= b.last &&
  b.first <= a.last &&
  (a.listen === undefined || b.listen === undefined || a.listen === b.listen)

export function portOf(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : undefined
}

/** `192.0.2.1` or `[2001:db8::1]`, canonical and without the brackets. */
export function addressOf(text: string): string | undefined {
  const six = /^\[(.*)\]$/.exec(text)?.[1]
  const parsed = six === undefined ? parseCidr(text, 4) : parseCidr(six, 6)
  return parsed === undefined || parsed.explicit ? undefined : parsed.address
}

export const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)
