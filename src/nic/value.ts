/**
 * One value of one key: is it right, and how is it written so that every LXC reads it alike?
 *
 * Sources: lxc.container.conf(5), confile.c (what the parser takes), network.c and the kernel (what a start takes).
 */
import { broadcast, parseCidr } from '../core/address.ts'
import { existingNameFault, linkNameFault } from '../core/link-name.ts'
import { parseMac } from '../core/mac.ts'
import { compareVersions } from '../core/version.ts'
import { type Key, nicTypes } from './keys.ts'

export interface Fault {
  code: string
  message: string
  fix: string
}

export type Checked = { value: string } | Fault

/** @param key where the value goes @param text as given @param version the host's LXC, for quirks of single releases */
export function checkValue(key: Key, text: string, version: string | undefined): Checked {
  const kind = key.value
  if (/[\r\n\0]/.test(text))
    return fault('bad-value', key, text, 'has a line break or NUL in it', 'give it on one line')
  if (text.trim() === '')
    return fault('bad-value', key, text, 'is empty', `use \`unset ${key.name}\` to remove the key`)
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
          )
    case 'link':
      return named('bad-link', key, text, existingNameFault(text.replace(/\+$/, '')))
    case 'name':
      return interfaceName(key, text)
    case 'mac': {
      const mac = parseMac(text)
      if ('mac' in mac) return { value: mac.mac }
      return fault(mac.code, key, text, mac.reason, 'for instance 00:16:3e:12:34:56; leave it out and lxcnet makes one')
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

function fault(code: string, key: Key, text: string, reason: string, fix: string): Fault {
  return { code, message: `${key.name}: "${text}" ${reason}`, fix }
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

function named(code: string, key: Key, text: string, reason: string | undefined): Checked {
  return reason === undefined
    ? { value: text }
    : fault(code, key, text, reason, 'link names have 1 to 15 bytes, without "/", ":" and blanks')
}

function interfaceName(key: Key, text: string): Checked {
  const fix = 'use 2 to 15 letters, digits, "-" or "_"'
  const reason = linkNameFault(text)
  if (reason !== undefined) return fault('bad-name', key, text, reason, fix)
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
  if (!/^\d+$/.test(text)) return fault(code, key, text, 'is not a number', `give ${range}`)
  if (/^0\d/.test(text))
    return fault(
      'octal-number',
      key,
      text,
      `starts with 0: LXC would read it as octal ${Number.parseInt(text, 8)}`,
      `give ${range} without leading zeros`,
    )
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
  if (parsed === undefined || more.length > 0 || (given !== undefined && family === 6)) {
    return fault('bad-address', key, text, `is not an IPv${family} address with a prefix`, `for instance ${example}`)
  }
  if (!parsed.explicit) {
    const why = family === 4 ? 'has no prefix; LXC would guess one from the last octet' : 'has no prefix'
    return fault('prefix-missing', key, text, why, `for instance ${parsed.address}/${family === 4 ? 24 : 64}`)
  }
  if ((family === 4 && parsed.value >> 28n === 0xen) || (family === 6 && parsed.value >> 120n === 0xffn)) {
    return fault('address-multicast', key, text, 'is a multicast address', `for instance ${example}`)
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
  if (parsed === undefined || !parsed.explicit)
    return fault(
      'bad-route',
      key,
      text,
      `is not an IPv${family} subnet`,
      family === 4 ? 'for instance 10.8.0.0/16' : 'for instance 2001:db8:1::/48',
    )
  if (parsed.value !== parsed.first)
    return fault(
      'route-host-bits',
      key,
      text,
      'has bits set behind its prefix, which the kernel refuses',
      `did you mean the subnet ${text}?`,
    )
  return { value: `${parsed.address}/${parsed.prefix}` }
}
