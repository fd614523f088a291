/** The same work on several hosts: reading in parallel, and changing after every plan is known. */
import pLimit from 'p-limit'
import { exit, LxcnetError } from '../core/error.ts'
import { type Ending, runFleet, type Step } from '../fleet/run.ts'
import type { ChangeReport } from '../report/change.ts'
import { alikeText, endingOfError, type FleetReport, type HostEnding, hasFailed } from '../report/fleet.ts'
import type { Context } from './context.ts'

export interface FleetChange {
  parallel: number
  /** See fleet/batches.ts. */
  batch: readonly string[]
  maxFailures: number
  /** Asked once, with every plan there is. */
  decide(plans: ReadonlyMap<string, ChangeReport>): Promise<boolean>
  /** Has somebody asked to stop? What has begun is finished. */
  isStopped(): boolean
  onStep(host: string, step: Step, ending?: HostEnding<ChangeReport>): void
}

export async function changeFleet(
  contexts: readonly Context[],
  work: (context: Context, confirm: (plan: ChangeReport) => Promise<boolean>) => Promise<ChangeReport>,
  { onStep, ...options }: FleetChange,
): Promise<FleetReport<ChangeReport>> {
  const members = contexts.map((context) => ({
    name: context.host.name,
    work: (confirm: (plan: ChangeReport) => Promise<boolean>) => work(context, confirm),
  }))
  let decided = false
  const toEnding = (host: string, ending: Ending<ChangeReport>) => endingOf(host, ending, decided, options.isStopped())
  const endings = await runFleet<ChangeReport>(members, {
    ...options,
    decide: async (plans) => {
      decided = await options.decide(plans)
      return decided
    },
    // who cannot be reached is told of, and keeps nobody else from going on
    isFailure: (ending) => {
      const { result } = toEnding('', ending)
      return result !== 'unreachable' && hasFailed({ result })
    },
    same: (shown, now) => alikeText(shown) === alikeText(now) && startOf(shown) === startOf(now),
    onStep: (host, step, ending) => onStep(host, step, ending === undefined ? undefined : toEnding(host, ending)),
  })
  const hosts = [...endings].map(([host, ending]) => toEnding(host, ending))
  const id =
    (hosts.find(({ report }) => report?.rollback) ?? hosts.find(({ report }) => report?.id))?.report?.id ?? null
  const changed = hosts.some(({ report }) => report?.rollback)
  const rollback = id === null || !changed ? null : ['lxcnet', 'rollback', id, ...(contexts[0]?.place ?? [])]
  return { schema: 'lxcnet.fleet/1', id, rollback, hosts }
}

/** What the plan starts from: a MAC that somebody has changed meanwhile is no MAC that was chosen anew. */
const startOf = ({ changes }: ChangeReport): string =>
  JSON.stringify(changes.map((step) => (step.kind === 'file' ? [step.path, step.before] : step.argv)))

/** Reads every host; one that cannot be read is an ending like others. */
export async function readFleet<R>(
  contexts: readonly Context[],
  parallel: number,
  work: (context: Context) => Promise<R>,
): Promise<FleetReport<R>> {
  const limit = pLimit(parallel)
  const hosts = await Promise.all(
    contexts.map((context) =>
      limit(async (): Promise<HostEnding<R>> => {
        const host = context.host.name
        try {
          return { host, result: 'ok', code: null, reason: null, suggestions: [], report: await work(context) }
        } catch (error) {
          return ofError(host, error)
        }
      }),
    ),
  )
  return { schema: 'lxcnet.fleet/1', id: null, rollback: null, hosts }
}

/** The worst outcome decides, lxcnet(1) EXIT STATUS. */
export function fleetExit({ hosts }: FleetReport<unknown>): number {
  const results = hosts.map(({ result }) => result)
  const every = (...some: (typeof results)[number][]): boolean => results.every((result) => some.includes(result))
  if (results.includes('rollback-failed')) return exit.rollbackFailed
  if (every('unreachable')) return exit.unreachable
  if (every('rolled-back')) return exit.rolledBack
  if (hosts.every(hasFailed)) return exit.failed
  if (hosts.some((ending) => hasFailed(ending) || ending.result === 'skipped')) return exit.someFailed
  return results.some((result) => ['planned', 'declined', 'awaiting'].includes(result)) ? exit.pending : exit.done
}

function endingOf(
  host: string,
  ending: Ending<ChangeReport>,
  decided: boolean,
  stopped: boolean,
): HostEnding<ChangeReport> {
  if (ending === 'skipped') {
    const reason = `not begun: ${stopped ? 'interrupted' : 'too many hosts had failed'}`
    return { host, result: 'skipped', code: null, reason, suggestions: [], report: null }
  }
  if ('error' in ending) return ofError(host, ending.error)
  const { report } = ending
  if (decided && report.result === 'declined') {
    const reason = 'somebody changed the host after its plan was shown; nothing was changed there'
    return { host, result: 'failed', code: 'stale', reason, suggestions: ['run it again'], report: null }
  }
  return { host, result: report.result, code: null, reason: report.reason, suggestions: [], report }
}

/** One host's bug must not end the others in the middle. */
function ofError(host: string, error: unknown): HostEnding<never> {
  if (error instanceof LxcnetError) return endingOfError(host, error, exit.unreachable)
  const reason = error instanceof Error ? error.message : String(error)
  return { host, result: 'failed', code: 'bug', reason, suggestions: [], report: null }
}
