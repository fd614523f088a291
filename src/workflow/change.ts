/**
 * The way every change goes: read → plan → show → ask → carry out → read again → plan again, which must give nothing.
 */
import { exit, LxcnetError } from '../core/error.ts'
import type { Probe } from '../core/probe.ts'
import { quoteAll } from '../core/shell.ts'
import type { Snapshot } from '../host/snapshot.ts'
import { type Change, type Note, type Plan, shown } from '../plan/plan.ts'
import type { ChangeReport } from '../report/change.ts'
import { newId } from '../transaction/id.ts'
import { carryOut, type Outcome, recover } from '../transaction/transaction.ts'
import { carryOutArmed } from './confirm.ts'
import { judge, once, refuseErrors } from './consent.ts'
import { type Context, isUp, probesFor, type Reading, readView, type View } from './context.ts'
import { guardOf } from './guard.ts'
import { pendingAfter, pendingOf } from './pending.ts'

/** What a workflow wants, worked out against one reading of the host. */
export interface Draft {
  /** One line per thing done: "web01: adds NIC 1 (macvlan bridge on lxcbr2)". */
  summary: string[]
  changes: Change[]
  notes: Note[]
  /** Commands that cannot run under --root, or were not asked for, in words. */
  leftOut: string[]
  /** Containers that are changed. */
  containers: string[]
  /** See plan/plan.ts. */
  reach?: string[]
  links?: string[]
}

export interface ChangeOptions {
  containers?: readonly string[]
  /** Hooks that are about to be written: are they there? */
  scripts?: readonly string[]
  /** Further files that the draft looks at. */
  files?: readonly string[]
  /** Of the rooms that the draft asks. */
  probes?: readonly Probe[]
  /** See ReadRequest. */
  further?: (snapshot: Snapshot) => readonly Probe[]
  draft(reading: Reading): Draft
  /** Id of the change whose way back this is. */
  takesBack?: string
  dryRun: boolean
  /** Codes that --allow names. */
  allow: ReadonlySet<string>
  /** --confirm: the change is taken back unless a person confirms it within so many seconds. */
  confirmSeconds?: number | undefined
  /** --step-timeout: how long each command of the plan may take. */
  stepSeconds?: number | undefined
  /** Shows the plan and asks; false stops. */
  confirm(report: ChangeReport): Promise<boolean>
}

/** What the operator allows, on whichever command. */
export type Mandate = Pick<ChangeOptions, 'dryRun' | 'allow' | 'confirm' | 'confirmSeconds' | 'stepSeconds'>

/** Tries again with a fresh reading when somebody else changed a config in between. */
const mostTries = 5

export async function change(context: Context, options: ChangeOptions): Promise<ChangeReport> {
  const recovered: Note[] = []
  let confirmed = ''
  for (let attempt = 1; ; attempt++) {
    const reading = await readView(context, {
      containers: options.containers ?? [],
      scripts: options.scripts ?? [],
      files: options.files ?? [],
      probes: options.probes ?? [],
      further: options.further,
    })
    if (await settle(context, reading, options.dryRun, recovered)) continue
    const draft = options.draft(reading)
    const guard = await guardOf(context, reading.view, draft.changes)
    const notes = once([...recovered, ...judge([...draft.notes, ...guard.notes], options.allow)])
    const plan: Plan = {
      host: context.host.name,
      changes: draft.changes,
      notes,
      reads: reading.snapshot.digest,
      ...(draft.reach === undefined ? {} : { reach: draft.reach }),
      ...(draft.links === undefined ? {} : { links: draft.links }),
    }
    const report: ChangeReport = {
      schema: 'lxcnet.change/1',
      host: plan.host,
      result: 'planned',
      id: null,
      reason: null,
      rollback: null,
      summary: draft.summary,
      changes: draft.changes,
      notes,
      leftOut: draft.leftOut,
      pending: [],
    }
    refuseErrors(notes)
    if (draft.changes.length === 0)
      return { ...report, result: 'unchanged', pending: pendingOf(reading.view, draft.containers) }
    if (options.dryRun) return report
    const fingerprint = JSON.stringify(draft.changes)
    if (fingerprint !== confirmed && !(await options.confirm(report))) return { ...report, result: 'declined' }
    confirmed = fingerprint
    const outcome = await attemptOnce(context, plan, reading, draft, { ...options, arm: guard.arm })
    if (outcome === 'stale') {
      if (attempt < mostTries) continue
      throw new LxcnetError('stale', `the containers' configs keep changing while lxcnet plans; nothing was changed`, {
        exit: exit.failed,
        suggestions: ['try again in a moment'],
      })
    }
    return finish(context, { ...report, notes: [...notes, ...outcome.notes] }, outcome, draft, reading)
  }
}

