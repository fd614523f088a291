/** Before a change: may it cut the way by which the host is administered? */
import { takeSnapshot } from '../host/snapshot.ts'
import { type Container, typeOf, value } from '../nic/index.ts'
import { pathProbe, readPath, touchesPath } from '../path/index.ts'
import type { Change } from '../plan/plan.ts'
import type { Context, View } from './context.ts'

/** Asks the host, by an exec of its own, only when something in the plan could: most changes write configs alone. */
export async function mayCutPath(context: Context, view: View, changes: readonly Change[]): Promise<boolean> {
  const taking = changes.flatMap((change) => linksTaken(change, view))
  if (!context.scope.live || (taking.length === 0 && !changes.some(mightTouch))) return false
  const path = readPath(await takeSnapshot(context.host, context.scope, [pathProbe]))
  return (
    !path.known || taking.some((link) => path.links.has(link)) || changes.some((change) => touchesPath(change, path))
  )
}

/** lxc-stop and lxc-start reach the host's own network through a phys NIC alone. */
const mightTouch = (change: Change): boolean =>
  change.impact === 'host-path' || (change.kind === 'run' && !change.argv[0]?.startsWith('lxc-'))

/** Links that go into a container when it is started. */
function linksTaken(change: Change, view: View): string[] {
  if (change.kind !== 'run' || change.argv[0] !== 'lxc-start') return []
  const container: Container | undefined = view.containers.get(change.argv[change.argv.indexOf('-n') + 1] ?? '')
  return (container?.effective.nics ?? [])
    .filter((nic) => typeOf(nic) === 'phys')
    .flatMap((nic) => value(nic, 'link') ?? [])
}
