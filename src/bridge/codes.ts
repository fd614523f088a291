/** What can be wrong with bridges of the host. */
export const bridgeCodes: Record<string, { summary: string; fix: string }> = {
  'bridge-backend': {
    summary: "None of ifupdown, systemd-networkd and netplan keeps this host's network, or another one than was named.",
    fix: 'Install one of them, or leave --backend out.',
  },
  'bridge-by-hand': {
    summary: 'A bridge that somebody wrote by hand has a shape in which the change has no one place.',
    fix: 'Edit the file that the message names.',
  },
  'bridge-down': {
    summary: "A bridge stands in the host's files and is not there, or is set down.",
    fix: 'The message says which command of the host brings it up.',
  },
  'bridge-edited': {
    summary: 'A file was changed where lxcnet wrote a bridge: it cannot put back what stood there before.',
    fix: 'Undo the edit, or change the bridge by hand and remove /etc/lxcnet/bridges/NAME.json.',
  },
  'bridge-in-use': {
    summary: 'Running containers have NICs on the bridge, or other links stand on it, which lose their network.',
    fix: '`lxc-stop -n CT` first, or --allow bridge-in-use.',
  },
  'bridge-incomplete': {
    summary: 'A bridge that lxcnet made has lost its uplink or an address.',
    fix: 'The message says which; a boot brings it back too.',
  },
  'bridge-mentions': {
    summary: "Commands in the uplink's stanza name the uplink, and run for the bridge from now on.",
    fix: 'Read them in the plan; correct them in the file afterwards where they mean the bridge.',
  },
  'bridge-no-carrier': {
    summary: 'No port of the bridge is up: the kernel takes its carrier away, and macvlan NICs on it send nothing.',
    fix: 'Bring a port of it up, or start a container with a veth on it.',
  },
  'default-routes': {
    summary: 'The host has several default routes, or would get a second one by the bridge.',
    fix: '`ip route show default` shows them; leave --gateway out, or --allow default-routes.',
  },
  'gateway-lost': {
    summary: 'The host would lose its default route with the address that a bridge gets another one for.',
    fix: "Say the gateway too: --gateway, or gateway=. Where none is wanted, take it out of the uplink's files first.",
  },
  'interfaces-inherits': {
    summary: 'Another stanza of interfaces(5) inherits from the one of the uplink.',
    fix: 'Write its options out.',
  },
  'interfaces-mapping': {
    summary: 'A mapping stanza of interfaces(5) decides what the uplink is.',
    fix: 'Replace it by a plain iface stanza.',
  },
  'netplan-shape': {
    summary: 'A file of netplan is laid out in a way that would not survive the edit.',
    fix: 'Write it in block style with an indent of two blanks.',
  },
  'network-manager': {
    summary: 'NetworkManager keeps the network here, whose bridges lxcnet does not make.',
    fix: 'Make it with `nmcli connection add type bridge`, or let networkd keep this link.',
  },
  'networkd-generated': {
    summary: 'The file that would have to be changed is written anew at each boot.',
    fix: 'Copy it to /etc/systemd/network.',
  },
  'networkd-order': {
    summary: "The uplink's file of systemd-networkd comes before any that lxcnet could write.",
    fix: 'Rename it.',
  },
  'uplink-by-hand': {
    summary: "The uplink has an address that none of the host's own files names: it would be lost.",
    fix: 'Write it into those files first: the bridge then takes it along.',
  },
  'uplink-no-carrier': { summary: 'The uplink has no cable, or nothing at its other end.', fix: 'Check the cable.' },
  'uplink-taken': {
    summary: 'The uplink is a port of a bridge or bond already, or macvlan and ipvlan NICs stand on it.',
    fix: 'Put the containers on that one, or take another link.',
  },
  'uplink-wireless': {
    summary: 'Wi-Fi passes no frames from other MACs than its own: no bridge works over it.',
    fix: 'Use a NAT network: `lxcnet nat create`.',
  },
}
