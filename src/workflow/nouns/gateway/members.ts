/** The containers behind a gateway: their NIC on the inside, and the default route that leads to it. */
import { type Gateway, type GatewayRecord, gatewayOf, type Made, type Was } from '../../../gateway/index.ts'
import { type Nic, typeOf, value, values } from '../../../nic/index.ts'
import type { Desk } from '../../noun/desk.ts'
import { byMac, type Edits, memberNic, onLink } from './nics.ts'

/**
 * Every member leaves by the gateway; who is none any more is handed back what it had.
 *
 * @param made what the gateway has brought; NICs are added and taken out
 */
export function planMembers(
  desk: Desk,
  edits: Edits,
  name: string,
  to: Gateway,
  record: GatewayRecord | undefined,
  made: Made[],
): { was: Was[] } {
  const before = record === undefined ? undefined : gatewayOf(record.words)
  const gone = (before?.members ?? []).filter((member) => !to.members.includes(member))
  if (record !== undefined) for (const member of gone) handBack(edits, member, record, before?.address ?? '')
  const stays = ({ container }: { container: string }): boolean => !gone.includes(container)
  made.splice(0, made.length, ...made.filter(stays))
  const was = (record?.was ?? []).filter(stays)
  for (const member of to.members) planMember({ desk, edits, name, to, before, made, was }, member)
  return { was }
}

interface Where {
  desk: Desk
  edits: Edits
  /** The gateway. */
  name: string
  to: Gateway
  before: Gateway | undefined
  made: Made[]
  was: Was[]
}

function planMember(where: Where, member: string): void {
  const { edits, name, to, made } = where
  const { inside, subnet, address } = to
  const macs = made.flatMap((one) => (one.container === member ? one.mac : []))
  let mine = macs.map((mac) => byMac(edits.nics(member), mac)).find((nic) => nic !== undefined)
  if (mine !== undefined) {
    edits.set(member, mine.index, 'link', inside, `NIC ${mine.index} moves to ${inside}`)
    if (
      memberNic([edits.nics(member).find(({ index }) => index === mine?.index) ?? mine], inside, subnet) === undefined
    )
      edits.set(member, mine.index, 'ipv4.address', `next:${subnet}`, `NIC ${mine.index} gets an address of ${subnet}`)
  }
  mine ??= memberNic(edits.nics(member), inside, subnet)
  if (mine === undefined) {
    if (isAmiss(where, member)) return
    const given: [string, string][] = [
      ['link', inside],
      ['ipv4', `next:${subnet}`],
    ]
    const mac = edits.add(member, 'macvlan', given, `adds a NIC on ${inside}`)
    made.push({ container: member, mac })
    mine = byMac(edits.nics(member), mac)
  }
  if (mine === undefined) return
  const { index } = mine
  for (const nic of edits.nics(member)) if (nic.index !== index) leaveOther(where, member, nic)
  leaveBy(where, member, mine)
  edits.set(member, index, 'ipv4.gateway', address, `leaves by ${name}`)
}

/** A NIC that hangs on the inside already, and cannot serve: a second one there would not be what anybody wants. */
function isAmiss({ desk, edits, to: { inside, subnet } }: Where, member: string): boolean {
  const nics = edits.nics(member)
  const nic = onLink(nics, inside)[0] ?? nics.find((one) => value(one, 'link') === inside)
  if (nic === undefined) return false
  const fits = onLink(nics, inside).includes(nic)
  desk.note({
    severity: 'error',
    code: 'gateway-nic',
    message: fits
      ? `${member}: NIC ${nic.index} on ${inside} has no address in ${subnet}`
      : `${member}: NIC ${nic.index} on ${inside} does not reach a macvlan in mode bridge there`,
    fix: fits
      ? `\`lxcnet set ${member}:${nic.index} ipv4.address=next:${subnet}\``
      : `\`lxcnet set ${member}:${nic.index} type=macvlan mode=bridge\``,
  })
  return true
}

/** The NIC on the inside: a default gateway that leads elsewhere is given up with consent, and remembered. */
function leaveBy({ desk, name, to, before, made, was }: Where, member: string, nic: Nic): void {
  const now = value(nic, 'ipv4.gateway')
  if (now === to.address || made.some(({ mac }) => mac === value(nic, 'hwaddr'))) return
  if (now !== undefined && now === before?.address) return
  if (now !== undefined) consent(desk, name, member, nic.index, now)
  was.push({ container: member, index: nic.index, gateway: now ?? '' })
}

/** LXC sets one default route, and fails at the second: network.c:ip_gateway_add() sends NLM_F_EXCL. */
function leaveOther({ desk, edits, name, to, before, was }: Where, member: string, nic: Nic): void {
  const now = value(nic, 'ipv4.gateway')
  const noted = was.findIndex(({ container, index }) => container === member && index === nic.index)
  if (now !== undefined && now === before?.address && noted !== -1) {
    // the NIC on what was the inside before
    const [{ gateway } = { gateway: '' }] = was.splice(noted, 1)
    edits.set(member, nic.index, 'ipv4.gateway', gateway || undefined, `NIC ${nic.index} has its own gateway again`)
    return
  }
  if (now !== undefined) {
    consent(desk, name, member, nic.index, now)
    was.push({ container: member, index: nic.index, gateway: now })
    edits.set(member, nic.index, 'ipv4.gateway', undefined, `NIC ${nic.index} is no way out any more`)
    return
  }
  const dhcp = !['empty', 'none'].includes(typeOf(nic)) && values(nic, 'ipv4.address').length === 0
  if (dhcp && !before?.members.includes(member))
    desk.note({
      severity: 'warning',
      code: 'gateway-member-dhcp',
      message: `${member}: NIC ${nic.index} (${typeOf(nic)} on ${value(nic, 'link') ?? 'nothing'}) has no address here: a DHCP client may take a default route there, past ${name} (${to.address})`,
      fix: `\`lxcnet delete ${member}:${nic.index}\`, or have its DHCP client take no route`,
    })
}

const consent = (desk: Desk, name: string, member: string, index: number, now: string): void =>
  desk.note({
    severity: 'error',
    code: 'gateway-member-leaves',
    message: `${member} leaves by ${now} (NIC ${index}), which it would lose to ${name}`,
    fix: 'leave it out of the members; `gateway delete` gives back what it had',
  })

/** What a container had before the gateway, as far as nobody changed it since. */
export function handBack(edits: Edits, container: string, { made, was }: GatewayRecord, address: string): void {
  if (!edits.view.containers.has(container)) return
  for (const { mac } of made.filter((one) => one.container === container)) {
    const nic = byMac(edits.nics(container), mac)
    if (nic !== undefined) edits.remove(container, nic, `NIC ${nic.index}, which the gateway brought, goes`)
  }
  for (const { index, gateway } of was.filter((one) => one.container === container)) {
    const nic = edits.nics(container).find((one) => one.index === index)
    if (nic === undefined) continue
    const now = value(nic, 'ipv4.gateway')
    if (now === address || (now === undefined && gateway !== '')) {
      edits.set(container, index, 'ipv4.gateway', gateway || undefined, `NIC ${index} has its own gateway again`)
    } else if (now !== (gateway || undefined)) {
      edits.notes.push({
        severity: 'warning',
        code: 'gateway-changed-since',
        message: `${container}: NIC ${index} leaves by ${now ?? 'nothing'} by now, which stays`,
        fix: `\`lxcnet set ${container}:${index} ipv4.gateway=${gateway || 'ADDRESS'}\``,
      })
    }
  }
}
