import { compareVersions } from '../core/version.ts'
import { drop, error, type Finding, isWritten, loading, put, type Subject, warning } from './finding.ts'
import { findKey, type Key, knows, nicTypes } from './keys.ts'
import { modeOf, namesInside, programOf, typeOf, value, values } from './model.ts'
import { checkValue, lxcNumber } from './value.ts'

export function valueChecks(subject: Subject): Finding[] {
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

export function typeChecks(subject: Subject): Finding[] {
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

/** Against the other NICs of the same container. */
export function siblingChecks({ nic, nics }: Subject): Finding[] {
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
