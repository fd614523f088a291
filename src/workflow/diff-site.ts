/** `lxcnet diff`: where a host is not what the site file says, and who made it so. */
import { takeSnapshot } from '../host/snapshot.ts'
import type { Plan } from '../plan/plan.ts'
import type { DiffReport, DiffRow } from '../report/diff.ts'
import type { Site } from '../site/index.ts'
import type { Meta } from '../transaction/transaction.ts'
import { type Context, readView, type View } from './context.ts'
import { entryJson } from './history.ts'
import { type Difference, siteDraft } from './site-draft.ts'
import { recordPath } from './site-record.ts'

export async function diffHost(
  context: Context,
  { site, only }: { site: Site; only(name: string): boolean },
): Promise<DiffReport> {
  const reading = await readView(context, { containers: [], files: [recordPath(context, site.name)] })
  const { differences, notes } = siteDraft(context, reading, { site, only, restart: false })
  const journal = differences.length === 0 ? [] : await readChanges(context)
  return {
    schema: 'lxcnet.diff/1',
    host: context.host.name,
    site: site.name,
    differences: differences.map((one) => ({ ...one, ...whoseIs(one, reading.view, journal) })),
    notes: notes.filter(({ severity }) => severity === 'error'),
  }
}

interface Entry {
  meta: Meta
  plan: Plan
}

/** Committed changes of this host, the newest first; one more exec. */
async function readChanges(context: Context): Promise<Entry[]> {
  const snapshot = await takeSnapshot(context.host, context.scope, [], { journal: ['meta.json', 'plan.json'] })
  const committed = [...snapshot.entries].filter(([, state]) => state === 'committed').map(([id]) => id)
  return committed.toReversed().flatMap((id) => {
    const meta = entryJson<Meta>(snapshot, id, 'meta.json')
    const plan = entryJson<Plan>(snapshot, id, 'plan.json')
    return meta === undefined || plan === undefined ? [] : [{ meta, plan }]
  })
}

/** As the site set it: then the file has changed. Else lxcnet's, when its last change of the config is what stands there. */
function whoseIs(
  { container, have, set }: Difference,
  view: View,
  journal: readonly Entry[],
): Pick<DiffRow, 'origin' | 'change'> {
  if (set !== null && JSON.stringify(set) === JSON.stringify(have)) return { origin: 'site-file', change: null }
  const { path, text } = view.containers.get(container) ?? {}
  for (const { meta, plan } of journal) {
    const step = plan.changes.find((one) => one.kind === 'file' && one.path === path)
    if (step?.kind !== 'file') continue
    const { id, user, command } = meta
    return step.after === text ? { origin: 'lxcnet', change: { id, user, command } } : { origin: 'other', change: null }
  }
  return { origin: 'other', change: null }
}
