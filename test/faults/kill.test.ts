/**
 * A change is killed before and after every external command that it starts, and inside those that can be half done;
 * so is the way back, and so is the recovery. Afterwards the tree is the old one or the new one, to the byte.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { Change } from '../../src/plan/plan.ts'
import { type Outcome, recover } from '../../src/transaction/transaction.ts'
import { file, must, processesWith, Tree, until } from '../transaction/tree.ts'
import {
  assertSettled,
  assertTold,
  base,
  changes,
  dash,
  failing,
  fill,
  oldAndNew,
  show,
  survive,
  sweep,
} from './sweep.ts'
import { type Instant, instants, Tracer } from './tracer.ts'

describe('a change that is killed', function () {
  this.timeout(400_000)
  let tracer: Tracer
  let states: { before: string; after: string }

  before(async () => {
    tracer = new Tracer(base)
    states = await oldAndNew()
  })
  after(() => tracer.dispose())

  /** Carries `plan` out in a new tree, killed at `instant`, and hands the tree on. */
  async function killed<T>(
    plan: Change[],
    instant: Instant | undefined,
    then: (tree: Tree, outcome: Outcome | undefined) => Promise<T>,
    prepare: (tree: Tree) => void = () => {},
  ): Promise<T> {
    const tree = new Tree(base)
    try {
      fill(tree)
      prepare(tree)
      const { digest } = await tree.snapshot(dash)
      const outcome = await survive(tree.change(tracer.host(tree, instant), plan, digest))
      assert.equal(tracer.killed(tree), instant !== undefined, 'this instant was not reached')
      await until(() => processesWith(tree.root).length === 0, 'its processes have ended')
      return await then(tree, outcome)
    } finally {
      tracer.forget(tree)
      tree.dispose()
    }
  }

  const traceOf = (plan: Change[], prepare?: (tree: Tree) => void): Promise<string[]> =>
    killed(plan, undefined, async (tree) => tracer.log(tree), prepare)

  it('leaves the old tree or the new one, whichever command it dies at', async () => {
    const log = await traceOf(changes)
    const all = instants(log)
    const ends = { old: 0, new: 0 }
    await sweep(all, (instant) =>
      killed(changes, instant, async (tree, outcome) => {
        const told = await recover(dash, tree.scope)
        const state = await assertSettled(tree, states)
        assertTold(told, state)
        if (outcome !== undefined) assert.deepEqual([outcome.result, state], ['committed', 'new'])
        ends[state]++
      }),
    )
    console.log(`      ${log.length} commands traced, ${all.length} kills: ${ends.old} × old, ${ends.new} × new`)
    assert.ok(log.length > 50 && ends.old > 100 && ends.new > 5)
  })

  it('is refused as unfinished by the next change, which changes nothing, or leaves no trace in its way', async () => {
    const all = instants(await traceOf(changes)).filter((_, index) => index % 5 === 0)
    const seen = { unfinished: 0, applied: 0 }
    await sweep(all, (instant) =>
      killed(changes, instant, async (tree) => {
        const found = show(tree)
        const next = [file('/etc/lxc/another', null, 'x')]
        const settled = ![...tree.look().keys()].some((path) => path.includes('.lxcnet-'))
        try {
          assert.equal((await tree.change(dash, next)).result, 'committed')
          seen.applied++
        } catch (error) {
          assert.ok(error instanceof LxcnetError && error.code === 'unfinished', String(error))
          assert.equal(show(tree), found)
          await recover(dash, tree.scope)
          assert.equal((await tree.change(dash, next)).result, 'committed')
          seen.unfinished++
        }
        assert.ok(settled || seen.unfinished > 0)
        rmSync(tree.at('/etc/lxc/another'))
        await assertSettled(tree, states)
      }),
    )
    assert.ok(seen.applied > 5 && seen.unfinished > 5)
  })

  it('leaves the old tree when it dies on its own way back', async () => {
    const log = await traceOf(failing)
    const all = instants(log)
    const wayBack = all.slice(all.findIndex(({ command, moment }) => command === 'false 1' && moment === 'before'))
    assert.ok(wayBack.length > 40)
    await sweep(wayBack, (instant) =>
      killed(failing, instant, async (tree, outcome) => {
        const told = await recover(dash, tree.scope)
        assert.equal(await assertSettled(tree, states), 'old')
        assertTold(told, 'old')
        if (outcome !== undefined) assert.equal(outcome.result, 'undone')
      }),
    )
    console.log(`      ${log.length} commands traced, ${wayBack.length} kills on the way back`)
  })

  /** Kills a change at `first`, then its recovery at every instant, then recovers again. */
  async function sweepRecovery(first: Instant, wanted: 'old' | 'new'): Promise<void> {
    const log = await killed(changes, first, async (tree) => {
      assert.equal((await recover(tracer.host(tree), tree.scope)).length, 1)
      return tracer.log(tree)
    })
    const all = instants(log)
    await sweep(all, (instant) =>
      killed(changes, first, async (tree) => {
        await survive(recover(tracer.host(tree, instant), tree.scope))
        assert.ok(tracer.killed(tree), 'this instant was not reached')
        await until(() => processesWith(tree.root).length === 0, 'its processes have ended')
        const told = await recover(dash, tree.scope)
        assert.equal(await assertSettled(tree, states), wanted)
        assertTold(told, wanted)
      }),
    )
    console.log(`      ${log.length} commands of the recovery traced, ${all.length} kills`)
  }

  it('is taken back in the end when its recovery is killed too', async () => {
    const log = await traceOf(changes)
    // the last one is of the mark that it is committed, which is there by then
    const applying = log.filter((command) => command.startsWith('sync ')).at(-2)
    assert.ok(applying !== undefined)
    await sweepRecovery({ moment: 'before', command: applying }, 'old')
  })

  it('stays done when the recovery that tidies it up is killed', async () => {
    const log = await traceOf(changes)
    const committing = log.findLast((command) => command.startsWith('sync '))
    assert.ok(committing !== undefined)
    await sweepRecovery({ moment: 'after', command: committing }, 'new')
  })

  it('never brings an old change back to life while it drops the oldest entry', async () => {
    // a hundred entries; the oldest is of a change whose files still stand as it left them
    const crowd = (tree: Tree): void => {
      const call = 'file 1 /var/lib/lxc/b/config'
      const digest = must('sha256sum', join(tree.root, 'var/lib/lxc/b/config')).slice(0, 64)
      for (let n = 0; n < 100; n++) {
        const entry = join(tree.journal, `20000101-000000-${String(n).padStart(4, '0')}`)
        mkdirSync(join(entry, 'old'), { recursive: true })
        writeFileSync(join(entry, 'old/1'), 'from long ago\n')
        const was = must('sha256sum', join(entry, 'old/1')).slice(0, 64)
        for (const name of ['steps', 'undo']) writeFileSync(join(entry, name), `${call} ${was} ${digest} 644 0 0\n`)
        for (const name of ['final', 'meta.json', 'plan.json', 'committed', 'clean'])
          writeFileSync(join(entry, name), '')
      }
    }
    const log = await traceOf(changes, crowd)
    const last = log.findLastIndex((command) => command.startsWith('rm '))
    const all = instants(log.slice(last - 2)).filter(({ command }) => /^(rm|mv|sync) /.test(command))
    assert.ok(all.length >= 5)
    await sweep(all, (instant) =>
      killed(
        changes,
        instant,
        async (tree) => {
          await recover(dash, tree.scope)
          assert.equal(await assertSettled(tree, states), 'new')
          assert.ok(readdirSync(tree.journal).length <= 101)
        },
        crowd,
      ),
    )
  })
})

