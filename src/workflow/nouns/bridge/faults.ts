/** What speaks against a new bridge on this host, before anything is written. */
import {
  type BackendName,
  type Bridge,
  filesOf,
  hasNetworkManager,
  hasNoCarrier,
  isWireless,
  netplanRenderer,
  portOf,
  textsOf,
} from '../../../bridge/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings } from '../../noun/noun.ts'
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
  if (backend === undefined)
    error(
      hasNetworkManager(snapshot) ? 'network-manager' : 'bridge-backend',
      hasNetworkManager(snapshot)
        ? 'NetworkManager keeps the network of this host, and lxcnet makes no bridges there'
        : 'neither ifupdown nor systemd-networkd nor netplan is on this host',
      `nmcli connection add type bridge ifname ${bridge.name}; or --backend names what keeps it`,
    )
  if (wanted !== undefined && detected !== undefined && wanted !== detected)
    warning('bridge-backend', `${detected} seems to keep this network, not ${wanted}`, `leave --backend ${wanted} out`)
  if (backend === 'netplan') {
    const renderer = netplanRenderer(textsOf(snapshot), filesOf(snapshot, 'netplan'), bridge.uplink)
    if (renderer !== 'networkd')
      error('network-manager', `netplan hands the links over to ${renderer}, not to networkd`, 'renderer: networkd')
  }
  const { links, defaultRouteLinks } = desk.view
  const replaced = isOff(want) ? lxcNetOf(desk.context, desk.reading)?.settings.get('bridge')?.[0] : undefined
  if (links?.has(bridge.name) && replaced !== bridge.name)
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
    error('uplink-taken', `${uplink} is a port of ${link.master} already`, `--uplink ${link.master}, or another link`)
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
