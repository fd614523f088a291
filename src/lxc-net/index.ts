/** The lxc-net room: LXC's own NAT network, and further ones beside it. */
export { natCodes } from './codes.ts'
export { type DhcpNetwork, readNetworks } from './dhcp-networks.ts'
export { type FurtherNetwork, ownConfFile, ownHostsFile, printFurther, readFurther } from './further.ts'
export { type LxcNet, lxcNetName, readLxcNet, sameAddresses, sameSubnet, variablesFor } from './lxc-net.ts'
export {
  freeSubnet,
  isHost,
  type Network,
  overlaps,
  parseRange,
  rangeText,
  subnetText,
  usualAddress,
  usualRange,
} from './network.ts'
export { lxcNetProbe, lxcNetSettingsProbe } from './probe.ts'
export { type Variable, workOut } from './variables.ts'
export { checkNatValue, ipv6Word, natWords } from './words.ts'
