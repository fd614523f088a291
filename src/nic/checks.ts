/**
 * What can be wrong with a NIC beyond its single values: with itself, with its neighbours and with its host.
 *
 * An error is what LXC or the kernel refuses or what surely breaks; the rest is a warning. A clash with a container
 * that is stopped is a warning, since clones lie about everywhere.
 */
import { contains, formatAddress, parseCidr } from '../core/address.ts'
import { compareVersions } from '../core/version.ts'
import { findKey, type Key, knows, nicTypes } from './keys.ts'
import {
  type Container,
  type HostView,
  modeOf,
  type Nic,
  namesInside,
  programOf,
  segmentOf,
  typeOf,
  value,
  values,
} from './model.ts'
import { checkValue, lxcCidr, lxcMac, lxcNumber } from './value.ts'

export interface Finding {
  severity: 'error' | 'warning'
  code: string
  message: string
  fix: string
  /** The key it is about, to point at its line. */
  key?: string
  /** LXC loads and starts it all the same: a warning where it stands in a file already. */
  loads?: true
}

/** What a check looks at: one NIC of one container, as it is or as it shall become. */
export interface Subject {
  container: string
  nic: Nic
  /** All NICs of the container, this one among them. */
  nics: readonly Nic[]
  view: HostView
  /** The NIC does not stand in a file yet: everything about it is being written now. */
  fresh?: boolean
  /** Is this key of it being written now? What stands in a file and starts is no error. */
  strict?: (key: string) => boolean
}

const error = (code: string, message: string, fix: string, key?: string): Finding => ({
  severity: 'error',
  code,
  message,
  fix,
  ...(key === undefined ? {} : { key }),
})
const warning = (code: string, message: string, fix: string, key?: string): Finding => ({
  ...error(code, message, fix, key),
  severity: 'warning',
})

const loading = (finding: Finding): Finding => ({ ...finding, loads: true })

const isWritten = ({ fresh, strict }: Subject, key: string): boolean => fresh || (strict?.(key) ?? false)

/** What to type so that a key has a value: a command, or a flag of the one that makes the NIC. */
function put({ container, nic, fresh }: Subject, name: string, text: string): string {
  if (fresh) return `add --${findKey(name)?.flag ?? name} ${text}`
  return `\`lxcnet set ${container}:${nic.index} ${/[^\w.:/=+-]/.test(text) ? `"${name}=${text}"` : `${name}=${text}`}\``
}

const drop = ({ container, nic, fresh }: Subject, name: string): string =>
  fresh ? `leave --${findKey(name)?.flag ?? name} out` : `\`lxcnet unset ${container}:${nic.index} ${name}\``

/** The MTU that LXC asks for: 0 is none. */
const mtuOf = (nic: Nic): number | undefined => lxcNumber(value(nic, 'mtu') ?? '') || undefined

/** A MAC as LXC reads it, to compare. */
const macOf = (nic: Nic): string | undefined => {
  const text = value(nic, 'hwaddr')
  return text === undefined ? undefined : (lxcMac(text) ?? text.toLowerCase())
}

/** All findings about one NIC. */
export function checkNic(subject: Subject): Finding[] {
  return [valueChecks, typeChecks, gatewayChecks, addressChecks, siblingChecks, linkChecks, clashChecks]
    .flatMap((check) => check(subject))
    .map(({ loads, ...finding }) =>
      loads && finding.severity === 'error' && !isWritten(subject, finding.key ?? 'type')
        ? { ...finding, severity: 'warning' }
        : finding,
    )
}

