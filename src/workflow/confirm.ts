/**
 * The end of an armed change: a login that was made after it proves that the host can still be reached, and keeps it;
 * else the host takes it back by itself, and that is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { exit, LxcnetError } from '../core/error.ts'
import type { Host } from '../host/port.ts'
import { type Scope, type Snapshot, takeSnapshot } from '../host/snapshot.ts'
import { type Note, type Plan, shown } from '../plan/plan.ts'
import type { ChangeReport } from '../report/change.ts'
import { confirm, rollbackAwaiting, type Verdict } from '../transaction/confirm.ts'
import { carryOut, type Outcome, type Transaction } from '../transaction/transaction.ts'
import type { Context } from './context.ts'

/** How long the way back itself may take before the host is given up, in seconds. */
const patienceSeconds = 60

/** Between two tries, and before the first when nothing has come back over the old connection. */
const pauseMs = 1000

type Ended = { outcome: Outcome } | { error: unknown } | undefined

/** @throws {LxcnetError} as carryOut does, as long as nothing has been changed */
export async function carryOutArmed(
  context: Context,
  plan: Plan,
  transaction: Transaction & { confirmSeconds: number },
): Promise<Outcome> {
  const { id } = transaction.meta
  const state: { ended: Ended } = { ended: undefined }
  const end = carryOut(context.host, plan, transaction).then(
    (outcome) => {
      state.ended = { outcome }
    },
    (error: unknown) => {
      state.ended = { error }
    },
  )
  const patience = (): number => Date.now() + (transaction.confirmSeconds + patienceSeconds) * 1000
  let giveUpAt = patience()
  let pause = pauseMs
  let lastReason = ''
  // the old connection may say nothing any more, and not even break
  await Promise.race([end, sleep(3 * pauseMs)])
  for (;;) {
    const { ended } = state
    if (ended !== undefined && 'error' in ended && !isLost(ended.error)) throw ended.error
    const known = ended !== undefined && 'outcome' in ended ? ended.outcome : undefined
    if (known !== undefined && known.result !== 'awaiting') return known
    for (const address of [undefined, ...(plan.reach ?? [])]) {
      const answer = await askAnew(context, address, transaction, known)
      if (typeof answer === 'string') lastReason = answer
      else if (answer.result === 'running') giveUpAt = patience()
      else if (answer.result !== 'unknown') return outcomeOf(id, answer, lastReason)
      else if (ended !== undefined && 'error' in ended) throw ended.error
    }
    if (Date.now() > giveUpAt) {
      const message = `${lastReason}; the host takes ${id} back by itself, and what became of that is not known`
      throw new LxcnetError('interrupted', message, {
        exit: exit.failed,
        suggestions: [`once it can be reached: lxcnet history -H ${context.host.name}`],
      })
    }
    // while the steps run few logins do: some firewalls lock out who makes many
    pause = state.ended === undefined ? Math.min(2 * pause, 8 * pauseMs) : pauseMs
    await (state.ended === undefined ? Promise.race([end, sleep(pause)]) : sleep(pause))
  }
}

interface Answer extends Verdict {
  after: Snapshot | undefined
  notes: Note[]
}

/** By a connection of its own: has the change been kept, or what became of it? A text says why nobody answered. */
async function askAnew(
  context: Context,
  address: string | undefined,
  { scope, fresh, meta }: Transaction,
  known: Outcome | undefined,
): Promise<Answer | string> {
  const way = context.host.anew(address)
  try {
    const verdict = await confirm(way, scope, meta.id)
    const notes = known?.notes ?? []
    if (verdict.result === 'unknown') return { ...(await fromJournal(way, scope, meta.id)), after: undefined, notes }
    // what was read before the confirmation does not know the commands that waited for it
    const read = verdict.finals.length === 0 ? known?.after : undefined
    const after = read ?? (await takeSnapshot(way, scope, fresh).catch(() => undefined))
    return { ...verdict, after, notes }
  } catch (error) {
    if (!isLost(error)) throw error
    return (error as Error).message
  } finally {
    await way.close()
  }
}

/** A step failed before the change came to wait, and the connection broke before that was told; or it never began. */
async function fromJournal(way: Host, scope: Scope, id: string): Promise<Verdict> {
  const { entries } = await takeSnapshot(way, scope, [], { journal: [] })
  const result = ({ committed: 'confirmed', undone: 'undone', failed: 'failed' } as const)[entries.get(id) ?? '']
  return { result: result ?? 'unknown', detail: '', finals: [] }
}

/** No answer: that says nothing of what the host does. */
const isLost = (error: unknown): boolean =>
  error instanceof LxcnetError && (error.exit === exit.unreachable || error.code === 'interrupted')

function outcomeOf(id: string, { result, detail, finals, after, notes }: Answer, lastReason: string): Outcome {
  if (result === 'confirmed') return { id, result: 'committed', reason: '', finals, after, notes }
  const lost = lastReason === '' ? '' : ` (${lastReason})`
  const reason = `no new login came through in time${lost}${detail === '' ? '' : `; ${detail}`}`
  return { id, result: result === 'failed' ? 'failed' : 'undone', reason, finals, after, notes }
}

