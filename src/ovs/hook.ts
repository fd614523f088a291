/** Which NICs on a switch need lxcnet's hook, because the LXC of the host does not serve them itself. */
import { compareVersions } from '../core/version.ts'

export interface PluggedNic {
  version: string | undefined
  netdev: boolean
  hasVlans: boolean
  /** veth.pair is given. */
  hasPair: boolean
}

/**
 * The reason, in words; undefined where LXC's own `link` will do. An unknown version is taken as the newest.
 *
 * network.c: is_ovs_bridge() since 1.1.0; setup_veth_ovs_bridge_vlan() since 5.0.0; lxc_ovs_attach_bridge() calls add-port
 * without --may-exist, so that a name which a crash has left in the database keeps the container from its start.
 */
export function hookReason({ version, netdev, hasVlans, hasPair }: PluggedNic): string | undefined {
  const isBefore = (other: string) => version !== undefined && compareVersions(version, other) < 0
  if (isBefore('1.1.0')) return `LXC ${version} knows no Open vSwitch`
  if (hasVlans && isBefore('5.0.0')) return `LXC ${version} sets no VLANs of its ports`
  if (netdev) return 'on its userspace datapath TCP fails unless the NIC fills in checksums'
  if (hasPair) return 'a port of a fixed name that a crash leaves would keep the container from its start'
  return undefined
}
