/** The run as such, with hosts that are promises: what is known before what is done, and when it stops. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ending, type FleetOptions, type Member, runFleet } from '../../src/fleet/run.ts'

type Report = { plan: string; changed: boolean }

interface Host {
  name: string
  /** Fails while it is read, or while it is changed. */
  fails?: 'reading' | 'changing'
  /** Has nothing to do. */
  done?: boolean
}

const names = (count: number): Host[] => Array.from({ length: count }, (_, at) => ({ name: `h${at + 1}` }))

function fleet(hosts: readonly Host[], options: Partial<FleetOptions<Report>> = {}) {
  const log: string[] = []
  let busy = 0
  let most = 0
  const work = async <T>(what: string, result: () => T): Promise<T> => {
    most = Math.max(most, ++busy)
    await sleep(1)
    busy--
    log.push(what)
    return result()
  }
  const members = hosts.map(
    ({ name, fails, done }): Member<Report> => ({
      name,
      async work(confirm) {
        await work(`read ${name}`, () => {
          if (fails === 'reading') throw new Error('no plan')
        })
        if (done) return { plan: name, changed: false }
        if (!(await confirm({ plan: name, changed: false }))) return { plan: name, changed: false }
        return work(`change ${name}`, () => {
          if (fails === 'changing') throw new Error('no change')
          return { plan: name, changed: true }
        })
      },
    }),
  )
  const run = runFleet(members, {
    parallel: 20,
    batch: [],
    maxFailures: 0,
    isFailure: (ending) => ending !== 'skipped' && 'error' in ending,
    isStopped: () => false,
    decide: async () => {
      log.push('decide')
      return true
    },
    same: () => true,
    onStep() {},
    ...options,
  })
  return run.then((endings) => ({ endings, log, most }))
}

const word = (ending: Ending<Report> | undefined): string =>
  ending === undefined || ending === 'skipped'
    ? String(ending)
    : 'error' in ending
      ? 'failed'
      : ending.report.changed
        ? 'changed'
        : 'unchanged'

const words = (endings: ReadonlyMap<string, Ending<Report>>): string[] => [...endings.values()].map(word)

describe('a run over a fleet', () => {
  it('knows every plan before any host changes', async () => {
    const { log } = await fleet(names(30), { parallel: 3 })
    assert.equal(log.indexOf('decide'), 30)
    assert.equal(log.length, 61)
  })

  it('works on no more hosts at once than it may, in both halves', async () => {
    const { most, endings } = await fleet(names(30), { parallel: 4 })
    assert.equal(most, 4)
    assert.deepEqual(new Set(words(endings)), new Set(['changed']))
  })

  it('changes nothing when the answer is no', async () => {
    const { log, endings } = await fleet(names(5), { decide: async () => false })
    assert.deepEqual(new Set(words(endings)), new Set(['unchanged']))
    assert.ok(!log.some((line) => line.startsWith('change')))
  })

  it('asks nothing when there is nothing to do', async () => {
    const { log } = await fleet(names(3).map((host) => ({ ...host, done: true })))
    assert.ok(!log.includes('decide'))
  })

  it('changes no host when one has no plan', async () => {
    const { endings } = await fleet([{ name: 'a' }, { name: 'b', fails: 'reading' }, { name: 'c' }])
    assert.deepEqual(words(endings), ['skipped', 'failed', 'skipped'])
  })

  it('goes on without a host that may fail', async () => {
    const hosts: Host[] = [{ name: 'a' }, { name: 'b', fails: 'reading' }, { name: 'c' }]
    const { endings } = await fleet(hosts, { maxFailures: 1 })
    assert.deepEqual(words(endings), ['changed', 'failed', 'changed'])
  })

  it('stops behind a canary that fails', async () => {
    const hosts: Host[] = [{ name: 'a', fails: 'changing' }, ...names(10)]
    const { endings } = await fleet(hosts, { batch: ['1', '100%'] })
    assert.deepEqual(words(endings), ['failed', ...Array(10).fill('skipped')])
  })

  it('begins no further host when somebody asks to stop', async () => {
    let changed = 0
    const { endings } = await fleet(names(6), {
      batch: ['2'],
      isStopped: () => changed >= 2,
      onStep: (_, step, ending) => {
        if (step === 'done' && ending !== 'skipped') changed++
      },
    })
    assert.deepEqual(words(endings), ['changed', 'changed', ...Array(4).fill('skipped')])
  })

  it('finishes batch after batch', async () => {
    const { log } = await fleet(names(6), { batch: ['1', '2', '3'] })
    const changes = log.filter((line) => line.startsWith('change'))
    assert.deepEqual(changes[0], 'change h1')
    assert.deepEqual(changes.slice(1, 3).sort(), ['change h2', 'change h3'])
  })

  it('counts failures of all batches together', async () => {
    const hosts: Host[] = names(9).map((host, at) => (at % 3 === 0 ? { ...host, fails: 'changing' } : host))
    const { endings } = await fleet(hosts, { batch: ['3'], maxFailures: 1 })
    assert.deepEqual(words(endings).slice(0, 3), ['failed', 'changed', 'changed'])
    assert.equal(words(endings)[3], 'failed')
    assert.deepEqual(words(endings).slice(6), ['skipped', 'skipped', 'skipped'])
  })

  it('carries a plan out that was made anew only when it is the one that was shown', async () => {
    for (const same of [true, false]) {
      const member: Member<Report> = {
        name: 'a',
        async work(confirm) {
          await confirm({ plan: 'first', changed: false })
          return { plan: 'again', changed: await confirm({ plan: 'again', changed: false }) }
        },
      }
      const endings = await runFleet([member], {
        parallel: 1,
        batch: [],
        maxFailures: 0,
        isFailure: () => false,
        isStopped: () => false,
        decide: async () => true,
        same: (shown, now) => same && shown.plan === 'first' && now.plan === 'again',
        onStep() {},
      })
      assert.equal(word(endings.get('a')), same ? 'changed' : 'unchanged')
    }
  })
})
