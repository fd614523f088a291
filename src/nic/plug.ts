/**
 * How a veth gets into a switch of Open vSwitch: by `link`, which LXC serves since 1.1.0, or by lxcnet's hook.
 *
 * The hook's line is written and read here: `/etc/lxcnet/hooks/ovs-up SWITCH [--access N] [--trunk N,N…]`. Configs on
 * hosts hold it, so it must keep its meaning.
 */
import { type Nic, typeOf, value } from './model.ts'

export const hookUp = '/etc/lxcnet/hooks/ovs-up'
export const hookDown = '/etc/lxcnet/hooks/ovs-down'

export interface Plug {
  switch: string
  /** VLAN of untagged frames. */
  access: string | undefined
  /** VLANs that pass with their tags. */
  trunk: readonly string[]
}

/** What a NIC's hook plugs it into; undefined when it is not lxcnet's hook. */
export function plugOf(nic: Nic): Plug | undefined {
  const [, name, access, trunk] =
    /^\/etc\/lxcnet\/hooks\/ovs-up ([\w.-]+)(?: --access (\d+))?(?: --trunk ([\d,]+))?$/.exec(
      value(nic, 'script.up') ?? '',
    ) ?? []
  return name === undefined ? undefined : { switch: name, access, trunk: trunk?.split(',') ?? [] }
}

/** The lines of the hook: LXC gives them to `sh -c`, so a switch has a plain name. */
export function plugEntries({ switch: name, access, trunk }: Plug): [key: string, text: string][] {
  const vlans = [
    ...(access === undefined ? [] : ['--access', access]),
    ...(trunk.length > 0 ? ['--trunk', trunk.join(',')] : []),
  ]
  return [
    ['script.up', [hookUp, name, ...vlans].join(' ')],
    ['script.down', `${hookDown} ${name}`],
  ]
}

/** The bridge, switch or parent, whichever way the NIC gets there. */
export const linkOf = (nic: Nic): string | undefined => value(nic, 'link') ?? plugOf(nic)?.switch

/** The layer-2 segment that a NIC is on, as far as this host can tell; undefined when it has none. */
export function segmentOf(nic: Nic): string | undefined {
  const link = linkOf(nic)
  if (link === undefined || typeOf(nic) === 'phys') return undefined
  const id = value(nic, 'vlan.id') ?? value(nic, 'veth.vlan.id') ?? plugOf(nic)?.access
  return id === undefined || id === 'none' ? link : `${link}.${id}`
}
