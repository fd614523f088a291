/** Every code that the checks of this room give: what it means and the way out. The manual is made from it. */
export const nicCodes: Record<string, { summary: string; fix: string }> = {
  'address-is-broadcast': {
    summary: 'An address is the broadcast address of its subnet.',
    fix: 'Take another address.',
  },
  'address-is-network': { summary: "An address is the subnet's own.", fix: 'Take another address.' },
  'address-twice': {
    summary: 'An address stands twice on one NIC; the start would fail.',
    fix: 'Give it once.',
  },
  'address-multicast': { summary: 'An address is a multicast address.', fix: 'Take a unicast address.' },
  'bad-address': {
    summary: 'Not an address with a prefix; leading zeros and netmasks are refused.',
    fix: 'Write 10.0.5.3/24 or 2001:db8::3/64.',
  },
  'bad-flags': { summary: 'LXC takes any word for flags, even "down", as up.', fix: 'Write up, or leave the key out.' },
  'bad-gateway': {
    summary: 'Not an address, "auto" or "dev".',
    fix: 'Write the address of the router, without prefix.',
  },
  'bad-link': { summary: 'Not a name that a link can have.', fix: 'Name a link as `ip -br link` prints it.' },
  'bad-mac': {
    summary: 'Not six pairs of hex digits; LXC fills a short one with garbage.',
    fix: 'Leave it out and lxcnet makes a free one.',
  },
  'bad-mode': { summary: 'The type does not have this mode.', fix: 'See `lxcnet help create`.' },
  'bad-mtu': { summary: 'An MTU outside 68 to 65535.', fix: 'Give octets of IP packet, such as 1500.' },
  'bad-name': {
    summary: 'Not a name that LXC can give to a link (2 to 15 bytes).',
    fix: 'Use letters, digits, "-" and "_".',
  },
  'bad-route': { summary: 'Not a subnet.', fix: 'Write 10.8.0.0/16.' },
  'bad-type': { summary: 'LXC has no such type.', fix: 'One of veth, macvlan, ipvlan, vlan, phys, empty, none.' },
  'bad-value': { summary: 'The value is not one that the key takes.', fix: 'See `lxcnet help create`.' },
  'bad-vlan-id': { summary: 'A VLAN id outside 1 to 4094 (IEEE 802.1Q).', fix: 'Use 1 to 4094.' },
  'bridge-no-pvid': {
    summary: 'LXC before 6.0 fails on a bridge with vlan_default_pvid 0.',
    fix: 'Set vlan_default_pvid 1.',
  },
  'bridge-no-vlans': {
    summary: 'A VLAN id needs a bridge that filters VLANs.',
    fix: 'ip link set BRIDGE type bridge vlan_filtering 1',
  },
  'duplicate-address': {
    summary: 'Two NICs on one layer-2 segment have the same address.',
    fix: 'Take a free one: --ipv4 next:SUBNET.',
  },
  'duplicate-mac': { summary: 'Two NICs have the same MAC.', fix: 'set hwaddr=auto' },
  'duplicate-name': { summary: 'Two NICs of a container have the same name inside.', fix: 'Choose another name.' },
  'duplicate-pair': { summary: 'The host-side name of a veth is taken.', fix: 'Choose another name or leave it out.' },
  'empty-name': { summary: 'A NIC of type empty cannot have a name.', fix: 'unset name' },
  'gateway-auto': { summary: 'gateway = auto has no link address to take.', fix: 'Give the address.' },
  'gateway-itself': { summary: "The gateway is the NIC's own address.", fix: 'Give the address of the router.' },
  'gateway-no-address': {
    summary: 'A gateway without an address of its family stops the start.',
    fix: 'Add an address.',
  },
  'gateway-not-up': { summary: 'A gateway on a NIC that stays down stops the start.', fix: 'set flags=up' },
  'gateway-outside': {
    summary: 'The gateway is in none of the subnets of the NIC; it works, by an extra route.',
    fix: 'Correct it unless it is meant so.',
  },
  'key-too-new': {
    summary: "The host's LXC does not know the key and would refuse the whole file.",
    fix: 'Leave it out or upgrade LXC.',
  },
  'l2proxy-link': { summary: 'l2proxy needs a link.', fix: 'set link=…' },
  'l2proxy-mode': { summary: 'l2proxy on an ipvlan works in mode l3s only.', fix: 'set mode=l3s' },
  'l2proxy-sysctl': {
    summary: 'With l2proxy LXC starts a container only where its link forwards.',
    fix: 'sysctl -w net.ipv4.conf.LINK.forwarding=1; --allow l2proxy-sysctl once that is so.',
  },
  'link-missing': { summary: 'The type needs a link.', fix: 'set link=…' },
  'link-not-bridge': {
    summary: 'A veth hangs on a link that is no bridge; LXC takes it for an Open vSwitch and fails.',
    fix: 'Name a bridge, or use macvlan.',
  },
  'link-not-found': { summary: 'The host has no such link.', fix: 'Create it first; --allow link-not-found.' },
  'mac-multicast': { summary: 'The MAC has the multicast bit set; the kernel refuses it.', fix: 'set hwaddr=auto' },
  'mac-template': { summary: 'A MAC with x is drawn anew at every start.', fix: 'set hwaddr=auto' },
  'mode-unsaid': { summary: 'The mode is left to a default that surprises.', fix: 'set mode=…' },
  'mtu-above-parent': {
    summary: 'The MTU is more than that of the parent; the kernel refuses it.',
    fix: 'Use the MTU of the parent or less.',
  },
  'mtu-ipv6': { summary: 'IPv6 needs an MTU of 1280 (RFC 8200, section 5).', fix: 'Use 1280 or more.' },
  'mtu-lowers-bridge': { summary: 'A port with a small MTU lowers its whole bridge.', fix: 'unset mtu' },
  'no-link': { summary: 'A veth without link and hook leads nowhere.', fix: 'set link=…' },
  'none-mixed': { summary: 'Type none has no effect beside another NIC.', fix: 'Use none alone.' },
  'not-up': { summary: 'Without flags = up the NIC stays down.', fix: 'set flags=up' },
  'octal-number': {
    summary: 'LXC reads a number with a leading 0 as octal, a prefix too.',
    fix: 'Leave the zeros out.',
  },
  'odd-broadcast': { summary: 'The broadcast address is not the last of the subnet.', fix: 'Give the address alone.' },
  'passthru-shared': {
    summary: 'A parent in mode passthru has one macvlan only.',
    fix: 'Use mode bridge, or another parent.',
  },
  'phys-default-route': { summary: "Moving the link would cut the host's default route.", fix: 'Name another link.' },
  'phys-has-address': {
    summary: 'The link has addresses on the host, which go as it moves into the container.',
    fix: 'Name another link.',
  },
  'phys-immovable': {
    summary: 'Bridges and the loopback cannot be moved into a container.',
    fix: 'Name another link.',
  },
  'phys-is-port': { summary: 'The link is a port of a bridge, which loses it.', fix: 'Name another link.' },
  'phys-taken': { summary: 'Two containers take the same link.', fix: 'A link is in one container at a time.' },
  'prefix-missing': {
    summary: 'Without a prefix LXC guesses one from the last octet of an IPv4 address, and takes /64 for IPv6.',
    fix: 'Write the prefix: 10.0.5.3/24.',
  },
  'route-host-bits': { summary: 'A route has bits set behind its prefix.', fix: "Write the subnet's own address." },
  'script-missing': {
    summary: 'A hook is not there or cannot be run; the container would not start.',
    fix: 'Create it and make it executable.',
  },
  'shared-config': {
    summary: 'Several containers have one config, by a symbolic link: a change of one is a change of all.',
    fix: 'Copy the config where the containers shall differ.',
  },
  'subnet-full': { summary: 'No address of the subnet is free.', fix: 'Take another subnet.' },
  'two-default-routes': { summary: 'Two NICs have a gateway of the same family.', fix: 'Keep one of them.' },
  'type-missing': { summary: 'A NIC has keys but no type.', fix: 'set type=…' },
  'unknown-key': { summary: 'No LXC knows the key; the whole file is refused.', fix: 'unset it' },
  'unprivileged-key': { summary: "LXC ignores the key in a plain user's container.", fix: 'Leave it out.' },
  'unprivileged-type': {
    summary: "A plain user's container has veth, empty and none only.",
    fix: 'Use veth, or run as root.',
  },
  'usernet-quota': {
    summary: '/etc/lxc/lxc-usernet does not allow the user another veth on the bridge.',
    fix: 'Add the line that is shown.',
  },
  'vlan-id-missing': { summary: 'The type vlan needs a VLAN id.', fix: 'set vlan.id=10' },
  'vlan-needs-bridge': { summary: 'VLAN ids of a veth need mode bridge and a link.', fix: 'set link=…' },
  'vlan-taken': { summary: 'The parent has this VLAN already.', fix: 'Put both on a bridge over that VLAN.' },
  'vlan-twice': { summary: 'A VLAN is both untagged and tagged.', fix: 'Keep one of them.' },
  'wrong-type-key': {
    summary:
      'The key belongs to another type. LXC 4.0.7 and later refuse veth.*, vlan.*, macvlan.* and ipvlan.* on others; the rest has no effect.',
    fix: 'unset it, or change the type.',
  },
}
