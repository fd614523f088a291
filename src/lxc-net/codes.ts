/** Codes of NAT networks, for lxcnet-errors(7). */
export const natCodes: Record<string, { summary: string; fix: string }> = {
  'nat-bad-value': {
    summary: 'A word of a NAT network has a value that it cannot have.',
    fix: 'The message says what it takes.',
  },
  'nat-bridge-renamed': {
    summary: 'Containers name the bridge that gets another name; they do not start any more.',
    fix: '`lxcnet set CT:N link=BRIDGE`, for each NIC.',
  },
  'nat-bridge-taken': {
    summary: 'There is a link of the name that the bridge would have, or another network has it.',
    fix: 'Give the network another bridge: --bridge.',
  },
  'nat-contradiction': {
    summary: 'The addresses in /etc/default/lxc-net contradict each other.',
    fix: '`lxcnet nat set lxc-net subnet=SUBNET` writes them anew, as one whole.',
  },
  'nat-down': {
    summary: 'A NAT network, or its dnsmasq, is not running.',
    fix: 'The message has the command that starts it.',
  },
  'nat-drops-containers': {
    summary: 'Running containers lose their network, or keep addresses that no longer reach anything.',
    fix: 'Stop or readdress them first; or --allow nat-drops-containers.',
  },
  'nat-file-not-read': {
    summary:
      'lxc-net would not read what is written: /etc/default/lxc is missing, or sets the variable itself afterwards.',
    fix: 'Put the variable, or the line that sources lxc-net, right there.',
  },
  'nat-forwarded': {
    summary: 'A forward leads to an address of the network that is none of it any more.',
    fix: '`lxcnet forward delete` it, or `forward set` it to the new address.',
  },
  'nat-ipv6-prefix': {
    summary: 'Containers make themselves IPv6 addresses in a /64 alone.',
    fix: 'Use a /64.',
  },
  'nat-keep-lxc-net': {
    summary: "LXC's own network cannot be deleted.",
    fix: '`lxcnet nat disable` stops it for good.',
  },
  'nat-masked': {
    summary: 'The unit lxc-net.service is masked: nothing can start it.',
    fix: 'systemctl unmask lxc-net.service',
  },
  'nat-named': {
    summary: 'Containers name the bridge that goes; they do not start any more.',
    fix: '`lxcnet set CT link=LINK` gives them another.',
  },
  'nat-no-dnsmasq': {
    summary: 'The host has no dnsmasq, which gives the addresses.',
    fix: 'apt-get install dnsmasq-base',
  },
  'nat-no-firewall': {
    summary: 'What is to make the rules of the network does not work on this host.',
    fix: 'apt-get install nftables, or firewall=iptables.',
  },
  'nat-no-lxc-net': {
    summary: "The host's LXC came without lxc-net, as on Alpine.",
    fix: '`lxcnet nat create NAME --subnet …` makes a network without it.',
  },
  'nat-not-plain': {
    summary:
      'A setting of lxc-net is built from another variable or set by a command of its file; lxcnet leaves it alone.',
    fix: 'Change it by hand, or make it a plain assignment.',
  },
  'nat-outside': {
    summary: "The gateway's address, or a DHCP address, is not one of a host in the subnet.",
    fix: 'Leave address and range out, or give ones that lie in it.',
  },
  'nat-runs-on': {
    summary: 'lxc-net is up although its file says that it is not to be, and its own stop does nothing then.',
    fix: '`lxcnet nat enable` first.',
  },
  'nat-subnet-taken': {
    summary: 'The host has a route into the subnet already, or another network of it has it.',
    fix: 'The message names one that is free.',
  },
  'nat-word': { summary: 'The word is not one of this network.', fix: 'Leave it out.' },
}