function valueChecks(subject: Subject): Finding[] {
  const { nic, view } = subject
  const type = typeOf(nic)
  const known = (nicTypes as readonly string[]).includes(type)
  return [...nic.keys].flatMap(([name, list]): Finding[] => {
    const key = findKey(name)
    if (!known && name !== 'type') return [] // with an unknown type nothing else can be judged
    if (key === undefined) return [error('unknown-key', `${name}: no LXC knows this key`, drop(subject, name), name)]
    if (list.every((one) => one.value === '')) return []
    if (nic.style === 'modern' && !knows(key, view.version)) {
      return [
        error(
          'key-too-new',
          `${name}: LXC ${view.version} does not know it (it came with ${key.since}) and would refuse the whole file`,
          `${drop(subject, name)}, or upgrade LXC`,
          name,
        ),
      ]
    }
    if (known && !(key.types as readonly string[]).includes(type)) {
      const finding = error(
        'wrong-type-key',
        `${name} does not belong to a NIC of type ${type}, but to ${key.types.join(', ')}`,
        drop(subject, name),
        name,
      )
      // LXC itself knows keys of one type by their names alone, and refuses those on another type. The loopback takes
      // neither a MAC nor a default route, an ipvlan no MAC (drivers/net/ipvlan has no ndo_set_mac_address)
      const fails = /^(veth|vlan|macvlan|ipvlan)\./.test(name) || (type !== 'none' && /^hwaddr$|\.gateway$/.test(name))
      return [fails ? finding : loading(finding)]
    }
    return list.flatMap((one) => oneValue(subject, key, one.value))
  })
}

function oneValue(subject: Subject, key: Key, text: string): Finding[] {
  const { name } = key
  if (name === 'hwaddr' && /[xX]/.test(text)) {
    return [
      warning(
        'mac-template',
        `hwaddr: "${text}" becomes another MAC at every start, and another DHCP lease`,
        put(subject, name, 'auto'),
        name,
      ),
    ]
  }
  const written = isWritten(subject, name)
  if (name === 'mtu' && !written && lxcNumber(text) === 0) return [] // no MTU of its own
  const checked = checkValue(key, text, subject.view.version)
  if ('value' in checked) return []
  const { code, message, fix, better, loads } = checked
  // one of several values: only that one is taken out
  const instead =
    better === undefined || subject.fresh
      ? fix
      : values(subject.nic, name).length === 1
        ? put(subject, name, better)
        : `\`lxcnet set ${subject.container}:${subject.nic.index} "${name}-=${text}" "${name}+=${better}"\``
  return [{ ...error(code, message, instead, name), ...(loads ? { loads } : {}) }]
}

