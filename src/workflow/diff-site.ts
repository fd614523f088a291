/** `lxcnet diff`: where a host is not what the site file says, and who made it so. */
import { type Snapshot, takeSnapshot } from '../host/snapshot.ts'
import type { FileChange, Plan } from '../plan/plan.ts'
import type { DiffReport, DiffRow } from '../report/diff.ts'
import type { Site } from '../site/index.ts'
import type { Meta } from '../transaction/transaction.ts'
import { type Context, readView } from './context.ts'
import { entryJson } from './history.ts'
import { siteDraft } from './site-draft.ts'
import { siteReads } from './site-objects.ts'
import type { Difference } from './site-request.ts'

export async function diffHost(
  context: Context,
  { site, only }: { site: Site; only(name: string): boolean },
): Promise<DiffReport> {
  const reading = await readView(context, { containers: [], ...siteReads(context, site) })
  const { differences, notes } = siteDraft(context, reading, { site, only, restart: false })
  const journal = differences.length === 0 ? [] : await readChanges(context)
  return {
    schema: 'lxcnet.diff/1',
    host: context.host.name,
    site: site.name,
    differences: differences.map(({ from, ...one }) => ({
      ...one,
      ...whoseIs({ from, ...one }, reading.snapshot, journal),
    })),
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

/**
 * As the site set it: then the file has changed. Else lxcnet's, when its last change of the file is what stands there.
 *
 * An object that is gone stands in no file: lxcnet took it out when it left a file, as it is now, without its name.
 */
function whoseIs(
  { object, have, set, from }: Difference,
  { files, links }: Snapshot,
  journal: readonly Entry[],
): Pick<DiffRow, 'origin' | 'change'> {
  const isFiles = set === null ? from === null : JSON.stringify(set) === JSON.stringify(have)
  if (isFiles) return { origin: 'site-file', change: null }
  const name = object?.split(' ').slice(1).join(' ') ?? ''
  const path = from === null ? null : (links.get(from) ?? from)
  for (const { meta, plan } of journal) {
    const step = plan.changes.find(
      (one) =>
        one.kind === 'file' && one.record === undefined && (path === null ? tookOut(one, name) : one.path === path),
    )
    if (step?.kind !== 'file') continue
    const { id, user, command } = meta
    const isSo = step.after === (files.get(step.path)?.text ?? null)
    return isSo ? { origin: 'lxcnet', change: { id, user, command } } : { origin: 'other', change: null }
  }
  return { origin: 'other', change: null }
}

const tookOut = ({ path, before, after }: FileChange, name: string): boolean =>
  (after === null && path.includes(name)) || (before?.includes(name) === true && after?.includes(name) === false)
