/** NICs on switches of Open vSwitch, in a site file: what a person says of them is the same with lxcnet's hook and without. */
import { type Nic, plugOf } from '../nic/index.ts'
import type { Reading, View } from './context.ts'
import type { Desk } from './noun/desk.ts'
import type { Wish } from './noun/noun.ts'
import { findSwitches } from './nouns/ovs/find.ts'
import { hookFiles } from './nouns/ovs/hooks.ts'

/** A NIC as a person says it: what the hook plugs it into is its link. */
export function asSaid(nic: Nic): Nic {
  const plug = plugOf(nic)
  const line = nic.keys.get('script.up')?.at(-1)
  if (plug === undefined || line === undefined) return nic
  const { access, trunk } = plug
  const untagged = access ?? (trunk.length > 0 ? 'none' : undefined)
  const keys = new Map(nic.keys)
  keys.delete('script.up')
  keys.delete('script.down')
  keys.set('link', [{ ...line, value: plug.switch }])
  if (untagged !== undefined) keys.set('veth.vlan.id', [{ ...line, value: untagged }])
  if (trunk.length > 0)
    keys.set(
      'veth.vlan.tagged.id',
      trunk.map((value) => ({ ...line, value })),
    )
  return { ...nic, keys }
}

/** The view with the switches that the same plan makes. */
export function withSwitches(view: View, wishes: readonly Wish[]): View {
  if (wishes.length === 0) return view
  const switches = new Map(view.switches)
  for (const { name, want } of wishes) {
    if (want === undefined) switches.delete(name)
    else
      switches.set(name, {
        netdev: want.get('datapath')?.[0] === 'netdev',
        mtu: want.get('mtu')?.[0],
        addresses: want.get('address') ?? [],
      })
  }
  return { ...view, switches }
}

/** The hooks that NICs need, where no change of a switch sees to them. */
export function writeHooks(desk: Desk, reading: Reading): void {
  const own = findSwitches(reading).flatMap((one) => (one.own ? [one.settings] : []))
  for (const { path, text, why } of hookFiles(reading, desk.view.containers.values(), own))
    desk.write(path, text, { why, mode: 0o755 })
}
