/**
 * Host keys against known_hosts files: sshd(8) SSH_KNOWN_HOSTS FILE FORMAT.
 *
 * The rules are OpenSSH's: which lines are read is hostkeys_foreach_file() in hostfile.c, which names they fit is
 * match_pattern_list() in match.c, what follows is check_host_key() in sshconnect.c. A host for which only keys of
 * other types are recorded counts as changed there, not as new, since a stranger could else choose a type that nobody
 * has recorded. Stricter than OpenSSH where a key is revoked: for the host on port 22, or for its address, it is revoked
 * on every port.
 */
import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { exit, LxcnetError } from '../core/error.ts'
import { keyType, type PublicKey, parsePublicKey } from './public-key.ts'

export type Verdict =
  | { verdict: 'known' }
  | { verdict: 'unknown' }
  /** `places` has every key that is recorded for the host instead. */
  | { verdict: 'changed'; places: { file: string; line: number; fingerprint: string }[] }
  | { verdict: 'revoked'; file: string; line: number }

interface Line extends PublicKey {
  file: string
  /** 1-based. */
  line: number
  marker: '' | '@cert-authority' | '@revoked'
  names: Names
}

/** A list of patterns in lower case, or one name as its salted hash. */
type Names = { patterns: string } | { salt: KeyObject; hash: string }

export class KnownHosts {
  readonly #lines: readonly Line[]
  /** Name → its lines: a hashed file costs one HMAC a line and name. */
  readonly #found = new Map<string, readonly Line[]>()

  private constructor(lines: readonly Line[]) {
    this.#lines = lines
  }

  /** Files that are not there or cannot be read hold nothing, as for ssh(1). */
  static read(files: readonly string[]): KnownHosts {
    return new KnownHosts(files.flatMap(readLines))
  }

