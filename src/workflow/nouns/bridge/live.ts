/**
 * The commands that make a bridge's files true, by the host's own tools, so that these know of it afterwards.
 *
 * Where an uplink gives its addresses away, it is taken down by its old file before, and brought up by the new one
 * after: connections outlast the second without an address, since nobody answers in between.
 */
import { type BackendName, type Bridge, portOf } from '../../../bridge/index.ts'
import type { Impact } from '../../../plan/plan.ts'
import type { Desk } from '../../noun/desk.ts'

export interface Move {
  bridge: Bridge
  backend: BackendName
  /** The uplink's own stanza or file is the bridge's. */
  takesOver: boolean
}

const quietly = (script: string): string => `exec >/dev/null 2>&1; ${script}; exit 0`

/** Waits: networkd goes to work when it has answered. */
const isThere = `n=0; until test -e "/sys/class/net/$1/$2"; do n=$((n+1)); [ "$n" -le 20 ] || exit 1; sleep 1; done`

export function bringUp(desk: Desk, { bridge, backend, takesOver }: Move): void {
  const { name, vlanId, address } = bridge
  const port = portOf(bridge)
  const impact = impactOn(desk, port)
  const why = port === undefined ? `brings ${name} up` : `brings ${name} up with ${port}`
  const options = {
    why,
    impact,
    check: ['sh', '-c', isThere, 'sh', name, port === undefined ? 'bridge' : `brif/${port}`],
  }
  const down = port !== undefined && desk.view.links?.get(port)?.up === false && !takesOver
  const made = vlanId === undefined || desk.view.links?.has(port ?? '') ? [] : [port ?? '']
  if (backend === 'ifupdown') {
    const before = takesOver && port !== undefined ? [port] : []
    if (before.length > 0)
      desk.before(['ifdown', '--force', ...before], {
        undo: ['ifup', ...before],
        why: `takes ${port} down by its old stanza`,
        impact,
      })
    const rest = [...before, ...made]
    const undo = quietly(
      `ifdown --force "$@"; ip link delete "$1"${down ? `; ip link set ${port} down` : ''}${made.length > 0 ? '; ip link delete "$2"' : ''}`,
    )
    desk.after(['ifup', ...rest, name], { ...options, undo: ['sh', '-c', undo, 'sh', name, ...rest] })
  } else {
    const links = [name, ...made]
    readAgain(desk, backend, { links, ports: port === undefined ? [] : [port] })
    desk.after(renewal[backend][1], { ...options, undo: ['true'], impact: renewing(backend, impact) })
  }
  const uplink = desk.view.links?.get(port ?? '')
  if (uplink !== undefined) desk.promise(uplink.name, { kind: uplink.kind, master: name })
  desk.promise(name, { kind: 'bridge', addresses: address.filter((one) => one.includes('/')) })
}

type Daemon = Exclude<BackendName, 'ifupdown'>

/** What has a system read its files: a first time that changes nothing, and one that does. */
const renewal: { [name in Daemon]: readonly [string[], string[]] } = {
  networkd: [
    ['networkctl', 'reload'],
    ['networkctl', 'reload'],
  ],
  netplan: [
    ['netplan', 'generate'],
    ['netplan', 'apply'],
  ],
}

/** netplan-apply(8) has networkd configure every link of its files anew (cli/commands/apply.py), the host's own among them. */
const renewing = (backend: Daemon, impact: Impact): Impact => (backend === 'netplan' ? 'host-path' : impact)

/** Neither of them takes away a bridge whose files are gone, and a port that lost it that way is left alone by networkd. */
function renewalWithout(
  backend: Daemon,
  { links, ports }: { links: readonly string[]; ports: readonly string[] },
): string[] {
  const gone = links.map((one) => `ip link delete ${one} 2>/dev/null; `).join('')
  const again = backend === 'networkd' ? ports.map((one) => `; networkctl reconfigure ${one} || :`).join('') : ''
  // one that does not run reads its files when it is started
  return ['sh', '-c', `${gone}${renewal[backend][1].join(' ')} || [ ! -e /run/systemd/netif/state ] || exit${again}`]
}

/** The way back of what is read after the files have changed: it comes when they are as they were. */
function readAgain(desk: Desk, backend: Daemon, gone: { links: readonly string[]; ports: readonly string[] }): void {
  const undo = renewalWithout(backend, gone)
  desk.before(renewal[backend][0], { undo, why: `${backend} reads its files as they are` })
}

/** @param stays another one of the name comes in its place */
export function takeDown(desk: Desk, { bridge, backend, takesOver, stays = false }: Move & { stays?: boolean }): void {
  const { name, vlanId } = bridge
  const port = portOf(bridge)
  const impact: Impact = takesOver || desk.view.defaultRouteLinks.has(name) ? 'host-path' : 'reconnect'
  const why = `takes ${name} down`
  const made = vlanId === undefined || takesOver || port === undefined ? [] : [port]
  if (backend === 'ifupdown') {
    const rest = takesOver && port !== undefined ? [port] : made
    if (takesOver && port !== undefined && !stays)
      desk.after(['ifup', port], {
        undo: ['ifdown', '--force', port],
        why: `brings ${port} up by its own stanza`,
        impact,
      })
    desk.before(['ifdown', '--force', name, ...rest], { undo: ['ifup', ...rest, name], why, impact })
  } else {
    readAgain(desk, backend, { links: [], ports: [] })
    const gone = { links: [name, ...made], ports: takesOver && port !== undefined ? [port] : [] }
    desk.after(renewalWithout(backend, gone), { undo: ['true'], why, impact: renewing(backend, impact) })
  }
  if (!stays) desk.promise(name, null)
}

