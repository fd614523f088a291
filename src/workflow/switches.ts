/** What a NIC has to know of the switch that it is plugged into. */
import { bootProbe, pieceSettings, readPieces } from '../boot/index.ts'
import type { Probe } from '../core/probe.ts'
import type { Snapshot } from '../host/snapshot.ts'
import { ovsProbe, ovsSettings, readOvs, switchOfPiece } from '../ovs/index.ts'

export interface Pluggable {
  /** It works in user space. */
  netdev: boolean
  /** Of the host's own port, where it was set. */
  mtu: string | undefined
  addresses: readonly string[]
}

export const switchProbes: readonly Probe[] = [bootProbe, ovsProbe]

/** By name: lxcnet's own by what their files say, which stand under --root too, and all others. */
export function readPluggable(snapshot: Snapshot): Map<string, Pluggable> {
  const others = [...(readOvs(snapshot.answers)?.switches?.values() ?? [])].map(
    ({ name, netdev, ports }): [string, Pluggable] => {
      const mtu = ports.find((port) => port.name === name)?.mtuRequest
      return [name, { netdev, mtu, addresses: [] }]
    },
  )
  const own = [...readPieces(snapshot)].flatMap(([piece, text]): [string, Pluggable][] => {
    const name = switchOfPiece(piece)
    const settings = ovsSettings(pieceSettings(text))
    const netdev = settings.get('datapath')?.[0] === 'netdev'
    return name === undefined
      ? []
      : [[name, { netdev, mtu: settings.get('mtu')?.[0], addresses: settings.get('address') ?? [] }]]
  })
  return new Map([...others, ...own])
}
