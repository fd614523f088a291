/** A switch that lxcnet made goes away, with the ports that running containers have in it. */
import { linkOf } from '../../../nic/index.ts'
import { ovsPiece, readOvs } from '../../../ovs/index.ts'
import { isUp } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import { addPort, error, isOfContainer, pairsOf } from './ports.ts'

export function planGone(desk: Desk, name: string): void {
  const { view, reading } = desk
  const state = readOvs(reading.snapshot.answers)
  const plugged = [...view.containers.values()].filter(({ effective }) =>
    effective.nics.some((nic) => linkOf(nic) === name),
  )
  const running = plugged.filter((container) => isUp(container, view)).map((one) => one.name)
  const stopped = plugged.map((one) => one.name).filter((one) => !running.includes(one))
  const have = state?.switches?.get(name)
  const pairs = pairsOf(view)
  const ports = have?.ports.filter((port) => isOfContainer(port, pairs) && view.links?.has(port.name)) ?? []
  if (ports.length > 0 || running.length > 0)
    desk.note(
      error(
        'switch-in-use',
        `switch ${name}: ${running.join(', ') || ports.map((port) => port.name).join(', ')} ${running.length === 1 ? 'is' : 'are'} plugged in and would lose the network`,
        `${running.map((one) => `lxc-stop -n ${one}`).join('; ') || 'stop what has them'}; or give it another link: lxcnet set ${running[0] ?? 'CT'} link=lxcbr0 --restart`,
      ),
    )
  if (stopped.length > 0)
    desk.note({
      severity: 'warning',
      code: 'switch-named',
      message: `switch ${name}: ${stopped.join(', ')} cannot start any more without it`,
      fix: `lxcnet set ${stopped[0]} link=lxcbr0`,
    })
  for (const port of ports) {
    // the way back is walked before the switch itself comes back, so it brings a switch to plug into
    const datapath = `datapath_type=${have?.netdev ? 'netdev' : 'system'}`
    const bridge = ['--may-exist', 'add-br', name, '--', 'set', 'Bridge', name, datapath]
    desk.before(['ovs-vsctl', '-t', '10', '--if-exists', 'del-port', port.name], {
      undo: ['ovs-vsctl', '-t', '10', ...bridge, '--', ...addPort(name, port)],
      why: `a container's port of ${name}`,
      impact: 'restart',
    })
  }
  desk.piece(ovsPiece(name), null, {
    why: `takes the switch ${name} away`,
    impact: ports.length > 0 ? 'restart' : 'live',
  })
  desk.promise(name, null)
  desk.say(`switch ${name}: removed`)
}
