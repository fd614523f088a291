/** From wished reservations to the lines that say so. */
import { entryText, withAddress } from '../../../dnsmasq/index.ts'
import { append, type Line, print, withValue } from '../../../document/dnsmasq-conf.ts'
import { setKey } from '../../../document/edit.ts'
import { parse, print as printConfig } from '../../../document/lxc-config.ts'
import { value } from '../../../nic/index.ts'
import { containerOf } from '../../context.ts'
import { mustSee } from '../../nic-change.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings, Wish } from '../../noun/noun.ts'
import { byHand, clashOf, isFor, remarksOn } from './clash.ts'
import { type Client, clientOf } from './client.ts'
import { type DhcpSide, hostsOption, type Reservation, sidesOf } from './read.ts'
import { parseHosts, tell, writeReservations } from './tell.ts'

/** @param nameOf what a reservation is called */
export function planDhcp(desk: Desk, wishes: readonly Wish[], nameOf: (one: Reservation) => string | undefined): void {
  const before = sidesOf(desk)
  let [sides, changed] = [before, false]
  for (const { name, want } of wishes) {
    if (changed) sides = sidesOf(desk)
    const all = sides.flatMap(({ reservations }) => reservations)
    const have = all.find((one) => nameOf(one) === name)
    changed = want === undefined ? remove(desk, sides, name, have) : keep(desk, sides, name, want, have, nameOf)
  }
  for (const side of before) tell(desk, side)
}

/** @returns whether anything changes */
function remove(desk: Desk, sides: readonly DhcpSide[], name: string, have: Reservation | undefined): boolean {
  if (have === undefined) return false
  if (!have.own) {
    desk.note(byHand(have, 'not-ours', `dhcp ${name}: the reservation was written by hand, and stays`))
    return false
  }
  takeOut(desk, sides, have, `${name} has no reservation any more`)
  desk.say(`dhcp ${name}: ${have.address} is not reserved any more`)
  return true
}

function takeOut(desk: Desk, sides: readonly DhcpSide[], have: Reservation, why: string): void {
  const side = sides.find(({ reservations }) => reservations.includes(have))
  if (side === undefined) return
  writeReservations(desk, side, (text) => print(parseHosts(text).toSpliced(have.line - 1, 1)), why)
}

/** @returns whether anything changes */
function keep(
  desk: Desk,
  sides: readonly DhcpSide[],
  name: string,
  want: Settings,
  have: Reservation | undefined,
  nameOf: (one: Reservation) => string | undefined,
): boolean {
  const client = clientOf(desk, sides, name, want, have)
  if ('severity' in client) {
    desk.note(client)
    return false
  }
  const { side, address, mac } = client
  const here = have !== undefined && side.reservations.includes(have) ? have : undefined
  const same = here !== undefined && here.address === address && isFor(here, client)
  const clash = same ? undefined : clashOf(desk, sides, client, have, nameOf)
  desk.note(...(clash === undefined ? remarksOn(desk, client) : [clash]))
  if (clash !== undefined) return false
  const fixed = fixMac(desk, client)
  if (same && !fixed) return false
  const whom = mac === undefined ? 'to who asks by that name' : `to ${mac}`
  desk.say(`dhcp ${name}: ${address} on ${side.network.bridge}, ${whom}`)
  if (same) return true
  const why = `${name} always gets ${address}`
  if (have !== undefined && !have.own) return editByHand(desk, client, have, why)
  if (have !== undefined && here === undefined) takeOut(desk, sides, have, why)
  const line = entryText({ mac, address, name })
  writeReservations(desk, side, (hosts) => print(withLine(parseHosts(hosts), here, line)), why)
  return true
}

function withLine(lines: readonly Line[], old: Reservation | undefined, line: string): readonly Line[] {
  if (old === undefined) return append(lines, line, hostsOption)
  const stands = lines[old.line - 1]
  const edited = stands?.kind === 'option' ? withValue(stands, line, hostsOption) : undefined
  return edited === undefined
    ? append(lines.toSpliced(old.line - 1, 1), line, hostsOption)
    : lines.with(old.line - 1, edited)
}

/** A reservation that somebody wrote keeps its line, and all that is said there beside the address. */
function editByHand(desk: Desk, client: Client, have: Reservation, why: string): boolean {
  const { name, address, side } = client
  const { file, line, option } = have
  const only = file === side.confFile ? undefined : hostsOption
  const mine = side.reservations.includes(have) && isFor(have, client)
  const edited = mine ? withValue(option, withAddress(option.value, address), only) : undefined
  if (edited === undefined) {
    desk.note(byHand(have, 'dhcp-by-hand', `dhcp ${name}: a line written by hand says something else`))
    return false
  }
  const lines = only === undefined ? side.conf : parseHosts(desk.text(file) ?? '')
  desk.write(file, print(lines.with(line - 1, edited)), { why })
  return true
}

/** Writes the MAC into the config of the container. @returns false where it is there already */
function fixMac(desk: Desk, { container, nic, mac }: Client): boolean {
  if (container === undefined || nic === undefined || mac === undefined) return false
  if (value(nic, 'hwaddr')?.toLowerCase() === mac) return false
  const { name, path, text } = containerOf(desk.view, container.name)
  const lines = setKey(parse(text), { style: nic.style, index: nic.index }, 'hwaddr', [mac])
  mustSee(container, desk.view.evaluate(path, printConfig(lines)), nic.index, 'hwaddr', [mac])
  const why = `${name}: NIC ${nic.index} has a MAC that stays, ${mac}`
  desk.touch([{ container: containerOf(desk.view, name), lines, indexes: [nic.index], why }], { restart: false })
  return true
}
