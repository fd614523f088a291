/** This machine, through the same `sh -s` that an SSH transport starts on another. */
import { spawn } from 'node:child_process'
import { exit, LxcnetError } from '../core/error.ts'
import type { Connection, ExecOptions, ExecResult } from './port.ts'

export class LocalHost implements Connection {
  readonly name = 'localhost'
  readonly #shell: readonly [string, ...string[]]

  /** @param shell the POSIX shell and its arguments; tests run dash and busybox ash by name */
  constructor(shell: readonly [string, ...string[]] = ['sh', '-s', '--', process.env['SSH_CONNECTION'] ?? '']) {
    this.#shell = shell
  }

  anew(): this {
    return this
  }

  async close(): Promise<void> {}

  exec(script: string, { timeoutMs }: ExecOptions = {}): Promise<ExecResult> {
    const [command, ...args] = this.#shell
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one byte
    if (!/^[\x00-\xff]*$/.test(script)) throw new Error('a script holds a character that is no byte')
    return new Promise((resolve, reject) => {
      // A session of its own: what interrupts lxcnet must not interrupt a transaction that has begun.
      const child = spawn(command, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' })
      const stdout: Buffer[] = []
      const stderr: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
      child.on('error', (cause) =>
        reject(
          new LxcnetError('unreachable', `cannot start ${command}: ${cause.message}`, {
            exit: exit.unreachable,
            cause,
          }),
        ),
      )
      const giveUp = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs)
      child.on('close', (status) => {
        clearTimeout(giveUp)
        resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString(), status })
      })
      child.stdin.on('error', () => {}) // the shell ended early: its exit status says so
      child.stdin.end(script, 'latin1')
    })
  }
}
