/** What may cut the way to a host. */
import type { Path } from './read.ts'

/** The part of a change that this room looks at. */
interface Step {
  impact: string
  argv?: readonly string[]
}

/**
 * Commands that act on all links, whichever they name. Reading files again belongs to them: it makes true what anybody
 * has edited there since the last time, of any link (networkctl(1), reload), and nothing tells beforehand what that is.
 */
const sweeping = [
  /\b(systemctl|service|rc-service)\b.*\b(networking|network|NetworkManager|systemd-networkd|dhcpcd|wicked|connman|openvswitch-switch|ovs-vswitchd|ovsdb-server)\b/,
  /\/init\.d\/(networking|network|openvswitch-switch)\b/,
  /\bnetplan +(apply|try)\b/,
  /\bnetworkctl +(reload|reconfigure)\b/,
  /\b(ifup|ifdown|ifreload)\b.* (-a|--all)\b/,
  /\bnmcli\b.*\b(networking|reload)\b/,
]

/** The file of a switch bears the name of the switch's own link, which it can take down: src/boot and src/ovs. */
const switchPiece = /\/etc\/lxcnet\/net\.d\/\d+-ovs-/g

/**
 * Whether a step may cut it: by its impact, or because its command names a link of the path, whole and wherever, or acts
 * on all links. A file by itself does nothing; the command that has it read does.
 */
export function touchesPath({ impact, argv = [] }: Step, { links }: Path): boolean {
  if (impact === 'host-path') return true
  if (argv[0]?.startsWith('lxc-')) return false // names containers; a link that one takes is guard.ts's to see
  const text = argv.join(' ').replace(switchPiece, ' ')
  // no link has a blank, a slash or a colon in its name: dev_valid_name() in net/core/dev.c
  return (
    text.split(/[\s/:;,=&|()<>"'`$]+/).some((word) => links.has(word)) || sweeping.some((command) => command.test(text))
  )
}