function typeChecks(subject: Subject): Finding[] {
  const { nic, nics, view } = subject
  const found: Finding[] = []
  const type = typeOf(nic)
  const link = value(nic, 'link')
  if (value(nic, 'type') === undefined)
    found.push(error('type-missing', `NIC ${nic.index} has no type`, put(subject, 'type', 'veth'), 'type'))
  if (link === undefined && ['vlan', 'macvlan', 'ipvlan', 'phys'].includes(type)) {
    found.push(
      error(
        'link-missing',
        `a NIC of type ${type} needs a link`,
        `name the ${type === 'phys' ? 'link that moves into the container' : 'parent'}: ${put(subject, 'link', 'eth1')}`,
        'link',
      ),
    )
  }
  if (type === 'vlan' && value(nic, 'vlan.id') === undefined)
    found.push(error('vlan-id-missing', 'a NIC of type vlan needs a VLAN id', put(subject, 'vlan.id', '10'), 'vlan.id'))
  if (type === 'empty' && ![undefined, 'lo'].includes(value(nic, 'name'))) {
    found.push(
      error(
        'empty-name',
        'a NIC of type empty has only the loopback; LXC cannot name it',
        drop(subject, 'name'),
        'name',
      ),
    )
  }
  if (type === 'none' && nics.some((other) => typeOf(other) !== 'none')) {
    found.push(
      warning(
        'none-mixed',
        'type none has no effect beside another NIC',
        "use none alone, to share the host's network",
        'type',
      ),
    )
  }
  if (value(nic, 'l2proxy') === '1') {
    // network.c:lxc_is_ip_forwarding_enabled() and lxc_is_ip_neigh_proxy_enabled()
    const on = `net.ipv4.conf.${link}.forwarding=1, for IPv6 net.ipv6.conf.${link}.forwarding=1 and proxy_ndp=1`
    if (link !== undefined)
      found.push(
        warning(
          'l2proxy-sysctl',
          `l2proxy: the container starts only with ${on}`,
          `sysctl -w net.ipv4.conf.${link}.forwarding=1`,
          'l2proxy',
        ),
      )
    if (link === undefined)
      found.push(error('l2proxy-link', 'l2proxy needs a link', put(subject, 'link', 'eth1'), 'l2proxy'))
    if (type === 'ipvlan' && modeOf(nic) !== 'l3s')
      found.push(
        error(
          'l2proxy-mode',
          'l2proxy on an ipvlan works in mode l3s only',
          put(subject, 'ipvlan.mode', 'l3s'),
          'l2proxy',
        ),
      )
  }
  if (type === 'veth') {
    const vlan = value(nic, 'veth.vlan.id')
    const tagged = values(nic, 'veth.vlan.tagged.id')
    if (vlan !== undefined || tagged.length > 0) {
      const key = vlan === undefined ? 'veth.vlan.tagged.id' : 'veth.vlan.id'
      if (modeOf(nic) === 'router')
        found.push(
          error(
            'vlan-needs-bridge',
            `${key} does not go with veth.mode = router: VLAN ids belong to the port of a bridge`,
            put(subject, 'veth.mode', 'bridge'),
            key,
          ),
        )
      else if (link === undefined)
        found.push(
          error('vlan-needs-bridge', `${key} needs a bridge as link`, `name one: ${put(subject, 'link', 'br0')}`, key),
        )
    }
    if (vlan !== undefined && tagged.includes(vlan))
      found.push(
        error('vlan-twice', `VLAN ${vlan} is both untagged and tagged`, 'keep one of them', 'veth.vlan.tagged.id'),
      )
  }
  for (const key of ['veth.mode', 'macvlan.mode', 'ipvlan.mode']) {
    if (key.startsWith(`${type}.`) && value(nic, key) === undefined && type !== 'veth') {
      found.push(
        warning(
          'mode-unsaid',
          `the mode is not said; LXC ${type === 'macvlan' ? 'takes private, where other tools take bridge' : 'takes l2, its manual says l3'}`,
          put(subject, key, type === 'macvlan' ? 'bridge' : 'l2'),
          'type',
        ),
      )
    }
  }
  if (
    type !== 'none' &&
    ['phys', 'macvlan', 'vlan', 'ipvlan', 'veth'].includes(type) &&
    value(nic, 'flags') === undefined
  ) {
    found.push(warning('not-up', 'without flags = up the NIC stays down', put(subject, 'flags', 'up'), 'type'))
  }
  for (const key of ['script.up', 'script.down']) {
    const program = programOf(value(nic, key) ?? '')
    if (program === undefined || view.scripts.get(program) !== false) continue
    const problem = `${key}: ${program} is not there or cannot be run`
    const fix = `create it and \`chmod +x ${program}\``
    found.push(
      key === 'script.up'
        ? error('script-missing', `${problem}; the container would not start`, fix, key)
        : warning('script-missing', problem, fix, key),
    )
  }
  if (type === 'veth' && link === undefined && modeOf(nic) === 'bridge' && value(nic, 'script.up') === undefined) {
    found.push(
      warning(
        'no-link',
        'a veth without link and hook leads nowhere',
        `name a bridge: ${put(subject, 'link', 'lxcbr0')}`,
        'type',
      ),
    )
  }
  if (view.version !== undefined && compareVersions(view.version, '3.2.0') < 0 && type === 'ipvlan') {
    found.push(
      error(
        'key-too-new',
        `LXC ${view.version} does not know the type ipvlan (it came with 3.2.0)`,
        'use macvlan or upgrade LXC',
        'type',
      ),
    )
  }
  return found
}

