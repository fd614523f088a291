/** What a switch can be told: the flags of `lxcnet ovs create`, and what their values look like. */
import { hostFault, parseCidr } from '../core/address.ts'
import { existingNameFault } from '../core/link-name.ts'
import type { Word } from '../core/word.ts'

export const ovsWords: readonly Word[] = [
  {
    flag: 'address',
    list: true,
    helpValue: 'ADDRESS/PREFIX',
    value: { kind: 'text' },
    summary: "the host's own address on the switch, such as 192.168.100.1/24",
  },
  {
    flag: 'uplink',
    list: true,
    helpValue: 'LINK',
    value: { kind: 'text' },
    summary: 'link by which the switch reaches the outside; it must have no address',
  },
  {
    flag: 'tunnel',
    list: true,
    helpValue: 'TYPE:REMOTE:KEY',
    value: { kind: 'text' },
    summary: 'port to the switch of another host: vxlan:198.18.0.12:42 or gre:198.18.0.12:5',
  },
  {
    flag: 'datapath',
    list: false,
    value: { kind: 'choice', of: ['system', 'netdev'] },
    summary: 'system: in the kernel; netdev: in user space, which needs no kernel module',
  },
  {
    flag: 'vlan-id',
    list: false,
    helpValue: 'N',
    value: { kind: 'number', least: 1, most: 4094 },
    summary: "VLAN of the host's own port",
  },
  {
    flag: 'mtu',
    list: false,
    helpValue: 'N',
    value: { kind: 'number', least: 68, most: 65535 },
    summary: "octets of IP packet, of the host's own port and of NICs made later",
  },
  {
    flag: 'stp',
    list: false,
    value: { kind: 'choice', of: ['on', 'off'] },
    summary: 'spanning tree (802.1D)',
  },
]

/** Plain, because hooks get it through `sh -c`; at most IFNAMSIZ (linux/if.h) less the final NUL. */
export const switchName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/

type Checked = { value: string } | { code: string; message: string; fix: string }

export function checkOvsValue(flag: string, text: string): Checked {
  if (flag === 'address') return address(text)
  if (flag === 'uplink') return uplink(text)
  if (flag === 'tunnel') return tunnel(text)
  const word = ovsWords.find((one) => one.flag === flag)?.value
  if (word?.kind === 'number') return number(flag, text, word)
  if (word?.kind !== 'choice' || word.of.includes(text)) return { value: text }
  return { code: 'bad-value', message: `${flag}: "${text}" is not one of its words`, fix: word.of.join(' or ') }
}

const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4)

function address(text: string): Checked {
  const parsed = parseCidr(text, familyOf(text))
  if (parsed?.explicit) return hostFault('address', parsed) ?? { value: `${parsed.address}/${parsed.prefix}` }
  return {
    code: 'bad-address',
    message: `address: "${text}" is not an address with a prefix`,
    fix: 'for instance 192.168.100.1/24',
  }
}

function uplink(text: string): Checked {
  const fault =
    existingNameFault(text) ?? (/^[\w.@-]+$/.test(text) ? undefined : 'has a character that lxcnet does not take')
  if (fault === undefined) return { value: text }
  return { code: 'bad-link', message: `uplink: "${text}" ${fault}`, fix: 'name a link as `ip -br link` prints it' }
}

/** ovs-vswitchd.conf.db(5), Interface, options:key: 24 bits of a VXLAN, 32 of a GRE tunnel. */
const mostKeys: Record<string, number> = { vxlan: 2 ** 24 - 1, gre: 2 ** 32 - 1 }

function tunnel(text: string): Checked {
  const [, type = '', remote = '', key = ''] = /^(vxlan|gre):\[?([\da-fA-F.:]+?)\]?:(\d{1,10})$/.exec(text) ?? []
  const parsed = parseCidr(remote, familyOf(remote))
  const most = mostKeys[type]
  if (most === undefined || parsed === undefined)
    return {
      code: 'bad-tunnel',
      message: `tunnel: "${text}" is not TYPE:REMOTE:KEY`,
      fix: 'for instance vxlan:198.18.0.12:42 or gre:[2001:db8::12]:5',
    }
  if (Number(key) > most)
    return { code: 'bad-tunnel', message: `tunnel: key ${key} of a ${type} is above ${most}`, fix: `0 to ${most}` }
  return { value: tunnelText(type, parsed.address, key) }
}

export const tunnelText = (type: string, remote: string, key: string): string =>
  `${type}:${remote.includes(':') ? `[${remote}]` : remote}:${Number(key)}`

function number(flag: string, text: string, { least, most }: { least: number; most: number }): Checked {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return { value: String(value) }
  const code = flag === 'mtu' ? 'bad-mtu' : 'bad-vlan-id'
  return { code, message: `${flag}: "${text}" is not in ${least} to ${most}`, fix: `a number from ${least} to ${most}` }
}
