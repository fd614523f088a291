/** SSH as a way to hosts: openers of sessions behind the port of host/. */
import { isDeepStrictEqual } from 'node:util'
import { exit, LxcnetError } from '../core/error.ts'
import type { Target, Transport } from '../core/target.ts'
import type { Connection, ExecOptions, ExecResult } from '../host/port.ts'
import { SshConnection } from './connection.ts'
import { type HostKeyPolicy, HostKeys } from './host-keys.ts'
import { type Hop, JumpHosts } from './jump-hosts.ts'
import { Keys } from './keys.ts'
import type { Common } from './log-in.ts'
import { type Login, Logins, needsOpenSsh } from './login.ts'
import { OpenSsh } from './openssh.ts'
import { Lasting, type Session } from './session.ts'
import { type Opened, openShell, Shells, type Start } from './shell.ts'
import { openRootShell } from './sudo.ts'

export { sshCodes } from './codes.ts'

/** What the operator is asked for, once a run; undefined when nobody is there to answer. Bytes as latin1 text. */
export interface Secrets {
  passphrase(keyFile: string): Promise<string | undefined>
  /** Of `user` at `host` for sudo; asked at once when --ask-sudo-password says so, else never. */
  sudoPassword(host: string, user: string): Promise<string | undefined>
}

export interface SshOptions {
  transport: Transport
  /** --host-key: an unknown key is refused, or written into known_hosts. A changed one is always refused. */
  hostKey: HostKeyPolicy
  /** Until a shell can be started: TCP, handshake and login together. Time for a passphrase does not count. */
  connectTimeoutMs: number
  secrets: Secrets
}

/** All that the hosts of one run share: parsed keys, the answers of `ssh -G`, jump hosts, passphrases. */
export class Ssh {
  readonly #options: SshOptions
  readonly #logins = new Logins()
  readonly #common: Common
  readonly #jumpHosts: JumpHosts
  readonly #openSsh: OpenSsh
  readonly #hosts = new Set<SshHost>()
  #ending = new AbortController()
  #prepared: { target: Target; host: Connection } | undefined

  constructor(options: SshOptions) {
    const { hostKey, connectTimeoutMs, secrets } = options
    this.#options = options
    this.#common = {
      hostKeys: new HostKeys(hostKey),
      keys: new Keys((file) => secrets.passphrase(file)),
      connectTimeoutMs,
      signal: this.#ending.signal,
    }
    this.#jumpHosts = new JumpHosts(this.#logins, this.#common)
    this.#openSsh = new OpenSsh({ hostKeys: hostKey, connectTimeoutMs })
  }

  /** Begins the login at a host that will be asked for, or not: then it is nobody's concern, nor is what is wrong with it. */
  async prepare(target: Target): Promise<void> {
    await import('ssh2') // it takes as long as the answer of ssh, which has been asked
    const host = this.#host(target, undefined)
    host.prepare()
    this.#prepared = { target, host }
  }

  /** Nothing is connected before the first exec, unless it was prepared. */
  host(target: Target): Connection {
    const prepared = this.#prepared
    if (prepared !== undefined && isDeepStrictEqual(prepared.target, target)) return prepared.host
    return this.#host(target, undefined)
  }

  #host(target: Target, address: string | undefined): SshHost {
    const host = new SshHost(target, {
      resolve: () => this.#logins.resolve(target, address),
      open: (login) => this.#open(target, login),
      sudoPassword: (user) => this.#options.secrets.sudoPassword(target.name, user),
      anew: (other) => this.#host(target, other ?? address),
    })
    this.#hosts.add(host)
    return host
  }

  async #open(target: Target, login: Login): Promise<Session> {
    const { name } = target
    const { connectTimeoutMs: timeoutMs } = this.#common
    const hops = await this.#jumpHosts.before(name, login)
    const wanted = target.transport ?? this.#options.transport
    const reason = wanted === 'openssh' ? undefined : this.#whyOpenSsh([...hops, { name, login }])
    if (reason !== undefined && wanted === 'ssh2') throw unsupported(name, reason)
    if (reason !== undefined || wanted === 'openssh') return this.#openSsh.open({ host: name, login, timeoutMs }, hops)
    const through = await this.#jumpHosts.through(name, hops)
    return SshConnection.open({ host: name, login, through }, this.#common)
  }

  #whyOpenSsh(hops: readonly Hop[]): string | undefined {
    for (const { login } of hops) {
      const reason = needsOpenSsh(login, this.#common.hostKeys.known(login))
      if (reason !== undefined) return reason
    }
    return undefined
  }

  /** Ends all connections, those of the hosts and what they share, and what would become one. Who asks later connects anew. */
  async close(): Promise<void> {
    this.#ending.abort()
    this.#ending = new AbortController()
    this.#common.signal = this.#ending.signal
    await Promise.all([...this.#hosts].map((host) => host.close()))
    await Promise.all([this.#jumpHosts.close(), this.#openSsh.close()])
  }
}

function unsupported(name: string, reason: string): LxcnetError {
  return new LxcnetError('ssh-unsupported', `${name}: the built-in SSH cannot log in there because of ${reason}`, {
    exit: exit.unreachable,
    suggestions: ['--transport openssh, or auto'],
  })
}

/** What a host needs of the run. */
interface Ways {
  resolve(): Promise<Login>
  open(login: Login): Promise<Session>
  sudoPassword(user: string): Promise<string | undefined>
  anew(address: string | undefined): Connection
}

class SshHost implements Connection {
  readonly name: string
  readonly #target: Target
  readonly #ways: Ways
  readonly #session: Lasting<Session>
  readonly #shells = new Shells((options) => this.#open(options))
  /** The first login, until somebody asks for it, who is then told also how it failed. */
  #early: Promise<Session> | undefined

  constructor(target: Target, ways: Ways) {
    this.name = target.name
    this.#target = target
    this.#ways = ways
    this.#session = new Lasting(async () => ways.open(await ways.resolve()))
  }

  prepare(): void {
    this.#early = this.#session.get()
    this.#early.catch(() => {})
  }

  async exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    return this.#shells.run(script, options)
  }

  async #open(options: ExecOptions): Promise<Opened> {
    const { sudo, sudoPassword } = this.#target
    const { user } = await this.#ways.resolve()
    if (!(sudo ?? user !== 'root')) return openShell(this.#start)
    const password = sudoPassword ?? (await this.#ways.sudoPassword(user))
    return openRootShell(this.#start, options, { host: this.name, user, password })
  }

  /** A connection that broke while nobody used it is noticed here: nothing was sent, so a new one may take its place. */
  readonly #start: Start = async (commandLine) => {
    const early = this.#early
    this.#early = undefined
    const session = await (early ?? this.#session.get())
    return session.start(commandLine).catch(async (error: unknown) => {
      if (session.isOpen) throw error
      return (await this.#session.get()).start(commandLine)
    })
  }

  anew(address?: string): Connection {
    return this.#ways.anew(address)
  }

  async close(): Promise<void> {
    this.#shells.end()
    await (await this.#session.made())?.close()
  }
}
