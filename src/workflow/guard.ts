/** Before a change: may it cut the way by which the host is administered? */
import { takeSnapshot } from '../host/snapshot.ts'
import { typeOf, value } from '../nic/index.ts'
import { pathProbe, readPath, touchesPath } from '../path/index.ts'
import type { Change, Note } from '../plan/plan.ts'
import type { Context, View } from './context.ts'

export interface Guard {
  /** It has to be confirmed by a new login. */
  arm: boolean
  notes: Note[]
}

/** Asks the host, by an exec of its own, only when something in the plan could: most changes write configs alone. */
export async function guardOf(context: Context, view: View, changes: readonly Change[]): Promise<Guard> {
  const taken = changes.flatMap((change) => linksTaken(change, changes, view))
  // the way goes over links that the host has: what touches none of them need not be held against it
  const any = { known: true, links: new Set(view.links?.keys()) }
  const might = changes.filter((change) => touchesPath(change, any))
  if (!context.scope.live || (taken.length === 0 && might.length === 0)) return { arm: false, notes: [] }
  const path = readPath(await takeSnapshot(context.host, context.scope, [pathProbe]))
  const notes = taken.flatMap(({ container, link }): Note[] => {
    if (!path.links.has(link)) return [] // where the way is not known, those are the links of the default routes
    // a container is started when all else is decided, and what it takes then no confirmation brings back
    const message = path.known
      ? `${container} takes ${link} when it is started, by which this host is administered`
      : `${container} takes ${link} when it is started; whether this host is administered by it is not known`
    const fix = 'give it another link, or start it from a console'
    return [{ severity: path.known ? 'error' : 'warning', code: 'phys-cuts-way', message, fix }]
  })
  return { arm: might.some((change) => touchesPath(change, path)), notes }
}

interface Taken {
  container: string
  link: string
}

/** Links that go into a container when it is started, by its config as it will be. */
function linksTaken(change: Change, changes: readonly Change[], view: View): Taken[] {
  if (change.kind !== 'run' || change.argv[0] !== 'lxc-start') return []
  const container = view.containers.get(change.argv[change.argv.indexOf('-n') + 1] ?? '')
  if (container === undefined) return []
  const { name, path, effective } = container
  const edit = changes.find((step) => step.kind === 'file' && step.path === path)
  const text = edit?.kind === 'file' ? edit.after : null
  const { nics } = text === null ? effective : view.evaluate(path, text)
  const links = nics.filter((nic) => typeOf(nic) === 'phys').flatMap((nic) => value(nic, 'link') ?? [])
  return links.map((link) => ({ container: name, link }))
}
