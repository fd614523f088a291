/** `lxcnet dhcp reserve`: one reservation, made or moved. */
import { bootProbe } from '../../../boot/index.ts'
import { quote } from '../../../core/shell.ts'
import { dnsmasqProbe, interfacesProbe } from '../../../dnsmasq/index.ts'
import { lxcNetSettingsProbe } from '../../../lxc-net/index.ts'
import type { ChangeReport } from '../../../report/change.ts'
import type { Mandate } from '../../change.ts'
import type { Context } from '../../context.ts'
import { changeNoun } from '../../noun/change-noun.ts'
import type { Found, Noun, Settings } from '../../noun/noun.ts'
import { dhcp } from './dhcp.ts'

/** @param want what was said; the rest stays as it is, or follows from the container */
export function reserve(context: Context, name: string, want: Settings, mandate: Mandate): Promise<ChangeReport> {
  // beside that, what the container sets by itself; but not all that runs of the networks
  const probes = [bootProbe, lxcNetSettingsProbe, dnsmasqProbe, interfacesProbe(name, quote)]
  const noun: Noun = { ...dhcp, probes: () => probes }
  return changeNoun(
    context,
    noun,
    (found) => [{ name, want: wished(want, found.get(name)), have: found.get(name) }],
    mandate,
  )
}

/** With what was reserved before; but of another address the network and what hangs on it are found anew. */
function wished(want: Settings, have: Found | undefined): Settings {
  if (have === undefined) return want
  const stays = want.has('network') || want.get('address')?.[0] !== have.settings.get('address')?.[0] ? ['mac'] : null
  const kept = [...have.settings].filter(
    ([word]) => stays === null || (stays.includes(word) && !have.settings.has('nic')),
  )
  return new Map([...kept, ...want])
}