function gatewayChecks(subject: Subject): Finding[] {
  const { nic } = subject
  const found: Finding[] = []
  if (typeOf(nic) === 'none') return found // nothing of it is set up
  for (const family of [4, 6] as const) {
    const key = `ipv${family}.gateway`
    const gateway = value(nic, key)
    if (gateway === undefined) continue
    const addresses = values(nic, `ipv${family}.address`).flatMap((one) => lxcCidr(one, family) ?? [])
    const linkLocal = family === 6 && /^fe80:/i.test(gateway)
    if (addresses.length === 0 && !linkLocal)
      found.push(
        error(
          'gateway-no-address',
          `${key} needs an IPv${family} address on the same NIC, else the container does not start`,
          put(subject, `ipv${family}.address`, family === 4 ? '10.0.5.3/24' : '2001:db8::3/64'),
          key,
        ),
      )
    if (value(nic, 'flags') === undefined)
      found.push(
        error(
          'gateway-not-up',
          `${key} needs flags = up, else the container does not start`,
          put(subject, 'flags', 'up'),
          key,
        ),
      )
    if (gateway === 'auto' && !['veth', 'macvlan'].includes(typeOf(nic)))
      found.push(error('gateway-auto', `${key} = auto works with veth and macvlan only`, 'give the address', key))
    if (gateway === 'auto' && value(nic, 'link') === undefined)
      found.push(
        error('gateway-auto', `${key} = auto takes the address of link, and there is no link`, 'give the address', key),
      )
    const target = parseCidr(gateway, family)
    if (target === undefined || linkLocal || addresses.length === 0) continue
    if (addresses.some((one) => one.value === target.value))
      found.push(
        warning('gateway-itself', `${key}: ${gateway} is the NIC's own address`, 'give the address of the router', key),
      )
    else if (!addresses.some((one) => contains(one, target.value))) {
      found.push(
        warning(
          'gateway-outside',
          `${key}: ${gateway} is in none of the NIC's subnets; LXC adds a route to it`,
          'correct unless it is meant so',
          key,
        ),
      )
    }
  }
  return found
}

function addressChecks(subject: Subject): Finding[] {
  const { nic } = subject
  const found: Finding[] = []
  if (typeOf(nic) === 'none') return found
  const mtu = mtuOf(nic) ?? 1500
  for (const family of [4, 6] as const) {
    const key = `ipv${family}.address`
    const seen = new Set<string>()
    for (const text of values(nic, key)) {
      const one = lxcCidr(text, family)
      if (one === undefined) continue
      const written = `${one.address}/${one.prefix}`
      if (seen.has(written))
        found.push(
          error(
            'address-twice',
            `${key}: ${written} stands twice on this NIC; the start would fail`,
            subject.fresh
              ? 'give it once'
              : `\`lxcnet set ${subject.container}:${nic.index} ${key}-=${written} ${key}+=${written}\``,
            key,
          ),
        )
      seen.add(written)
      if (family === 4 && one.prefix < 31 && one.value === one.first)
        found.push(
          warning('address-is-network', `${key}: ${written} is the subnet's own address`, 'take the next one', key),
        )
      if (family === 4 && one.prefix < 31 && one.value === one.last)
        found.push(
          warning(
            'address-is-broadcast',
            `${key}: ${written} is the subnet's broadcast address`,
            'take another one',
            key,
          ),
        )
      const given = text.split(' ')[1]
      const brd = given === undefined ? undefined : parseCidr(given, 4)
      if (brd !== undefined && brd.value !== one.last)
        found.push(
          warning(
            'odd-broadcast',
            `${key}: broadcast ${given} is not the last address of ${written}`,
            'leave it to lxcnet: give the address alone',
            key,
          ),
        )
    }
    if (family === 6 && seen.size > 0 && mtu < 1280)
      found.push(
        warning(
          'mtu-ipv6',
          `mtu ${mtu} is below 1280, the least that IPv6 works with (RFC 8200, section 5)`,
          put(subject, 'mtu', '1280'),
          'mtu',
        ),
      )
  }
  return found
}

