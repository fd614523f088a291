/**
 * One value of one key: is it right, and how is it written so that every LXC reads it alike?
 *
 * Sources: lxc.container.conf(5), confile.c (what the parser takes), network.c and the kernel (what a start takes).
 */
import { broadcast, type Cidr, formatAddress, parseCidr } from '../core/address.ts'
import { existingNameFault, linkNameFault } from '../core/link-name.ts'
import { parseMac } from '../core/mac.ts'
import { compareVersions } from '../core/version.ts'
import { type Key, nicTypes } from './keys.ts'

export interface Fault {
  code: string
  message: string
  fix: string
  /** A value to take instead, where there is a plain one. */
  better?: string
  /** LXC loads and starts it all the same: no error where it stands in a file already. */
  loads?: true
}

export type Checked = { value: string } | Fault

/** @param key where the value goes @param text as given @param version the host's LXC, for quirks of single releases */
export function checkValue(key: Key, text: string, version: string | undefined): Checked {
  const kind = key.value
  if (/[\r\n\0]/.test(text))
    return fault('bad-value', key, text, 'has a line break or NUL in it', 'give it on one line')
  if (text.trim() === '')
    return fault(
      'bad-value',
      key,
      text,
      'is empty',
      kind.kind === 'type'
        ? `one of ${nicTypes.join(', ')}`
        : `leave it out, or \`lxcnet unset CONTAINER:NIC ${key.name}\``,
    )
  switch (kind.kind) {
    case 'type':
      return oneOf('bad-type', key, text, nicTypes)
    case 'choice':
      return oneOf(key.flag === 'mode' ? 'bad-mode' : 'bad-value', key, text, kind.of)
    case 'flags':
      return text === 'up'
        ? { value: text }
        : fault(
            'bad-flags',
            key,
            text,
            'is not "up"; LXC takes any word, even "down", as up',
            'say up, or leave the key out',
            { better: 'up', loads: true },
          )
    case 'link':
      return link(key, text)
    case 'name':
      return interfaceName(key, text)
    case 'mac': {
      const mac = parseMac(text)
      if ('mac' in mac) return { value: mac.mac }
      const read = lxcMac(text)
      const loads = read !== undefined && 'mac' in parseMac(read)
      return fault(
        mac.code,
        key,
        text,
        mac.reason,
        loads ? `for instance ${read}` : 'for instance 00:16:3e:12:34:56; leave it out and lxcnet makes one',
        loads ? { better: read, loads } : { better: 'auto' },
      )
    }
    case 'number':
      return number(key, text, kind.least, kind.most, kind.word)
    case 'address':
      return address(key, text, kind.family, version)
    case 'gateway':
      return gateway(key, text, kind.family, version)
    case 'route':
      return route(key, text, kind.family)
    case 'command':
      return { value: text.trim() }
  }
}

function fault(
  code: string,
  key: Key,
  text: string,
  reason: string,
  fix: string,
  more: Pick<Fault, 'better' | 'loads'> = {},
): Fault {
  return { code, message: `${key.name}: "${text}" ${reason}`, fix, ...more }
}

/** A number as LXC reads it: in C's base 0, with blanks and a plus in front (confile.c, strtoul). */
export function lxcNumber(text: string): number | undefined {
  const [, octal, hex, decimal] = /^\s*\+?(?:(0[0-7]*)|0x([\da-f]+)|([1-9]\d*))$/i.exec(text) ?? []
  if (octal !== undefined) return Number.parseInt(octal, 8)
  if (hex !== undefined) return Number.parseInt(hex, 16)
  return decimal === undefined ? undefined : Number(decimal)
}

/** The six bytes that LXC takes from a MAC; undefined for fewer and for anything else (network.c:lxc_convert_mac). */
export function lxcMac(text: string): string | undefined {
  const [six] = /^(?:[\da-f]{2}:?|[\da-f](?::|$)){6}/i.exec(text) ?? []
  const bytes = six?.match(/[\da-f]{2}|[\da-f](?=:|$)/gi) ?? []
  return bytes.length === 6 ? bytes.map((byte) => byte.padStart(2, '0').toLowerCase()).join(':') : undefined
}

