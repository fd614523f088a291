/** `lxcnet history` and `rollback`: the journal on the host. */
import { bootProbe } from '../boot/index.ts'
import { exit, LxcnetError } from '../core/error.ts'
import { type Snapshot, takeSnapshot } from '../host/snapshot.ts'
import { type Container, linkOf } from '../nic/index.ts'
import type { Change, Note, Plan } from '../plan/plan.ts'
import type { ChangeReport } from '../report/change.ts'
import type { HistoryReport } from '../report/history.ts'
import { type Meta, recover } from '../transaction/transaction.ts'
import { change, type Draft, type Mandate } from './change.ts'
import { decide, isWholeId } from './confirm.ts'
import { type Context, isUp, type Reading, type View } from './context.ts'
import { restartOf } from './nic-change.ts'
import { neededBy } from './noun/shared.ts'

/** @param id of one change, to be shown with its plan; all of them without */
export async function readHistory(context: Context, id?: string): Promise<HistoryReport> {
  if (id !== undefined) {
    const { state, meta, plan } = await readEntry(context, id)
    const entry = { id: meta.id, state, at: meta.at, user: meta.user, command: meta.command, plan }
    return { schema: 'lxcnet.history/1', host: context.host.name, entries: [entry] }
  }
  const snapshot = await takeSnapshot(context.host, context.scope, [], { journal: ['meta.json'] })
  const metas = metasOf(snapshot)
  const back = takenBack(snapshot, metas)
  const entries = [...snapshot.entries].map(([id, state]) => {
    const { at = null, user = null, command = null } = metas.get(id) ?? {}
    return { id, state: back.has(id) ? 'taken-back' : state, at, user, command }
  })
  return { schema: 'lxcnet.history/1', host: context.host.name, entries }
}

const metasOf = (snapshot: Snapshot): Map<string, Meta | undefined> =>
  new Map([...snapshot.entries.keys()].map((id) => [id, entryJson<Meta>(snapshot, id, 'meta.json')]))

/** Changes whose way back was made, and was not taken back itself. */
function takenBack({ entries }: Snapshot, metas: ReadonlyMap<string, Meta | undefined>): Set<string> {
  const back = new Set<string>()
  for (const [id, state] of [...entries].toReversed()) {
    const takes = metas.get(id)?.takesBack
    if (takes !== undefined && state === 'committed' && !back.has(id)) back.add(takes)
  }
  return back
}

interface Entry {
  state: string
  meta: Meta
  plan: Plan
  /** Path → the last change that wrote it after this one, and stands. */
  later: ReadonlyMap<string, string>
}

export async function readEntry(context: Context, id: string): Promise<Entry> {
  const snapshot = await takeSnapshot(context.host, context.scope, [], { journal: ['meta.json', 'plan.json'] })
  const known = [...snapshot.entries.keys()]
  const short = /^[0-9a-f]{5}$/.test(id) ? known.filter((one) => one.endsWith(`-${id}`)) : []
  if (short.length > 1 && !known.includes(id)) {
    throw new LxcnetError('no-entry', `${id} fits more than one change: ${short.join(', ')}`, {
      exit: exit.usage,
      suggestions: ['give the whole id'],
    })
  }
  const full = known.includes(id) ? id : short[0]
  const state = full === undefined ? undefined : snapshot.entries.get(full)
  const meta = full === undefined ? undefined : entryJson<Meta>(snapshot, full, 'meta.json')
  const plan = full === undefined ? undefined : entryJson<Plan>(snapshot, full, 'plan.json')
  if (state === undefined || meta === undefined || plan === undefined) {
    throw noEntry(id)
  }
  return { state, meta, plan, later: writtenSince(snapshot, meta.id) }
}

function writtenSince(snapshot: Snapshot, since: string): Map<string, string> {
  const back = takenBack(snapshot, metasOf(snapshot))
  const ids = [...snapshot.entries.keys()]
  const standing = ids
    .slice(ids.indexOf(since) + 1)
    .filter((id) => snapshot.entries.get(id) === 'committed' && !back.has(id))
  return new Map(
    standing.flatMap((id) => {
      const changes = entryJson<Plan>(snapshot, id, 'plan.json')?.changes
      // a tree may come from a stranger, and its journal with it
      return (Array.isArray(changes) ? changes : []).flatMap((step): [string, string][] =>
        step?.kind === 'file' ? [[step.path, id]] : [],
      )
    }),
  )
}

export const noEntry = (id: string): LxcnetError =>
  new LxcnetError('no-entry', `there is no change ${JSON.stringify(id)} in the history`, {
    exit: exit.data,
    suggestions: ['`lxcnet history` lists them'],
  })

/** A file of an entry that a snapshot brought, as JSON. */
export function entryJson<T>(snapshot: Snapshot, id: string, file: string): T | undefined {
  const text = [...snapshot.files].find(([path]) => path.endsWith(`/journal/${id}/${file}`))?.[1].text
  try {
    return text === undefined ? undefined : (JSON.parse(Buffer.from(text, 'latin1').toString()) as T)
  } catch {
    return undefined
  }
}

