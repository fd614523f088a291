/**
 * Runs the built lxcnet as a user does, and tells how long it took, how much memory it held, what it started.
 *
 *   run.ts SCRIPT [WORD...]     runs a script of Node.js and prints a Ran, as JSON: for hosts of the lab
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One figure that has to hold: a ratio, and the most that it may be. */
export interface Measure {
  name: string
  ratio: number
  limit: number
  detail: string
}

export const program = join(import.meta.dirname, '../../bin/run.js')

export interface Ran {
  milliseconds: number
  status: number | null
  stdout: string
  stderr: string
}

export function node(words: readonly string[], env: Record<string, string> = {}): Ran {
  const start = process.hrtime.bigint()
  const ran = spawnSync(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  })
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
  return { milliseconds, status: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

/** @throws {Error} when lxcnet exits otherwise than as expected; 2 is a plan that was not carried out */
export function lxcnet(words: readonly string[], { env = {}, status = 0 } = {}): Ran {
  const ran = node([program, ...words], env)
  if (ran.status !== status)
    throw new Error(`lxcnet ${words.join(' ')}: exit ${ran.status}\n${ran.stdout}${ran.stderr}`)
  return ran
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/**
 * Runs the commands in turn, so that a busy machine slows all alike, after one round that fills caches.
 *
 * @returns the milliseconds of each
 */
export async function inTurn(
  rounds: number,
  commands: readonly ((round: number) => Ran | Promise<Ran>)[],
): Promise<number[][]> {
  const taken = commands.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [at, command] of commands.entries()) {
      const { milliseconds } = await command(round)
      if (round > 0) taken[at]?.push(milliseconds)
    }
  }
  return taken
}

/** Most memory of lxcnet and all that it starts, in MB: the sum of what each process held at its peak. */
export async function peakMemory(words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...words], { stdio: 'ignore' })
  const peaks = new Map<string, number>()
  const look = (pid: string): void => {
    try {
      const kilobytes = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
      peaks.set(pid, Math.max(kilobytes, peaks.get(pid) ?? 0))
      for (const below of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean))
        look(below)
    } catch {
      // it ended while it was looked at
    }
  }
  const timer = setInterval(look, 3, String(child.pid))
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
  clearInterval(timer)
  return [...peaks.values()].reduce((sum, one) => sum + one, 0) / 1024
}

/**
 * How many processes a command starts on the host, forks of the shell among them.
 *
 * The shell runs in a process namespace of its own, where the kernel numbers processes from 1: the number of one that is
 * started afterwards tells how many there were. Needs root.
 */
export function processes(words: readonly string[], status = 0): number {
  const folder = mkdtempSync(join(tmpdir(), 'lxcnet-processes-'))
  try {
    const [shell, count] = [join(folder, 'sh'), join(folder, 'count')]
    // dash does not replace itself by a command that another follows; the first script of lxcnet asks for `sh -s`
    const inside = `/bin/sh "$@"; status=$?; /bin/sh -c 'echo $$' >>${count}; exit $status`
    writeFileSync(
      shell,
      `#!/bin/sh\nPATH=\${PATH#*:}\nexec unshare --pid --fork /bin/sh -c '${inside.replaceAll("'", `'\\''`)}' sh "$@"\n`,
    )
    chmodSync(shell, 0o755)
    lxcnet(words, { env: { PATH: `${folder}:${process.env['PATH']}` }, status })
    // 1 is the shell around, the last one counts
    return readFileSync(count, 'utf8')
      .trim()
      .split('\n')
      .reduce((sum, last) => sum + Number(last) - 2, 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(node(process.argv.slice(2))))
