/** Whether a link can become the uplink of a switch, and a tunnel its port. */
import { linkOf, typeOf } from '../../../nic/index.ts'
import { readOvs } from '../../../ovs/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Desk } from '../../noun/desk.ts'
import { error } from './ports.ts'

/** Why a link cannot be an uplink: what it carries now would be cut off as it becomes a port. */
export function uplinkNotes(uplink: string, name: string, { view, reading }: Desk): Note[] {
  const { links } = view
  if (links === undefined) return []
  const link = links.get(uplink)
  if (link === undefined)
    return [
      error('link-not-found', `uplink: there is no link "${uplink}" on this host`, '`ip -br link` lists what is there'),
    ]
  const busy = (message: string, fix: string): Note[] => [error('uplink-busy', `uplink: ${uplink} ${message}`, fix)]
  const state = readOvs(reading.snapshot.answers)
  const other = [...(state?.switches?.values() ?? [])].find((one) => one.ports.some((port) => port.name === uplink))
  const master = other?.name ?? link.master
  if (master === name) return []
  if (master !== undefined) return busy(`is a port of ${master}`, `take it out there first, or choose another link`)
  if (link.addresses.length > 0) {
    const way = view.defaultRouteLinks.has(uplink) ? ' and its default route' : ''
    return busy(
      `has the host's address ${link.addresses.join(' and ')}${way}, which a port of a switch cannot keep`,
      `\`lxcnet bridge create\` moves an address to a bridge; for a switch give ${uplink} up in the host's own network configuration first`,
    )
  }
  const above = [...links.values()].filter(({ parent, kind }) => parent === uplink && kind !== 'veth')
  if (above.length > 0)
    return busy(`is the parent of ${above.map((one) => one.name).join(', ')}`, 'choose another link')
  const container = [...view.containers.values()].find((one) =>
    one.effective.nics.some((nic) => linkOf(nic) === uplink && typeOf(nic) !== 'veth'),
  )
  return container === undefined ? [] : busy(`is the parent of a NIC of ${container.name}`, 'choose another link')
}

/** Two ports to one remote with one key cannot be told apart: ovs-vswitchd takes the first alone ("File exists"). */
export function tunnelNotes(tunnel: string, name: string, { reading }: Desk): Note[] {
  const switches = [...(readOvs(reading.snapshot.answers)?.switches?.values() ?? [])]
  const other = switches.find((one) => one.name !== name && one.ports.some((port) => port.tunnel === tunnel))
  if (other === undefined) return []
  return [error('tunnel-taken', `tunnel: ${other.name} has ${tunnel} already`, 'take another key, on both hosts')]
}
