/** The DHCP networks of a host with all that their dnsmasq read: options, reservations, leases. */
import { type HostEntry, type Lease, parseLeases, readEntry, readServer, type Server } from '../../../dnsmasq/index.ts'
import { type Line, type Option, parse, valuesOf } from '../../../document/dnsmasq-conf.ts'
import { type DhcpNetwork, ownHostsFile } from '../../../lxc-net/index.ts'
import { value, values } from '../../../nic/index.ts'
import type { Context, Reading, View } from '../../context.ts'
import { Desk } from '../../noun/desk.ts'
import { natNetworks, natPiece } from '../nat/networks.ts'

export const hostsOption = 'dhcp-host'
export const hostsFileOption = 'dhcp-hostsfile'

/** One that says an address. */
export interface Reservation extends HostEntry {
  address: string
  file: string
  option: Option
  /** From 1. */
  line: number
  /** In the file that lxcnet keeps. */
  own: boolean
}

export interface DhcpSide {
  network: DhcpNetwork
  /** What its dnsmasq reads when it starts; undefined for nothing. */
  confFile: string | undefined
  conf: readonly Line[]
  /** In the order in which dnsmasq reads them, the first of two for the same client wins. */
  reservations: readonly Reservation[]
  leases: readonly Lease[]
  server: Server
}

const known = new WeakMap<Reading, DhcpSide[]>()

/** As they were read, or as they will be on a desk. */
export function sidesOf(from: Desk | Reading): DhcpSide[] {
  if (from instanceof Desk) return readSides(from)
  const sides = known.get(from) ?? readSides(from)
  known.set(from, sides)
  return sides
}

function readSides(from: Desk | Reading): DhcpSide[] {
  const onDesk = from instanceof Desk
  const { snapshot } = onDesk ? from.reading : from
  const { files, links, answers } = snapshot
  const textOf = (path: string): string | undefined =>
    onDesk ? from.text(path) : files.get(links.get(path) ?? path)?.text
  return natNetworks(from, onDesk ? newNetworks(from) : []).map((network) => {
    const { name, pidFile, leaseFile } = network
    const confFile = network.confFile === '/dev/null' ? undefined : network.confFile
    const conf = parse((confFile === undefined ? undefined : textOf(confFile)) ?? '')
    return {
      network,
      confFile,
      conf,
      reservations: reservationsOf(name, confFile ?? '', conf, files.keys(), textOf),
      leases: parseLeases(answers.get(`leases${leaseFile}`)?.text ?? ''),
      server: readServer(snapshot, pidFile),
    }
  })
}

/** Names of further networks that the desk has. */
const newNetworks = (desk: Desk): string[] =>
  desk.pieceNames().flatMap((piece) => (piece.startsWith(natPiece('')) ? piece.slice(natPiece('').length) : []))

function reservationsOf(
  network: string,
  confFile: string,
  conf: readonly Line[],
  known: Iterable<string>,
  textOf: (path: string) => string | undefined,
): Reservation[] {
  const own = ownHostsFile(network)
  const named = [...valuesOf(conf, hostsFileOption), ...valuesOf(conf, 'dhcp-hostsdir')]
  const inside = [...known].filter((path) => named.includes(path.slice(0, path.lastIndexOf('/'))))
  const files = [...new Set([...named, ...inside, own])]
  return [
    ...read(conf, confFile, false),
    ...files.flatMap((file) => read(parse(textOf(file) ?? '', hostsOption), file, file === own)),
  ]
}

const read = (lines: readonly Line[], file: string, own: boolean): Reservation[] =>
  lines.flatMap((option, at) => {
    if (option.kind !== 'option' || option.key !== hostsOption) return []
    const entry = readEntry(option.hidden)
    return entry.address === undefined ? [] : [{ ...entry, address: entry.address, file, option, line: at + 1, own }]
  })

/** Seconds since 1970, on the host. */
export const nowOf = (context: Context, { snapshot }: Reading): number =>
  Number(snapshot.answers.get('dnsmasq-now')?.text ?? 0) || context.now().getTime() / 1000

export interface Holder {
  container: string
  nic: number
}

const holders = new WeakMap<View, Map<string, Holder>>()

/** MAC in a config → who has it. */
export function holdersOf(view: View): Map<string, Holder> {
  let all = holders.get(view)
  if (all !== undefined) return all
  all = new Map()
  for (const { name, effective } of view.containers.values())
    for (const nic of effective.nics) {
      const mac = value(nic, 'hwaddr')?.toLowerCase()
      if (mac !== undefined && !mac.includes('x')) all.set(mac, { container: name, nic: nic.index })
    }
  holders.set(view, all)
  return all
}

const cache = new WeakMap<View, Map<string, string>>()

/** IPv4 address that a config sets → its container. */
export function staticAddresses(view: View): Map<string, string> {
  let all = cache.get(view)
  if (all !== undefined) return all
  all = new Map()
  for (const { name, effective } of view.containers.values())
    for (const nic of effective.nics)
      for (const text of values(nic, 'ipv4.address')) all.set(text.split(/[/ ]/)[0] ?? '', name)
  cache.set(view, all)
  return all
}
