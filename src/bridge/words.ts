/** What a person says of a bridge. */
import { hostFault, parseCidr } from '../core/address.ts'
import { existingNameFault } from '../core/link-name.ts'
import { parseMac } from '../core/mac.ts'
import type { Word } from '../core/word.ts'
import { backendNames } from './model.ts'

export const bridgeWords: readonly Word[] = [
  {
    flag: 'uplink',
    list: false,
    helpValue: 'LINK',
    value: { kind: 'text' },
    summary: "the host's NIC that becomes a port of the bridge; what it has of addresses goes to the bridge",
  },
  {
    flag: 'vlan-id',
    list: false,
    helpValue: 'ID',
    value: { kind: 'number', least: 1, most: 4094 },
    summary: 'the bridge has this VLAN of the uplink, which keeps its own addresses',
  },
  {
    flag: 'address',
    list: true,
    helpValue: 'ADDRESS/PREFIX',
    value: { kind: 'text' },
    summary: "the host's own on the bridge, such as 10.0.5.1/24; `dhcp` for IPv4, `slaac` for IPv6",
  },
  {
    flag: 'gateway',
    list: true,
    helpValue: 'ADDRESS',
    value: { kind: 'text' },
    summary: 'the default route of the host; goes with --address',
  },
  {
    flag: 'dns',
    list: true,
    helpValue: 'ADDRESS',
    value: { kind: 'text' },
    summary: 'servers that the host asks for names',
  },
  {
    flag: 'mtu',
    list: false,
    helpValue: 'OCTETS',
    value: { kind: 'number', least: 68, most: 65535 },
    summary: 'of the bridge and of its uplink',
  },
  { flag: 'stp', list: false, value: { kind: 'choice', of: ['on', 'off'] }, summary: 'spanning tree; off unless said' },
  {
    flag: 'hwaddr',
    list: false,
    helpValue: 'MAC',
    value: { kind: 'text' },
    summary: "the bridge's MAC; that of the uplink when it is left out, so that a DHCP lease stays",
  },
  {
    flag: 'backend',
    list: false,
    value: { kind: 'choice', of: backendNames },
    summary: "what of the host's own keeps the bridge; found out when it is left out",
  },
  {
    flag: 'default',
    list: false,
    value: { kind: 'choice', of: ['yes', 'no'] },
    summary: 'new containers get a veth on this bridge: lxc.net.0.link in /etc/lxc/default.conf',
  },
  {
    flag: 'lxc-net',
    list: false,
    value: { kind: 'choice', of: ['off'] },
    summary: "LXC's own NAT network is switched off, which this bridge replaces",
  },
]

type Checked = { value: string } | { code: string; message: string; fix: string }

export function checkBridgeValue(flag: string, text: string): Checked {
  switch (flag) {
    case 'uplink':
      return checkUplink(text)
    case 'address':
      return text === 'dhcp' || text === 'slaac' ? { value: text } : checkAddress(flag, text, true)
    case 'gateway':
    case 'dns':
      return checkAddress(flag, text, false)
    case 'hwaddr':
      return checkMac(text)
    case 'mtu':
      return checkNumber(flag, text, 68, 65535, 'bad-mtu')
    case 'vlan-id':
      return checkNumber(flag, text, 1, 4094, 'bad-vlan-id')
    default:
      return checkChoice(flag, text)
  }
}

/** Shells read the name: ifupdown's, and those that undo a change. */
function checkUplink(text: string): Checked {
  const fault =
    existingNameFault(text) ?? (/^[\w.@-]+$/.test(text) ? undefined : 'has a character that lxcnet does not take')
  if (fault !== undefined)
    return { code: 'bad-link', message: `uplink: "${text}" ${fault}`, fix: '`ip -br link` lists the links' }
  const [, parent, id] = /^(.+)\.(\d+)$/.exec(text) ?? []
  if (parent === undefined) return { value: text }
  return {
    code: 'bad-link',
    message: `uplink: ${text} is VLAN ${id} of ${parent}`,
    fix: `--uplink ${parent} --vlan-id ${id}`,
  }
}

function checkAddress(flag: string, text: string, prefix: boolean): Checked {
  const parsed = parseCidr(text, text.includes(':') ? 6 : 4)
  const fault = prefix && parsed?.explicit ? hostFault(flag, parsed) : undefined
  if (fault !== undefined) return fault
  if (parsed !== undefined && parsed.explicit === prefix)
    return { value: prefix ? `${parsed.address}/${parsed.prefix}` : parsed.address }
  const message = `${flag}: "${text}" is not an address ${prefix ? 'with its prefix' : 'without a prefix'}`
  return {
    code: 'bad-address',
    message,
    fix: prefix ? 'for instance 10.0.5.1/24, dhcp or slaac' : 'for instance 10.0.5.254',
  }
}

function checkMac(text: string): Checked {
  const parsed = parseMac(text)
  if ('mac' in parsed) return { value: parsed.mac }
  return { code: parsed.code, message: `hwaddr: "${text}" ${parsed.reason}`, fix: 'for instance 02:00:5e:00:53:01' }
}

function checkNumber(flag: string, text: string, least: number, most: number, code: string): Checked {
  if (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= most) return { value: `${Number(text)}` }
  return { code, message: `${flag}: "${text}" is not a number from ${least} to ${most}`, fix: `${least} to ${most}` }
}

function checkChoice(flag: string, text: string): Checked {
  const value = bridgeWords.find((word) => word.flag === flag)?.value
  if (value?.kind === 'choice' && value.of.includes(text)) return { value: text }
  const of = value?.kind === 'choice' ? value.of.join(' or ') : 'nothing'
  return { code: 'bad-value', message: `${flag}: "${text}" is not ${of}`, fix: `say ${of}` }
}
