/** Every network of the host that has a dnsmasq of its own, for whoever gives names and addresses in it. */
import { type Cidr, formatAddress } from '../core/address.ts'
import type { Answers } from './answers.ts'
import { ownConfFile, readFurther } from './further.ts'
import { lxcNetName, readLxcNet } from './lxc-net.ts'
import type { Network, Range } from './network.ts'

export interface DhcpNetwork {
  /** `lxc-net` for LXC's own. */
  name: string
  bridge: string
  /** Without host bits: `value` is `first`. */
  subnet: Cidr
  /** Of the host in it: `10.0.3.1`. */
  address: string
  range: Range
  domain: string | undefined
  /** What its dnsmasq reads as --conf-file: LXC_DHCP_CONFILE, undefined when it is empty; of a further one always, if it is there. */
  confFile: string | undefined
  pidFile: string
  /** Lines of `<expiry> <mac> <ip> <name> <client-id>`. */
  leaseFile: string
  kind: 'lxc-net' | 'further'
  /** lxc-net may be off, and keeps what is reserved in it. */
  enabled: boolean
}

/** @param pieces name of the network → settings of its piece */
export function readNetworks(
  answers: Answers,
  pieces: ReadonlyMap<string, ReadonlyMap<string, string>>,
): DhcpNetwork[] {
  const own = readLxcNet(answers)
  const networks: DhcpNetwork[] = []
  if (own?.network !== undefined && (own.enabled || own.confFile === ownConfFile(lxcNetName))) {
    const { network, confFile, runtime, enabled } = own
    const pidFile = `${runtime}/dnsmasq.pid`
    networks.push({ ...common(lxcNetName, network), confFile, pidFile, kind: 'lxc-net', enabled })
  }
  for (const [name, settings] of pieces) {
    const network = readFurther(settings)
    if (network === undefined) continue
    const pidFile = `/run/lxcnet/dnsmasq-${name}.pid`
    networks.push({ ...common(name, network), confFile: ownConfFile(name), pidFile, kind: 'further', enabled: true })
  }
  return networks
}

const common = (name: string, { bridge, subnet, address, range, domain }: Network) => ({
  name,
  bridge,
  subnet,
  address: formatAddress(address, 4),
  range,
  domain,
  leaseFile: `/var/lib/misc/dnsmasq.${bridge}.leases`,
})
