import { compareVersions } from '../core/version.ts'
import { claimsOf } from './claims.ts'
import { drop, error, type Finding, mtuOf, put, type Subject, warning } from './finding.ts'
import { type HostView, modeOf, type Nic, namesInside, typeOf, value, values } from './model.ts'
import { linkOf } from './plug.ts'
import { lxcNumber } from './value.ts'

export function linkChecks(subject: Subject): Finding[] {
  const { container, nic, nics, view } = subject
  const { links } = view
  const name = linkOf(nic)
  if (links === undefined || name === undefined) return []
  const type = typeOf(nic)
  const link = links.get(name)
  if (link === undefined && view.ovsBridges.has(name))
    return [
      error(
        'link-not-found',
        `link: the switch "${name}" has no link: ovs-vswitchd does not run`,
        'systemctl start openvswitch-switch',
        'link',
      ),
    ]
  if (link === undefined) {
    if (type === 'phys' && (name.endsWith('+') || movedIn(container, nic, nics, view))) return []
    return [
      error(
        'link-not-found',
        `link: there is no link "${name}" on this host`,
        'create it first; `ip -br link` lists what is there',
        'link',
      ),
    ]
  }
  const found: Finding[] = []
  const ovs = view.ovsBridges.has(name) || link.kind === 'openvswitch'
  const mtu = mtuOf(nic)
  if (type === 'veth' && modeOf(nic) === 'bridge') {
    if (link.kind !== 'bridge' && !ovs) {
      found.push(
        error(
          'link-not-bridge',
          `link: "${name}" is no bridge; LXC would take it for an Open vSwitch and fail`,
          'name a bridge, or use --type macvlan',
          'link',
        ),
      )
    }
    const vlan = value(nic, 'veth.vlan.id') ?? values(nic, 'veth.vlan.tagged.id')[0]
    if (vlan !== undefined && link.kind === 'bridge' && !link.vlanFiltering) {
      found.push(
        error(
          'bridge-no-vlans',
          `link: "${name}" does not filter VLANs, so a VLAN id cannot be set`,
          `ip link set ${name} type bridge vlan_filtering 1`,
          'veth.vlan.id',
        ),
      )
    }
    if (
      vlan !== undefined &&
      link.defaultPvid === 0 &&
      view.version !== undefined &&
      compareVersions(view.version, '6.0.0') < 0
    ) {
      found.push(
        error(
          'bridge-no-pvid',
          `link: "${name}" has vlan_default_pvid 0, on which LXC ${view.version} fails`,
          `ip link set ${name} type bridge vlan_default_pvid 1`,
          'veth.vlan.id',
        ),
      )
    }
    if (mtu !== undefined && mtu < link.mtu)
      found.push(
        warning(
          'mtu-lowers-bridge',
          `mtu ${mtu} lowers the bridge "${name}" from ${link.mtu}, and every NIC made later`,
          `${drop(subject, 'mtu')}, or lower it inside the container`,
          'mtu',
        ),
      )
  }
  if (['macvlan', 'ipvlan', 'vlan'].includes(type) && mtu !== undefined && mtu > link.mtu) {
    found.push(
      error(
        'mtu-above-parent',
        `mtu ${mtu} is more than the ${link.mtu} of its parent "${name}", which the kernel refuses`,
        put(subject, 'mtu', String(link.mtu)),
        'mtu',
      ),
    )
  }
  if (type === 'phys') {
    if (link.kind === 'bridge' || link.loopback || ovs)
      found.push(
        error(
          'phys-immovable',
          `link: "${name}" is a ${link.loopback ? 'loopback' : 'bridge'}; the kernel does not move it into a container`,
          'name another link',
          'link',
        ),
      )
    else if (view.defaultRouteLinks.has(name)) {
      found.push(
        error(
          'phys-default-route',
          `link: "${name}" carries this host's default route; moving it cuts the host off`,
          'name another link',
          'link',
        ),
      )
    } else if (link.master !== undefined)
      found.push(
        warning(
          'phys-is-port',
          `link: "${name}" is a port of ${link.master}, which loses it`,
          'name another link',
          'link',
        ),
      )
    else if (link.addresses.length > 0)
      found.push(
        warning(
          'phys-has-address',
          `link: "${name}" has ${link.addresses.join(' and ')} on this host, which goes as it moves into the container`,
          'name another link',
          'link',
        ),
      )
  }
  const vlanId = value(nic, 'vlan.id')
  if (type === 'vlan' && vlanId !== undefined) {
    const host = [...links.values()].find(
      (other) => other.kind === 'vlan' && other.parent === name && other.vlanId === lxcNumber(vlanId),
    )
    if (host !== undefined)
      found.push(
        error(
          'vlan-taken',
          `VLAN ${vlanId} on "${name}" is taken by the host's own link ${host.name}`,
          `use ${host.name} as --type phys or macvlan --link ${host.name}`,
          'vlan.id',
        ),
      )
  }
  if (gatewayNeedsAddress(nic) && link.addresses.length === 0) {
    found.push(
      error(
        'gateway-auto',
        `"${name}" has no address for gateway = auto to take`,
        "give the gateway's address",
        'ipv4.gateway',
      ),
    )
  }
  return found
}

/** Is the link of a phys off the host because it is inside a running container: this one, or one that holds it? */
function movedIn(container: string, nic: Nic, nics: readonly Nic[], view: HostView): boolean {
  const inside = namesInside(nics).get(nic.index)
  const holders = claimsOf(view).parent.get(value(nic, 'link') ?? '') ?? []
  return (
    (view.containers.get(container)?.live?.some((link) => link.name === inside) ?? false) ||
    holders.some(
      (claim) =>
        claim.container.name !== container && claim.container.state !== 'stopped' && typeOf(claim.nic) === 'phys',
    )
  )
}

const gatewayNeedsAddress = (nic: Nic): boolean =>
  value(nic, 'ipv4.gateway') === 'auto' || value(nic, 'ipv6.gateway') === 'auto'
