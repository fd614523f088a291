/** Which containers run with other NICs than their configs say, once a change has been made. */
import type { Snapshot } from '../host/snapshot.ts'
import { type Container, pendingChanges } from '../nic/index.ts'
import type { Change } from '../plan/plan.ts'
import { type Context, isUp, type Reading, type View, viewOf } from './context.ts'

/** Which of the changed containers run with other NICs than their configs say now. */
export function pendingAfter(
  context: Context,
  fresh: Snapshot,
  { containers, changes }: { containers: readonly string[]; changes: readonly Change[] },
  before: Reading,
): string[] {
  if (containers.length === 0) return []
  const { includes, view, snapshot } = before
  const read = withIncludes(fresh, snapshot, view)
  const after = viewOf({ ...context, lxcVersion: view.version }, read, new Set(includes))
  const restarted = changes.flatMap((step) => (step.kind === 'run' && step.argv[0] === 'lxc-start' ? step.argv : []))
  const live = pendingOf(after, containers)
  return containers.filter(
    (name) => live.includes(name) || (!restarted.includes(name) && changedUnseen(name, view, after)),
  )
}

/** What was read after a change, with what configs include as it was read before. */
function withIncludes(fresh: Snapshot, before: Snapshot, view: View): Snapshot {
  const configs = new Set([...view.containers.values()].map(({ path }) => path))
  const included = [...before.files].filter(([path]) => !configs.has(path))
  return {
    ...fresh,
    files: new Map([...included, ...fresh.files]),
    listing: before.listing.filter((path) => !configs.has(path)).concat(fresh.listing),
    links: new Map([...before.links, ...fresh.links]),
    directories: new Set([...before.directories, ...fresh.directories]),
  }
}

/** Are the NICs of a running container others now, although the live ones do not show it (a gateway, an MTU taken out)? */
function changedUnseen(name: string, before: View, after: View): boolean {
  const old = before.containers.get(name)
  const now = after.containers.get(name)
  if (old === undefined || now === undefined || (now.state !== 'running' && now.state !== 'frozen')) return false
  const values = ({ effective }: Container) =>
    JSON.stringify(
      effective.nics.map(({ index, keys }) => [
        index,
        [...keys].map(([key, list]) => [key, list.map(({ value }) => value)]).sort(),
      ]),
    )
  return pendingChanges(old, before)?.length === 0 && values(old) !== values(now)
}

/** Running containers among `names` whose live NICs differ from their configs. */
export function pendingOf(view: View, names: readonly string[]): string[] {
  return names.filter((name) => {
    const container: Container | undefined = view.containers.get(name)
    if (container === undefined || !isUp(container, view)) return false
    return (pendingChanges(container, view)?.length ?? 1) > 0
  })
}
