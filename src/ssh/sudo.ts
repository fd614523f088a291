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
import { collect, type Shell, type Start, scriptBytes } from './shell.ts'

export interface SudoLogin {
  /** As in reports. */
  host: string
  user: string
  /** Bytes as latin1 text; undefined where sudo must do without. */
  password: string | undefined
}

/**
 * Feeds a script to a root shell.
 *
 * @throws {LxcnetError} `sudo-refused`, `sudo-password`; nothing of the script has been run then
 */
export async function runScriptByRoot(
  start: Start,
  script: string,
  options: ExecOptions,
  login: SudoLogin,
): Promise<ExecResult> {
  const input = scriptBytes(script)
  const nonce = randomBytes(8).toString('hex')
  const prompt = `lxcnet-password-${nonce}:`
  const mark = `lxcnet-root-${nonce}\n`
  const { password } = login
  const flags = password === undefined ? '-n' : `-S -p ${prompt}`
  // Single quotes with neither quotes nor backslashes in them are the same to sh, csh and fish.
  const rise = `sh -c 'echo ${mark.trim()} >&2; exec sh -s -- "$0"' "$SSH_CONNECTION"`
  const shell = await start(`exec sudo ${flags} -- ${rise}`)
  const talk = { answered: false, wrong: false }
  // sudo -n reads nothing: where it refuses, the script stays unread; where it does not, a round trip is saved.
  if (password === undefined) shell.stdin.end(input)
  else converse(shell, { prompt, mark, password, input, talk })
  const result = await collect(shell, options)
  const { status, stderr } = result
  const said = stderr.replaceAll(prompt, '')
  if (stderr.includes(mark)) return { ...result, stderr: said.replace(mark, '') }
  if (talk.wrong || (talk.answered && /incorrect password/.test(said))) throw wrongPassword(login)
  // the connection broke, or the time was up; sshd may also end the channel before it knows how sudo ended
  if (status === null && !/\bsudo: /.test(said)) return { ...result, stderr: said }
  throw refused(said, login)
}

interface Conversation {
  prompt: string
  mark: string
  password: string
  input: Buffer
  /** Whether the password was sent, and whether sudo asked for it once more. */
  talk: { answered: boolean; wrong: boolean }
}

/** Sends the password after the first prompt and the script after the mark; a second prompt ends it. */
function converse(shell: Shell, { prompt, mark, password, input, talk }: Conversation): void {
  let said = ''
  const hear = (chunk: Buffer): void => {
    said += chunk.toString('latin1')
    const prompts = said.split(prompt).length - 1
    if (said.includes(mark)) {
      shell.stderr.off('data', hear)
      shell.stdin.end(input)
    } else if (prompts > 1) {
      talk.wrong = true
      shell.kill()
    } else if (prompts === 1 && !talk.answered) {
      talk.answered = true
      shell.stdin.write(`${password}\n`, 'latin1')
    }
  }
  shell.stderr.on('data', hear)
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
