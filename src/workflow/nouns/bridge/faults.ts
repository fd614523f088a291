/** What speaks against a new bridge on this host, before anything is written. */
import {
  type BackendName,
  type Bridge,
  filesOf,
  hasNetworkManager,
  hasNoCarrier,
  isThere,
  isWireless,
  netplanRenderer,
  portOf,
  textsOf,
} from '../../../bridge/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings } from '../../noun/noun.ts'
import { subnetNotes } from '../../subnets.ts'
import { childrenOf, stopping, verb } from './in-use.ts'
import type { Move } from './live.ts'
import { isOff, lxcNetOf } from './lxc-net.ts'

export function faultsOf(desk: Desk, bridge: Bridge, want: Settings, detected: BackendName | undefined): Note[] {
  const { snapshot } = desk.reading
  const wanted = want.get('backend')?.[0] as BackendName | undefined
  const backend = wanted ?? detected
  const notes: Note[] = []
  const error = (code: string, message: string, fix: string): void =>
    void notes.push({ severity: 'error', code, message, fix })
  const warning = (code: string, message: string, fix: string): void =>
    void notes.push({ severity: 'warning', code, message, fix })
  if (backend === undefined && hasNetworkManager(snapshot))
    error(
      'network-manager',
      'NetworkManager keeps the network of this host, and lxcnet makes no bridges there',
      `nmcli connection add type bridge ifname ${bridge.name}`,
    )
  else if (backend === undefined)
    error(
      'bridge-backend',
      'neither ifupdown nor systemd-networkd nor netplan is on this host',
      'apt-get install ifupdown',
    )
  if (wanted !== undefined && desk.context.scope.live && !isThere(snapshot, wanted))
    error('bridge-backend', `${wanted} does not keep a network on this host`, `leave --backend ${wanted} out`)
  else if (wanted !== undefined && detected !== undefined && wanted !== detected)
    warning('bridge-backend', `${detected} seems to keep this network, not ${wanted}`, `leave --backend ${wanted} out`)
  if (backend === 'netplan') {
    const renderer = netplanRenderer(textsOf(snapshot), filesOf(snapshot, 'netplan'), bridge.uplink)
    if (renderer !== 'networkd')
      error('network-manager', `netplan hands the links over to ${renderer}, not to networkd`, 'renderer: networkd')
  }
  const { links, defaultRouteLinks } = desk.view
  if (links?.has(bridge.name) && replacedBy(desk, want) !== bridge.name)
    error(
      'name-taken',
      `there is a link ${bridge.name} already, which no file of the host's own makes`,
      'choose another name, or take it away first: `ip link del`, `systemctl stop lxc-net`',
    )
  const { uplink } = bridge
  if (uplink === undefined || links === undefined) return notes
  const link = links.get(uplink)
  const fix = '`ip -br link` lists the links'
  if (link === undefined) error('link-not-found', `there is no link ${uplink} on this host`, fix)
  else if (isWireless(snapshot, uplink))
    error('uplink-wireless', `${uplink} is Wi-Fi, which passes no frames of containers`, 'lxcnet nat create')
  else if (link.loopback) error('uplink-taken', `${uplink} is the loopback link`, fix)
  else if (link.kind === 'bridge' || link.kind === 'openvswitch')
    error('uplink-taken', `${uplink} is a bridge itself`, 'put the containers on that one')
  else if (link.master !== undefined && portOf(bridge) === uplink)
    error(
      'uplink-taken',
      `${uplink} is a port of ${link.master} already`,
      /^(bridge|openvswitch)$/.test(links.get(link.master)?.kind ?? 'openvswitch')
        ? `put the containers on ${link.master}, or take another uplink`
        : `--uplink ${link.master}, or another link`,
    )
  const above = portOf(bridge) === uplink ? childrenOf(desk.reading.view, uplink, /^(macv|ipv)(lan|tap)$/) : []
  const unlinking = above.map((name) => (desk.view.containers.has(name) ? stopping([name]) : `ip link del ${name}`))
  if (above.length > 0)
    error(
      'uplink-taken',
      `${verb(above, 'has', 'have')} a macvlan or ipvlan on ${uplink}, which the kernel then makes no port of a bridge`,
      `${unlinking.join('; ')}; and plug in to ${bridge.name} afterwards; or take another uplink`,
    )
  if (hasNoCarrier(snapshot, uplink))
    warning('uplink-no-carrier', `${uplink} has no carrier: no cable, or nobody at its other end`, 'check the cable')
  if (defaultRouteLinks.size > 1 && defaultRouteLinks.has(uplink))
    warning(
      'default-routes',
      `the host has default routes by ${[...defaultRouteLinks].sort().join(' and ')}; that of ${uplink} moves`,
      '`ip route show default` shows them',
    )
  return notes
}

