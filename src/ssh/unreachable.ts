/** Why a connection did not come about, in plain words, the same for every transport. */
import { exit, LxcnetError } from '../core/error.ts'
import type { Login } from './login.ts'

export interface Destination {
  /** As in reports. */
  host: string
  login: Login
  /** The jump host from which it was tried. */
  through?: string | undefined
  timeoutMs: number
}

export type Obstacle = 'no-name' | 'refused' | 'no-route' | 'timed-out' | 'closed' | 'failed'

/** @param said the words of whoever failed, for `failed` */
export function unreachable(destination: Destination, obstacle: Obstacle, said = ''): LxcnetError {
  const { host, login, through, timeoutMs } = destination
  const name = login.host
  const place = `port ${login.port} of ${name}${through === undefined ? '' : `, as seen from ${through}`}`
  const [what, ...suggestions] = {
    'no-name': [
      `there is no address for the name ${name}${through === undefined ? '' : ` on ${through}`}`,
      `what the resolver says: \`getent hosts ${name}\``,
      'HostName in ~/.ssh/config, or ansible_host in the inventory, gives an address',
    ],
    refused: [`nothing listens at ${place}`, 'is sshd running there, and is that its port?'],
    'no-route': [`there is no route to ${place}`, 'is the host up, and on a network that can be reached from here?'],
    'timed-out': [
      `no answer within ${timeoutMs / 1000} s from ${place}`,
      'is the host up, and does no firewall drop the port?',
      '--connect-timeout waits longer',
    ],
    closed: [
      `the connection to ${place} ended before a shell was there`,
      'the log of sshd there says why; it drops logins when too many come at once (MaxStartups of sshd_config(5))',
    ],
    failed: [
      `no SSH with ${place}: ${said}`,
      `try it by hand: \`ssh -v ${login.user}@${name}\``,
      'where that works: --transport openssh',
    ],
  }[obstacle] as [string, ...string[]]
  return new LxcnetError('unreachable', `${host}: ${what}`, { exit: exit.unreachable, suggestions })
}

/** By the words of strerror(3), gai_strerror(3) and OpenSSH. */
export function obstacleIn(words: string): Obstacle | undefined {
  if (/could not resolve|name or service not known|no address associated|name resolution/i.test(words)) return 'no-name'
  if (/connection refused/i.test(words)) return 'refused'
  if (/no route to host|(network|host) is unreachable/i.test(words)) return 'no-route'
  if (/timed out/i.test(words)) return 'timed-out'
  return /connection (reset|closed|lost)|closed by remote|disconnected/i.test(words) ? 'closed' : undefined
}

/** By the error codes of Node.js and its resolver, else by the words. */
export function obstacleOf(error: NodeJS.ErrnoException): Obstacle | undefined {
  const { code, message } = error
  // Codes of ssh2 are numbers: reasons of a disconnect, RFC 4253 section 11.1.
  if (typeof code !== 'string') return obstacleIn(message)
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'no-name'
  if (code === 'ECONNREFUSED') return 'refused'
  if (/^E(HOST|NET)UNREACH$/.test(code)) return 'no-route'
  if (code === 'ETIMEDOUT') return 'timed-out'
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'closed' : obstacleIn(message)
}

/** @param reason what went wrong with the jump host */
export function jumpFailed(host: string, reason: LxcnetError): LxcnetError {
  return new LxcnetError('jump-failed', `${host}: its jump host cannot be passed: ${reason.message}`, {
    exit: exit.unreachable,
    suggestions: reason.suggestions,
    cause: reason,
  })
}

/** @param hop a jump host whose sshd does not pass on TCP connections */
export function forwardsNothing(host: string, hop: string): LxcnetError {
  return new LxcnetError('jump-failed', `${host}: the jump host ${hop} forwards no connections`, {
    exit: exit.unreachable,
    suggestions: [`in sshd_config(5) of ${hop}: AllowTcpForwarding, PermitOpen`],
  })
}
