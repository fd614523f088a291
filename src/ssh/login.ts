/**
 * How to log in to a target: ~/.ssh/config in full, as the system's own `ssh -G` resolves it (Include, Match, tokens,
 * canonical names), or ssh's defaults where there is no ssh program.
 */
import { existsSync } from 'node:fs'
import pLimit from 'p-limit'
import type { Target } from '../core/target.ts'
import { ssh2Algorithms } from './algorithms.ts'
import { asOf, saysTheSameOfAll } from './alike.ts'
import { publicHalf } from './identity.ts'
import { type KnownHosts, lookupName } from './known-hosts.ts'
import { agentSocket, expandHome, localUser, pathList, tokenExpander } from './ssh-paths.ts'
import { askSsh, isOn, noneIsUndefined, type Settings, sshDefaults } from './ssh-settings.ts'
import { checkHost, sshWords } from './ssh-words.ts'
import { hasTicket } from './ticket.ts'

/** Settings under the names of ssh_config(5); texts and paths are bytes as latin1, paths without ~ and tokens. */
export interface Login {
  /** HostName: what to connect to. */
  host: string
  port: number
  user: string
  /** Whether or not they exist: ssh names its defaults too. */
  identityFiles: string[]
  identitiesOnly: boolean
  /** The agent's socket. */
  agent: string | undefined
  /** With FILE-cert.pub of every identity where none is configured, as ssh does; whether or not they exist. */
  certificateFiles: string[]
  /** UserKnownHostsFile and GlobalKnownHostsFile. */
  knownHosts: string[]
  /** Where ssh would record a new host key: the first UserKnownHostsFile; undefined when that is `none`. */
  recordHostKeyIn: string | undefined
  /** HostKeyAlias, else HostName: what ssh looks up. */
  hostKeyName: string
  /** With which port: 22 with a HostKeyAlias, since ssh looks that up as it is. */
  hostKeyPort: number
  checkHostIp: boolean
  hashKnownHosts: boolean
  strict: 'yes' | 'ask' | 'accept-new' | 'no' | 'off'
  /** ProxyJump: `[user@]host[:port]`, several separated by commas. */
  jump: string | undefined
  proxyCommand: string | undefined
  pkcs11: string | undefined
  /** GSSAPIAuthentication is on, as all over Debian, and there is a ticket to use it with. */
  gssapi: boolean
  connectTimeoutSeconds: number | undefined
  /** ServerAliveInterval, 0 for never, and ServerAliveCountMax. */
  keepAlive: { intervalSeconds: number; count: number }
  addressFamily: 'any' | 'inet' | 'inet6'
  /** Lists in the order of preference; empty when there is no ssh to tell. */
  ciphers: string[]
  kex: string[]
  hostKeyAlgorithms: string[]
  /** Settings beyond these that change who is trusted or how one logs in, each as `Keyword value`. */
  furtherSettings: string[]
  /** What ssh(1) is called with for this very login, the host last. */
  sshWords: string[]
}

export interface LoginsOptions {
  /** Instead of ~/.ssh/config and /etc/ssh/ssh_config: ssh(1) `-F`. */
  configFile?: string
}

/** The logins of one run. */
export class Logins {
  readonly #options: LoginsOptions
  readonly #resolved = new Map<string, Promise<Login>>()
  /** By the words for ssh: the host that was asked about first, for the others that are like it. */
  readonly #firsts = new Map<string, { host: string; settings: Promise<Settings | undefined> }>()
  #alike: boolean | undefined
  /** `ssh -G` costs 12 ms of CPU; four at once keep the cores busy without a heap of processes. */
  readonly #limit = pLimit(4)
  #ticket: Promise<boolean> | undefined

  constructor(options: LoginsOptions = {}) {
    this.#options = options
  }

  /**
   * The same target is resolved once.
   *
   * @param address where the host is to be reached instead; its key is still looked up under the name it is known by
   * @throws {LxcnetError} `bad-target` before anything is run, `ssh-config` when ssh refuses its configuration,
   *   `ssh-unsupported` for sshArgs without an ssh program
   */
  async resolve(target: Target, address?: string): Promise<Login> {
    const { name, port, user, identityFile, jump, sshArgs } = target
    const key = JSON.stringify([target.address ?? name, port, user, identityFile, jump, sshArgs, address])
    let login = this.#resolved.get(key)
    if (login === undefined) {
      login = address === undefined ? this.#resolve(target, sshWords(target)) : this.#resolveMoved(target, address)
      this.#resolved.set(key, login)
    }
    return login
  }

