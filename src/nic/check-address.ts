/** What is wrong with the addresses and gateways of a NIC. */
import { contains, parseCidr } from '../core/address.ts'
import { error, type Finding, mtuOf, put, type Subject, warning } from './finding.ts'
import { typeOf, value, values } from './model.ts'
import { lxcCidr } from './value.ts'

export function gatewayChecks(subject: Subject): Finding[] {
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

export function addressChecks(subject: Subject): Finding[] {
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
