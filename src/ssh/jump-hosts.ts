/**
 * Jump hosts, ProxyJump of ssh_config(5): each is a login of its own, with its own host key, and has one connection for
 * the whole run, however many hosts lie behind it.
 */
import { exit, LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import { SshConnection } from './connection.ts'
import type { Common } from './log-in.ts'
import type { Login, Logins } from './login.ts'
import { Lasting } from './session.ts'
import { jumpFailed } from './unreachable.ts'

export interface Hop {
  name: string
  login: Login
}

export class JumpHosts {
  readonly #logins: Logins
  readonly #common: Common
  /** By the names of the hops up to it. */
  readonly #connections = new Map<string, Lasting<SshConnection>>()

  constructor(logins: Logins, common: Common) {
    this.#logins = logins
    this.#common = common
  }

  /**
   * The hops before a host, the nearest first. As ssh(1) has it, what stands before a hop in ProxyJump is how to reach
   * that hop, and the first one may have a ProxyJump of its own.
   *
   * @throws {LxcnetError} `jump-failed` for hops in a circle
   */
  async before(host: string, { jump }: Login, seen: readonly string[] = []): Promise<Hop[]> {
    if (jump === undefined) return []
    if (seen.includes(jump)) {
      throw new LxcnetError('jump-failed', `${host}: its jump hosts lead in a circle: ${[...seen, jump].join(' → ')}`, {
        exit: exit.unreachable,
        suggestions: ['ProxyJump none for one of them in ~/.ssh/config'],
      })
    }
    const hops = jump.split(',')
    const target = hopTarget(hops.at(-1) ?? '', hops.slice(0, -1).join(','))
    const login = await this.#logins.resolve(target)
    return [...(await this.before(target.name, login, [...seen, jump])), { name: target.name, login }]
  }

  /**
   * The connection to the last of these hops.
   *
   * @throws {LxcnetError} `jump-failed`
   */
  async through(host: string, hops: readonly Hop[]): Promise<SshConnection | undefined> {
    const last = hops.at(-1)
    if (last === undefined) return undefined
    const key = JSON.stringify(hops.map(({ login: { user, host, port } }) => [user, host, port]))
    let connection = this.#connections.get(key)
    if (connection === undefined) {
      connection = new Lasting(async () => {
        const through = await this.through(last.name, hops.slice(0, -1))
        return SshConnection.open({ host: last.name, login: last.login, through }, this.#common)
      })
      this.#connections.set(key, connection)
    }
    return connection.get().catch((error: unknown) => {
      throw error instanceof LxcnetError ? jumpFailed(host, error) : error
    })
  }

  async close(): Promise<void> {
    const made = await Promise.all([...this.#connections.values()].map((connection) => connection.made()))
    await Promise.all(made.map((connection) => connection?.close()))
  }
}

/** One `[user@]host[:port]`, an IPv6 address in brackets, as parse_jump() in OpenSSH's readconf.c reads it. */
function hopTarget(hop: string, jump: string): Target {
  const [, user, host = hop, port] = /^(?:ssh:\/\/)?(?:(.*)@)?(\[.*\]|[^:]*)(?::(\d+))?\/?$/.exec(hop) ?? []
  return {
    name: host.replace(/^\[(.*)\]$/, '$1'),
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
    ...(jump !== '' && { jump }),
  }
}