describe('a change under busybox ash that is killed', function () {
  this.timeout(200_000)

  it('leaves the old tree or the new one at whatever millisecond it dies', async () => {
    const states = await oldAndNew()
    const seen = { old: 0, new: 0 }
    const delays = Array.from({ length: 120 }, (_, index): Instant => ({ moment: 'before', command: String(index) }))
    await sweep(delays, async ({ command }) => {
      const tree = new Tree(base)
      try {
        fill(tree)
        const { digest } = await tree.snapshot(new LocalHost(['busybox', 'ash', '-s']))
        // the shell's own child is the clock: it kills the whole group after so many milliseconds
        const clock = `(sleep ${(Number(command) * 1.5) / 1000}; kill -9 0) & exec busybox ash -s`
        const host = new LocalHost(['env', `LXCNET_TRACE=${tree.root}`, 'sh', '-c', clock])
        await survive(tree.change(host, changes, digest))
        await until(() => processesWith(tree.root).length === 0, 'its processes have ended')
        const told = await recover(new LocalHost(['busybox', 'ash', '-s']), tree.scope)
        const state = await assertSettled(tree, states)
        assertTold(told, state)
        seen[state]++
      } finally {
        tree.dispose()
      }
    })
    console.log(`      ${delays.length} kills: ${seen.old} × old, ${seen.new} × new`)
    assert.equal(seen.old + seen.new, delays.length)
  })
})
