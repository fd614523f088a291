/** A connection of the library ssh2: one login that starts shells and, on a jump host, carries other connections. */
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientChannel } from 'ssh2'
import { exit, LxcnetError } from '../core/error.ts'
import { Broken, type Common, type LoggedIn, logIn, type Route } from './log-in.ts'
import type { Session } from './session.ts'
import type { Shell } from './shell.ts'
import { type Destination, forwardsNothing, obstacleIn, unreachable } from './unreachable.ts'

export class SshConnection implements Session {
  readonly host: string
  readonly #client: Client
  readonly #stream: Duplex
  /** One for each shell that is being started or runs, until it has ended. */
  readonly #sessions = new Set<Promise<void>>()
  #isOpen = true

  private constructor(host: string, { client, stream }: LoggedIn) {
    this.host = host
    this.#client = client
    this.#stream = stream
    client.on('error', () => client.destroy()) // the status of each shell says it
    // ssh2 says so before it ends the channels.
    client.on('close', () => {
      this.#isOpen = false
    })
  }

  /**
   * A connection that breaks while it comes about is tried once more: sshd drops some when many come at once
   * (MaxStartups of sshd_config(5)). What was refused is not.
   *
   * @throws {LxcnetError} `unreachable`, `login-refused`, `host-key-unknown`, `host-key-changed` …
   */
  static async open(route: Route, common: Common): Promise<SshConnection> {
    const { signal } = common
    const loggedIn = await logIn(route, common)
      .catch(async (error: unknown) => {
        if (!(error instanceof Broken) || signal.aborted) throw error
        await sleep(500)
        return logIn(route, common)
      })
      .catch((error: unknown) => {
        throw error instanceof Broken ? error.reason : error
      })
    return new SshConnection(route.host, loggedIn)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Where sshd allows no more sessions at once (MaxSessions of sshd_config(5)), waits until one of them has ended. */
  async start(commandLine: string): Promise<Shell> {
    for (;;) {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>()
      this.#sessions.add(ended)
      ended.then(() => this.#sessions.delete(ended))
      try {
        const shell = this.#watch(await this.#exec(commandLine))
        shell.status.then(() => end())
        return shell
      } catch (error) {
        end()
        await ended
        if (!this.#isOpen || this.#sessions.size === 0) throw this.#noShell(error as Error)
        await Promise.race(this.#sessions)
      }
    }
  }

  #exec(commandLine: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.#client.exec(commandLine, (error, channel) => (error ? reject(error) : resolve(channel)))
    })
  }

  #watch(channel: ClientChannel): Shell {
    const { promise: status, resolve } = Promise.withResolvers<number | null>()
    let exitStatus: number | null = null
    channel.on('exit', (code: number | null) => {
      exitStatus = code
    })
    const closed = (stream: NodeJS.EventEmitter) => new Promise((done) => stream.on('close', done))
    // A status may come before the last of the output: only an orderly end makes it count.
    Promise.all([closed(channel), closed(channel.stderr)]).then(() => resolve(this.#isOpen ? exitStatus : null))
    const kill = (): void => {
      channel.signal('KILL')
      channel.close()
      resolve(null)
    }
    return { stdin: channel, stdout: channel, stderr: channel.stderr, status, kill }
  }

  #noShell(error: Error): LxcnetError {
    return new LxcnetError('unreachable', `${this.host}: sshd starts no shell: ${error.message}`, {
      exit: exit.unreachable,
      suggestions: ['the log of sshd there says why; see MaxSessions and ForceCommand of sshd_config(5)'],
      cause: error,
    })
  }

  /** A TCP connection from this host on. */
  async forward(destination: Destination): Promise<ClientChannel> {
    const { host, port } = destination.login
    try {
      return await new Promise<ClientChannel>((resolve, reject) => {
        this.#client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
          if (error) reject(error)
          else resolve(channel)
        })
      })
    } catch (error) {
      const { reason, message } = error as Error & { reason?: unknown }
      // RFC 4254 section 5.1: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
      if (reason === 1) throw forwardsNothing(destination.host, this.host)
      throw unreachable(destination, obstacleIn(message) ?? 'failed', message)
    }
  }

  /** Once the host has been told: what it answers is of no use. */
  async close(): Promise<void> {
    const { promise: told, resolve } = Promise.withResolvers<void>()
    this.#stream.once('finish', resolve).once('close', resolve)
    const timer = setTimeout(resolve, 1000)
    this.#isOpen = false
    this.#client.end()
    if (!this.#stream.destroyed) await told
    clearTimeout(timer)
    this.#stream.destroy()
  }
}
