/** Whom a change of a NAT network affects: containers on its bridge, and reservations in its subnet. */
import { addressValue } from '../../../core/address.ts'
import { isHost, type Network, subnetText } from '../../../lxc-net/index.ts'
import { value } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { isUp, type View } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import { sidesOf } from '../dhcp/read.ts'
import { error } from './wish.ts'

/** Containers with a NIC on a bridge, by their configs. */
const containersOn = ({ containers }: View, bridge: string): string[] =>
  [...containers.values()]
    .filter(({ effective }) => effective.nics.some((nic) => value(nic, 'link') === bridge))
    .map(({ name }) => name)

/** Containers that lose their network now. @param next what it becomes; undefined when it goes */
export function dropsNotes(view: View, { bridge, subnet }: Network, next: Network | undefined): Note[] {
  const running = containersOn(view, bridge).filter((name) => {
    const container = view.containers.get(name)
    return container !== undefined && isUp(container, view)
  })
  if (running.length === 0) return []
  const what = next === undefined ? 'goes down' : `becomes ${subnetText(next.subnet)}`
  const message = `${listed(running)} ${running.length === 1 ? 'runs' : 'run'} on ${bridge}, and ${subnetText(subnet)} ${what}`
  const fix = next === undefined ? '' : ', or have them ask DHCP anew afterwards; fixed addresses need an edit'
  return [error('nat-drops-containers', message, `stop them first${fix}`)]
}

/** Reservations whose address is not in the network any more. */
export function strandedNotes({ reading }: Desk, name: string, { subnet }: Network): Note[] {
  const side = sidesOf(reading).find(({ network }) => network.name === name)
  const out = side?.reservations.filter(({ address }) => !isHost(subnet, addressValue(address, 4) ?? -1n)) ?? []
  if (out.length === 0) return []
  const whose = listed(out.map(({ name, macs, address }) => name ?? macs[0] ?? address))
  return [
    {
      severity: 'warning',
      code: 'dhcp-outside',
      message: `what is reserved for ${whose} is not in ${subnetText(subnet)}, so dnsmasq will not give it any more`,
      fix: '`lxcnet dhcp reserve NAME next:` afterwards, for each',
    },
  ]
}

/** Containers that will not start because their bridge is called otherwise. */
export function renamedNotes({ view }: Desk, old: string, bridge: string): Note[] {
  const left = bridge === old ? [] : containersOn(view, old)
  const nic = view.containers.get(left[0] ?? '')?.effective.nics.find((one) => value(one, 'link') === old)
  if (nic === undefined) return []
  const message = `${listed(left)} ${left.length === 1 ? 'names' : 'name'} ${old} and will not start once it is ${bridge}`
  return [
    {
      severity: 'warning',
      code: 'nat-bridge-renamed',
      message,
      fix: `lxcnet set ${left[0]}:${nic.index} link=${bridge}${left.length === 1 ? '' : ', and so on'}`,
    },
  ]
}

/** Names for a message; the first ones when there are many. */
const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`