/** What LXC makes of an address: a prefix in any base; without one /64, or a guess from the last octet of an IPv4 one. */
export function lxcCidr(text: string, family: 4 | 6): Cidr | undefined {
  const [address = '', prefix] = (text.trim().split(' ')[0] ?? '').split('/')
  const last = Number(address.split('.')[3])
  // classful, with the byte order wrong: confile_utils.c:config_ip_prefix
  const guessed = family === 6 ? 64 : last < 128 ? 8 : last < 192 ? 16 : last < 224 ? 24 : 0
  const number = prefix === undefined ? guessed : lxcNumber(prefix)
  return number === undefined ? undefined : parseCidr(`${address}/${number}`, family)
}

function oneOf(code: string, key: Key, text: string, words: readonly string[]): Checked {
  if (words.includes(text)) return { value: text }
  const near = words.find((word) => word.startsWith(text.toLowerCase()) || text.toLowerCase().startsWith(word))
  const hint =
    text === 'passthrough'
      ? 'LXC writes it "passthru"'
      : near === undefined
        ? `one of ${words.join(', ')}`
        : `did you mean ${near}? One of ${words.join(', ')}`
  return fault(code, key, text, `is not one of ${words.join(', ')}`, hint)
}

function link(key: Key, text: string): Checked {
  const plain = text.replace(/\+$/, '')
  const fix = 'link names have 1 to 15 bytes, without "/", ":" and blanks'
  const reason = existingNameFault(plain)
  if (reason !== undefined) return fault('bad-link', key, text, reason, fix)
  if (plain === text) return { value: text }
  return fault(
    'bad-link',
    key,
    text,
    'ends in "+": LXC takes the last link that begins so, and forgets the keys above',
    `name one link: ${plain}`,
    { better: plain, loads: true },
  )
}

function interfaceName(key: Key, text: string): Checked {
  const fix = 'use 2 to 15 letters, digits, "-" or "_"'
  const reason = linkNameFault(text)
  if (reason !== undefined) {
    const cut = text.slice(0, 15) // IFNAMSIZ less the NUL, which LXC cuts to
    return fault(
      'bad-name',
      key,
      text,
      reason,
      fix,
      linkNameFault(cut) === undefined ? { better: cut, loads: true } : {},
    )
  }
  if (key.name === 'name') {
    if (/%(?!d)|%d.*%/.test(text)) return fault('bad-name', key, text, 'has a "%" that is not one "%d"', fix)
  } else if (text.includes('%'))
    return fault('bad-name', key, text, 'is a pattern, which LXC does not fill in here', fix)
  return { value: text }
}

function number(key: Key, text: string, least: number, most: number, word: string | undefined): Checked {
  if (word !== undefined && text === word) return { value: text }
  const range = `${least} to ${most}${word === undefined ? '' : ` or "${word}"`}`
  const code = key.name === 'mtu' ? 'bad-mtu' : key.name.includes('vlan') ? 'bad-vlan-id' : 'bad-value'
  const read = lxcNumber(text)
  if (read !== undefined && String(read) !== text && read >= least && read <= most) {
    const octal = /^\s*\+?0\d/.test(text)
    return fault(
      octal ? 'octal-number' : code,
      key,
      text,
      octal ? `starts with 0: LXC would read it as octal ${read}` : `is read by LXC as ${read}`,
      `give ${range}${octal ? ' without leading zeros' : ''}`,
      { better: String(read), loads: true },
    )
  }
  if (!/^\d+$/.test(text)) return fault(code, key, text, 'is not a number', `give ${range}`)
  const value = Number(text)
  return value >= least && value <= most
    ? { value: text }
    : fault(code, key, text, `is not in ${range}`, `give ${range}`)
}

/** Releases that leave the broadcast's address bits out when none is given (lxc/lxc PR 4523). */
const wrongBroadcast = (version: string | undefined): boolean =>
  version !== undefined &&
  [
    ['5.0.1', '5.0.3'],
    ['6.0.0', '6.0.3'],
  ].some(([from = '', to = '']) => compareVersions(version, from) >= 0 && compareVersions(version, to) <= 0)

