/**
 * A change that waits for its confirmation, its watcher, its confirmation and its withdrawal, killed before and after every
 * external command of each: one of them alone, or all at once as when the power fails. In the end the tree is the old one
 * or the new one, by the time everything is dead and a recovery has looked.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalHost } from '../../src/host/local.ts'
import { confirm, rollbackAwaiting, type Verdict } from '../../src/transaction/confirm.ts'
import { newId } from '../../src/transaction/id.ts'
import { type Outcome, recover } from '../../src/transaction/transaction.ts'
import { hostOn, processesWith, Tree, until } from '../transaction/tree.ts'
import { assertSettled, assertTold, base, changes, dash, fill, oldAndNew, survive, sweep } from './sweep.ts'
import { type Instant, instants, Tracer, type Victims } from './tracer.ts'

/** How often a shell asks for a lock that another one holds depends on the machine, so these are not reached each time. */
const mayBeMissed = /^(watcher )?(flock|sleep|true) /

describe('an armed change that is killed', function () {
  this.timeout(900_000)
  let tracer: Tracer
  let states: { before: string; after: string }

  before(async () => {
    tracer = new Tracer(base)
    states = await oldAndNew()
  })
  after(() => tracer.dispose())

  const gone = (tree: Tree): Promise<void> =>
    until(() => processesWith(tree.root).length === 0, 'its processes have ended', 60)

  const arm = async (tree: Tree, host: LocalHost, confirmSeconds: number): Promise<Outcome | undefined> =>
    survive(tree.change(host, changes, '-', newId(new Date()), { confirmSeconds }))

  /** Arms a change in a tree, killed at that instant, and lets everything that is left come to its end. */
  async function armed(
    instant: Instant | undefined,
    victims: Victims,
    then: (tree: Tree, outcome: Outcome | undefined, reached: boolean) => Promise<void>,
  ): Promise<void> {
    const tree = new Tree(base)
    try {
      fill(tree)
      const outcome = await arm(tree, tracer.host(tree, instant, victims), 1)
      await gone(tree)
      const reached = tracer.killed(tree)
      if (instant !== undefined && !mayBeMissed.test(instant.command))
        assert.ok(reached, 'this instant was not reached')
      await then(tree, outcome, reached)
    } finally {
      tracer.forget(tree)
      tree.dispose()
    }
  }

  for (const [title, victims] of [
    ['leaves the old tree when its shell or its watcher dies and the other lives', 'session'],
    ['leaves the old tree when the power fails', 'all'],
  ] as const) {
    it(title, async () => {
      let log: string[] = []
      await armed(undefined, victims, async (tree, outcome) => {
        log = tracer.log(tree)
        assert.equal(outcome?.result, 'awaiting')
        assert.equal(await assertSettled(tree, states), 'old')
      })
      const all = instants(log)
      const watcher = log.filter((command) => command.startsWith('watcher ')).length
      const seen = { told: 0, missed: 0 }
      await sweep(all, (instant) =>
        armed(instant, victims, async (tree, outcome, reached) => {
          const told = await recover(dash, tree.scope)
          assertTold(told, 'old')
          assert.equal(await assertSettled(tree, states), 'old')
          if (outcome !== undefined) assert.match(outcome.result, /^(awaiting|undone)$/)
          // one of the two is enough: it sees to it without anybody's help
          const watched = tracer.log(tree).includes('watcher flock 2') // the first was for its own lock
          if (victims === 'session' && watched && !instant.command.startsWith('watcher ')) assert.deepEqual(told, [])
          seen.told += told.length
          if (!reached) seen.missed++
        }),
      )
      console.log(
        `      ${log.length} commands traced, ${watcher} of them the watcher's, ${all.length - seen.missed} kills, ${seen.told} × left to a recovery`,
      )
      assert.ok(log.length > 90 && watcher > 30 && seen.told > 20 && seen.missed < all.length / 10)
    })
  }

  /** Lets a change wait, decides it by `act`, killed at `instant`, and then has `end` settle it. */
  async function decided(
    act: (host: LocalHost, tree: Tree, id: string) => Promise<Verdict>,
    instant: Instant | undefined,
    end: (tree: Tree, id: string, verdict: Verdict | undefined) => Promise<void>,
  ): Promise<void> {
    const tree = new Tree(base)
    try {
      fill(tree)
      const id = (await arm(tree, hostOn(tree, ['dash', '-s']), 600))?.id ?? ''
      const verdict = await survive(act(tracer.host(tree, instant), tree, id))
      if (instant !== undefined) assert.ok(tracer.killed(tree), 'this instant was not reached')
      await end(tree, id, verdict)
      await gone(tree)
    } finally {
      for (const pid of processesWith(tree.root)) process.kill(Number(pid), 'SIGKILL')
      tracer.forget(tree)
      tree.dispose()
    }
  }

  const cases = {
    confirmation: {
      act: (host: LocalHost, tree: Tree, id: string) => confirm(host, tree.scope, id),
      mark: 'committed',
      result: 'confirmed',
      wanted: 'new',
    },
    withdrawal: {
      act: (host: LocalHost, tree: Tree, id: string) => rollbackAwaiting(host, tree.scope, id),
      mark: 'expired',
      result: 'undone',
      wanted: 'old',
    },
  } as const

  for (const [name, { act, mark, result, wanted }] of Object.entries(cases)) {
    it(`ends as its ${name} says, or waits on, when that is killed`, async () => {
      let log: string[] = []
      await decided(act, undefined, async (tree, _, verdict) => {
        log = tracer.log(tree)
        assert.equal(verdict?.result, result)
        await gone(tree)
        assert.equal(await assertSettled(tree, states), wanted)
      })
      const all = instants(log)
      const seen = { decided: 0, waiting: 0 }
      await sweep(all, (instant) =>
        decided(act, instant, async (tree, id, verdict) => {
          if (!existsSync(join(tree.journal, id, mark))) {
            seen.waiting++
            assert.equal(verdict, undefined)
            assert.deepEqual([...(await tree.snapshot(dash)).entries], [[id, 'awaiting']])
            assert.equal((await act(dash, tree, id)).result, result)
          } else seen.decided++
          await gone(tree)
          // the watcher has tidied up
          assert.deepEqual(await recover(dash, tree.scope), [])
          assert.equal(await assertSettled(tree, states), wanted)
        }),
      )
      console.log(
        `      ${log.length} commands traced, ${all.length} kills: ${seen.decided} × decided, ${seen.waiting} × not`,
      )
      assert.ok(seen.decided > 10 && seen.waiting > 0)
    })

    it(`ends as its ${name} says, or as if none had come, when the power fails in it`, async () => {
      let log: string[] = []
      await decided(act, undefined, async (tree) => {
        log = tracer.log(tree)
      })
      const ends = { old: 0, new: 0 }
      const all = instants(log)
      await sweep(all, (instant) =>
        decided(act, instant, async (tree, id) => {
          for (const pid of processesWith(tree.root)) process.kill(Number(pid), 'SIGKILL')
          await gone(tree)
          const decidedNew = existsSync(join(tree.journal, id, 'committed'))
          const told = await recover(dash, tree.scope)
          const state = await assertSettled(tree, states)
          assert.equal(state, decidedNew ? 'new' : 'old')
          assertTold(told, state)
          ends[state]++
        }),
      )
      console.log(`      ${log.length} commands traced, ${all.length} kills: ${ends.old} × old, ${ends.new} × new`)
      if (wanted === 'new') assert.ok(ends.old > 0 && ends.new > 10)
      else assert.equal(ends.new, 0)
    })
  }
})
