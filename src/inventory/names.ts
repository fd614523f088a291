/**
 * What stands first on a host line: one host or, with ranges, several, and a port.
 *
 * Rules: parse_address() in lib/ansible/parsing/utils/addresses.py for the port, expand_hostname_range() in
 * lib/ansible/plugins/inventory/__init__.py for the ranges.
 */
import { isIPv6 } from 'node:net'

/** More hosts than one line of a real fleet has; a slip such as [1:1000000000] must not fill the memory. */
const mostNames = 65_536

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/**
 * @param text such as `web01`, `web[01:20].example.org:2222`, `[2001:db8::1]:22`, `2001:db8::[1:f]`
 * @throws {Error} with the reason
 */
export function expandHosts(text: string): { names: string[]; port: number | undefined } {
  const { host, port } = splitPort(text)
  const names = isIPv6(host) ? [host] : expand(host)
  for (const name of names) checkName(name)
  return { names, port }
}

/** A port is one only behind what can be a host; `root@web01:22` is a name as a whole, as Ansible takes it. */
function splitPort(text: string): { host: string; port: number | undefined } {
  let host = text
  let port: number | undefined
  // both shapes, one after the other, as upstream
  for (const shape of [/^\[(.+)\]:(\d+)$/, /^((?:[^:[\]]|\[[^\]]*\])*):(\d+)$/]) {
    const [, inner, digits] = shape.exec(host) ?? []
    if (inner === undefined) continue
    host = inner
    port = Number(digits)
  }
  return port !== undefined && isHost(host) ? { host, port } : { host: text, port: undefined }
}

const range = String.raw`\[(?:[a-z]:[a-z]|\d+:\d+)(?::\d+)?\]`
const label = String.raw`(?:[\w\x80-\xff]|${range})(?:[\w\x80-\xff-]|${range})*(?<![_-])`
const hostName = new RegExp(String.raw`^${label}(?:\.${label})*$`, 'i')

const isHost = (text: string): boolean =>
  hostName.test(text) || isIPv6(text.replace(/\[[0-9a-f]+:[0-9a-f]+(?::\d+)?\]/gi, '0'))

function expand(text: string): string[] {
  const open = text.indexOf('[')
  if (open === -1) return [text]
  const [, head = '', bounds, tail = ''] = /^([^[\]|]*)\[([^\]|]*)\]([^|]*)$/.exec(text) ?? []
  if (bounds === undefined) throw new Error('a range is [first:last] or [first:last:step]')
  const names = series(bounds).flatMap((one) => expand(head + one + tail))
  if (names.length > mostNames) throw new Error(`the ranges name more than ${mostNames} hosts`)
  return names
}

/** @param bounds `01:20`, `a:f`, `:9`, `1:10:2` */
function series(bounds: string): string[] {
  const [first = '', last, step = '1', ...rest] = bounds.split(':')
  if (last === undefined || rest.length > 0) throw new Error('a range is [first:last] or [first:last:step]')
  if (last === '') throw new Error('a range has a last value')
  if (!/^\d+$/.test(step) || Number(step) === 0) throw new Error(`a range goes on by a whole number, not "${step}"`)
  const isLetter = /^[a-zA-Z]$/
  if (isLetter.test(first) && isLetter.test(last)) {
    const [from, to] = [letters.indexOf(first), letters.indexOf(last)]
    if (from > to) throw new Error(`the range begins behind its end: ${first} to ${last}`)
    return steps(from, to, Number(step)).map((at) => letters.charAt(at))
  }
  if (!/^\d*$/.test(first) || !/^\d+$/.test(last)) throw new Error('a range is of numbers or of single letters')
  const width = /^0./.test(first) ? first.length : 0
  if (width > 0 && last.length !== width)
    throw new Error(`both ends of a range with leading zeros have as many digits: ${first} and ${last} have not`)
  if (Number(first) > Number(last)) throw new Error(`the range begins behind its end: ${first} to ${last}`)
  return steps(Number(first), Number(last), Number(step)).map((at) => String(at).padStart(width, '0'))
}

function steps(from: number, to: number, step: number): number[] {
  const count = Math.floor((to - from) / step) + 1
  if (count > mostNames) throw new Error(`the range names more than ${mostNames} hosts`)
  return Array.from({ length: count }, (_, at) => from + at * step)
}

/** @throws {Error} with the reason, unless it can be the name of a host */
export function checkName(name: string): void {
  if (/^---$|:$/.test(name)) throw new Error('this looks like YAML, and lxcnet reads INI')
  checkWord(name)
}

/** @throws {Error} with the reason, unless ssh(1) takes it for one word and for no flag */
export function checkWord(word: string): void {
  if (word === '') throw new Error('it is empty')
  if (word.startsWith('-')) throw new Error('it begins with a dash, as a flag does')
  if (/[^!-~\x80-\xff]/.test(word)) throw new Error('it has a blank or a control character in it')
}
