/** What a forward is told: its words, and where it leads. */
import { formatAddress, parseCidr } from '../core/address.ts'
import type { Word } from '../core/word.ts'
import { addressOf, bracketed, portOf, portsText } from './name.ts'

/** Firewalls that drop what is forwarded, and have a door of their own for it. */
export const doors = ['docker', 'ufw'] as const

export const forwardWords: readonly Word[] = [
  {
    flag: 'to',
    list: false,
    helpValue: 'TARGET',
    required: true,
    value: { kind: 'text' },
    summary: 'container or address, with the port there when it is another one: web:8443, 10.0.3.5:80, [fd00::5]:80',
  },
  {
    flag: 'source',
    list: true,
    helpValue: 'SUBNET',
    value: { kind: 'text' },
    summary: 'subnets or addresses that may use it; everybody when it is left out',
  },
  {
    flag: 'through',
    list: true,
    helpValue: 'FIREWALL',
    value: { kind: 'text' },
    summary: 'docker, ufw: where one of them drops what is forwarded, let this through by a rule in its own place',
  },
]

export interface Target {
  /** A container's name, or an address without brackets. */
  host: string
  isAddress: boolean
  /** The first port there; that of the forward when it is left out. */
  port: number | undefined
}

/** @returns undefined for what is no target */
export function parseTarget(text: string): Target | undefined {
  const [, host = '', ports] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text) ?? []
  const port = ports === undefined ? undefined : portOf(ports)
  if (ports !== undefined && port === undefined) return undefined
  const address = addressOf(host)
  if (address !== undefined) return { host: address, isAddress: true, port }
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(host) && !/^[\d.]+$/.test(host)) return { host, isAddress: false, port }
  return undefined
}

type Checked = { value: string } | { code: string; message: string; fix: string }

export function checkForwardValue(flag: string, text: string): Checked {
  if (flag === 'to') {
    const target = parseTarget(text)
    const fix = 'for instance web:443, web, 10.0.3.5:443 or [fd00::5]:443; of a range of ports the first one'
    if (target === undefined) return { code: 'bad-target', message: `to: "${text}" is not a target`, fix }
    const host = target.isAddress ? bracketed(target.host) : target.host
    return { value: target.port === undefined ? host : `${host}:${target.port}` }
  }
  if (flag === 'through') {
    if ((doors as readonly string[]).includes(text)) return { value: text }
    return { code: 'bad-value', message: `through: "${text}" is no firewall that lxcnet knows`, fix: doors.join(', ') }
  }
  const parsed = parseCidr(text, text.includes(':') ? 6 : 4)
  if (parsed === undefined)
    return { code: 'bad-address', message: `source: "${text}" is no subnet`, fix: 'for instance 198.51.100.0/24' }
  const first = formatAddress(parsed.first, parsed.family)
  const whole = parsed.prefix === (parsed.family === 4 ? 32 : 128)
  if (parsed.first === parsed.value) return { value: whole ? first : `${first}/${parsed.prefix}` }
  return {
    code: 'bad-address',
    message: `source: "${text}" has bits set behind its prefix`,
    fix: `did you mean ${first}/${parsed.prefix}?`,
  }
}

/** Ports at the target: `443`, `8000-8010`. */
export const targetPorts = (first: number, last: number, port: number | undefined): string =>
  portsText(port ?? first, (port ?? first) + last - first)
