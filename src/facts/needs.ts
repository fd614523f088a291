/** What lxcnet can do on a host, and what the host has to have for it. */

export interface Need {
  /** Commands, any of which will do. */
  tools: readonly string[]
  /** What cannot be had without. */
  feature: string
  /** Debian's package of the first command; most distributions call it alike. */
  package: string
  /** Nothing works without. */
  vital?: true
}

const reading = 'lxcnet cannot read the host'
const changing = 'no change is possible'

export const needs: readonly Need[] = [
  { tools: ['lxc-start'], feature: 'no container can run', package: 'lxc', vital: true },
  { tools: ['lxc-config'], feature: 'lxc.lxcpath is taken to be /var/lib/lxc', package: 'lxc' },
  { tools: ['tar'], feature: reading, package: 'tar', vital: true },
  { tools: ['xargs'], feature: reading, package: 'findutils', vital: true },
  { tools: ['find'], feature: reading, package: 'findutils', vital: true },
  { tools: ['readlink'], feature: reading, package: 'coreutils', vital: true },
  { tools: ['grep'], feature: reading, package: 'grep', vital: true },
  { tools: ['sed'], feature: reading, package: 'sed', vital: true },
  { tools: ['flock'], feature: changing, package: 'util-linux', vital: true },
  { tools: ['sha256sum'], feature: changing, package: 'coreutils', vital: true },
  { tools: ['cp'], feature: changing, package: 'coreutils', vital: true },
  { tools: ['mv'], feature: changing, package: 'coreutils', vital: true },
  { tools: ['stat'], feature: changing, package: 'coreutils', vital: true },
  { tools: ['timeout'], feature: 'a command that hangs is waited for', package: 'coreutils' },
  {
    tools: ['systemd-run', 'setsid'],
    feature: 'a change that cuts the connection may not be taken back',
    package: 'util-linux',
  },
  { tools: ['nsenter'], feature: 'the NICs inside running containers are not seen', package: 'util-linux' },
  { tools: ['nft', 'iptables'], feature: 'forwards and gateways need it', package: 'nftables' },
  { tools: ['dnsmasq'], feature: 'DHCP for containers needs it', package: 'dnsmasq-base' },
  { tools: ['ovs-vsctl'], feature: 'Open vSwitch bridges need it', package: 'openvswitch-switch' },
]

/** What a type of link needs of the kernel: Kconfig's name and that of the module. */
export interface Module {
  name: string
  config: string
  feature: string
}

export const modules: readonly Module[] = [
  { name: 'veth', config: 'CONFIG_VETH', feature: 'veth NICs need it' },
  { name: 'bridge', config: 'CONFIG_BRIDGE', feature: 'bridges need it' },
  { name: 'macvlan', config: 'CONFIG_MACVLAN', feature: 'macvlan NICs need it' },
  { name: 'ipvlan', config: 'CONFIG_IPVLAN', feature: 'ipvlan NICs need it' },
  { name: '8021q', config: 'CONFIG_VLAN_8021Q', feature: 'vlan NICs need it' },
  { name: 'vxlan', config: 'CONFIG_VXLAN', feature: 'overlays need it' },
  {
    name: 'openvswitch',
    config: 'CONFIG_OPENVSWITCH',
    feature: 'switches of Open vSwitch need it, or --datapath netdev',
  },
]
