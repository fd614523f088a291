/**
 * The shim room: the host's own macvlan on a parent, by which it reaches the macvlan containers there.
 *
 * A parent never passes a frame between itself and its macvlans (drivers/net/macvlan.c: macvlan_queue_xmit() knows the
 * other macvlans and the wire), so a host and its macvlan containers are deaf to each other. A macvlan of the host's own
 * in bridge mode is one more neighbour of theirs.
 */
import { contains, hostFault, parseCidr } from '../core/address.ts'
import { linkNameFault } from '../core/link-name.ts'
import type { Word } from '../core/word.ts'

export const shimCodes: Record<string, { summary: string; fix: string }> = {
  'host-access': {
    summary: '--host-access goes with a macvlan in mode bridge whose subnet is known.',
    fix: 'Say the address that the host takes, with its prefix.',
  },
  'shim-bad-parent': {
    summary: 'A shim is a macvlan, which hangs on no loopback and on no port of a bridge, bond or switch.',
    fix: 'Name the bridge, bond or switch itself.',
  },
  'shim-down': {
    summary: 'A shim is not there, or has lost its address: the host does not reach the macvlan containers.',
    fix: '`sh /etc/lxcnet/boot` brings it back; a boot does too.',
  },
  'shim-no-route': {
    summary: 'The host has an address of the subnet elsewhere, and no route through the shim to a container there.',
    fix: '`lxcnet shim set PARENT` looks for the containers anew.',
  },
  'shim-no-parent': { summary: 'The parent of a shim does not exist.', fix: 'Name a link as `ip -br link` prints it.' },
}

export const shimWords: readonly Word[] = [
  {
    flag: 'address',
    list: true,
    helpValue: 'ADDRESS/PREFIX',
    required: true,
    value: { kind: 'text' },
    summary: "the host's own address towards the containers, such as 10.0.5.5/24",
  },
  {
    flag: 'route',
    list: true,
    helpValue: 'SUBNET',
    value: { kind: 'text' },
    summary:
      'what else is reached through it, such as containers with addresses by DHCP where the host has an address of the same subnet elsewhere',
  },
  {
    flag: 'ifname',
    list: false,
    helpValue: 'LINK',
    value: { kind: 'text' },
    summary: 'name of the macvlan; shim- and the parent when it is left out',
  },
]

/** `shim-PARENT`, in the 15 bytes that a link has for its name (IFNAMSIZ, linux/if.h). */
export const usualName = (parent: string): string => `shim-${parent}`.slice(0, 15)

type Checked = { value: string } | { code: string; message: string; fix: string }

export function checkShimValue(flag: string, text: string): Checked {
  if (flag === 'ifname') {
    // the kernel takes more, ip(8) and the shells that read the name do not
    const plain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text)
    const fault =
      linkNameFault(text) ?? (plain ? undefined : 'has a character other than letters, digits, ".", "_", "-"')
    if (fault === undefined) return { value: text }
    return { code: 'bad-name', message: `ifname: "${text}" ${fault}`, fix: 'for instance shim-br0' }
  }
  const parsed = parse(text)
  if (parsed === undefined || !parsed.explicit) {
    const fix = flag === 'route' ? 'for instance 10.0.5.0/24 or 10.0.5.7/32' : 'for instance 10.0.5.5/24'
    return { code: 'bad-address', message: `${flag}: "${text}" is not an address with a prefix`, fix }
  }
  const fault = flag === 'address' ? hostFault(flag, parsed) : undefined
  if (fault !== undefined) return fault
  if (flag === 'route' && parsed.value !== parsed.first)
    return {
      code: 'bad-route',
      message: `route: "${text}" has bits set behind its prefix`,
      fix: 'write the subnet itself',
    }
  return { value: `${parsed.address}/${parsed.prefix}` }
}

const parse = (text: string) => parseCidr(text, text.includes(':') ? 6 : 4)

/** Do the two share a subnet? The kernel then has a route for it on the link of the second. */
export function sameSubnet(address: string, other: string): boolean {
  const [a, b] = [parse(address), parse(other)]
  return a !== undefined && b !== undefined && a.family === b.family && (contains(a, b.value) || contains(b, a.value))
}

/** The route to one address: `10.0.5.3/24` → `10.0.5.3/32`. */
export function hostRoute(address: string): string | undefined {
  const parsed = parse(address)
  return parsed && `${parsed.address}/${parsed.family === 4 ? 32 : 128}`
}
