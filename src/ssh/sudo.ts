/**
 * A root shell by sudo(8), for a login that is not root's.
 *
 * Two words that nobody can guess tell sudo's part of the error output from the script's: the prompt, after which the
 * password may be sent, and the mark, which the shell prints once it is root. The password goes to sudo's stdin alone:
 * never into an argument, an environment or a message.
 */
import { randomBytes } from 'node:crypto'
import { exit, LxcnetError } from '../core/error.ts'
import type { ExecOptions, ExecResult } from '../host/port.ts'
import type { Opened, Shell, Start } from './shell.ts'

export interface SudoLogin {
  /** As in reports. */
  host: string
  user: string
  /** Bytes as latin1 text; undefined where sudo must do without. */
  password: string | undefined
}

/**
 * A root shell. Where sudo wants no password, a script may be sent at once: where sudo refuses, it stays unread, and a
 * round trip is saved where it does not.
 *
 * @throws {LxcnetError} `sudo-refused`, `sudo-password`, at once or of the first script, of which nothing has been run then
 */
export async function openRootShell(start: Start, options: ExecOptions, login: SudoLogin): Promise<Opened> {
  const nonce = randomBytes(8).toString('hex')
  const prompt = `lxcnet-password-${nonce}:`
  const mark = `lxcnet-root-${nonce}\n`
  const { password } = login
  const flags = password === undefined ? '-n' : `-S -p ${prompt}`
  // Single quotes with neither quotes nor backslashes in them are the same to sh, csh and fish.
  const rise = `sh -c 'echo ${mark.trim()} >&2; exec sh -s -- "$0"' "$SSH_CONNECTION"`
  const shell = await start(`exec sudo ${flags} -- ${rise}`)
  if (password !== undefined) return { shell: await answered(shell, options, { prompt, mark, password }, login) }
  const judge = (first: ExecResult): ExecResult => {
    const { status, stderr } = first
    if (stderr.includes(mark)) return { ...first, stderr: stderr.replace(mark, '') }
    if (hasBroken(status, stderr)) return first
    throw refused(stderr, login)
  }
  return { shell, judge }
}

/** The connection broke, or the time was up; sshd may also end the channel before it knows how sudo ended. */
const hasBroken = (status: number | null, said: string): boolean => status === null && !/\bsudo: /.test(said)

interface Dialogue {
  prompt: string
  mark: string
  password: string
}

/** Sends the password after the first prompt and waits for the mark; a second prompt ends it. */
async function answered(
  shell: Shell,
  { timeoutMs }: ExecOptions,
  { prompt, mark, password }: Dialogue,
  login: SudoLogin,
): Promise<Shell> {
  let said = ''
  let isAnswered = false
  let isWrong = false
  const { promise: rose, resolve: rise } = Promise.withResolvers<'root'>()
  const hear = (chunk: Buffer): void => {
    said += chunk.toString('latin1')
    const prompts = said.split(prompt).length - 1
    if (said.includes(mark)) {
      rise('root')
    } else if (prompts > 1) {
      isWrong = true
      shell.kill()
    } else if (prompts === 1 && !isAnswered) {
      isAnswered = true
      shell.stdin.write(`${password}\n`, 'latin1')
    }
  }
  shell.stderr.on('data', hear)
  shell.stdin.on('error', () => {}) // sudo ended without reading: its status says so
  shell.stdout.resume() // what the login shell prints
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => shell.kill(), timeoutMs)
  const status = await Promise.race([rose, shell.status])
  clearTimeout(timer)
  shell.stderr.off('data', hear)
  said = said.replaceAll(prompt, '')
  if (isWrong || (status !== 'root' && isAnswered && /incorrect password/.test(said))) throw wrongPassword(login)
  // with a broken one nothing comes of the script either, which is told there
  if (status === 'root' || hasBroken(status, said)) return shell
  throw refused(said, login)
}

function wrongPassword({ host, user }: SudoLogin): LxcnetError {
  return new LxcnetError('sudo-password', `${host}: sudo does not take the password of ${user}`, {
    exit: exit.unreachable,
    suggestions: [`try it there: \`ssh -t ${user}@${host} sudo -k true\``, 'run the command again'],
  })
}

function refused(stderr: string, { host, user, password }: SudoLogin): LxcnetError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const own = lines.filter((line) => /sudo/i.test(line))
  const words = (own.length > 0 ? own : lines.slice(-2)).join('; ').trim() || 'it does not say why'
  return new LxcnetError('sudo-refused', `${host}: ${user} cannot become root by sudo: ${words}`, {
    exit: exit.unreachable,
    suggestions: wayOut(words, { host, user, password }),
  })
}

/** By sudo's own words, where they are English; sudo's plugins/sudoers has them. */
function wayOut(words: string, { host, user, password }: SudoLogin): string[] {
  const rule = `as root on ${host}, \`visudo -f /etc/sudoers.d/lxcnet\`: ${user} ALL=(root) NOPASSWD: ALL`
  if (/not found|unknown command/i.test(words)) return ['install sudo there', 'log in as root']
  if (/have a tty/.test(words)) return [`in sudoers there: Defaults:${user} !requiretty`]
  return password === undefined && /password is required/.test(words) ? ['add --ask-sudo-password', rule] : [rule]
}
