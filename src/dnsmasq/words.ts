/** What a reservation says, on the command line and in the site file. */
import { parseCidr } from '../core/address.ts'
import { parseMac } from '../core/mac.ts'
import type { Word } from '../core/word.ts'

export const reservationWords: readonly Word[] = [
  {
    flag: 'address',
    list: false,
    helpValue: 'ADDRESS',
    required: true,
    value: { kind: 'text' },
    summary: 'the address that the client always gets; next: is the first free one of the range',
  },
  {
    flag: 'nic',
    list: false,
    helpValue: 'N',
    value: { kind: 'number', least: 0, most: 2147483646 },
    summary: "index of the container's NIC; its first veth on the network when it is left out",
  },
  {
    flag: 'mac',
    list: false,
    helpValue: 'MAC',
    value: { kind: 'text' },
    summary: "MAC of the client; the one of the container's NIC when it is left out",
  },
  {
    flag: 'network',
    list: false,
    helpValue: 'NETWORK',
    value: { kind: 'text' },
    summary: 'NAT network, as `nat list` shows it; the one that the address is in when it is left out',
  },
]

type Checked = { value: string } | { code: string; message: string; fix: string }

export function checkReservationWord(flag: string, text: string): Checked {
  if (flag === 'mac') {
    const mac = parseMac(text)
    if ('mac' in mac) return { value: mac.mac }
    return { code: mac.code, message: `mac: "${text}" ${mac.reason}`, fix: 'for instance 00:16:3e:12:34:56' }
  }
  if (flag === 'nic') {
    if (/^(0|[1-9]\d{0,9})$/.test(text) && Number(text) < 2147483647) return { value: text }
    return { code: 'bad-index', message: `nic: "${text}" is not the index of a NIC`, fix: 'a number from 0 up' }
  }
  if (flag === 'network') {
    if (/^[A-Za-z0-9][\w.-]*$/.test(text)) return { value: text }
    return { code: 'dhcp-no-network', message: `network: "${text}" is no network`, fix: '`lxcnet nat list`' }
  }
  return checkAddress(text)
}

function checkAddress(text: string): Checked {
  const [, subnet] = /^next:(.*)$/.exec(text) ?? []
  const parsed = parseCidr(subnet ?? text, 4)
  if (subnet === '' || (subnet !== undefined && parsed?.explicit)) return { value: text }
  if (subnet === undefined && parsed !== undefined && !parsed.explicit) return { value: parsed.address }
  return {
    code: 'bad-address',
    message: `address: "${text}" is not an IPv4 address without a prefix`,
    fix: 'for instance 10.0.3.16, next: or next:10.0.3.0/24',
  }
}
