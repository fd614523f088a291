/**
 * One change on many hosts: every host's plan is known before any host changes; then batch after batch, until more
 * hosts have failed than may.
 *
 * A host works in one piece, from its first reading to its last: it hands its plan to `confirm` and waits there, with
 * its connection open, until the run as a whole goes on.
 */
import pLimit from 'p-limit'
import { batches } from './batches.ts'

export interface Member<R> {
  name: string
  /** Resolves with a report, changed or not; `confirm` gets the plan and says whether to carry it out. */
  work(confirm: (plan: R) => Promise<boolean>): Promise<R>
}

/** How a host's part ended: with a report, with an error, or not begun since the run had stopped. */
export type Ending<R> = { report: R } | { error: unknown } | 'skipped'

export type Step = 'reading' | 'planned' | 'applying' | 'done'

export interface FleetOptions<R> {
  /** Hosts worked on at once. */
  parallel: number
  /** See batches.ts. */
  batch: readonly string[]
  /** The run stops when more hosts than this have failed, in planning or in changing. */
  maxFailures: number
  isFailure(ending: Ending<R>): boolean
  /** Has somebody asked to stop? What has begun is finished. */
  isStopped(): boolean
  /** Called once, when all plans are there; what it throws ends the run, with nothing changed. */
  decide(plans: ReadonlyMap<string, R>): Promise<boolean>
  /** A host had to plan again, since it had changed meanwhile: is it still what was decided on? */
  same(shown: R, now: R): boolean
  onStep(host: string, step: Step, ending?: Ending<R>): void
}

interface Waiting<R> {
  plan: R
  go(yes: boolean): void
}

/** @returns by host, in the order of `members` */
export async function runFleet<R>(
  members: readonly Member<R>[],
  options: FleetOptions<R>,
): Promise<Map<string, Ending<R>>> {
  batches(members, options.batch) // a wrong word is said before any host is asked
  const limit = pLimit(options.parallel)
  const endings = new Map<string, Ending<R>>()
  const waiting = new Map<string, Waiting<R>>()
  const parts = new Map<string, Promise<void>>()

  const begin = (member: Member<R>): Promise<void> => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
    options.onStep(member.name, 'reading')
    const confirm = (plan: R): Promise<boolean> => {
      const shown = waiting.get(member.name)
      if (shown !== undefined) return Promise.resolve(options.same(shown.plan, plan))
      const { promise, resolve } = Promise.withResolvers<boolean>()
      waiting.set(member.name, { plan, go: resolve })
      options.onStep(member.name, 'planned')
      arrive()
      return promise
    }
    const end = (ending: Ending<R>): void => {
      if (endings.has(member.name)) return // skipped
      endings.set(member.name, ending)
      options.onStep(member.name, 'done', ending)
    }
    const part = member.work(confirm).then(
      (report) => end({ report }),
      (error: unknown) => end({ error }),
    )
    parts.set(member.name, part)
    void part.then(arrive)
    return arrived
  }

  const mayGoOn = (): boolean =>
    !options.isStopped() && [...endings.values()].filter(options.isFailure).length <= options.maxFailures
  const proceed = async (name: string, yes: boolean): Promise<void> => {
    if (yes) options.onStep(name, 'applying')
    waiting.get(name)?.go(yes)
    await parts.get(name)
  }
  const skip = async (name: string): Promise<void> => {
    endings.set(name, 'skipped')
    options.onStep(name, 'done', 'skipped')
    await proceed(name, false)
  }

  await Promise.all(members.map((member) => limit(() => begin(member))))
  const order = members.map(({ name }) => name).filter((name) => waiting.has(name))
  const plans = new Map(order.map((name) => [name, (waiting.get(name) as Waiting<R>).plan]))
  let refusal: unknown
  const yes =
    order.length === 0 ||
    !mayGoOn() ||
    (await options.decide(plans).catch((error: unknown) => {
      refusal = error
      return false
    }))
  for (const batch of batches(order, options.batch)) {
    await Promise.all(
      batch.map((name) => limit(() => (!yes ? proceed(name, false) : mayGoOn() ? proceed(name, true) : skip(name)))),
    )
  }
  if (refusal !== undefined) throw refusal
  return new Map(members.map(({ name }) => [name, endings.get(name) as Ending<R>]))
}
