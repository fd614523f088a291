/**
 * The commands that make a bridge's files true, by the host's own tools, so that these know of it afterwards.
 *
 * Where an uplink gives its addresses away, it is taken down by its old file before, and brought up by the new one
 * after: connections outlast the second without an address, since nobody answers in between.
 */
import { type BackendName, type Bridge, portOf } from '../../../bridge/index.ts'
import { value } from '../../../nic/index.ts'
import type { Impact } from '../../../plan/plan.ts'
import type { Desk } from '../../noun/desk.ts'

interface Move {
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
  if (port !== undefined && vlanId === undefined && !takesOver) refuseByHand(desk, port)
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
    desk.after(renewal[backend][1], { ...options, undo: ['true'] })
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

/** Neither of them takes away a bridge whose files are gone, and a port that lost it that way is left alone by networkd. */
function renewalWithout(
  backend: Daemon,
  { links, ports }: { links: readonly string[]; ports: readonly string[] },
): string[] {
  const gone = links.map((one) => `ip link delete ${one} 2>/dev/null; `).join('')
  const again = backend === 'networkd' ? ports.map((one) => `; networkctl reconfigure ${one} || :`).join('') : ''
  return ['sh', '-c', `${gone}${renewal[backend][1].join(' ')} || exit${again}`]
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
    desk.after(renewalWithout(backend, gone), { undo: ['true'], why, impact })
  }
  if (!stays) desk.promise(name, null)
}

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
    desk.after(['ip', ...argv], { undo: ['sh', '-c', quietly(`ip ${back.join(' ')}`)], why, impact })
  const carries = desk.view.defaultRouteLinks.has(name)
  const gone = old.address.filter((one) => one.includes('/') && !now.address.includes(one))
  const fresh = now.address.filter((one) => one.includes('/') && !old.address.includes(one))
  const impact: Impact = carries ? 'host-path' : gone.length > 0 ? 'reconnect' : 'live'
  if (now.mtu !== old.mtu && now.mtu !== undefined)
    for (const link of [...(port === undefined ? [] : [port]), name]) {
      const was = desk.view.links?.get(link)?.mtu ?? old.mtu ?? 1500
      set(`MTU of ${link}`, ['link', 'set', 'dev', link, 'mtu', `${now.mtu}`], ['link set dev', link, 'mtu', `${was}`])
    }
  if (now.stp !== old.stp) {
    const state = (on: boolean): string[] => [
      'type',
      'bridge',
      'stp_state',
      on ? '1' : '0',
      'forward_delay',
      on ? '1500' : '0',
    ]
    set(
      'spanning tree',
      ['link', 'set', 'dev', name, ...state(now.stp)],
      ['link set dev', name, ...state(old.stp)],
      'reconnect',
    )
  }
  if (now.hwaddr !== old.hwaddr && now.hwaddr !== undefined && live !== undefined)
    set(
      'its MAC',
      ['link', 'set', 'dev', name, 'address', now.hwaddr],
      ['link set dev', name, 'address', live.mac],
      'reconnect',
    )
  for (const one of fresh)
    set('its new address', ['addr', 'replace', one, 'dev', name], ['addr del', one, 'dev', name], impact)
  for (const one of gone)
    set('its old address', ['addr', 'del', one, 'dev', name], ['addr replace', one, 'dev', name], impact)
  if (gone.length > 0 || now.gateway.join() !== old.gateway.join()) retuneGateways(set, old, now, impact)
  for (const one of fresh) if (impact === 'host-path') desk.reachAt(one.replace(/\/.*/, ''))
  if (backend === 'ifupdown') return
  readAgain(desk, backend, { links: [], ports: [] })
  desk.after(renewal[backend][1], { undo: ['true'], why: `${backend} reads its files as they are now`, impact })
}

type Set = (why: string, argv: string[], back: string[], impact?: Impact) => void

/** The kernel drops a route with the last address of its subnet. */
function retuneGateways(set: Set, old: Bridge, now: Bridge, impact: Impact): void {
  for (const family of [4, 6]) {
    const of = (list: readonly string[]): string | undefined => list.find((one) => one.includes(':') === (family === 6))
    const [was, is] = [of(old.gateway), of(now.gateway)]
    const route = (via: string): string[] => ['route', 'replace', 'default', 'via', via, 'dev', old.name, 'onlink']
    const none = ['route', 'del', 'default', 'dev', old.name]
    const words = (argv: string[]): string[] => [`-${family}`, ...argv]
    if (is !== undefined) set('its gateway', words(route(is)), words(was === undefined ? none : route(was)), impact)
    else if (was !== undefined) set('its gateway', words(none), words(route(was)), impact)
  }
}

/** A change that unplugs running containers needs the operator's word. */
export function refuseInUse(desk: Desk, { name }: Bridge): void {
  const names = [...desk.view.containers.values()]
    .filter(({ state }) => state === 'running' || state === 'frozen')
    .filter(({ effective }) => effective.nics.some((nic) => value(nic, 'link') === name))
    .map((container) => container.name)
  if (names.length === 0) return
  desk.note({
    severity: 'error',
    code: 'bridge-in-use',
    message: `${names.join(', ')} ${names.length === 1 ? 'runs' : 'run'} with a NIC on ${name}, and would lose it`,
    fix: `stop ${names.length === 1 ? 'it' : 'them'} first`,
  })
}

/** An address on a port of a bridge reaches nobody, and no file would bring this one back. */
function refuseByHand(desk: Desk, port: string): void {
  const link = desk.view.links?.get(port)
  if (link === undefined || link.addresses.length === 0) return
  desk.note({
    severity: 'error',
    code: 'uplink-by-hand',
    message: `${port} has ${link.addresses.join(', ')}, which none of the host's own files names`,
    fix: `write it there first, as \`iface ${port} inet static\`, or take it away: ip addr del`,
  })
}

/** What becomes of traffic when this link is taken into a bridge, or out of it. */
function impactOn({ view }: Desk, link: string | undefined): Impact {
  const own = link === undefined ? undefined : view.links?.get(link)
  if (own === undefined) return 'live'
  if (own.addresses.length > 0 || view.defaultRouteLinks.has(own.name)) return 'host-path'
  const others = [...(view.links?.values() ?? [])]
  return others.some(({ parent }) => parent === own.name) ? 'reconnect' : 'live'
}
