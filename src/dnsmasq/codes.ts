export const dnsmasqCodes: Record<string, { summary: string; fix: string }> = {
  'dhcp-address-taken': {
    summary: 'Another reservation has the address, or it is the address of the host itself.',
    fix: '`lxcnet dhcp list` shows who has which; next: chooses a free one.',
  },
  'dhcp-by-hand': {
    summary: 'A dhcp-host line that was written by hand says something else about the same client.',
    fix: 'Change it where the message says, or remove it.',
  },
  'dhcp-conf-by-hand': {
    summary: 'The settings of lxc-net make LXC_DHCP_CONFILE of other variables, or by a command.',
    fix: 'Set it by hand to the path in the message.',
  },
  'dhcp-container-gone': {
    summary: 'A reservation is for a MAC that no container has.',
    fix: '`lxcnet dhcp unreserve NAME`, or reserve anew for the NIC as it is.',
  },
  'dhcp-in-use': {
    summary: 'A running container still uses the address of the lease.',
    fix: 'Stop the container first; its next start asks for an address.',
  },
  'dhcp-lease-held': {
    summary: 'Somebody else holds the address by a lease, and dnsmasq keeps that.',
    fix: '`lxcnet dhcp release ADDRESS`, when it is not used any more.',
  },
  'dhcp-lease-waits': {
    summary: 'The container has another address by its lease, until it asks anew.',
    fix: 'A restart of the container gives it the reserved one; so does its next renewal.',
  },
  'dhcp-no-network': {
    summary: 'The host has no DHCP network of that name, or none that the address is in.',
    fix: '`lxcnet nat list` shows the networks.',
  },
  'dhcp-no-nic': {
    summary: 'The container has no veth NIC on the bridge of the network.',
    fix: '`lxcnet create CONTAINER --type veth --link BRIDGE` adds one.',
  },
  'dhcp-not-read': {
    summary: 'The running dnsmasq does not read the reservations: it was started with other settings.',
    fix: 'The next `lxcnet dhcp reserve` or `unreserve` in the network starts it anew.',
  },
  'dhcp-not-running': {
    summary:
      "The network's dnsmasq does not run, so there is nobody to tell; it reads the reservations when it starts.",
    fix: '`lxcnet nat enable` starts that of lxc-net, `sh /etc/lxcnet/boot` those of further networks.',
  },
  'dhcp-outside': {
    summary: 'The address of a reservation is not one that its network can give.',
    fix: 'Take an address of the subnet, other than its first and last.',
  },
  'dhcp-static-inside': {
    summary: 'The container sets a static address by itself, so it asks nobody for one.',
    fix: 'Take the static address out, or leave the container without a reservation.',
  },
  'dhcp-twice': {
    summary: 'Two reservations are for the same address, MAC or name; dnsmasq takes the first.',
    fix: 'Remove one of them: `lxcnet dhcp unreserve NAME`.',
  },
  'dhcp-which-network': {
    summary: 'next: needs to know the network, and the container has no NIC on any.',
    fix: '--network NAME, or next:SUBNET.',
  },
  'no-lease': { summary: 'Nobody has such a lease.', fix: '`lxcnet dhcp leases` shows them.' },
}