/** What a link has of which nobody said another: ether_setup() in net/ethernet/eth.c. */
const ethernetMtu = 1500

/** Can the bridge become the other by ip(8), with what is plugged into it? */
export const isRetuning = (old: Bridge, now: Bridge): boolean =>
  old.uplink === now.uplink && old.vlanId === now.vlanId && leased(old) === leased(now)

const leased = ({ address }: Bridge): string => address.filter((one) => !one.includes('/')).join()

/** The live bridge becomes what its files say now; nothing is unplugged. */
export function retune(desk: Desk, old: Bridge, now: Bridge, backend: BackendName): void {
  const { name } = old
  const port = portOf(old)
  const live = desk.view.links?.get(name)
  const set = (why: string, argv: string[], back: string[], impact: Impact = 'live'): void =>
    desk.after(['ip', ...argv], { undo: ['sh', '-c', quietly('"$@"'), 'sh', 'ip', ...back], why, impact })
  const carries = desk.view.defaultRouteLinks.has(name)
  const gone = old.address.filter((one) => one.includes('/') && !now.address.includes(one))
  const fresh = now.address.filter((one) => one.includes('/') && !old.address.includes(one))
  const impact: Impact = carries ? 'host-path' : gone.length > 0 ? 'reconnect' : 'live'
  const setMtu = (link: string, mtu: number): string[] => ['link', 'set', 'dev', link, 'mtu', `${mtu}`]
  if (now.mtu !== old.mtu)
    for (const link of [...(port === undefined ? [] : [port]), name]) {
      const was = desk.view.links?.get(link)?.mtu ?? old.mtu ?? ethernetMtu
      set(`MTU of ${link}`, setMtu(link, now.mtu ?? ethernetMtu), setMtu(link, was))
    }
  if (now.stp !== old.stp) {
    const state = (on: boolean): string[] => {
      const delay = ['forward_delay', on ? '1500' : '0']
      return ['link', 'set', 'dev', name, 'type', 'bridge', 'stp_state', on ? '1' : '0', ...delay]
    }
    set('spanning tree', state(now.stp), state(old.stp), 'reconnect')
  }
  const mac = now.hwaddr ?? desk.view.links?.get(port ?? '')?.mac
  if (now.hwaddr !== old.hwaddr && mac !== undefined && live !== undefined) {
    const setMac = (text: string): string[] => ['link', 'set', 'dev', name, 'address', text]
    set('its MAC', setMac(mac), setMac(live.mac), 'reconnect')
  }
  const del = (text: string): string[] => ['addr', 'del', text, 'dev', name]
  for (const one of fresh) set('its new address', ['addr', 'replace', ...assigned(one), 'dev', name], del(one), impact)
  for (const one of gone) set('its old address', del(one), ['addr', 'replace', ...assigned(one), 'dev', name], impact)
  if (gone.length > 0 || now.gateway.join() !== old.gateway.join()) retuneGateways(set, old, now, impact)
  for (const one of fresh) if (impact === 'host-path') desk.reachAt(one.replace(/\/.*/, ''))
  if (backend === 'ifupdown') return
  readAgain(desk, backend, { links: [], ports: [] })
  const why = `${backend} reads its files as they are now`
  desk.after(renewal[backend][1], { undo: ['true'], why, impact: renewing(backend, impact) })
}

/** As ifup(8) and networkd assign it: with its broadcast address, which ip-address(8) gives to IPv4 alone. */
export const assigned = (address: string): string[] => (address.includes(':') ? [address] : [address, 'broadcast', '+'])

type Set = (why: string, argv: string[], back: string[], impact?: Impact) => void

/** The kernel drops a route with the last address of its subnet. */
function retuneGateways(set: Set, old: Bridge, now: Bridge, impact: Impact): void {
  for (const family of [4, 6]) {
    const of = (list: readonly string[]): string | undefined => list.find((one) => one.includes(':') === (family === 6))
    const [was, is] = [of(old.gateway), of(now.gateway)]
    const route = (via: string, verb = 'replace'): string[] => [
      'route',
      verb,
      'default',
      'via',
      via,
      'dev',
      old.name,
      'onlink',
    ]
    const none = ['route', 'del', 'default', 'dev', old.name]
    const words = (argv: string[]): string[] => [`-${family}`, ...argv]
    // `replace` is for a route of this bridge: it would take the place of any other link's as well
    if (is !== undefined && was === undefined) set('its gateway', words(route(is, 'add')), words(none), impact)
    else if (is !== undefined && was !== undefined) set('its gateway', words(route(is)), words(route(was)), impact)
    else if (was !== undefined) set('its gateway', words(none), words(route(was)), impact)
  }
}

/** What becomes of traffic when this link is taken into a bridge, or out of it. */
function impactOn({ view }: Desk, link: string | undefined): Impact {
  const own = link === undefined ? undefined : view.links?.get(link)
  if (own === undefined) return 'live'
  if (own.addresses.length > 0 || view.defaultRouteLinks.has(own.name)) return 'host-path'
  const others = [...(view.links?.values() ?? [])]
  return others.some(({ parent }) => parent === own.name) ? 'reconnect' : 'live'
}
