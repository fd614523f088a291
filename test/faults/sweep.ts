/** A plan to kill at every instant, how its tree looks before and after, and what has to hold whenever it was killed. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { Change } from '../../src/plan/plan.ts'
import { type Recovered, recover } from '../../src/transaction/transaction.ts'
import { file, processesWith, run, Tree, until } from '../transaction/tree.ts'
import type { Instant } from './tracer.ts'

export const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
export const dash = new LocalHost(['dash', '-s'])

const oldA = 'lxc.net.0.type = veth\n'
const newA = 'lxc.net.0.type = macvlan\r\nno end of line'
const oldX = 'x = 1\n'
const newX = 'x = 2\n\x00\xff'

/** Two changed files in two folders, a new one and a removed one beside them, two commands; they interleave. */
export const changes: Change[] = [
  file('/var/lib/lxc/a/config', oldA, newA, 0o640),
  run(['mkdir', 'ran1'], ['rm', '-rf', 'ran1'], ['test', '-d', 'ran1']),
  file('/etc/lxc/default.conf', oldX, newX),
  file("/etc/lxc/it's $(new)", null, 'new', 0o604),
  file('/etc/lxc/gone', 'bye', null, 0o600),
  run(['sh', '-c', 'echo done >ran2'], ['rm', '-f', 'ran2']),
]

/** The same, and then a command that fails: everything is taken back. */
export const failing: Change[] = [...changes, run(['false'], ['true'])]

export function fill(tree: Tree): void {
  tree.write('/var/lib/lxc/a/config', oldA, 0o640)
  tree.write('/var/lib/lxc/b/config', 'untouched\n')
  tree.write('/etc/lxc/default.conf', oldX)
  tree.write('/etc/lxc/gone', 'bye', 0o600)
}

/** How the tree looks before and after, found by doing it undisturbed. */
export async function oldAndNew(): Promise<{ before: string; after: string }> {
  const tree = new Tree(base)
  try {
    fill(tree)
    const before = show(tree)
    assert.equal((await tree.change(dash, changes)).result, 'committed')
    assert.equal(tree.read('/var/lib/lxc/a/config'), newA)
    assert.equal(tree.read('/ran2'), 'done\n')
    const after = show(tree)
    assert.notEqual(before, after)
    return { before, after }
  } finally {
    tree.dispose()
  }
}

export const show = (tree: Tree): string => [...tree.look()].map((line) => line.join(' ')).join('\n')

/** What became of a run that was killed: an outcome when it had told it before, else the error. */
export async function survive<T>(running: Promise<T>): Promise<T | undefined> {
  try {
    return await running
  } catch (error) {
    assert.ok(error instanceof LxcnetError, String(error))
    assert.match(error.code, /^(unreachable|interrupted)$/, error.message)
    return undefined
  }
}

/** Does the work for all instants, two at a time: the machine that this is made for has two cores. */
export async function sweep(all: readonly Instant[], body: (instant: Instant) => Promise<void>): Promise<void> {
  const waiting = [...all]
  const worker = async (): Promise<void> => {
    for (let instant = waiting.shift(); instant !== undefined; instant = waiting.shift()) {
      try {
        await body(instant)
      } catch (error) {
        waiting.length = 0
        throw new Error(
          `killed ${instant.moment} ${instant.command}: ${error instanceof Error ? error.message : error}`,
          {
            cause: error,
          },
        )
      }
    }
  }
  const results = await Promise.allSettled([worker(), worker(), worker()])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** The tree is one of the two, tidy, unlocked, without processes, and a second recovery finds nothing. */
export async function assertSettled(tree: Tree, states: { before: string; after: string }): Promise<'old' | 'new'> {
  const seen = show(tree)
  if (seen !== states.before) assert.equal(seen, states.after, 'neither the old tree nor the new one')
  tree.assertTidy()
  // busybox's timeout(1) leaves a process that looks once a second whether its command still runs
  await until(() => processesWith(tree.root).length === 0, 'its processes have ended')
  assert.deepEqual(await recover(dash, tree.scope), [])
  assert.equal(show(tree), seen)
  return seen === states.before ? 'old' : 'new'
}

/** What recovery says fits what it left. */
export function assertTold(told: Recovered[], state: 'old' | 'new'): void {
  assert.ok(told.length <= 1)
  for (const { result, detail } of told) {
    assert.equal(result, state === 'new' ? 'committed' : 'undone')
    assert.equal(detail, '')
  }
}
