/** Shells on a host: what carries their three streams, ssh2 or ssh(1), is left to the transports. */
import { randomBytes } from 'node:crypto'
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

/** A shell that reads scripts from its input. */
export interface Opened {
  shell: Shell
  /** What comes back of its first script tells whether the shell was had at all. */
  judge?(first: ExecResult): ExecResult
}

/**
 * The shell as a command line. The login shell reads it, be that sh, csh or fish: so double quotes round a variable that
 * sshd always sets, and `exec`, lest the login shell turn the signal that ends sh into a status of its own.
 */
const commandLine = 'exec sh -s -- "$SSH_CONNECTION"'

/** A shell of the login's own user. */
export async function openShell(start: Start): Promise<Opened> {
  return { shell: await start(commandLine) }
}

/**
 * The shells of one host. One that has run a script waits for the next: to start it takes two round trips, and as much
 * of a processor as a script does.
 */
export class Shells {
  readonly #open: (options: ExecOptions) => Promise<Opened>
  #idle = new Set<Shell>()
  #opening = 0

  constructor(open: (options: ExecOptions) => Promise<Opened>) {
    this.#open = open
  }

  async run(script: string, options: ExecOptions): Promise<ExecResult> {
    const input = scriptBytes(script)
    const idle = this.#idle
    const [free] = idle
    if (free !== undefined) idle.delete(free)
    const { shell, judge } = free === undefined ? await this.#begin(options) : { shell: free }
    const { isOver, ...result } = await converse(shell, input, options)
    // sshd may allow one session alone, for which another script waits; or all were ended meanwhile
    if (isOver && this.#opening === 0 && idle === this.#idle) idle.add(shell)
    else shell.stdin.end()
    return judge === undefined ? result : judge(result)
  }

  async #begin(options: ExecOptions): Promise<Opened> {
    this.#opening++
    try {
      const opened = await this.#open(options)
      const { shell } = opened
      shell.stdin.on('error', () => {}) // it ended before it had read everything: its status says so
      shell.status.then(() => this.#idle.delete(shell))
      return opened
    } finally {
      this.#opening--
    }
  }

  /** None of them is used again. One of ssh(1) may have a connection of its own, which nobody else ends. */
  end(): void {
    for (const shell of this.#idle) shell.stdin.end()
    this.#idle = new Set()
  }
}

export function scriptBytes(script: string): Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one byte
  if (!/^[\x00-\xff]*$/.test(script)) throw new Error('a script holds a character that is no byte')
  return Buffer.from(script, 'latin1')
}

/**
 * Feeds a shell one script, in a subshell that leaves nothing behind in it, and gathers what comes until the shell says
 * that the script is over, or has ended itself, or the time is up. One compound command: cut anywhere, it runs nothing.
 */
async function converse(
  shell: Shell,
  input: Buffer,
  { timeoutMs }: ExecOptions,
): Promise<ExecResult & { isOver: boolean }> {
  const mark = `over-${randomBytes(9).toString('hex')}`
  const stdout = listen(shell.stdout, `\n${mark} `)
  const stderr = listen(shell.stderr, `\n${mark} `)
  const end = `\n) </dev/null\nprintf '\\n%s %s\\n' ${mark} "$?"\nprintf '\\n%s \\n' ${mark} >&2\n`
  shell.stdin.write(Buffer.concat([Buffer.from('(\n'), input, Buffer.from(end)]))
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => shell.kill(), timeoutMs)
  const over = Promise.all([stdout.end, stderr.end]).then(([said]) => Number(said))
  const ended = shell.status.then((status) => ({ status }))
  const outcome = await Promise.race([over, ended])
  clearTimeout(timer)
  const isOver = typeof outcome === 'number'
  return {
    stdout: stdout.stop(),
    stderr: stderr.stop().toString(),
    status: isOver ? outcome : outcome.status,
    isOver,
  }
}

interface Ear {
  /** What stands behind the mark in its line, once that is here. */
  readonly end: Promise<string>
  /** What was heard before the mark, or all. */
  stop(): Buffer
}

function listen(stream: Readable, mark: string): Ear {
  const chunks: Buffer[] = []
  const { promise: end, resolve } = Promise.withResolvers<string>()
  const longest = mark.length + 10 // a status and the end of its line
  let tail = Buffer.alloc(0)
  let length = 0
  let cut: number | undefined
  const hear = (chunk: Buffer): void => {
    chunks.push(chunk)
    const seen = Buffer.concat([tail, chunk])
    length += chunk.length
    tail = seen.subarray(-longest)
    const at = seen.indexOf(mark, 0, 'latin1')
    const lineEnd = at === -1 ? -1 : seen.indexOf(10, at + 1)
    if (lineEnd === -1 || cut !== undefined) return
    cut = length - seen.length + at
    resolve(seen.toString('latin1', at + mark.length, lineEnd))
  }
  stream.on('data', hear)
  return {
    end,
    stop() {
      stream.off('data', hear)
      return Buffer.concat(chunks).subarray(0, cut)
    },
  }
}
