/** `lxcnet history` and `rollback`: the journal on the host. */
import { exit, LxcnetError } from '../core/error.ts'
import { type Snapshot, takeSnapshot } from '../host/snapshot.ts'
import type { Change, Plan } from '../plan/plan.ts'
import type { HistoryReport } from '../report/history.ts'
import type { Meta } from '../transaction/transaction.ts'
import type { Draft } from './change.ts'
import type { Context, Reading } from './context.ts'

export async function readHistory(context: Context): Promise<HistoryReport> {
  const snapshot = await takeSnapshot(context.host, context.scope, [], { journal: ['meta.json'] })
  const entries = [...snapshot.entries].map(([id, state]) => {
    const meta = json<Meta>(snapshot, id, 'meta.json')
    return { id, state, at: meta?.at ?? null, user: meta?.user ?? null, command: meta?.command ?? null }
  })
  return { schema: 'lxcnet.history/1', host: context.host.name, entries }
}

export async function readEntry(context: Context, id: string): Promise<{ state: string; meta: Meta; plan: Plan }> {
  const snapshot = await takeSnapshot(context.host, context.scope, [], { journal: ['meta.json', 'plan.json'] })
  const known = [...snapshot.entries.keys()]
  const full = known.includes(id) ? id : known.filter((one) => one.startsWith(id) || one.endsWith(`-${id}`)).at(-1)
  const state = full === undefined ? undefined : snapshot.entries.get(full)
  const meta = full === undefined ? undefined : json<Meta>(snapshot, full, 'meta.json')
  const plan = full === undefined ? undefined : json<Plan>(snapshot, full, 'plan.json')
  if (state === undefined || meta === undefined || plan === undefined) {
    throw new LxcnetError('no-entry', `there is no change ${JSON.stringify(id)} in the history`, {
      exit: exit.data,
      suggestions: ['`lxcnet history` lists them'],
    })
  }
  return { state, meta, plan }
}

function json<T>(snapshot: Snapshot, id: string, file: string): T | undefined {
  const text = [...snapshot.files].find(([path]) => path.endsWith(`/journal/${id}/${file}`))?.[1].text
  try {
    return text === undefined ? undefined : (JSON.parse(Buffer.from(text, 'latin1').toString()) as T)
  } catch {
    return undefined
  }
}

/**
 * The way back of a committed change, as a change of its own; it stands in the history too.
 *
 * @throws {LxcnetError} `changed-since` when a file is no longer what that change left
 */
export function rollbackDraft(
  { view, snapshot }: Reading,
  { state, meta, plan }: { state: string; meta: Meta; plan: Plan },
): Draft {
  if (state !== 'committed') {
    const why: Record<string, string> = {
      undone: 'was taken back already when it failed',
      failed: 'failed half-way',
      running: 'is still running',
      abandoned: 'was left unfinished',
    }
    throw new LxcnetError('not-committed', `${meta.id} ${why[state] ?? state}`, {
      exit: exit.data,
      suggestions: ['`lxcnet history` shows what became of each change'],
    })
  }
  const containers = new Set<string>()
  const leftOut: string[] = []
  const changes = plan.changes.toReversed().flatMap((step): Change[] => {
    if (step.kind === 'run') {
      if (step.undo === undefined) leftOut.push(`\`${step.argv.join(' ')}\` cannot be taken back`)
      return step.undo === undefined
        ? []
        : [{ kind: 'run', argv: step.undo, undo: step.argv, why: `takes back: ${step.why}`, impact: step.impact }]
    }
    const now = snapshot.files.get(step.path)
    const text = now?.text ?? null
    if (text === step.before) return []
    if (text !== step.after) {
      throw new LxcnetError(
        'changed-since',
        `${step.path} has changed since ${meta.id}, so that change cannot be taken back without losing the later one`,
        {
          exit: exit.data,
          suggestions: [
            'take the later changes back first: `lxcnet history`',
            `\`lxcnet history ${meta.id}\` shows what it did`,
          ],
        },
      )
    }
    for (const container of view.containers.values()) if (container.path === step.path) containers.add(container.name)
    const running = [...containers].some((name) => view.containers.get(name)?.state === 'running')
    return [
      {
        ...step,
        before: text,
        after: step.before,
        mode: now?.mode ?? step.mode,
        why: `takes back: ${step.why}`,
        impact: running ? ('restart' as const) : step.impact,
      },
    ]
  })
  return {
    summary: [`takes back ${meta.id}: ${meta.command}`],
    changes,
    notes: [],
    leftOut,
    containers: [...containers],
  }
}
