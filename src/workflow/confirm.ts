/**
 * The end of an armed change: a login that was made after it proves that the host can still be reached, and keeps it;
 * else the host takes it back by itself, and that is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { exit, LxcnetError } from '../core/error.ts'
import { takeSnapshot } from '../host/snapshot.ts'
import type { Plan } from '../plan/plan.ts'
import type { ChangeReport } from '../report/change.ts'
import { confirm, rollbackAwaiting, type Verdict } from '../transaction/confirm.ts'
import { carryOut, type Outcome, type Transaction } from '../transaction/transaction.ts'
import type { Context } from './context.ts'

/** How long the way back itself may take before the host is given up, in seconds. */
const patienceSeconds = 60

/** Between two tries, and before the first when nothing has come back over the old connection. */
const pauseMs = 1000

/** @throws {LxcnetError} as carryOut does, as long as nothing has been changed */
export async function carryOutArmed(
  context: Context,
  plan: Plan,
  transaction: Transaction & { confirmSeconds: number },
): Promise<Outcome> {
  const { id } = transaction.meta
  let ended: { outcome: Outcome } | { error: unknown } | undefined
  const end = carryOut(context.host, plan, transaction).then(
    (outcome) => {
      ended = { outcome }
    },
    (error: unknown) => {
      ended = { error }
    },
  )
  const giveUpAt = Date.now() + (transaction.confirmSeconds + patienceSeconds) * 1000
  let lastReason = ''
  // the old connection may say nothing any more, and not even break
  await Promise.race([end, sleep(3 * pauseMs)])
  for (;;) {
    if (ended !== undefined && 'error' in ended && !isLost(ended.error)) throw ended.error
    if (ended !== undefined && 'outcome' in ended && ended.outcome.result !== 'awaiting') return ended.outcome
    for (const address of [undefined, ...(plan.reach ?? [])]) {
      const way = context.host.anew(address)
      try {
        const verdict = await confirm(way, transaction.scope, id)
        if (verdict.result === 'unknown' && ended !== undefined && 'error' in ended) throw ended.error
        if (verdict.result !== 'running' && verdict.result !== 'unknown') {
          const known = ended !== undefined && 'outcome' in ended ? ended.outcome : undefined
          const after =
            known?.after ?? (await takeSnapshot(way, transaction.scope, transaction.fresh).catch(() => undefined))
          return { ...outcomeOf(id, verdict, lastReason), notes: known?.notes ?? [], after }
        }
      } catch (error) {
        if (!isLost(error)) throw error
        lastReason = (error as Error).message
      } finally {
        await way.close()
      }
    }
    if (Date.now() > giveUpAt) {
      throw new LxcnetError(
        'unreachable',
        `${lastReason}; the host takes ${id} back by itself, and what became of that is not known`,
        {
          exit: exit.unreachable,
          suggestions: [`once it can be reached: lxcnet history -H ${context.host.name}`],
        },
      )
    }
    await sleep(pauseMs)
  }
}

/** No answer: that says nothing of what the host does. */
const isLost = (error: unknown): boolean =>
  error instanceof LxcnetError && (error.exit === exit.unreachable || error.code === 'interrupted')

function outcomeOf(
  id: string,
  { result, detail, finals }: Verdict,
  lastReason: string,
): Omit<Outcome, 'notes' | 'after'> {
  if (result === 'confirmed') return { id, result: 'committed', reason: '', finals }
  const reason = `no new login came through in time${lastReason === '' ? '' : ` (${lastReason})`}${detail === '' ? '' : `; ${detail}`}`
  return { id, result: result === 'failed' ? 'failed' : 'undone', reason, finals }
}

/** The change that waits on the host, or the one that is named. */
function awaitingId(entries: ReadonlyMap<string, string>, id: string | undefined): string | undefined {
  const waiting = [...entries].filter(([, state]) => state === 'awaiting').map(([one]) => one)
  return waiting.find((one) => id === undefined || one === id || one.endsWith(`-${id}`))
}

const settled: Record<Verdict['result'], ChangeReport['result']> = {
  confirmed: 'applied',
  undone: 'rolled-back',
  failed: 'rollback-failed',
  running: 'unchanged',
  unknown: 'unchanged',
}

/** @throws {LxcnetError} `nothing-awaits` */
export async function confirmChange(
  context: Context,
  id: string | undefined,
  address: string | undefined,
): Promise<ChangeReport> {
  const report = await decide(context, 'confirm', id, address)
  if (report !== undefined) return report
  throw new LxcnetError(
    'nothing-awaits',
    `${context.host.name}: no change${id === undefined ? '' : ` ${id}`} waits for a confirmation`,
    {
      exit: exit.data,
      suggestions: ['`lxcnet history` shows what became of each change: its time may have been up'],
    },
  )
}

/**
 * `lxcnet confirm`, and `rollback` of a change that waits.
 *
 * @param address other than the one the host is known by
 * @returns undefined when nothing waits there
 */
export async function decide(
  context: Context,
  verb: 'confirm' | 'rollback',
  id: string | undefined,
  address?: string,
): Promise<ChangeReport | undefined> {
  const way = address === undefined ? context.host : context.host.anew(address)
  const { entries } = await takeSnapshot(way, context.scope, [])
  const waiting = awaitingId(entries, id)
  if (waiting === undefined) return undefined
  const verdict = await (verb === 'confirm' ? confirm : rollbackAwaiting)(way, context.scope, waiting)
  const failed = verdict.finals.find(({ status }) => status !== 0)
  const taken = verb === 'rollback' && verdict.result === 'undone'
  return {
    schema: 'lxcnet.change/1',
    host: context.host.name,
    result: taken ? 'applied' : failed === undefined ? settled[verdict.result] : 'restart-failed',
    id: waiting,
    reason: failed !== undefined ? `${failed.argv.join(' ')}: ${failed.output.trim()}` : taken ? null : whyNot(verdict),
    rollback: verdict.result === 'confirmed' ? ['lxcnet', 'rollback', waiting, ...context.place] : null,
    summary: [`${verb === 'confirm' ? 'keeps' : 'takes back'} ${waiting}`],
    changes: [],
    notes: [],
    leftOut: [],
    pending: [],
  }
}

const whyNot = ({ result, detail }: Verdict): string | null =>
  result === 'confirmed' ? null : result === 'running' ? 'it is still being carried out' : detail || 'its time was up'
