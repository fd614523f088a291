/** What hangs on a bridge or stands on a link, and would be cut off. */
import { type Bridge, portOf } from '../../../bridge/index.ts'
import { type Container, linkOf, typeOf } from '../../../nic/index.ts'
import { isUp, type View } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'

/** Its first command, for each of them. */
export const stopping = (names: readonly string[]): string => names.map((name) => `lxc-stop -n ${name}`).join('; ')

/** A change that unplugs what runs needs the operator's word. */
export function noteInUse(desk: Desk, bridge: Bridge): void {
  const { name } = bridge
  const { view } = desk
  const running = containersOn(view, name).filter((container) => isUp(container, view))
  const names = running.map((one) => one.name)
  const others = [...(view.links?.values() ?? [])].filter(
    (link) => link.master === name && link.name !== portOf(bridge),
  )
  const error = (message: string, fix: string): void =>
    desk.note({ severity: 'error', code: 'bridge-in-use', message, fix })
  if (names.length > 0) error(`${verb(names, 'runs', 'run')} with a NIC on ${name}, and would lose it`, stopping(names))
  else if (others.length > 0) {
    const ports = others.map((one) => one.name)
    error(
      `${verb(ports, 'is a port', 'are ports')} of ${name}, and no container's`,
      `unplug ${ports.join(' and ')} first`,
    )
  }
}

/** What a bridge takes along as it goes, which does not run at this moment or is the host's own. */
export function noteLeft(desk: Desk, { name }: Bridge): void {
  const { view } = desk
  const warning = (message: string, fix: string): void =>
    desk.note({ severity: 'warning', code: 'bridge-in-use', message, fix })
  const stopped = containersOn(view, name).filter((container) => !isUp(container, view))
  if (stopped.length > 0)
    warning(
      `${stopped.map((one) => one.name).join(', ')} cannot start any more without ${name}`,
      `lxcnet set ${stopped[0]?.name} link=LINK`,
    )
  const above = standingOn(view, name, childKinds)
  if (above.length > 0)
    warning(`${verb(above, 'stands', 'stand')} on ${name}, and goes with it`, `see whether it is missed`)
}

/** Kinds of links that stand on another one. */
export const childKinds = /^(macvlan|macvtap|ipvlan|ipvtap|vlan)$/

const containersOn = ({ containers }: View, link: string): Container[] =>
  [...containers.values()].filter(({ effective }) => effective.nics.some((nic) => linkOf(nic) === link))

/** The host's own links that have this one as their parent, by their kind in the kernel. */
const standingOn = ({ links }: View, name: string, kinds: RegExp): string[] =>
  [...(links?.values() ?? [])].filter(({ parent, kind }) => parent === name && kinds.test(kind)).map((one) => one.name)

/** Links of the host and NICs of running containers that have this one as their parent. */
export const childrenOf = (view: View, name: string, kinds: RegExp): string[] => [
  ...standingOn(view, name, kinds),
  ...containersOn(view, name)
    .filter((container) => isUp(container, view))
    .filter(({ effective }) => effective.nics.some((nic) => linkOf(nic) === name && kinds.test(typeOf(nic))))
    .map((one) => one.name),
]

/** "a runs", "a, b run" */
export const verb = (names: readonly string[], one: string, several: string): string =>
  `${names.join(', ')} ${names.length === 1 ? one : several}`
