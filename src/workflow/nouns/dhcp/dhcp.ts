/** `lxcnet dhcp`: addresses that a DHCP client of a NAT network always gets. */
import { bootProbe } from '../../../boot/index.ts'
import { addressValue } from '../../../core/address.ts'
import { checkReservationWord, confFileOf, dnsmasqProbe, isLive, reservationWords } from '../../../dnsmasq/index.ts'
import { isHost, lxcNetProbe, ownHostsFile, subnetText } from '../../../lxc-net/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Context, Reading } from '../../context.ts'
import type { Found, Noun } from '../../noun/noun.ts'
import { planDhcp } from './plan.ts'
import { type DhcpSide, type Holder, holdersOf, nowOf, type Reservation, sidesOf } from './read.ts'

export const dhcp: Noun = {
  noun: 'dhcp',
  section: 'reservations',
  summary: 'addresses that DHCP clients always get',
  name: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    words: 'a container, or the name by which a DHCP client asks: letters, digits, ".", "_" and "-"',
    argument: 'NAME',
  },
  words: reservationWords,
  after: 'nics',
  probes: () => [bootProbe, lxcNetProbe, dnsmasqProbe],
  check: checkReservationWord,
  find: (context, reading) => {
    const name = namer(reading)
    const holders = holdersOf(reading.view)
    return sidesOf(reading).flatMap((side) =>
      side.reservations.flatMap((one): Found[] => {
        const called = name(one)
        return called === undefined ? [] : [foundOne(context, reading, side, one, called, holders)]
      }),
    )
  },
  plan: (desk, wishes) => planDhcp(desk, wishes, namer(desk.reading)),
  inspect: (_, reading) => sidesOf(reading).flatMap((side) => inspectSide(reading, side)),
}

/**
 * What reservations are called: after the container that has the MAC, else by the name in them, else by their address.
 * Names do not repeat: of two for one container the second goes by what is left.
 */
function namer(reading: Reading): (one: Reservation) => string | undefined {
  const known = namers.get(reading)
  if (known !== undefined) return known
  const holders = holdersOf(reading.view)
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const key = ({ file, macs, address, name }: Reservation): string => `${file} ${macs} ${address} ${name}`
  const candidates = ({ macs, name, address }: Reservation): string[] => [
    ...macs.flatMap((mac) => holders.get(mac)?.container ?? []),
    ...(name === undefined ? [] : [name]),
    address,
  ]
  for (const one of sidesOf(reading).flatMap(({ reservations }) => reservations)) {
    const name = candidates(one).find((candidate) => !taken.has(candidate))
    if (name === undefined) continue
    taken.add(name)
    names.set(key(one), name)
  }
  const nameOf = (one: Reservation): string | undefined => names.get(key(one)) ?? candidates(one)[0]
  namers.set(reading, nameOf)
  return nameOf
}

const namers = new WeakMap<Reading, (one: Reservation) => string | undefined>()

function foundOne(
  context: Context,
  reading: Reading,
  { network, leases }: DhcpSide,
  { macs, address, file, own }: Reservation,
  name: string,
  holders: ReadonlyMap<string, Holder>,
): Found {
  const [mac] = macs
  const holder = mac === undefined ? undefined : holders.get(mac)
  const settings: [string, string | undefined][] = [
    ['address', address],
    ['nic', holder?.container === name ? `${holder.nic}` : undefined],
    ['mac', mac],
    ['network', network.name],
  ]
  const now = nowOf(context, reading)
  const lease = leases.find(
    (one) => isLive(one, now) && (mac === undefined ? one.name === name : macs.includes(one.mac)),
  )
  const state = lease === undefined ? 'not leased' : lease.address === address ? 'leased' : `has ${lease.address}`
  return {
    name,
    settings: new Map(settings.flatMap(([word, text]) => (text === undefined ? [] : [[word, [text]] as const]))),
    from: file,
    state: context.scope.live ? state : 'unknown',
    own,
  }
}

function inspectSide(reading: Reading, side: DhcpSide): Note[] {
  const { network, reservations, server, confFile } = side
  const name = namer(reading)
  const holders = holdersOf(reading.view)
  const notes: Note[] = []
  const warn = (code: string, one: Reservation, message: string, fix: string): void => {
    const { file, line, option } = one
    const place = { file, line, text: option.raw.trimEnd() }
    notes.push({ severity: 'warning', code, message: `dhcp ${name(one)}: ${message}`, fix, place })
  }
  for (const [at, one] of reservations.entries()) {
    const { address, macs, own } = one
    if (!isHost(network.subnet, addressValue(address, 4) ?? -1n))
      warn(
        'dhcp-outside',
        one,
        `${address} is not in ${subnetText(network.subnet)}, so dnsmasq never gives it`,
        `lxcnet dhcp reserve ${name(one)} next:`,
      )
    const twin = reservations.slice(0, at).find((other) => isTwin(one, other))
    if (twin !== undefined)
      warn(
        'dhcp-twice',
        one,
        `${twin.file}:${twin.line} is for the same ${twin.address === address ? 'address' : 'client'}`,
        'remove one of them',
      )
    if (own && macs.length > 0 && !macs.some((mac) => holders.has(mac)))
      warn(
        'dhcp-container-gone',
        one,
        `no container has the MAC ${macs.join(', ')}`,
        `lxcnet dhcp unreserve ${name(one)}`,
      )
  }
  if (
    server.words.length > 0 &&
    reservations.some(({ own }) => own) &&
    (server.outdated || confFileOf(server) !== confFile)
  )
    notes.push({
      severity: 'warning',
      code: 'dhcp-not-read',
      message: `dhcp ${network.name}: its dnsmasq was started before it was told to read ${ownHostsFile(network.name)}`,
      fix: 'the next `lxcnet dhcp reserve` or `unreserve` there starts it anew',
    })
  return notes
}

const isTwin = (one: Reservation, other: Reservation): boolean =>
  one.address === other.address ||
  one.macs.some((mac) => other.macs.includes(mac)) ||
  (one.macs.length === 0 && other.macs.length === 0 && one.name === other.name)
