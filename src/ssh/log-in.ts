/** Login by the library ssh2: reaches the host, checks its key, offers the user's keys. All within one time-out. */
import { once } from 'node:events'
import { connect as connectTcp, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Algorithms, AnyAuthMethod, Client } from 'ssh2'
import type { LxcnetError } from '../core/error.ts'
import { ssh2Algorithms } from './algorithms.ts'
import { Authentication, type Unhurried } from './authentication.ts'
import type { HostKeys } from './host-keys.ts'
import type { Keys } from './keys.ts'
import type { KnownHosts } from './known-hosts.ts'
import type { Login } from './login.ts'
import { type Destination, obstacleOf, unreachable } from './unreachable.ts'

export interface Route {
  /** As in reports. */
  host: string
  login: Login
  /** The connection to the jump host next to it. */
  through: JumpHost | undefined
}

export interface JumpHost {
  readonly host: string
  forward(destination: Destination): Promise<Duplex>
}

/** After so long without a word the host is asked for one, ServerAliveInterval of ssh_config(5), where that is 0. */
export const defaultKeepAliveSeconds = 15

/** What all logins of a run have in common. */
export interface Common {
  hostKeys: HostKeys
  keys: Keys
  connectTimeoutMs: number
  /** No login that has begun is waited for any longer. */
  signal: AbortSignal
}

/** The connection broke in the middle, which a second try may mend. */
export class Broken extends Error {
  readonly reason: LxcnetError
  constructor(reason: LxcnetError) {
    super(reason.message)
    this.reason = reason
  }
}

export interface LoggedIn {
  client: Client
  /** What it talks over: ssh2 does not close one that it has ended and whose other end is silent. */
  stream: Duplex
}

/**
 * @throws {LxcnetError} `unreachable`, `login-refused`, or what the check of the host's key says
 * @throws {Broken}
 */
export async function logIn({ host, login, through }: Route, common: Common): Promise<LoggedIn> {
  const { connectTimeoutMs: timeoutMs, signal: ending } = common
  const destination = { host, login, through: through?.host, timeoutMs }
  const abort = new AbortController()
  const end = () => abort.abort()
  ending.addEventListener('abort', end)
  const restart = () => setTimeout(end, timeoutMs).unref() // the connection keeps lxcnet alive
  let timer = restart()
  const unhurried: Unhurried = async (work) => {
    clearTimeout(timer)
    try {
      return await work()
    } finally {
      timer = restart()
    }
  }
  let client: Client | undefined
  try {
    const stream = await (through === undefined
      ? dial(destination, abort.signal)
      : jump(through, destination, abort.signal))
    // not before: while it is loaded, sshd starts what serves this connection
    const { default: ssh2 } = await import('ssh2')
    client = new ssh2.Client()
    await handshake({ client, stream, destination, common, unhurried, signal: abort.signal })
    return { client, stream }
  } catch (error) {
    client?.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    ending.removeEventListener('abort', end)
  }
}

/** Several addresses of a name are tried one after another, as RFC 8305 says, each for longer than a lost SYN takes. */
async function dial(destination: Destination, signal: AbortSignal): Promise<Socket> {
  const { host, port, addressFamily } = destination.login
  const family = { any: 0, inet: 4, inet6: 6 }[addressFamily]
  // Without TCP_NODELAY each small packet of SSH waits some 40 ms for the acknowledgement of the one before.
  const socket = connectTcp({ host, port, family, noDelay: true, signal, autoSelectFamilyAttemptTimeout: 2500 })
  try {
    await once(socket, 'connect')
    return socket
  } catch (error) {
    socket.destroy()
    if (signal.aborted) throw unreachable(destination, 'timed-out')
    throw unreachable(destination, obstacleOf(error as Error) ?? 'failed', (error as Error).message)
  }
}

async function jump(through: JumpHost, destination: Destination, signal: AbortSignal): Promise<Duplex> {
  const forwarded = through.forward(destination)
  const { promise: timeUp, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => {
    reject(unreachable(destination, 'timed-out'))
    forwarded.then(
      (channel) => channel.destroy(),
      () => {},
    )
  })
  return Promise.race([forwarded, timeUp])
}

interface Handshake {
  client: Client
  stream: Duplex
  destination: Destination
  common: Common
  unhurried: Unhurried
  signal: AbortSignal
}

function handshake({ client, stream, destination, common, unhurried, signal }: Handshake): Promise<void> {
  const { host, login } = destination
  const { hostKeys, keys } = common
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const address = login.checkHostIp && stream instanceof Socket ? stream.remoteAddress : undefined
  const authentication = new Authentication(login, keys)
  const methods = authentication.methods(unhurried)
  let accepted: readonly string[] = []
  let exhausted = false
  let badKey: unknown

  /** Undefined for a key that cannot sign: ssh2 goes on with the next. */
  const failure = (error: Error & { level?: string }): unknown => {
    if (badKey !== undefined) return badKey
    if (exhausted || /too many authentication failures/i.test(error.message))
      return authentication.refusal(host, accepted)
    if (error.level === 'agent' || error.level === 'client-authentication') return undefined
    const obstacle = obstacleOf(error) ?? 'failed'
    const reason = unreachable(destination, obstacle, error.message)
    return obstacle === 'failed' ? reason : new Broken(reason)
  }
  client.on('error', (error) => {
    const reason = failure(error)
    if (reason !== undefined) reject(reason)
  })
  client.on('close', () => reject(new Broken(unreachable(destination, 'closed'))))
  client.on('ready', resolve)
  signal.addEventListener('abort', () => reject(new Broken(unreachable(destination, 'timed-out'))))

  client.connect({
    sock: stream,
    username: login.user,
    readyTimeout: 0, // the time-out of this file holds
    keepaliveInterval: 1000 * (login.keepAlive.intervalSeconds || defaultKeepAliveSeconds),
    keepaliveCountMax: login.keepAlive.count,
    algorithms: algorithmsFor(login, hostKeys.known(login), address),
    hostVerifier: (key: Buffer): boolean => {
      try {
        hostKeys.check({ host, login }, key, address)
        return true
      } catch (error) {
        badKey = error
        return false
      }
    },
    authHandler: (left, _, next) => {
      accepted = left ?? accepted
      methods.next().then(({ value, done }) => {
        exhausted = done === true
        next((value ?? false) as AnyAuthMethod)
      }, reject)
    },
  })
  return promise
}

/** Of what ssh2 can, what the configuration allows; the types of recorded host keys first, so that those are shown. */
function algorithmsFor(login: Login, known: KnownHosts, address: string | undefined): Algorithms {
  const allowed = <T extends string>(ours: readonly T[], wanted: readonly string[]): T[] =>
    ours.filter((word) => wanted.length === 0 || wanted.includes(word))
  const types = known.keyTypes(login.hostKeyName, address, login.hostKeyPort)
  // RFC 8332: rsa-sha2-512 and rsa-sha2-256 are signatures of keys of the type ssh-rsa.
  const isRecorded = (algorithm: string) => types.includes(algorithm.replace(/^rsa-sha2-.*/, 'ssh-rsa'))
  const hostKeys = allowed(ssh2Algorithms.hostKeys, login.hostKeyAlgorithms)
  return {
    kex: allowed(ssh2Algorithms.kex, login.kex),
    cipher: allowed(ssh2Algorithms.ciphers, login.ciphers),
    serverHostKey: hostKeys.toSorted((one, other) => Number(isRecorded(other)) - Number(isRecorded(one))),
  }
}