/** The change that waits on the host, or the one that is named. */
function awaitingId(entries: ReadonlyMap<string, string>, id: string | undefined): string | undefined {
  const waiting = [...entries].filter(([, state]) => state === 'awaiting').map(([one]) => one)
  return waiting.find((one) => id === undefined || one === id || one.endsWith(`-${id}`))
}

/** What `lxcnet confirm` was told. */
export interface ConfirmRequest {
  id: string | undefined
  /** Other than the one the host is known by. */
  address: string | undefined
  dryRun: boolean
}

/** @throws {LxcnetError} `nothing-awaits`, `usage` */
export async function confirmChange(context: Context, request: ConfirmRequest): Promise<ChangeReport> {
  const { id, address } = request
  const many = context.changeId !== undefined
  if (address !== undefined && (many || context.target === undefined))
    throw usage('--address goes with one host over SSH', 'name it: -H HOST --address ADDRESS')
  if (many && !isWholeId(id))
    throw usage('several hosts may have several changes that wait', 'name the change by its whole id')
  const report = await decide(context, 'confirm', request)
  if (report !== undefined) return report
  if (many) return reportOf(context, id ?? '', { result: 'unchanged', summary: `has no change ${id} that waits` })
  const which = id === undefined ? '' : ` ${id}`
  throw new LxcnetError('nothing-awaits', `${context.host.name}: no change${which} waits for a confirmation`, {
    exit: exit.data,
    suggestions: ['`lxcnet history` shows what became of each change: its time may have been up'],
  })
}

const usage = (message: string, way: string): LxcnetError =>
  new LxcnetError('usage', message, { exit: exit.usage, suggestions: [way] })

/** The last five characters, which do for one host, may mean different changes on several. */
export const isWholeId = (id: string | undefined): boolean => id !== undefined && /^\d{8}-\d{6}-[0-9a-f]{5}$/.test(id)

/** How often a decision that is being made by another is asked after. */
const mostTurns = 60

/**
 * `lxcnet confirm`, and `rollback` of a change that waits.
 *
 * @returns undefined when nothing waits there
 */
export async function decide(
  context: Context,
  verb: 'confirm' | 'rollback',
  { id, address, dryRun }: ConfirmRequest,
): Promise<ChangeReport | undefined> {
  const way = address === undefined ? context.host : context.host.anew(address)
  const { entries } = await takeSnapshot(way, context.scope, [])
  const waiting = awaitingId(entries, id)
  if (waiting === undefined) return undefined
  const summary = `${verb === 'confirm' ? 'keeps' : 'takes back'} ${waiting}`
  if (dryRun) return reportOf(context, waiting, { result: 'planned', summary })
  const act = verb === 'confirm' ? confirm : rollbackAwaiting
  let verdict = await act(way, context.scope, waiting)
  for (let turn = 0; verdict.result === 'running' && turn < mostTurns; turn++) {
    await sleep(pauseMs)
    verdict = await act(way, context.scope, waiting)
  }
  const { result, detail, finals } = verdict
  if (result === 'running' || result === 'unknown') {
    throw new LxcnetError('interrupted', `${context.host.name}: what became of ${waiting} is not known`, {
      exit: exit.failed,
      suggestions: ['`lxcnet history` tells it'],
    })
  }
  if (verb === 'rollback' && result === 'confirmed') return undefined // somebody kept it: it is a change like others now
  if (verb === 'rollback' && result === 'undone')
    return reportOf(context, waiting, {
      result: 'applied',
      summary: detail === '' ? summary : `${summary}; left alone: ${detail}`,
    })
  const failed = finals.find(({ status }) => status !== 0)
  if (failed !== undefined) {
    const reason = `${shown(failed.argv)}: ${failed.output.trim()}`
    return reportOf(context, waiting, { result: 'restart-failed', summary, reason, kept: true })
  }
  if (result === 'confirmed') return reportOf(context, waiting, { result: 'applied', summary, kept: true })
  const reason = detail || 'its time was up'
  return reportOf(context, waiting, {
    result: result === 'undone' ? 'rolled-back' : 'rollback-failed',
    summary,
    reason,
  })
}

interface Decision {
  result: ChangeReport['result']
  summary: string
  reason?: string
  /** It stands, and can be taken back like any other. */
  kept?: boolean
}

const reportOf = ({ host, place }: Context, id: string, { result, summary, reason, kept }: Decision): ChangeReport => ({
  schema: 'lxcnet.change/1',
  host: host.name,
  result,
  id,
  reason: reason ?? null,
  rollback: kept ? ['lxcnet', 'rollback', id, ...place] : null,
  summary: [summary],
  changes: [],
  notes: [],
  leftOut: [],
  pending: [],
})