  async #resolveMoved(target: Target, address: string): Promise<Login> {
    checkHost(target.name, address)
    const known = await this.resolve(target)
    const { hostKeyName, hostKeyPort } = known
    const words = [
      ...['-o', `HostName=${address.replaceAll('%', '%%')}`],
      ...['-o', `HostKeyAlias=${lookupName(hostKeyName, hostKeyPort)}`, '-o', 'CheckHostIP=no'],
      ...sshWords(target),
    ]
    return { ...(await this.#resolve(target, words)), host: address, hostKeyName, hostKeyPort, checkHostIp: false }
  }

  async #resolve(target: Target, words: readonly string[]): Promise<Login> {
    const host = target.address ?? target.name
    const { configFile } = this.#options
    const own = [...(configFile === undefined ? [] : ['-F', configFile]), ...words]
    const all = [...own, '--', host]
    const settings = (await this.#settings(target, own, host)) ?? sshDefaults(target)
    const gssapi = isOn(settings, 'gssapiauthentication') && (await this.#hasTicket())
    return { ...loginFrom(settings, target), gssapi, sshWords: all }
  }

  async #settings(target: Target, words: readonly string[], host: string): Promise<Settings | undefined> {
    const ask = (): Promise<Settings | undefined> => this.#limit(() => askSsh(target, [...words, '--', host]))
    const { sshArgs = [] } = target
    if (sshArgs.length > 0 || !this.#areAlike()) return ask()
    const key = JSON.stringify(words)
    const first = this.#firsts.get(key)
    if (first === undefined) {
      const settings = ask()
      this.#firsts.set(key, { host, settings })
      return settings
    }
    const settings = await first.settings.catch(() => undefined)
    return (settings && asOf(settings, first.host, host)) ?? ask()
  }

  #areAlike(): boolean {
    const { configFile } = this.#options
    const usual = [`${localUser().home}/.ssh/config`, '/etc/ssh/ssh_config'] // ssh(1), FILES
    this.#alike ??= saysTheSameOfAll(configFile === undefined ? usual : [configFile])
    return this.#alike
  }

  #hasTicket(): Promise<boolean> {
    this.#ticket ??= hasTicket()
    return this.#ticket
  }
}

/**
 * Why the library ssh2 cannot do this login and ssh(1) can, in words that fit after "because of"; undefined when it can.
 *
 * A setting counts only where it takes effect: a certificate that is there, GSSAPI with a ticket.
 */
export function needsOpenSsh(login: Login, known: KnownHosts): string | undefined {
  const certificate = login.certificateFiles.find((file) => existsSync(Buffer.from(file, 'latin1')))
  if (certificate !== undefined) return `the certificate ${certificate}`
  for (const file of login.identityFiles) {
    const type = publicHalf(file)?.type
    if (type !== undefined && !has(ssh2Algorithms.identities, type)) return `the ${type} key ${file}`
  }
  if (login.pkcs11 !== undefined) return `PKCS11Provider ${login.pkcs11}`
  if (login.gssapi) return 'a Kerberos ticket and GSSAPIAuthentication'
  if (login.proxyCommand !== undefined) return `ProxyCommand ${login.proxyCommand}`
  if (login.furtherSettings[0] !== undefined) return login.furtherSettings[0]
  if (known.onlyAuthority(login.hostKeyName, login.hostKeyPort))
    return '@cert-authority as the only word on its host key'
  const lists: [string, string[], readonly string[]][] = [
    ['KexAlgorithms', login.kex, ssh2Algorithms.kex],
    ['Ciphers', login.ciphers, ssh2Algorithms.ciphers],
    ['HostKeyAlgorithms', login.hostKeyAlgorithms, ssh2Algorithms.hostKeys],
  ]
  const pinned = lists.find(([, wanted, ours]) => wanted.length > 0 && !wanted.some((word) => has(ours, word)))
  return pinned && `${pinned[0]} ${pinned[1].join(',')}`
}

