/** Who else has an address, and what keeps a reservation from being what its client gets. */
import { addressValue } from '../../../core/address.ts'
import { isLive, type Lease } from '../../../dnsmasq/index.ts'
import { parse, stanzas } from '../../../document/interfaces.ts'
import { isHost, rangeText, subnetText } from '../../../lxc-net/index.ts'
import { type Container, type Nic, namesInside, values } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Reading } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import { type Client, refusal } from './client.ts'
import { type DhcpSide, nowOf, type Reservation, staticAddresses } from './read.ts'

export const isFor = ({ macs, name }: Pick<Reservation, 'macs' | 'name'>, client: Client): boolean =>
  client.mac === undefined ? macs.length === 0 && name === client.name : macs.includes(client.mac)

const isOf = (lease: Lease, { mac, name }: Client): boolean =>
  mac === undefined ? lease.name === name : lease.mac === mac

/** The place of what somebody wrote. */
export const byHand = ({ file, line, option }: Reservation, code: string, message: string): Note => ({
  severity: 'error',
  code,
  message,
  fix: `edit line ${line} of ${file}`,
  place: { file, line, text: option.raw.trimEnd(), column: option.at + 1, length: option.end - option.at },
})

/**
 * @param have the client's own reservation, which does not clash with itself
 * @param nameOf what a reservation is called
 */
export function clashOf(
  desk: Desk,
  sides: readonly DhcpSide[],
  client: Client,
  have: Reservation | undefined,
  nameOf: (one: Reservation) => string | undefined,
): Note | undefined {
  const { name, address, side } = client
  const { network } = side
  const refuse = (code: string, message: string, fix: string): Note => refusal(name, code, `${address} ${message}`, fix)
  const next = `lxcnet dhcp reserve ${name} next: --network ${network.name}`
  if (!isHost(network.subnet, addressValue(address, 4) ?? -1n)) {
    const fix = `an address of ${network.name}: ${rangeText(network.range)}`
    return refuse('dhcp-outside', `is no address of a host in ${subnetText(network.subnet)}`, fix)
  }
  if (address === network.address) return refuse('dhcp-address-taken', `is the host's own on ${network.bridge}`, next)
  const others = sides.flatMap(({ reservations }) => reservations).filter((one) => one !== have)
  const taken = others.find((one) => one.address === address)
  if (taken !== undefined) {
    const whom = taken.name ?? taken.macs[0] ?? 'somebody'
    return refuse('dhcp-address-taken', `is reserved for ${whom} already, in ${taken.file}:${taken.line}`, next)
  }
  const mine = side.reservations.find((one) => one !== have && isFor(one, client))
  if (mine?.own) {
    const owner = nameOf(mine) ?? mine.address
    const message = `${client.mac ?? name} has ${mine.address} already, reserved for ${owner}`
    return refusal(name, 'dhcp-twice', message, `lxcnet dhcp unreserve ${owner}`)
  }
  if (mine !== undefined)
    return byHand(mine, 'dhcp-by-hand', `dhcp ${name}: ${mine.file} reserves ${mine.address} for it already`)
  const owner = staticAddresses(desk.view).get(address)
  if (owner !== undefined && owner !== name)
    return refuse('duplicate-address', `is the address that the config of ${owner} sets`, next)
  const now = nowOf(desk.context, desk.reading)
  const lease = side.leases.find((one) => one.address === address && isLive(one, now) && !isOf(one, client))
  if (lease === undefined) return undefined
  const release = `\`lxcnet dhcp release ${address}\` when it is not used any more, or ${next}`
  return refuse('dhcp-lease-held', `is leased to ${lease.name ?? lease.mac}, and dnsmasq keeps that`, release)
}

/** What a person should know, although the reservation is right. */
export function remarksOn(desk: Desk, { name, address, side, container, nic, ...who }: Client): Note[] {
  const notes: Note[] = []
  const inConfig = nic === undefined ? [] : values(nic, 'ipv4.address')
  const inside = container === undefined || nic === undefined ? undefined : staticInside(desk.reading, container, nic)
  const where = inConfig.length > 0 ? `its config sets ${inConfig.join(', ')}` : inside
  if (where !== undefined)
    notes.push({
      severity: 'warning',
      code: 'dhcp-static-inside',
      message: `dhcp ${name}: ${where}, so it may never ask for ${address}`,
      fix: inConfig.length > 0 ? `lxcnet unset ${name}:${nic?.index} ipv4.address` : 'have it use DHCP there',
    })
  const now = nowOf(desk.context, desk.reading)
  const client = { name, address, side, container, nic, ...who }
  const lease = side.leases.find((one) => isLive(one, now) && isOf(one, client))
  if (lease !== undefined && lease.address !== address)
    notes.push({
      severity: 'info',
      code: 'dhcp-lease-waits',
      message: `dhcp ${name}: it has ${lease.address} by its lease, until it asks anew`,
    })
  return notes
}

/** Path that ends so, below the root of the one container that was asked for: see templates/dnsmasq.sh. */
const interfaces = '/etc/network/interfaces'

function staticInside({ snapshot }: Reading, { effective }: Container, nic: Nic): string | undefined {
  const file = [...snapshot.files].find(([path]) => path.endsWith(interfaces) && path !== interfaces)
  if (file === undefined) return undefined
  const name = namesInside(effective.nics).get(nic.index)
  const own = stanzas(parse(file[1].text)).find((one) => one.name === name && one.family === 'inet')
  return own?.method === 'static' ? `its own ${interfaces} makes ${name} static` : undefined
}
