/** LXC's own NAT network, switched off where a bridge comes in its place, and on again when that goes. */
import { lxcNetName } from '../../../lxc-net/index.ts'
import type { Context, Reading } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Found, Settings } from '../../noun/noun.ts'
import { nat } from '../nat/nat.ts'

export const isOff = (settings: Settings): boolean => settings.get('lxc-net')?.[0] === 'off'

export const lxcNetOf = (context: Context, reading: Reading): Found | undefined =>
  nat.find(context, reading).find(({ name }) => name === lxcNetName)

export function switchLxcNet(desk: Desk, enabled: 'yes' | 'no'): void {
  const have = lxcNetOf(desk.context, desk.reading)
  // a host without lxc-net has nothing to switch
  if (have === undefined || have.settings.get('enabled')?.[0] === enabled) return
  nat.plan(desk, [{ name: lxcNetName, want: new Map([...have.settings, ['enabled', [enabled]]]), have }])
}
