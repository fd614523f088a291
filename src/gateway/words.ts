/** What a gateway is told: its words, and what is wrong with them. Pure. */
import { contains, formatAddress, parseCidr } from '../core/address.ts'
import { existingNameFault } from '../core/link-name.ts'
import type { Word } from '../core/word.ts'

export const gatewayWords: readonly Word[] = [
  {
    flag: 'uplink',
    list: false,
    helpValue: 'BRIDGE',
    required: true,
    value: { kind: 'text' },
    summary: 'bridge of the outside, where the gateway gets a veth',
  },
  {
    flag: 'inside',
    list: false,
    helpValue: 'LINK',
    required: true,
    value: { kind: 'text' },
    summary: 'link of the inside, where the gateway and its members have a macvlan in mode bridge',
  },
  {
    flag: 'subnet',
    list: false,
    helpValue: 'SUBNET',
    required: true,
    value: { kind: 'text' },
    summary: 'of the inside, such as 10.0.5.0/24',
  },
  {
    flag: 'address',
    list: false,
    helpValue: 'ADDRESS',
    value: { kind: 'text' },
    summary: 'of the gateway on the inside; the first of the subnet when it is left out',
  },
  {
    flag: 'outside-address',
    list: false,
    helpValue: 'ADDRESS/PREFIX',
    value: { kind: 'text' },
    summary: 'of the gateway on the outside; dhcp, or left out, for what a DHCP client in the container gets',
  },
  {
    flag: 'outside-gateway',
    list: false,
    helpValue: 'ADDRESS',
    value: { kind: 'text' },
    summary: "the gateway's own way out: an address, or auto for that of the uplink; needs an outside-address",
  },
  {
    flag: 'members',
    list: true,
    helpValue: 'CONTAINER',
    value: { kind: 'text' },
    summary: 'containers whose default route leads to the gateway; one without a NIC on the inside gets one',
  },
  {
    flag: 'masquerade',
    list: false,
    value: { kind: 'choice', of: ['on', 'off'] },
    summary: "off: members leave with their own addresses, for which the outside needs a route; on when it's left out",
  },
]

type Checked = { value: string } | { code: string; message: string; fix: string }

/** As hooks take them: src/workflow/context.ts, checkContainerName(). */
export const containerName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export function checkGatewayValue(flag: string, text: string): Checked {
  const wrong = (code: string, reason: string, fix: string): Checked => ({
    code,
    message: `${flag}: "${text}" ${reason}`,
    fix,
  })
  const parsed = parseCidr(text, 4)
  switch (flag) {
    case 'uplink':
    case 'inside': {
      const fault = existingNameFault(text)
      return fault === undefined ? { value: text } : wrong('bad-name', fault, 'for instance lxcbr1')
    }
    case 'members':
      if (containerName.test(text)) return { value: text }
      return wrong('bad-container-name', 'is not a container that lxcnet works with', '`lxcnet list` shows them')
    case 'masquerade':
      if (text === 'on' || text === 'off') return { value: text }
      return wrong('bad-value', 'is neither on nor off', 'masquerade is on when it is left out')
    case 'subnet':
      if (parsed === undefined || !parsed.explicit)
        return wrong('bad-address', 'is not an IPv4 subnet', 'for instance 10.0.5.0/24')
      if (parsed.prefix > 30)
        return wrong('bad-address', 'has no room for a gateway and a member', 'for instance 10.0.5.0/24')
      if (parsed.value === parsed.first) return { value: `${parsed.address}/${parsed.prefix}` }
      return wrong(
        'bad-route',
        'has bits set behind its prefix',
        `did you mean ${formatAddress(parsed.first, 4)}/${parsed.prefix}?`,
      )
    case 'outside-address':
      if (text === 'dhcp') return { value: text }
      if (parsed?.explicit) return { value: `${parsed.address}/${parsed.prefix}` }
      return wrong('bad-address', 'is not an IPv4 address with a prefix', 'for instance 192.0.2.5/24, or dhcp')
    case 'outside-gateway':
      if (text === 'auto') return { value: text }
  }
  if (parsed !== undefined && !parsed.explicit) return { value: parsed.address }
  return wrong('bad-address', 'is not an IPv4 address without a prefix', 'for instance 10.0.5.1')
}

export type Words = ReadonlyMap<string, readonly string[]>

/** What the words come to, with what is usual for those that were left out. */
export interface Gateway {
  uplink: string
  inside: string
  subnet: string
  /** Without prefix. */
  address: string
  /** `10.0.5.1/24` */
  insideAddress: string
  /** undefined: the container sees to it. */
  outsideAddress: string | undefined
  outsideGateway: string | undefined
  members: readonly string[]
  masquerade: boolean
}

export function gatewayOf(words: Words): Gateway {
  const one = (flag: string): string | undefined => words.get(flag)?.[0]
  const subnet = one('subnet') ?? ''
  const parsed = parseCidr(subnet, 4)
  const address = one('address') ?? (parsed === undefined ? '' : formatAddress(parsed.first + 1n, 4))
  const outside = one('outside-address')
  return {
    uplink: one('uplink') ?? '',
    inside: one('inside') ?? '',
    subnet,
    address,
    insideAddress: `${address}/${parsed?.prefix}`,
    outsideAddress: outside === 'dhcp' ? undefined : outside,
    outsideGateway: one('outside-gateway'),
    members: [...new Set(words.get('members'))],
    masquerade: one('masquerade') !== 'off',
  }
}

/** What is wrong between the words. */
export function gatewayFaults(name: string, words: Words): { message: string; fix: string }[] {
  const faults: { message: string; fix: string }[] = []
  const { uplink, inside, subnet, address, outsideAddress, outsideGateway, members } = gatewayOf(words)
  for (const flag of ['uplink', 'inside', 'subnet'])
    if (!words.has(flag)) faults.push({ message: `${flag}: a gateway needs one`, fix: `say ${flag}` })
  const within = parseCidr(subnet, 4)
  const own = parseCidr(address, 4)
  if (within === undefined || own === undefined) return faults
  if (uplink === inside)
    faults.push({ message: `inside: ${inside} is the uplink too`, fix: 'the inside needs a link of its own' })
  if (!contains(within, own.value) || own.value === within.first || own.value === within.last)
    faults.push({
      message: `address: ${address} is not an address for a host in ${subnet}`,
      fix: 'leave it out for the first one',
    })
  const outside = outsideAddress === undefined ? undefined : parseCidr(outsideAddress, 4)
  if (outside !== undefined && (contains(within, outside.value) || contains(outside, own.value)))
    faults.push({
      message: `outside-address: ${outsideAddress} and the inside, ${subnet}, overlap`,
      fix: 'the two sides need subnets of their own',
    })
  if (outsideGateway !== undefined && outside === undefined)
    faults.push({
      message: `outside-gateway: ${outsideGateway} needs an outside-address; a DHCP client brings its own`,
      fix: 'say outside-address too, or leave it out',
    })
  if (members.includes(name))
    faults.push({ message: `members: ${name} is the gateway itself`, fix: 'leave it out of its members' })
  return faults
}
