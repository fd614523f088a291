/** Every code of this room: what it means and the way out. */
export const ovsCodes: Record<string, { summary: string; fix: string }> = {
  'bad-tunnel': {
    summary: 'A tunnel of a switch is not TYPE:REMOTE:KEY.',
    fix: 'Write vxlan:198.18.0.12:42 or gre:198.18.0.12:5.',
  },
  'hook-taken': {
    summary: 'The NIC needs the hook of its switch, and has a script.up of its own.',
    fix: 'Call /etc/lxcnet/hooks/ovs-up from that script, or leave script.up to the switch.',
  },
  'ovs-dead-port': {
    summary: 'A switch has a port whose link is gone, as a crash leaves it: LXC starts no container that has its name.',
    fix: '`lxcnet ovs gc` takes such ports out.',
  },
  'ovs-down': {
    summary: 'Open vSwitch does not run, or only its database does. Nothing was changed.',
    fix: '`systemctl start openvswitch-switch`',
  },
  'ovs-missing': { summary: 'Open vSwitch is not installed.', fix: 'Install openvswitch-switch.' },
  'ovs-no-datapath': {
    summary: 'The kernel has no openvswitch: a switch there would pass no frame.',
    fix: '--datapath netdev needs none.',
  },
  'ovs-no-ethtool': {
    summary: 'The userspace datapath needs ethtool to turn off checksum offload in containers, or TCP fails there.',
    fix: 'Install ethtool.',
  },
  'switch-in-use': {
    summary: 'Running containers are plugged into the switch and would lose their network.',
    fix: '`lxc-stop -n CT`, or `lxcnet set CT link=LINK --restart` first; --allow switch-in-use if it is meant so.',
  },
  'switch-incomplete': {
    summary: 'A switch lacks a port or an address that it was made with.',
    fix: '`sh /etc/lxcnet/boot` brings it back; a boot does too.',
  },
  'switch-named': {
    summary: 'Containers that do not run are to be plugged into a switch that goes away.',
    fix: 'Give them another link: lxcnet set CT link=LINK.',
  },
  'tunnel-taken': {
    summary: 'Another switch of the host has a tunnel to the same remote with the same key.',
    fix: 'Take another key, on both hosts.',
  },
  'uplink-busy': {
    summary: 'A link cannot be the uplink of a switch: it has an address or a master, or other links stand on it.',
    fix: 'The message says which.',
  },
}
