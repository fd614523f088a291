/** One `dhcp-host`: which client gets what. Grammar: dnsmasq(8) --dhcp-host; edge cases follow `one_opt()` in option.c. */
import { unhide } from '../document/dnsmasq-conf.ts'

export interface HostEntry {
  /** Lower case, six pairs; one entry may have several. Wild cards and client ids are not here. */
  macs: readonly string[]
  /** IPv4, canonical. */
  address: string | undefined
  /** By a MAC: the name that the client is given. Without one: the name by which it asks. */
  name: string | undefined
}

/** @param hidden `00:16:3e:00:00:05,10.0.3.16,mail`; what is written inside quotes can be a name only, see `unhide` */
export function readEntry(hidden: string): HostEntry {
  const macs: string[] = []
  let address: string | undefined
  let name: string | undefined
  for (const word of hidden.split(',').map((one) => one.replace(/^ +| +$/g, ''))) {
    const [, mac] = /^(?:0?1-)?((?:[\da-f]{2}:){5}[\da-f]{2})$/i.exec(word) ?? []
    if (mac !== undefined) macs.push(mac.toLowerCase())
    else if (ipv4.test(word)) address = word
    else if (isName(word)) name = unhide(word)
  }
  return { macs, address, name }
}

/** The line that lxcnet writes. @param name left out where dnsmasq would take it for something else */
export const entryText = ({ mac, address, name }: { mac: string | undefined; address: string; name: string }): string =>
  [...(mac === undefined ? [name] : [mac]), address, ...(mac !== undefined && isHostName(name) ? [name] : [])].join(',')

/** The value with another address in the place of its own. */
export const withAddress = (value: string, address: string): string =>
  value.replace(/[^,]+/g, (word) => (ipv4.test(word.trim()) ? word.replace(word.trim(), address) : word))

/** As inet_pton(3) takes an address, which is its canonical form. */
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Neither MAC, tag, client id, address nor lease time (`12h`, `infinite`). */
const isName = (word: string): boolean =>
  word !== '' &&
  !word.includes(':') &&
  !ipv4.test(word) &&
  !/^[\d ]+[wdhms]?$/i.test(word) &&
  !['infinite', 'ignore'].includes(word)

/**
 * Does dnsmasq take the word for a name, and for one that a client may have? Every label is one of letters, digits and
 * hyphens inside, as RFC 1123 2.1 has it; dnsmasq takes an underscore too, see `legal_hostname()` in util.c, and where it
 * was built with libidn2 no hyphens in the places of `xn--`.
 */
export const isHostName = (word: string): boolean =>
  isName(word) && word.split('.').every((label) => /^(?!..--)[A-Za-z0-9]([\w-]{0,61}[A-Za-z0-9])?$/.test(label))
