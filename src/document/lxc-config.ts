/**
 * Lossless view of an LXC container configuration file.
 *
 * Every byte of the text sits in exactly one `Line.raw`, so `print(parse(text)) === text` for any text. Texts are
 * latin1 strings: one char is one byte, never decoded, as LXC takes them.
 *
 * Grammar: lxc.container.conf(5); edge cases follow `lxc_file_for_each_line_mmap()` in liblxc's parse.c and
 * `parse_line()` in its confile.c, as of LXC 3.2 and later.
 */

export type Line = Text | Setting

/**
 * What LXC takes no setting from. `foreign`: does not start with `lxc.`, so LXC skips it in silence; `malformed`:
 * starts with `lxc.` but has no `=`, so LXC refuses the file; `unread`: a NUL byte and the whole rest of the file.
 */
export interface Text {
  kind: 'blank' | 'comment' | 'foreign' | 'malformed' | 'unread'
  raw: string
}

export interface Setting {
  kind: 'setting'
  raw: string
  key: string
  /** As LXC takes it: blanks around it trimmed, then one pair of quotes stripped. */
  value: string
  /** 0-based offset in `raw` of the written value. */
  at: number
  /** As written, quotes included. */
  written: string
}

const tab = 9
const lineFeed = 10
const carriageReturn = 13
const space = 32
const doubleQuote = 34
const hash = 35
const singleQuote = 39

/** @param text latin1; LF, CRLF and a lone CR each end a line and belong to it */
export function parse(text: string): Line[] {
  const lines: Line[] = []
  const nul = text.indexOf('\0')
  const end = nul === -1 ? text.length : nul
  let feed = -1
  let carriage = -1
  for (let start = 0; start < end; ) {
    // each is looked for again only once it has been passed, so that long texts without one stay linear
    if (feed < start) feed = before(end, text.indexOf('\n', start))
    if (carriage < start) carriage = before(end, text.indexOf('\r', start))
    const stop = Math.min(feed, carriage)
    let next = stop === end ? end : stop + 1
    if (stop === carriage && next === feed && next < end) next++
    lines.push(parseLine(text, start, stop, next))
    start = next
  }
  if (nul !== -1) lines.push({ kind: 'unread', raw: text.slice(nul) })
  return lines
}

const before = (end: number, at: number): number => (at === -1 || at > end ? end : at)

export const print = (lines: readonly Line[]): string => lines.map((line) => line.raw).join('')

/** The line that ends at `stop` and whose line end ends at `next`; 0-based offsets in `text`. */
function parseLine(text: string, start: number, stop: number, next: number): Line {
  const raw = start === 0 && next === text.length ? text : text.slice(start, next)
  const first = skipBlanks(text, start, stop)
  if (first === stop) return { kind: 'blank', raw }
  if (text.charCodeAt(first) === hash) return { kind: 'comment', raw }
  if (!text.startsWith('lxc.', first) || first + 4 > stop) return { kind: 'foreign', raw }
  const sign = raw.indexOf('=') + start
  if (sign < start) return { kind: 'malformed', raw }
  const from = skipBlanks(text, sign + 1, stop)
  const to = trimBlanks(text, from, stop)
  const written = text.slice(from, to)
  const key = text.slice(first, trimBlanks(text, first, sign))
  return { kind: 'setting', raw, key, value: withoutQuotes(written), at: from - start, written }
}

/** LXC strips spaces and tabs only: a form feed or a no-break space is text. */
function skipBlanks(text: string, from: number, to: number): number {
  let at = from
  for (; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code !== space && code !== tab) break
  }
  return at
}

function trimBlanks(text: string, from: number, to: number): number {
  let at = to
  for (; at > from; at--) {
    const code = text.charCodeAt(at - 1)
    if (code !== space && code !== tab) break
  }
  return at
}

/** One pair only, without escapes, and only when the same quote stands at both ends. */
function withoutQuotes(written: string): string {
  const quote = written.charCodeAt(0)
  if (quote !== doubleQuote && quote !== singleQuote) return written
  return written.length > 1 && written.charCodeAt(written.length - 1) === quote ? written.slice(1, -1) : written
}

/** LF, CRLF, CR or '' (the last line of a file may have none). */
export function lineEnd(raw: string): string {
  const last = raw.charCodeAt(raw.length - 1)
  if (last === carriageReturn) return '\r'
  if (last !== lineFeed) return ''
  return raw.charCodeAt(raw.length - 2) === carriageReturn ? '\r\n' : '\n'
}

/** Does LXC read back exactly this from a line `key = value`? */
export function readsBack(value: string): boolean {
  return !/[\r\n\0]/.test(value) && !/^[ \t]|[ \t]$/.test(value) && withoutQuotes(value) === value
}

/**
 * A number as liblxc's `lxc_safe_uint()` reads it: strtoul(3) base 0, so `0x18` is 24 and `030` is 24.
 * @returns undefined where LXC refuses the text (`/08`, a sign other than `+`, more than 32 bits, trailing text)
 */
export function parseNumber(text: string): number | undefined {
  const [, digits] = /^[ \t\n\v\f\r]*\+?(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const octal = digits.startsWith('0') && !/^0[xX]/.test(digits)
  if (octal && /[89]/.test(digits)) return undefined
  const number = octal ? Number.parseInt(digits, 8) : Number(digits)
  return number <= 0xffffffff ? number : undefined
}

/**
 * Keys that Proxmox VE writes, in their order of frequency. Two of them make a file Proxmox's: prose in a foreign
 * line may begin with one.
 */
const proxmoxKey =
  /^(arch|cmode|console|cores|cpulimit|cpuunits|description|features|hookscript|hostname|lock|memory|mp\d+|nameserver|net\d+|onboot|ostype|parent|protection|rootfs|searchdomain|snaptime|startup|swap|tags|template|timezone|tty|unprivileged|unused\d+):\s/

/**
 * Is this Proxmox's `/etc/pve/lxc/<id>.conf` form (pct.conf(5): `arch: amd64`, `net0: name=eth0,…`, `[snapshot]`)?
 * Such a file is parsed and printed but never edited: Proxmox makes the LXC config from it at every start.
 */
export function isProxmox(lines: readonly Line[]): boolean {
  const met = new Set<string>()
  for (const line of lines) {
    if (line.kind !== 'foreign') continue
    const key = proxmoxKey.exec(line.raw.length > 200 ? line.raw.slice(0, 200) : line.raw)?.[1]
    if (key === undefined) continue
    if (/^net\d+:\s*name=/.test(line.raw)) return true
    met.add(key)
    if (met.size === 2) return true
  }
  return false
}