/** The bridge of LXC's own network, where another one comes in its place. */
const replacedBy = (desk: Desk, want: Settings): string | undefined =>
  isOff(want) ? lxcNetOf(desk.context, desk.reading)?.settings.get('bridge')?.[0] : undefined

/** @param old the bridge as it is */
export function noteSubnets(desk: Desk, now: Bridge, want: Settings, old?: Bridge): void {
  const port = portOf(now)
  const addresses = now.address.filter((one) => one.includes('/') && !old?.address.includes(one))
  const own = [now.name, port, replacedBy(desk, want)]
  desk.note(...subnetNotes(desk.view, { title: `bridge ${now.name}`, addresses, own, isolated: port === undefined }))
}

/** A default route beside another one: ifup(8) fails, and elsewhere one of them has no effect. @param old the bridge as it is */
export function noteGateways(desk: Desk, now: Bridge, want: Settings, old?: Bridge): void {
  const own = [now.name, portOf(now)]
  const others = [...desk.view.defaultRouteLinks].filter((link) => !own.includes(link)).sort()
  const fresh = (want.get('gateway') ?? []).filter((one) => !old?.gateway.includes(one))
  if (fresh.length === 0 || others.length === 0) return
  desk.note({
    severity: 'error',
    code: 'default-routes',
    message: `${fresh.join(' and ')} cannot be the gateway of ${now.name}: the host has a default route by ${others.join(' and ')}`,
    fix: 'leave --gateway out, or take that route away first',
  })
}

/** A host that gets another address, and loses its way out with the one that it had. */
export function noteDropped(desk: Desk, now: Bridge, dropped: readonly string[]): void {
  const ours = [now.name, portOf(now)].some((link) => desk.view.defaultRouteLinks.has(link ?? ''))
  // a lease need not have brought one
  const lost = dropped.flatMap((one) => (one !== 'dhcp' ? [`via ${one}`] : ours ? ['that came with the lease'] : []))
  if (lost.length === 0) return
  const where = now.address.join(', ')
  desk.note({
    severity: 'error',
    code: 'gateway-lost',
    message: `bridge ${now.name}: the default route ${lost.join(' and ')} goes, and ${where} brings no other`,
    fix: 'say the gateway too: --gateway ADDRESS, or gateway=ADDRESS',
  })
}

/** Where a person writes an address so that the host knows of it. */
const places: { [name in BackendName]: (link: string) => string } = {
  ifupdown: (link) => `in /etc/network/interfaces, as \`iface ${link} inet static\``,
  networkd: (link) => `in a file of /etc/systemd/network that matches ${link}`,
  netplan: () => 'in /etc/netplan',
}

/** Of an IPv6 address the reading does not tell whether a router's advertisement gave it, as any link that is up gets one. */
const isOfRouter = (address: string): boolean => address.includes(':')

/** An address on a port of a bridge reaches nobody, and no file would bring this one back. */
export function noteByHand(desk: Desk, { bridge, backend, takesOver }: Move): void {
  const port = portOf(bridge)
  const had = desk.reading.view.links?.get(port ?? '')?.addresses ?? []
  const { snapshot } = desk.reading
  const texts = textsOf(snapshot)
  const files = filesOf(snapshot, backend).map((path) => texts.read(path) ?? '')
  // what DHCP or a router gave comes again; what the files name went to the bridge, or was given up for another
  const leased = (address: string): boolean => isOfRouter(address) || bridge.address.includes('dhcp')
  const isNamed = (address: string): boolean => files.some((text) => text.includes(address.replace(/\/.*/, '')))
  const lost = takesOver ? had.filter((address) => !leased(address) && !isNamed(address)) : had
  if (port === undefined || lost.length === 0 || desk.view.links?.get(port)?.master === bridge.name) return
  desk.note({
    severity: takesOver || lost.every(isOfRouter) ? 'warning' : 'error',
    code: 'uplink-by-hand',
    message: `${port} has ${lost.join(', ')}, which none of the host's own files names: a port cannot keep it`,
    // it may be the one by which the host is administered: nobody is told to take it away
    fix: `write it down first, ${places[backend](port)}`,
  })
}
