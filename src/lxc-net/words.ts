/** The words of a NAT network, and what each takes. */
import { formatAddress, parseCidr } from '../core/address.ts'
import { existingNameFault } from '../core/link-name.ts'
import type { Word } from '../core/word.ts'
import { parseRange, rangeText, subnetText } from './network.ts'

const text = (flag: string, helpValue: string, summary: string): Word => ({
  flag,
  list: false,
  helpValue,
  summary,
  value: { kind: 'text' },
})

const choice = (flag: string, of: readonly string[], summary: string): Word => ({
  flag,
  list: false,
  summary,
  value: { kind: 'choice', of },
})

export const natWords: readonly Word[] = [
  { ...text('subnet', 'SUBNET', 'its IPv4 subnet, such as 10.7.0.0/24'), required: true },
  text('bridge', 'LINK', 'name of its bridge; that of the network when it is left out'),
  text(
    'address',
    'ADDRESS',
    "the host's own address in it, the containers' gateway; the first one when it is left out",
  ),
  text('range', 'FIRST,LAST', 'addresses that DHCP gives; all the others when it is left out'),
  text('domain', 'DOMAIN', 'names of its containers end in it, for those who ask its DNS'),
  text(
    'ipv6',
    'SUBNET',
    'its IPv6 subnet, a /64 such as fd07::/64; containers make their addresses themselves (SLAAC)',
  ),
  choice('ipv6-nat', ['on', 'off'], 'masquerade IPv6 too'),
  text('masquerade', 'on|off|ADDRESS', 'containers reach the outside as the host (on), or as this address of it'),
  choice('isolated', ['yes', 'no'], 'no new connection in but by forwards, and none out but by a default route'),
  {
    ...choice('through', ['docker'], 'where Docker drops what is forwarded, let this through by rules in DOCKER-USER'),
    list: true,
    helpValue: 'FIREWALL',
  },
  choice('firewall', ['nft', 'iptables'], "what makes the rules of lxc-net's own network"),
  text('mtu', 'OCTETS', 'MTU of the bridge, told to the containers by DHCP; not for lxc-net'),
  choice('enabled', ['yes', 'no'], "whether lxc-net's own network is up, now and after a boot"),
]

type Checked = { value: string } | { code: string; message: string; fix: string }

/** One value, in the form in which lxcnet writes it. */
export function checkNatValue(flag: string, given: string): Checked {
  const wrong = (what: string, fix: string, code = 'nat-bad-value'): Checked => ({
    code,
    message: `${flag}: "${given}" ${what}`,
    fix,
  })
  switch (flag) {
    case 'subnet': {
      const subnet = parseCidr(given, 4)
      const example = 'for instance 10.7.0.0/24'
      if (subnet === undefined || !subnet.explicit) return wrong('is not an IPv4 subnet', example)
      // lxc-net's _netmask2cidr() takes no shorter prefix, and a longer one has no room for a gateway and a container
      if (subnet.prefix < 8 || subnet.prefix > 30) return wrong('has a prefix that is not in 8 to 30', example)
      if (subnet.value !== subnet.first) return wrong('has bits set behind its prefix', `write ${subnetText(subnet)}`)
      return { value: subnetText(subnet) }
    }
    case 'bridge': {
      const fault = given.length < 2 ? 'is shorter than 2 characters' : existingNameFault(given)
      if (fault !== undefined) return wrong(fault, 'for instance lxcbr1')
      // both lxc-net and the scripts of lxcnet leave the name to a shell
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(given))
        return wrong('is not a plain name', 'letters, digits, ".", "_", "-"')
      return { value: given }
    }
    case 'address': {
      const address = given.includes('/') ? undefined : parseCidr(given, 4)
      return address === undefined
        ? wrong('is not an IPv4 address', 'for instance 10.7.0.1')
        : { value: address.address }
    }
    case 'range': {
      const range = parseRange(given.replace('-', ','))
      if (range === undefined) return wrong('is not a first and a last address', 'for instance 10.7.0.100,10.7.0.199')
      return { value: rangeText(range) }
    }
    case 'domain':
      // RFC 1035 §2.3.1 and §2.3.4: a label has at most 63 octets; and what lxc-net's shell takes as one word
      if (
        given.length > 200 ||
        !/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/.test(given)
      )
        return wrong('is not a domain', 'for instance lxc')
      return { value: given }
    case 'ipv6':
      return checkIpv6(given, wrong)
    case 'masquerade': {
      if (given === 'on' || given === 'off') return { value: given }
      const address = given.includes('/') ? undefined : parseCidr(given, 4)
      return address === undefined
        ? wrong('is not on, off or an IPv4 address', 'masquerade=on')
        : { value: address.address }
    }
    case 'mtu': {
      const most = 65535
      // RFC 791: every host takes 576; the kernel's bridge takes up to 65535
      if (!/^[1-9]\d{2,4}$/.test(given) || Number(given) < 576 || Number(given) > most)
        return wrong(`is not in 576 to ${most}`, 'for instance 1450')
      return { value: given }
    }
    default: {
      const word = natWords.find((one) => one.flag === flag)
      const of = word?.value.kind === 'choice' ? word.value.of : []
      return of.includes(given) ? { value: given } : wrong('is not a value that it takes', of.join(' or '))
    }
  }
}

function checkIpv6(given: string, wrong: (what: string, fix: string) => Checked): Checked {
  const subnet = parseCidr(given, 6)
  if (subnet === undefined || !subnet.explicit) return wrong('is not an IPv6 subnet', 'for instance fd07::/64')
  if (subnet.prefix < 16 || subnet.prefix > 126)
    return wrong('has a prefix that is not in 16 to 126', 'for instance fd07::/64')
  return { value: ipv6Word(subnet) }
}

/** The subnet; with the host's own address when that is not its first: `fd07::5/64`. */
export function ipv6Word(ipv6: { first: bigint; value: bigint; prefix: number }): string {
  const usual = ipv6.value === ipv6.first || ipv6.value === ipv6.first + 1n
  return `${formatAddress(usual ? ipv6.first : ipv6.value, 6)}/${ipv6.prefix}`
}
