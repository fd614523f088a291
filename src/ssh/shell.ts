/** One `sh -s` on a host: what carries its three streams, ssh2 or ssh(1), is left to the transports. */
import type { Readable, Writable } from 'node:stream'
import type { ExecOptions, ExecResult } from '../host/port.ts'

/** A command that runs on a host. */
export interface Shell {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Once it has ended and all output is here; null when a signal ended it or the connection broke. Never rejects. */
  readonly status: Promise<number | null>
  /** Gives it up: `status` is null at once, whatever becomes of it. */
  kill(): void
}

/** Starts a command line on a host, connecting first where needed. */
export type Start = (commandLine: string) => Promise<Shell>

/**
 * The shell as a command line. The login shell reads it, be that sh, csh or fish: so double quotes round a variable that
 * sshd always sets, and `exec`, lest the login shell turn the signal that ends sh into a status of its own.
 */
const commandLine = 'exec sh -s -- "$SSH_CONNECTION"'

/** Feeds a script to a shell of the login's own user. */
export async function runScript(start: Start, script: string, options: ExecOptions): Promise<ExecResult> {
  const input = scriptBytes(script)
  const shell = await start(commandLine)
  shell.stdin.end(input)
  return collect(shell, options)
}

export function scriptBytes(script: string): Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one byte
  if (!/^[\x00-\xff]*$/.test(script)) throw new Error('a script holds a character that is no byte')
  return Buffer.from(script, 'latin1')
}

/** Gathers what a shell prints until it has ended or the time is up. */
export async function collect(shell: Shell, { timeoutMs }: ExecOptions): Promise<ExecResult> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  shell.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  shell.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  shell.stdin.on('error', () => {}) // it ended before it had read everything: its status says so
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => shell.kill(), timeoutMs)
  const status = await shell.status
  clearTimeout(timer)
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString(), status }
}
