/** MAC addresses, written `aa:bb:cc:dd:ee:ff`. */
import { compareVersions } from './version.ts'

/** The prefix that LXC gives the MACs it makes; changed in 6.0.4 (network.c, rand_complete_hwaddr). */
export const lxcPrefix = (lxcVersion: string | undefined): string =>
  lxcVersion !== undefined && compareVersions(lxcVersion, '6.0.4') >= 0 ? '10:66:6a' : '00:16:3e'

/**
 * The text as six lower-case pairs, or what is wrong with it.
 *
 * The kernel refuses multicast and all-zero addresses; LXC takes fewer than six bytes and fills the rest with garbage
 * (network.c:lxc_convert_mac), so anything but six full pairs is refused here.
 */
export function parseMac(text: string): { mac: string } | { reason: string; code: 'bad-mac' | 'mac-multicast' } {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
    return { code: 'bad-mac', reason: 'is not six pairs of hex digits with colons' }
  const mac = text.toLowerCase()
  if (mac === '00:00:00:00:00:00') return { code: 'bad-mac', reason: 'is all zeros, which the kernel refuses' }
  if (Number.parseInt(mac.slice(0, 2), 16) & 1)
    return { code: 'mac-multicast', reason: 'has the multicast bit set (odd first byte)' }
  return { mac }
}

/** A free MAC in LXC's own range. `random` gives whole numbers below its argument. */
export function newMac(prefix: string, taken: ReadonlySet<string>, random: (below: number) => number): string {
  for (;;) {
    const tail = random(0xffffff).toString(16).padStart(6, '0') // below ffffff: LXC's clones never end so either
    const mac = `${prefix}:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4)}`
    if (!taken.has(mac)) return mac
  }
}