/** Finishes what a killed run left; true when the host has to be read again. */
async function settle(context: Context, { snapshot }: Reading, dryRun: boolean, recovered: Note[]): Promise<boolean> {
  const left = [...snapshot.entries].filter(([, state]) => state === 'abandoned').map(([id]) => id)
  if (left.length === 0) return false
  if (dryRun) {
    if (recovered.length === 0)
      recovered.push({
        severity: 'warning',
        code: 'abandoned',
        message: `${left.join(', ')} was left unfinished by a killed run; the next change takes it back first`,
      })
    return false
  }
  for (const { id, result, detail } of await recover(context.host, context.scope)) {
    const what =
      result === 'committed'
        ? 'was complete and has been tidied up'
        : result === 'undone'
          ? 'was left unfinished by a killed run and has been taken back'
          : 'was left unfinished by a killed run and could not be taken back'
    const kept =
      detail === ''
        ? ''
        : result === 'undone'
          ? `; changed by someone else since, and left as it is: ${detail}`
          : `: ${detail}`
    recovered.push({
      severity: result === 'failed' ? 'warning' : 'info',
      code: 'recovered',
      message: `${id} ${what}${kept}`,
    })
  }
  return true
}

/** Does one of the changed containers run afterwards? A command may start it. */
const mayRun = ({ containers, changes }: Draft, view: View): boolean =>
  changes.some(({ kind }) => kind === 'run') ||
  containers.some((name) => {
    const container = view.containers.get(name)
    return container !== undefined && isUp(container, view)
  })

/** How many hosts are being changed; one listener stands for all of them. */
let holding = 0
const ignore = (): void => {}

function hold(): void {
  if (holding++ === 0) process.on('SIGINT', ignore)
}

function release(): void {
  if (--holding === 0) process.off('SIGINT', ignore)
}

/** How long the host waits for a new login before it takes back a change that may have cut the way to it. */
const guardSeconds = 60

async function attemptOnce(
  context: Context,
  plan: Plan,
  reading: Reading,
  draft: Draft,
  { confirmSeconds: asked, stepSeconds, takesBack, arm }: ChangeOptions & { arm: boolean },
): Promise<Outcome | 'stale'> {
  const meta = {
    id: context.changeId ?? newId(context.now()),
    at: context.now().toISOString(),
    user: context.user,
    command: context.command,
    ...(takesBack === undefined ? {} : { takesBack }),
  }
  const known = { ...context, lxcpath: reading.view.lxcpath }
  const configs = new Set(draft.containers.map((name) => reading.view.containers.get(name)?.path))
  const others = draft.changes.flatMap((step) => (step.kind === 'file' && !configs.has(step.path) ? step.path : []))
  const fresh = probesFor(
    known,
    { containers: draft.containers, only: true, live: mayRun(draft, reading.view) },
    others,
  )
  // From here on the host finishes by itself: Ctrl-C must not hide how it ended.
  hold()
  try {
    const limit = stepSeconds === undefined ? {} : { commandSeconds: stepSeconds }
    const transaction = { scope: context.scope, reads: reading.probes, fresh, meta, ...limit }
    // --confirm: a person decides
    if (asked !== undefined) return await carryOut(context.host, plan, { ...transaction, confirmSeconds: asked })
    if (!arm) return await carryOut(context.host, plan, transaction)
    const armed = { ...transaction, confirmSeconds: guardSeconds }
    // from here no new login can be made that would prove anything: a person makes it
    if (context.target === undefined) return await carryOut(context.host, plan, armed)
    return await carryOutArmed(context, plan, armed)
  } catch (error) {
    if (error instanceof LxcnetError && (error.code === 'stale' || error.code === 'unfinished')) return 'stale'
    if (error instanceof LxcnetError && error.code === 'awaiting') throw withPlace(error, context)
    throw error
  } finally {
    release()
  }
}

/** The engine knows no flags: the commands that it tells a person to type lack those that lead to the host. */
function withPlace({ code, message, exit: status, suggestions }: LxcnetError, { place }: Context): LxcnetError {
  const words = place.length === 0 ? '' : ` ${quoteAll(place)}`
  const complete = suggestions.map((text) => text.replace(/lxcnet (confirm|rollback|history)( \S+)?$/, `$&${words}`))
  return new LxcnetError(code, message, { exit: status, suggestions: complete })
}

function finish(
  context: Context,
  report: ChangeReport,
  outcome: Outcome,
  draft: Draft,
  reading: Reading,
): ChangeReport {
  const { id, result, reason } = outcome
  const rollback = ['lxcnet', 'rollback', id, ...context.place]
  if (result === 'undone') return { ...report, id, result: 'rolled-back', reason }
  if (result === 'awaiting') {
    const confirm = quoteAll(['lxcnet', 'confirm', id, ...context.place])
    return {
      ...report,
      id,
      rollback,
      result,
      reason: `taken back unless it is confirmed in time, from a new login: ${confirm}`,
    }
  }
  if (result === 'failed') return { ...report, id, result: 'rollback-failed', reason }
  const failed = outcome.finals.find(({ status }) => status !== 0)
  const fresh = outcome.after
  const differs =
    fresh &&
    draft.changes.find((step) => step.kind === 'file' && (fresh.files.get(step.path)?.text ?? null) !== step.after)
  if (fresh === undefined || differs !== undefined) {
    return {
      ...report,
      id,
      rollback,
      result: 'unverified',
      reason:
        differs?.kind === 'file'
          ? `${differs.path} reads differently from what was written`
          : 'the host could not be read again',
    }
  }
  const pending = pendingAfter(context, fresh, draft, reading)
  if (failed !== undefined)
    return {
      ...report,
      id,
      rollback,
      result: 'restart-failed',
      reason: `${shown(failed.argv)}: ${failed.output.trim() || `exit status ${failed.status}`}`,
      pending,
    }
  return { ...report, id, rollback, result: 'applied', pending }
}
