/** What ssh(1) says on its way out, as the errors that the built-in SSH gives for the same. */
import { exit, LxcnetError } from '../core/error.ts'
import { quote } from '../core/shell.ts'
import { hostKeyChanged, hostKeyRevoked, hostKeyUnknown } from './host-keys.ts'
import type { Hop } from './jump-hosts.ts'
import { lookupName } from './known-hosts.ts'
import type { Login } from './login.ts'
import { runProgram } from './program.ts'
import { type Destination, forwardsNothing, jumpFailed, obstacleIn, unreachable } from './unreachable.ts'

/** @param said the error output of ssh, which also holds that of the ssh to each jump host */
export async function opensshFailure(
  said: string,
  destination: Destination,
  hops: readonly Hop[],
): Promise<LxcnetError> {
  const { host, timeoutMs } = destination
  const text = said.replaceAll('\r', '')
  const at = whereItFailed(text, hops)
  const through = hops[at - 1]?.name
  const hop = hops[at]
  if (through !== undefined && /administratively prohibited/.test(text)) return forwardsNothing(host, through)
  if (hop === undefined) return explain(text, { ...destination, through })
  return jumpFailed(host, await explain(text, { host: hop.name, login: hop.login, through, timeoutMs }))
}

/**
 * The index of the hop that could not be passed; the number of hops when it is the host behind them.
 *
 * ssh names the host that it had a connection to. Of one that a jump host did not reach, ssh says that its connection
 * was "closed by UNKNOWN port 65535", as does then each ssh that was to go through it.
 */
function whereItFailed(text: string, hops: readonly Hop[]): number {
  const named = hops.findIndex(({ login }) => names(text, login))
  if (named !== -1) return named
  const cut = text.match(/closed by UNKNOWN port 65535/g)?.length ?? 0
  return Math.max(0, hops.length + 1 - Math.max(1, cut))
}

/** ssh names whose host key or login it is; that of a destination behind a jump host it reaches without a name. */
function names(text: string, { host, user, hostKeyName, hostKeyPort, port }: Login): boolean {
  return [
    `connect to host ${host} port ${port}:`,
    `resolve hostname ${host}:`,
    `${user}@${host}: Permission denied`,
    `host key for ${lookupName(hostKeyName, hostKeyPort)} `,
    `Host key for ${lookupName(hostKeyName, hostKeyPort)} `,
    `is known for ${lookupName(hostKeyName, hostKeyPort)} `,
    `disconnect from ${host} port ${port}`,
  ].some((words) => text.includes(words))
}

/** The words are those of sshconnect.c and sshconnect2.c, which no locale changes. */
async function explain(text: string, destination: Destination): Promise<LxcnetError> {
  const [, type = '', print = ''] =
    /^The fingerprint for the (\S+) key sent by the remote host is\n(\S+?)\.?$/m.exec(text) ?? []
  const seen = `${type} ${print}`.trim()
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(text)) {
    const offending = [...text.matchAll(/^Offending (?:\S+ )?key (?:for IP )?in (.+):(\d+)$/gm)]
    const places = offending.map(([, file = '', line = '']) => ({ file, line: Number(line) }))
    return hostKeyChanged(destination, seen, places)
  }
  if (/REVOKED HOST KEY DETECTED/.test(text)) return hostKeyRevoked(destination, seen, undefined)
  if (/host key is known for|Host key verification failed/.test(text)) return hostKeyUnknown(destination, seen)
  if (/Permission denied|Too many authentication failures/.test(text)) return loginRefused(text, destination)
  const words = lastWords(text)
  return unreachable(destination, obstacleIn(text) ?? 'failed', words || 'ssh ended without a word')
}

async function loginRefused(text: string, { host, login }: Destination): Promise<LxcnetError> {
  const closed = await Promise.all(
    login.identityFiles.map(async (file) => ((await wantsPassphrase(file)) ? [file] : [])),
  )
  const locked = closed.flat()
  const open = [...text.matchAll(/^Permissions \d+ for '(.+)' are too open\.$/gm)].map(([, file = '']) => file)
  const reasons = [
    lastWords(text),
    ...locked.map((file) => `${file} has a passphrase, which ssh cannot ask for here`),
    ...open.map((file) => `${file} can be read by others`),
  ]
  return new LxcnetError('login-refused', `${host}: ${reasons.join('; ')}`, {
    exit: exit.unreachable,
    suggestions: [
      ...locked.map((file) => `ssh-add ${quote(file)}`),
      ...open.map((file) => `chmod 600 ${quote(file)}`),
      `see what ssh tries: \`ssh -v ${login.user}@${login.host}\``,
    ],
  })
}

/** ssh(1) is silent about a key that it skips in batch mode. */
async function wantsPassphrase(file: string): Promise<boolean> {
  const answer = await runProgram('ssh-keygen', ['-y', '-P', '', '-f', file])
  return answer !== undefined && /incorrect passphrase/.test(answer.stderr)
}

/** Without the banner of sshd, which comes first. */
const lastWords = (text: string): string => text.trim().split('\n').slice(-2).join('; ')