/** @param knowing gets the name of the host when it has the change: of a fleet it may be that none does */
export async function rollback(
  context: Context,
  id: string,
  { restart, ...mandate }: Mandate & { restart: boolean },
  knowing: Set<string>,
): Promise<ChangeReport> {
  if (context.changeId !== undefined && !isWholeId(id)) {
    throw new LxcnetError('usage', `${id}: on several hosts a change is named by its whole id`, {
      exit: exit.usage,
      suggestions: ['`lxcnet history` lists them'],
    })
  }
  const taken = await decide(context, 'rollback', { id, address: undefined, dryRun: mandate.dryRun })
  if (taken !== undefined) {
    knowing.add(context.host.name)
    return taken
  }
  const entry = await entryToTakeBack(context, id, mandate.dryRun)
  if (entry === undefined) return nothingToTakeBack(context, `has no change ${id}`)
  knowing.add(context.host.name)
  if (context.changeId !== undefined && entry.state === 'undone')
    return nothingToTakeBack(context, `${entry.meta.id} was taken back already when it failed`)
  return change(context, {
    ...mandate,
    files: entry.plan.changes.flatMap((step) => (step.kind === 'file' ? step.path : [])),
    probes: [bootProbe],
    draft: (reading) => rollbackDraft(reading, entry, restart),
    takesBack: entry.meta.id,
  })
}

/** The entry, settled first when a killed run left it; undefined on a host that had no part in a change of many. */
async function entryToTakeBack(context: Context, id: string, dryRun: boolean): Promise<Entry | undefined> {
  try {
    const entry = await readEntry(context, id)
    if (entry.state !== 'abandoned' || dryRun) return entry
    await recover(context.host, context.scope)
    return await readEntry(context, id)
  } catch (error) {
    if (context.changeId !== undefined && error instanceof LxcnetError && error.code === 'no-entry') return undefined
    throw error
  }
}

const nothingToTakeBack = ({ host }: Context, why: string): ChangeReport => ({
  schema: 'lxcnet.change/1',
  host: host.name,
  result: 'unchanged',
  id: null,
  reason: null,
  rollback: null,
  summary: [why],
  changes: [],
  notes: [],
  leftOut: [],
  pending: [],
})

/**
 * The way back of a committed change, as a change of its own; it stands in the history too.
 *
 * @throws {LxcnetError} `changed-since` when a file is no longer what that change left, or others live by it by now
 */
export function rollbackDraft(reading: Reading, { state, meta, plan, later }: Entry, restart: boolean): Draft {
  if (state !== 'committed') {
    const why: Record<string, string> = {
      undone: 'was taken back already when it failed',
      failed: 'failed half-way',
      running: 'is still running',
      abandoned: 'was left unfinished',
      awaiting: 'waits for its confirmation',
    }
    throw new LxcnetError('not-committed', `${meta.id} ${why[state] ?? state}`, {
      exit: exit.data,
      suggestions: ['`lxcnet history` shows what became of each change'],
    })
  }
  const { view, snapshot } = reading
  const needed = neededBy(reading, plan.changes)
  const containers = new Set<string>()
  /** Containers that the change restarted, and that may be down since. */
  const started = new Set(
    plan.changes.flatMap((step) => (step.kind === 'run' && step.argv[0] === 'lxc-start' ? step.argv : [])),
  )
  const changes = plan.changes.toReversed().flatMap((step): Change[] => {
    if (step.kind === 'run') {
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
            later.has(step.path)
              ? `take that back first: lxcnet rollback ${later.get(step.path)}`
              : `it was not lxcnet; \`lxcnet history ${meta.id}\` shows what that change wrote`,
          ],
        },
      )
    }
    const user = step.before === null && step.record ? needed(step.path) : undefined
    if (user !== undefined) {
      throw new LxcnetError('changed-since', `${user} lives by ${step.path}, which came with ${meta.id}`, {
        exit: exit.data,
        suggestions: [
          'take the later changes back first: `lxcnet history` lists them',
          'or delete by name what that change has made: the rest stays',
        ],
      })
    }
    const own = [...view.containers.values()].filter(({ path }) => path === step.path)
    for (const { name } of own) containers.add(name)
    const running = own.some((container) => isUp(container, view))
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
  const down = [...containers].filter((name) => started.has(name) && view.containers.get(name)?.state === 'stopped')
  if (restart && changes.length > 0) {
    for (const name of containers) {
      const [stop, start] = restartOf(name, view.lxcpath)
      if (isUp(view.containers.get(name) as Container, view)) changes.push(stop, start)
      else if (down.includes(name)) changes.push(start)
    }
  }
  return {
    summary: [`takes back ${meta.id}: ${meta.command}`],
    changes,
    notes: cutOff(view, plan, restart ? containers : new Set()),
    leftOut: restart ? [] : down.map((name) => `start of ${name}, which that change had restarted: add --restart`),
    containers: [...containers],
  }
}

/**
 * What was plugged in since into a bridge or switch that goes.
 *
 * @param restarted containers that run without it afterwards, by their old configs
 */
function cutOff(view: View, { links = [] }: Plan, restarted: ReadonlySet<string>): Note[] {
  return links.flatMap((link): Note[] => {
    const names = [...view.containers.values()]
      .filter((container) => isUp(container, view) && !restarted.has(container.name))
      .filter(({ effective }) => effective.nics.some((nic) => linkOf(nic) === link))
      .map(({ name }) => name)
    if (names.length === 0 || !view.links?.has(link)) return []
    const message = `${link} goes, and ${names.join(', ')} ${names.length === 1 ? 'runs' : 'run'} with a NIC on it`
    return [{ severity: 'error', code: 'link-in-use', message, fix: `stop ${names.join(' and ')} first` }]
  })
}
