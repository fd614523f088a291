// What the lab knows of the machine it runs on: where it keeps its things, which processes are alive, and how to run
// a command there.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The folder with this file and the shell scripts. */
export const here = import.meta.dirname

/** The project whose command line the hosts run. */
export const project = resolve(here, '../../..')

/** What is built once and used by every lab, and the run/ folder with one entry for each lab. */
export const cache = resolve(process.env['LXCNET_LAB'] ?? '/var/tmp/lxcnet-lab')

/** The cgroup that holds the cgroups of all labs, on cgroup2 wherever that is mounted. */
export const cgroups = `${existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'}/lxcnet-lab`

export interface Result {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  input?: string | Buffer
  env?: Record<string, string>
  timeoutMs?: number
}

/** A command as it is started on this machine. */
export interface Command {
  argv: string[]
  cwd?: string
}

export interface Output {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: Buffer
  stderr: Buffer
}

const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`

/** Runs a command in a process group of its own, which is killed when the time is up. */
export function execute({ argv, cwd }: Command, { input, timeoutMs = 60_000 }: RunOptions = {}): Promise<Output> {
  const { promise, resolve, reject } = Promise.withResolvers<Output>()
  const [program = '', ...rest] = argv
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, PATH: path },
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin?.on('error', () => {}) // a command may end before it has read its input
  child.stdin?.end(input)
  const timer = setTimeout(() => {
    err.push(Buffer.from(`\nlab: killed after ${timeoutMs} ms: ${argv.join(' ')}\n`))
    killGroup(child)
  }, timeoutMs)
  running.add(child)
  child.on('error', (error) => {
    running.delete(child)
    clearTimeout(timer)
    reject(error)
  })
  child.on('exit', (status, signal) => {
    running.delete(child)
    clearTimeout(timer)
    // A daemon that the command left behind may hold the pipes open: what it says later is not the command's.
    const late = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, 300)
    child.on('close', () => {
      clearTimeout(late)
      resolve({ status, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err) })
    })
  })
  return promise
}

// A command that is still running when this process ends has nobody left to tell its result to.
const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach(killGroup))

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // gone in the same moment
  }
}

/**
 * Starts a command that outlives the call; it ends with the cgroup it is put into. What it says goes to a file.
 *
 * @param more what it gets for descriptor 3 and up
 */
export function launch(cgroup: string, argv: string[], cwd: string, log: string, ...more: 'pipe'[]): ChildProcess {
  const [program = '', ...rest] = within(cgroup, ['setsid', ...argv])
  const file = openSync(join(cwd, log), 'a')
  const stdio: StdioOptions = ['ignore', file, file, ...more]
  const child = spawn(program, rest, { cwd, env: { ...process.env, PATH: path }, stdio })
  closeSync(file)
  child.on('error', () => {})
  child.unref()
  return child
}

/** The command that enters a cgroup and then becomes `argv`. */
export function within(cgroup: string, argv: string[]): string[] {
  return ['sh', '-c', 'echo 0 >"$0" && exec "$@"', `${cgroup}/cgroup.procs`, ...argv]
}

export function text({ status, signal, stdout, stderr }: Output): Result {
  return { status, signal, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** Runs a command of the machine that has to succeed, and returns what it printed. */
export async function must(argv: string[], options?: RunOptions): Promise<string> {
  const { status, signal, stdout, stderr } = text(await execute({ argv }, options))
  if (status === 0) return stdout
  throw new Error(`lab: ${argv.join(' ')}: ${stderr.trim() || stdout.trim() || `ended with ${status ?? signal}`}`)
}

/** Asks again and again until there is an answer; `explain` says what was waited for in vain. */
export async function until<T>(ask: () => T | undefined, timeoutMs: number, explain: () => string): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const answer = ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`lab: ${explain()}`)
    await sleep(5)
  }
}

/** Waits for all of them, also when one fails: nothing goes on behind the back of whoever cleans up then. */
export async function together<T extends readonly unknown[]>(
  work: [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

/** Waits without giving way to anything else: for the teardown while the process exits. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** The start time of a live process in clock ticks since boot; with its pid it names the process for good. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : fields[18]
  } catch {
    return undefined
  }
}

/** Runs `work` while holding a lock file; a lock dies with the process that holds it. */
export async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const closed = new Promise((resolve) => holder.on('close', resolve))
  try {
    await new Promise((resolve, reject) => {
      holder.stdout.once('data', resolve)
      holder.once('error', reject)
      holder.once('exit', () => reject(new Error(`lab: cannot lock ${file}`)))
    })
    return await work()
  } finally {
    holder.stdin.end()
    await closed
  }
}