  /**
   * Whether `key` is one that the host may show.
   *
   * @param name what ssh looks up: HostKeyAlias or HostName
   * @param address the peer's, to be checked as well, for CheckHostIP; else undefined
   * @param port of the host; 22 with a HostKeyAlias, which ssh looks up without port
   */
  check(name: string, address: string | undefined, port: number, key: Buffer): Verdict {
    const byName = this.#checkName(name, port, key)
    if (address === undefined || isLoopback(address) || lowerCase(address) === lowerCase(name)) return byName
    if (byName.verdict === 'changed' || byName.verdict === 'revoked') return byName
    const byAddress = judge(this.#linesOf(lookupName(address, port)), key)
    return byAddress.verdict === 'changed' || byAddress.verdict === 'revoked' ? byAddress : byName
  }

  /** The types of the keys recorded for the host, to ask it for these first: order_hostkeyalgs() in sshconnect2.c. */
  keyTypes(name: string, address: string | undefined, port: number): string[] {
    const byName = plain(this.#linesOf(lookupName(name, port)))
    // Without a key for this port ssh accepts one recorded without port, but does not ask for its type first.
    const recorded = byName.length > 0 ? byName : plain(this.#linesOf(lookupName(name, 22)))
    const byAddress = address === undefined ? [] : plain(this.#linesOf(lookupName(address, port)))
    return [...new Set([...recorded, ...byAddress].map(({ type }) => type))]
  }

  /** The host is vouched for by @cert-authority lines and by no plain key. */
  onlyAuthority(name: string, port: number): boolean {
    const lines = [lookupName(name, port), lookupName(name, 22)].flatMap((each) => this.#linesOf(each))
    return plain(lines).length === 0 && lines.some(({ marker }) => marker === '@cert-authority')
  }

  #checkName(name: string, port: number, key: Buffer): Verdict {
    const exact = judge(this.#linesOf(lookupName(name, port)), key)
    if (exact.verdict === 'changed' || exact.verdict === 'revoked') return exact
    // sshconnect.c, "checking without port identifier": such a key may vouch for the host, and is never in the way.
    const portless = judge(this.#linesOf(lookupName(name, 22)), key)
    return portless.verdict === 'known' || portless.verdict === 'revoked' ? portless : exact
  }

  #linesOf(name: string): readonly Line[] {
    let lines = this.#found.get(name)
    if (lines === undefined) {
      lines = this.#lines.filter(({ names }) => fits(name, names))
      this.#found.set(name, lines)
    }
    return lines
  }
}

/** The name under which known_hosts has a host: `[host]:port` unless the port is 22; lower case. */
export function lookupName(host: string, port: number): string {
  return lowerCase(port === 22 ? host : `[${host}]:${port}`)
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/**
 * Records a host's key at the end of a known_hosts file, which is made where it is missing, 0600 in a folder of 0700.
 *
 * One write in append mode, so that lines of processes that do the same at once stay whole.
 *
 * @param hash hide the name, for HashKnownHosts
 * @throws {LxcnetError} `bad-target` for a name that would read as a pattern, `known-hosts-write` when it fails
 */
export function accept(file: string, name: string, port: number, key: Buffer, hash: boolean): void {
  // check_host_key() in sshconnect.c, "Don't ever try to write an invalid name to a known hosts file".
  if (name === '' || /[@?*#[\]|'"\\,!\s]/.test(name))
    throw new LxcnetError('bad-target', `${name}: not a name for ${file}`)
  const host = lookupName(name, port)
  const line = `${hash ? hashed(host) : host} ${keyType(key)} ${key.toString('base64')}\n`
  const path = Buffer.from(file, 'latin1')
  try {
    mkdirSync(Buffer.from(dirname(file), 'latin1'), { recursive: true, mode: 0o700 })
    const handle = openSync(path, 'a+', 0o600)
    try {
      writeSync(handle, endsWithinLine(handle) ? `\n${line}` : line, null, 'latin1')
    } finally {
      closeSync(handle)
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LxcnetError('known-hosts-write', `${file}: cannot record the host key of ${host}: ${reason}`, {
      exit: exit.unreachable,
      cause,
    })
  }
}

function endsWithinLine(handle: number): boolean {
  const { size } = fstatSync(handle)
  const last = Buffer.alloc(1)
  return size > 0 && readSync(handle, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a
}

function judge(lines: readonly Line[], key: Buffer): Verdict {
  const same = lines.filter(({ blob }) => blob.equals(key))
  const revoked = same.find(({ marker }) => marker === '@revoked')
  if (revoked !== undefined) return { verdict: 'revoked', file: revoked.file, line: revoked.line }
  if (plain(same).length > 0) return { verdict: 'known' }
  const others = plain(lines)
  if (others.length === 0) return { verdict: 'unknown' }
  const places = others.map(({ file, line, blob }) => ({ file, line, fingerprint: fingerprint(blob) }))
  return { verdict: 'changed', places }
}

const plain = (lines: readonly Line[]): Line[] => lines.filter(({ marker }) => marker === '')

/** lowercase() in OpenSSH's misc.c: letters of ASCII only. */
const lowerCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Where OpenSSH switches CheckHostIP off: sockaddr_is_local() in sshconnect.c. */
const isLoopback = (address: string): boolean => /^127\./.test(address) || address === '::1'

function readLines(file: string): Line[] {
  let text: string
  try {
    text = readFileSync(Buffer.from(file, 'latin1'), 'latin1')
  } catch {
    return []
  }
  return text.split('\n').flatMap((raw, index) => parseLine(raw, file, index + 1) ?? [])
}

/**
 * `[@marker] names type base64 [comment]`; comments, and what OpenSSH skips as invalid, are undefined.
 *
 * OpenSSH overlooks a marker that is followed by a tab instead of a space, check_markers() in hostfile.c; a @revoked is
 * not to be overlooked.
 */
function parseLine(raw: string, file: string, line: number): Line | undefined {
  const [, marker = '', names = '', rest = ''] = /^[ \t]*(?:(@[^ \t]*)[ \t]+)?([^ \t]+)[ \t]+(.*)$/s.exec(raw) ?? []
  if (marker !== '' && marker !== '@cert-authority' && marker !== '@revoked') return undefined
  if (names === '' || names.startsWith('@') || (marker === '' && names.startsWith('#'))) return undefined
  const key = parsePublicKey(rest)
  const parsed = parseNames(names)
  return key && parsed && { ...key, file, line, marker, names: parsed }
}

/** `|1|salt|HMAC-SHA1 of the name`, both in base64: host_hash() in hostfile.c. Undefined when it is no whole hash. */
function parseNames(names: string): Names | undefined {
  if (!names.startsWith('|')) return { patterns: lowerCase(names) }
  const [, salt = '', hash = ''] = /^\|1\|([A-Za-z0-9+/]{27}=)\|([A-Za-z0-9+/]{27}=)$/.exec(names) ?? []
  return hash === '' ? undefined : { salt: createSecretKey(Buffer.from(salt, 'base64')), hash }
}

/** match_maybe_hashed() in hostfile.c; `name` is in lower case. */
function fits(name: string, names: Names): boolean {
  return 'patterns' in names ? fitsList(name, names.patterns) : hashOf(name, names.salt) === names.hash
}

/** With a KeyObject, which the crypto of Node.js 24 takes six times as fast as the same bytes in a Buffer. */
const hashOf = (name: string, salt: KeyObject): string =>
  createHmac('sha1', salt).update(name, 'latin1').digest('base64')

function hashed(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${hashOf(name, createSecretKey(salt))}`
}

/** match_pattern_list() in match.c: one pattern with `!` that fits outweighs all the others. */
function fitsList(name: string, list: string): boolean {
  let positive = false
  for (const pattern of list.split(',')) {
    const negated = pattern.startsWith('!')
    if (!fitsPattern(name, negated ? pattern.slice(1) : pattern)) continue
    if (negated) return false
    positive = true
  }
  return positive
}

/** `*` is any text, `?` any one character. Goes back to the last `*` only, so that no pattern costs more than n·m. */
function fitsPattern(name: string, pattern: string): boolean {
  let at = 0
  let next = 0
  let star = -1
  let resume = 0
  while (at < name.length) {
    if (pattern[next] === '*') {
      star = next
      resume = at
      next += 1
    } else if (pattern[next] === '?' || pattern[next] === name[at]) {
      at += 1
      next += 1
    } else if (star >= 0) {
      resume += 1
      at = resume
      next = star + 1
    } else {
      return false
    }
  }
  while (pattern[next] === '*') next += 1
  return next === pattern.length
}
