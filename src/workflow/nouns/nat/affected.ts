/** Whom a change of a NAT network affects: containers on its bridge, reservations and forwards to its subnet. */
import { addressValue, contains, formatAddress } from '../../../core/address.ts'
import { isHost, type Network, subnetText } from '../../../lxc-net/index.ts'
import { value } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { isUp, type View } from '../../context.ts'
import { readRules } from '../../firewall.ts'
import type { Desk } from '../../noun/desk.ts'
import { containerAt } from '../../targets.ts'
import { sidesOf } from '../dhcp/read.ts'
import { error } from './wish.ts'

/** Containers with a NIC on a bridge, by their configs. */
const containersOn = ({ containers }: View, bridge: string): string[] =>
  [...containers.values()]
    .filter(({ effective }) => effective.nics.some((nic) => value(nic, 'link') === bridge))
    .map(({ name }) => name)

const isRunning = (view: View, name: string): boolean => {
  const container = view.containers.get(name)
  return container !== undefined && isUp(container, view)
}

/** Containers that lose their network now. @param next what it becomes; undefined when it goes */
export function dropsNotes(view: View, old: Network, next: Network | undefined): Note[] {
  const running = containersOn(view, old.bridge).filter((name) => isRunning(view, name))
  if (running.length === 0) return []
  const runs = `${listed(running)} ${running.length === 1 ? 'runs' : 'run'} on ${old.bridge}`
  const fix = next === undefined ? '' : ', or have them ask DHCP anew afterwards; fixed addresses need an edit'
  return [error('nat-drops-containers', `${runs}, and ${becomes(old, next)}`, `stop them first${fix}`)]
}

function becomes(old: Network, next: Network | undefined): string {
  const subnet = subnetText(old.subnet)
  if (next === undefined) return `${subnet} goes down`
  const now = subnetText(next.subnet)
  if (now !== subnet) return `${subnet} becomes ${now}`
  return `its gateway ${formatAddress(old.address, 4)} becomes ${formatAddress(next.address, 4)}`
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

/** What goes with a network although nothing of it runs: NICs that name its bridge. */
export function leftNotes({ view }: Desk, { bridge }: Network): Note[] {
  const stopped = containersOn(view, bridge).filter((name) => !isRunning(view, name))
  if (stopped.length === 0) return []
  const message = `${listed(stopped)} cannot start any more without ${bridge}`
  return [{ severity: 'warning', code: 'nat-named', message, fix: `lxcnet set ${stopped[0]} link=LINK` }]
}

/**
 * Forwards that lead to nobody any more.
 *
 * @param next what the network becomes; undefined when it goes
 */
export function forwardNotes(desk: Desk, { bridge, subnet, ipv6 }: Network, next: Network | undefined): Note[] {
  const isIn = (address: string, network: Pick<Network, 'subnet' | 'ipv6'>): boolean => {
    const of = address.includes(':') ? network.ipv6 : network.subnet
    return of !== undefined && contains(of, addressValue(address, of.family) ?? -1n)
  }
  const onBridge = new Set(containersOn(desk.view, bridge))
  return [...readRules(desk).forwards].flatMap(([name, { to, container, address }]): Note[] => {
    const gone =
      address === undefined
        ? next === undefined && onBridge.has(containerAt(desk.view, container ?? '')?.name ?? '')
        : isIn(address, { subnet, ipv6 }) && (next === undefined || !isIn(address, next))
    if (!gone) return []
    const where = address === undefined ? `${to}, on ${bridge}` : address
    const why = next === undefined ? 'which goes' : 'which is not in the network any more'
    const target = container === undefined ? 'ADDRESS' : to
    const again = `\`lxcnet forward set ${name} to=${target}\` once it has its new address`
    const fix = next === undefined ? `lxcnet forward delete ${name}` : again
    return [{ severity: 'warning', code: 'nat-forwarded', message: `forward ${name} leads to ${where}, ${why}`, fix }]
  })
}

/** Names for a message; the first ones when there are many. */
const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`
