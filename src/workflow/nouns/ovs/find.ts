/** The switches that a host has: lxcnet's own by their pieces, others by the database of Open vSwitch. */
import { piecePath, pieceSettings, readPieces } from '../../../boot/index.ts'
import { type OpenVswitch, ovsSettings, readOvs, type Switch, switchOfPiece } from '../../../ovs/index.ts'
import type { Reading, View } from '../../context.ts'
import type { Found, Settings } from '../../noun/noun.ts'
import { isOfContainer, pairsOf } from './ports.ts'

export function findSwitches({ snapshot, view }: Reading): Found[] {
  const state = readOvs(snapshot.answers)
  const own = [...readPieces(snapshot)].flatMap(([piece, text]): Found[] => {
    const name = switchOfPiece(piece)
    if (name === undefined) return []
    const settings = ovsSettings(pieceSettings(text))
    return [{ name, settings, from: piecePath(piece), state: stateOf(name, settings, state, view), own: true }]
  })
  const made = new Set(own.map(({ name }) => name))
  const others = [...(state?.switches?.values() ?? [])].filter(({ name }) => !made.has(name))
  return [...own, ...others.map((one) => foundByHand(one, view))].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Where Debian has the database; others have it in /var/lib/openvswitch, and a link here. */
const database = '/etc/openvswitch/conf.db'

/** What the words of this noun can say of a switch that somebody else made. */
function foundByHand(one: Switch, view: View): Found {
  const { name, ports, netdev, stp } = one
  const internal = ports.find((port) => port.name === name)
  const pairs = pairsOf(view)
  const uplinks = ports.filter(
    (port) => port.type === '' && !isOfContainer(port, pairs) && view.links?.get(port.name)?.kind !== 'tun',
  )
  const words: [string, (string | undefined)[]][] = [
    ['address', view.links?.get(name)?.addresses ?? []],
    ['uplink', uplinks.map((port) => port.name)],
    ['tunnel', ports.map(({ tunnel }) => tunnel)],
    ['datapath', [netdev ? 'netdev' : undefined]],
    ['vlan-id', [internal?.tag]],
    ['mtu', [internal?.mtuRequest]],
    ['stp', [stp ? 'on' : undefined]],
  ]
  const settings = new Map(
    words
      .map(([flag, texts]) => [flag, texts.filter((text) => text !== undefined)] as const)
      .filter(([, texts]) => texts.length > 0),
  )
  const link = view.links?.get(name)
  return { name, settings, from: database, state: link?.up ? 'up' : 'down', own: false }
}

function stateOf(name: string, settings: Settings, state: OpenVswitch | undefined, { links }: View): string {
  if (state === undefined || links === undefined) return 'unknown'
  const have = state.switches?.get(name)
  if (have === undefined || !state.running || !links.get(name)?.up) return 'down'
  const said = (flag: string): readonly string[] => settings.get(flag) ?? []
  const works = (port: { error: string | undefined } | undefined) => port !== undefined && port.error === undefined
  const isWhole =
    said('uplink').every((uplink) => links.has(uplink) && works(have.ports.find((port) => port.name === uplink))) &&
    said('tunnel').every((tunnel) => works(have.ports.find((port) => port.tunnel === tunnel))) &&
    said('address').every((address) => links.get(name)?.addresses.includes(address))
  return isWhole ? 'up' : 'incomplete'
}