function address(key: Key, text: string, family: 4 | 6, version: string | undefined): Checked {
  const [cidr = '', given, ...more] = text.trim().split(' ')
  const example = family === 4 ? '10.0.5.3/24' : '2001:db8::3/64'
  const parsed = parseCidr(cidr, family)
  const read = parsed?.explicit === true ? undefined : lxcCidr(cidr, family)
  const clean = given === undefined || (family === 4 && parseCidr(given, 4) !== undefined)
  if (parsed === undefined && read !== undefined && more.length === 0 && clean) {
    const better = `${read.address}/${read.prefix}`
    return fault(
      'octal-number',
      key,
      text,
      `has a prefix that LXC reads as /${read.prefix}`,
      `write it in decimal: ${better}`,
      { better, loads: true },
    )
  }
  if (parsed === undefined || more.length > 0 || (given !== undefined && family === 6)) {
    return fault('bad-address', key, text, `is not an IPv${family} address with a prefix`, `for instance ${example}`)
  }
  if (!parsed.explicit) {
    const why = family === 4 ? `LXC guesses /${read?.prefix} from the last octet` : 'LXC takes /64'
    const better = `${parsed.address}/${family === 4 ? 24 : 64}`
    return fault('prefix-missing', key, text, `has no prefix; ${why}`, `for instance ${better}`, {
      better,
      loads: true,
    })
  }
  if ((family === 4 && parsed.value >> 28n === 0xen) || (family === 6 && parsed.value >> 120n === 0xffn)) {
    // the kernel takes an IPv4 one and refuses an IPv6 one (net/ipv6/addrconf.c)
    return fault('address-multicast', key, text, 'is a multicast address', `for instance ${example}`, {
      ...(family === 4 ? { loads: true } : {}),
    })
  }
  const written = `${parsed.address}/${parsed.prefix}`
  if (given !== undefined) {
    return parseCidr(given, 4)
      ? { value: `${written} ${given}` }
      : fault('bad-address', key, text, `has "${given}" where a broadcast address stands`, `for instance ${written}`)
  }
  const needed = wrongBroadcast(version) && family === 4 ? broadcast(parsed) : undefined
  return { value: needed === undefined ? written : `${written} ${needed}` }
}

function gateway(key: Key, text: string, family: 4 | 6, version: string | undefined): Checked {
  if (text === 'auto') return { value: text }
  if (text === 'dev') {
    if (version === undefined || compareVersions(version, '3.2.0') >= 0) return { value: text }
    return fault(
      'key-too-new',
      key,
      text,
      `is known from LXC 3.2.0 on; this host has ${version}`,
      "give the gateway's address",
    )
  }
  const parsed = parseCidr(text, family)
  if (parsed === undefined || text.includes('/')) {
    return fault(
      'bad-gateway',
      key,
      text,
      `is not an IPv${family} address, "auto" or "dev"`,
      family === 4 ? 'for instance 10.0.5.1' : 'for instance 2001:db8::1',
    )
  }
  return { value: parsed.address }
}

function route(key: Key, text: string, family: 4 | 6): Checked {
  const parsed = parseCidr(text, family)
  const read = text.includes('/') ? lxcCidr(text, family) : undefined
  if (parsed === undefined && read !== undefined && read.value === read.first) {
    const better = `${read.address}/${read.prefix}`
    const reason = `has a prefix that LXC reads as /${read.prefix}`
    return fault('octal-number', key, text, reason, `write it in decimal: ${better}`, { better, loads: true })
  }
  if (parsed === undefined || !parsed.explicit)
    return fault(
      'bad-route',
      key,
      text,
      `is not an IPv${family} subnet`,
      family === 4 ? 'for instance 10.8.0.0/16' : 'for instance 2001:db8:1::/48',
    )
  if (parsed.value !== parsed.first) {
    const better = `${formatAddress(parsed.first, family)}/${parsed.prefix}`
    return fault(
      'route-host-bits',
      key,
      text,
      'has bits set behind its prefix, which the kernel refuses',
      `did you mean the subnet ${better}?`,
      { better },
    )
  }
  return { value: `${parsed.address}/${parsed.prefix}` }
}
