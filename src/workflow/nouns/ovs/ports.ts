/** Ports of switches that are of containers, and those that a crash has left. */
import { value } from '../../../nic/index.ts'
import type { OpenVswitch, Port } from '../../../ovs/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { View } from '../../context.ts'

/** Names that configs fix for the host side of a veth. */
export const pairsOf = ({ containers }: Pick<View, 'containers'>): ReadonlySet<string> =>
  new Set(
    [...containers.values()].flatMap(({ effective }) => effective.nics.flatMap((nic) => value(nic, 'veth.pair') ?? [])),
  )

/** LXC calls the host side vethXXXXXX, or veth1000_XXXX for a plain user. */
export const isOfContainer = ({ name, type, container }: Port, pairs: ReadonlySet<string>): boolean =>
  type === '' && (container !== undefined || name.startsWith('veth') || pairs.has(name))

export interface DeadPort {
  /** Of the switch. */
  name: string
  port: Port
}

/**
 * Ports of containers whose link is gone. What the database says of an error is not asked: ovs-vswitchd writes none when a
 * link of a switch in user space goes (seen with 3.1), and old ones stay while it is down.
 */
export function deadPorts({ switches }: OpenVswitch, { containers, links }: View): DeadPort[] {
  if (links === undefined) return []
  const pairs = pairsOf({ containers })
  return [...(switches?.values() ?? [])].flatMap(({ name, ports }) =>
    ports.filter((port) => isOfContainer(port, pairs) && !links.has(port.name)).map((port) => ({ name, port })),
  )
}

export function addPort(name: string, { name: port, tag, trunks, vlanMode, container }: Port): string[] {
  const columns = [
    ...(tag === undefined ? [] : [`tag=${tag}`]),
    ...(trunks.length === 0 ? [] : [`trunks=${trunks.join(',')}`]),
    ...(vlanMode === undefined ? [] : [`vlan_mode=${vlanMode}`]),
    ...(container === undefined ? [] : [`external_ids:lxc-container="${container}"`]),
  ]
  return [
    '--may-exist',
    'add-port',
    name,
    port,
    ...(columns.length === 0 ? [] : ['--', 'set', 'Port', port, ...columns]),
  ]
}

export const error = (code: string, message: string, fix: string): Note => ({ severity: 'error', code, message, fix })