const has = (list: readonly string[], word: string): boolean => list.includes(word)

function loginFrom(settings: Settings, target: Target): Omit<Login, 'gssapi' | 'sshWords'> {
  const one = (keyword: string): string | undefined => noneIsUndefined(settings.get(keyword)?.[0])
  const number = (keyword: string): number | undefined =>
    one(keyword) === undefined ? undefined : Number(one(keyword))
  const list = (keyword: string): string[] => one(keyword)?.split(',') ?? []
  const host = one('hostname') ?? target.name
  const port = number('port') ?? 22
  const user = one('user') ?? localUser().name
  const alias = one('hostkeyalias')
  const path = tokenExpander({ word: target.address ?? target.name, host, port, user, alias })
  const paths = (keyword: string): string[] =>
    (settings.get(keyword) ?? []).filter((file) => file.toLowerCase() !== 'none').map(path)
  const identityFiles = paths('identityfile')
  // ssh(1) -i leaves out a file that is not there; lxcnet keeps it, to be able to say so.
  const own = target.identityFile === undefined ? undefined : path(target.identityFile)
  if (own !== undefined && !identityFiles.includes(own)) identityFiles.unshift(own)
  const certificates = paths('certificatefile')
  const userKnownHosts = pathList(one('userknownhostsfile')).map(expandHome)
  const proxied = one('proxyjump') !== undefined || one('proxycommand') !== undefined
  return {
    host,
    port,
    user,
    identityFiles,
    identitiesOnly: isOn(settings, 'identitiesonly'),
    agent: agentSocket(settings.get('identityagent')?.[0]),
    // load_public_identity_files() in ssh.c
    certificateFiles: certificates.length > 0 ? certificates : identityFiles.map((file) => `${file}-cert.pub`),
    knownHosts: [...userKnownHosts, ...pathList(one('globalknownhostsfile')).map(expandHome)],
    recordHostKeyIn: userKnownHosts[0],
    hostKeyName: alias ?? host,
    hostKeyPort: alias === undefined ? port : 22,
    // sshconnect.c, check_host_key(): there is no address to check behind a proxy.
    checkHostIp: isOn(settings, 'checkhostip') && !proxied,
    hashKnownHosts: isOn(settings, 'hashknownhosts'),
    strict: strictness(one('stricthostkeychecking')),
    jump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    pkcs11: one('pkcs11provider'),
    connectTimeoutSeconds: number('connecttimeout'),
    keepAlive: { intervalSeconds: number('serveraliveinterval') ?? 0, count: number('serveralivecountmax') ?? 3 },
    addressFamily: familyOf(one('addressfamily')),
    ciphers: list('ciphers'),
    kex: list('kexalgorithms'),
    hostKeyAlgorithms: list('hostkeyalgorithms'),
    furtherSettings: furtherSettings(settings),
  }
}

/** What neither ssh2 nor lxcnet does for it: other words on host keys, other proof of the user, other ways out. */
function furtherSettings(settings: Settings): string[] {
  const keywords = ['RevokedHostKeys', 'KnownHostsCommand', 'BindAddress', 'BindInterface'] as const
  const words = keywords.map((keyword) => [keyword, noneIsUndefined(settings.get(keyword.toLowerCase())?.[0])] as const)
  const switches = ['VerifyHostKeyDNS', 'HostbasedAuthentication']
  return [
    ...words.flatMap(([keyword, value]) => (value === undefined ? [] : [`${keyword} ${value}`])),
    ...switches.filter((keyword) => isOn(settings, keyword.toLowerCase())).map((keyword) => `${keyword} yes`),
  ]
}

function strictness(value = 'ask'): Login['strict'] {
  if (value === 'ask' || value === 'accept-new' || value === 'off' || value === 'yes') return value
  return value === 'true' ? 'yes' : 'no' // `ssh -G` prints yes as true and no as false
}

const familyOf = (value: string | undefined): Login['addressFamily'] =>
  value === 'inet' || value === 'inet6' ? value : 'any'