/** Against the other NICs of the same container. */
function siblingChecks({ nic, nics }: Subject): Finding[] {
  const found: Finding[] = []
  const names = namesInside(nics)
  const own = names.get(nic.index)
  if (value(nic, 'name') === 'lo' && typeOf(nic) !== 'empty')
    found.push(error('bad-name', 'name: "lo" is the loopback\'s', 'choose another name', 'name'))
  const others = nics.filter((other) => other.index !== nic.index)
  const same = others.find((other) => own !== undefined && names.get(other.index) === own)
  if (same !== undefined)
    found.push(
      error(
        'duplicate-name',
        `name: "${own}" is also the name of NIC ${same.index}; the container would not start`,
        'choose another name',
        'name',
      ),
    )
  for (const family of [4, 6] as const) {
    const key = `ipv${family}.gateway`
    const rival = others.find((other) => value(other, key) !== undefined)
    if (value(nic, key) !== undefined && rival !== undefined && rival.index < nic.index) {
      found.push(
        warning(
          'two-default-routes',
          `NIC ${rival.index} has an IPv${family} gateway too; only one default route can win`,
          'keep one of them',
          key,
        ),
      )
    }
  }
  return found
}

/** Against the links of the host; nothing is known of them under --root. */
function linkChecks(subject: Subject): Finding[] {
  const { container, nic, nics, view } = subject
  const { links } = view
  const name = value(nic, 'link')
  if (links === undefined || name === undefined) return []
  const type = typeOf(nic)
  const link = links.get(name)
  if (link === undefined) {
    if (type === 'phys' && (name.endsWith('+') || movedIn(container, nic, nics, view))) return []
    return [
      error(
        'link-not-found',
        `link: there is no link "${name}" on this host`,
        'create it first, or `--allow link-not-found`; `ip -br link` lists them',
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
          'name another link, or `--allow phys-default-route`',
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

interface Claim {
  container: Container
  nic: Nic
}

/** Who holds what on this host, built once per view. */
interface Claims {
  mac: Map<string, Claim[]>
  address: Map<string, Claim[]>
  pair: Map<string, Claim[]>
  /** macvlan, vlan and phys NICs by their link. */
  parent: Map<string, Claim[]>
}

const claims = new WeakMap<HostView, Claims>()

export function claimsOf(view: HostView): Claims {
  let all = claims.get(view)
  if (all !== undefined) return all
  all = { mac: new Map(), address: new Map(), pair: new Map(), parent: new Map() }
  const put = (map: Map<string, Claim[]>, key: string, claim: Claim): void => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [claim])
    else list.push(claim)
  }
  for (const container of view.containers.values()) {
    for (const nic of container.effective.nics) {
      const claim = { container, nic }
      const mac = macOf(nic)
      if (mac !== undefined && !mac.includes('x')) put(all.mac, mac, claim)
      for (const text of [...values(nic, 'ipv4.address'), ...values(nic, 'ipv6.address')])
        put(all.address, bare(text), claim)
      const pair = value(nic, 'veth.pair')
      if (pair !== undefined) put(all.pair, pair, claim)
      const link = value(nic, 'link')
      if (link !== undefined && ['macvlan', 'vlan', 'phys'].includes(typeOf(nic))) put(all.parent, link, claim)
    }
  }
  claims.set(view, all)
  return all
}

/** `10.0.5.3/24 10.0.5.255` → `10.0.5.3`; IPv6 in lower case. */
const bare = (text: string): string => (text.split(/[/ ]/)[0] ?? '').toLowerCase()

/** The subnet that an address is in, for `next:`. */
function subnetOf(text: string, key: string): string {
  const family = key === 'ipv4.address' ? 4 : 6
  const one = lxcCidr(text, family)
  return one === undefined ? 'SUBNET' : `${formatAddress(one.first, family)}/${one.prefix}`
}

/** Against the other containers of the host. */
function clashChecks(subject: Subject): Finding[] {
  const { container, nic, nics, view } = subject
  const found: Finding[] = []
  const all = claimsOf(view)
  const type = typeOf(nic)
  const clash = (
    list: Claim[] | undefined,
    code: string,
    what: (where: string) => string,
    fix: string | (() => string),
    key: string,
  ): void => {
    const path = view.containers.get(container)?.path
    // names that share one config by a link clash in everything, which is said once as shared-config
    const other = list?.find((claim) => claim.container.name !== container && claim.container.path !== path)
    if (other === undefined) return
    const way = typeof fix === 'string' ? fix : fix()
    const finding = error(code, what(`${other.container.name}:${other.nic.index}`), way, key)
    found.push(
      other.container.state === 'stopped'
        ? { ...finding, severity: 'warning', message: `${finding.message} (stopped)` }
        : finding,
    )
  }
  const here = (list: Claim[] | undefined, test: (other: Nic) => boolean): Claim[] | undefined =>
    list?.filter((claim) => test(claim.nic))
  const mac = macOf(nic)
  if (mac !== undefined) {
    clash(
      all.mac.get(mac),
      'duplicate-mac',
      (where) => `hwaddr: ${mac} is also the MAC of ${where}`,
      put(subject, 'hwaddr', 'auto'),
      'hwaddr',
    )
    if (nics.some((other) => other.index !== nic.index && macOf(other) === mac)) {
      const message = `hwaddr: ${mac} stands on another NIC of this container too`
      found.push(loading(error('duplicate-mac', message, put(subject, 'hwaddr', 'auto'), 'hwaddr')))
    }
  }
  const segment = segmentOf(nic)
  for (const key of ['ipv4.address', 'ipv6.address']) {
    for (const text of values(nic, key)) {
      const free = (): string => `take a free one: ${put(subject, key, `next:${subnetOf(text, key)}`)}`
      const same = here(all.address.get(bare(text)), (other) => segmentOf(other) === segment)
      clash(
        same,
        'duplicate-address',
        (where) => `${key}: ${bare(text)} is also the address of ${where} on ${segment ?? 'the host'}`,
        free,
        key,
      )
      const holder = segment === undefined ? undefined : view.links?.get(segment)
      if (holder?.addresses.some((one) => bare(one) === bare(text))) {
        found.push(
          error('duplicate-address', `${key}: ${bare(text)} is the address of the host's ${holder.name}`, free(), key),
        )
      }
    }
  }
  const pair = value(nic, 'veth.pair')
  if (pair !== undefined) {
    clash(
      all.pair.get(pair),
      'duplicate-pair',
      (where) => `veth.pair: "${pair}" is also the host-side veth of ${where}`,
      `choose another name, or ${drop(subject, 'veth.pair')}`,
      'veth.pair',
    )
    const taken = view.links?.get(pair)
    const own = view.containers.get(container)
    const mine =
      own !== undefined &&
      own.state !== 'stopped' &&
      (own.live?.some((inside) => inside.peerIndex === taken?.index) ?? true)
    if (taken !== undefined && !mine)
      found.push(
        error(
          'duplicate-pair',
          `veth.pair: a link "${pair}" is on this host already`,
          `choose another name, or ${drop(subject, 'veth.pair')}`,
          'veth.pair',
        ),
      )
  }
  const link = value(nic, 'link')
  if (link === undefined) return found
  const onParent = all.parent.get(link)
  if (type === 'vlan') {
    const id = value(nic, 'vlan.id')
    clash(
      here(onParent, (other) => typeOf(other) === 'vlan' && value(other, 'vlan.id') === id),
      'vlan-taken',
      (where) => `vlan.id: VLAN ${id} on "${link}" is taken by ${where}; a parent has each VLAN once`,
      'put both on a bridge over that VLAN',
      'vlan.id',
    )
  }
  if (type === 'macvlan') {
    const exclusive = (other: Nic): boolean =>
      typeOf(other) === 'macvlan' && (modeOf(nic) === 'passthru' || modeOf(other) === 'passthru')
    clash(
      here(onParent, exclusive),
      'passthru-shared',
      (where) => `link: "${link}" is shared with ${where}, but a parent in mode passthru has one macvlan only`,
      'use mode bridge, or another parent',
      'link',
    )
  }
  if (type === 'phys')
    clash(
      here(onParent, (other) => typeOf(other) === 'phys'),
      'phys-taken',
      (where) => `link: "${link}" is also moved into ${where}`,
      'a link is in one container at a time',
      'link',
    )
  return found
}
