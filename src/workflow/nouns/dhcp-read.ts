/** The DHCP networks of a host with all that their dnsmasq read: options, reservations, leases. */
import { pieceSettings, readPieces } from '../../boot/index.ts'
import { type HostEntry, type Lease, parseLeases, readEntry, readServer, type Server } from '../../dnsmasq/index.ts'
import { type Line, type Option, parse, valuesOf } from '../../document/dnsmasq-conf.ts'
import { type DhcpNetwork, readNetworks } from '../../lxc-net/index.ts'
import { typeOf, value, values } from '../../nic/index.ts'
import type { Context, Reading, View } from '../context.ts'

export const hostsOption = 'dhcp-host'
export const hostsFileOption = 'dhcp-hostsfile'

/** Where lxcnet keeps what it adds; the names outlive releases. */
const folder = '/etc/lxcnet/dnsmasq'
export const ownHostsFile = (network: string): string => `${folder}/${network}.hosts`
export const ownConfFile = (network: string): string => `${folder}/${network}.conf`

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

/** @param textOf a file as it is, or as it will be */
export function readDhcp({ snapshot }: Reading, textOf: (path: string) => string | undefined): DhcpSide[] {
  const pieces = [...readPieces(snapshot)].flatMap(([piece, text]): [string, Map<string, string>][] =>
    piece.startsWith('30-nat-') ? [[piece.slice('30-nat-'.length), pieceSettings(text)]] : [],
  )
  return readNetworks(snapshot, new Map(pieces)).map((network) => {
    const { name, pidFile, leaseFile } = network
    const confFile = network.confFile === '/dev/null' ? undefined : network.confFile
    const conf = parse((confFile === undefined ? undefined : textOf(confFile)) ?? '')
    return {
      network,
      confFile,
      conf,
      reservations: reservationsOf(name, confFile ?? '', conf, snapshot.files.keys(), textOf),
      leases: parseLeases(snapshot.answers.get(`leases${leaseFile}`)?.text ?? ''),
      server: readServer(snapshot, pidFile),
    }
  })
}

export const sidesOf = (reading: Reading): DhcpSide[] => {
  const { files, links } = reading.snapshot
  return readDhcp(reading, (path) => files.get(links.get(path) ?? path)?.text)
}

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
    const entry = readEntry(option.value)
    return entry.address === undefined ? [] : [{ ...entry, address: entry.address, file, option, line: at + 1, own }]
  })

/** Seconds since 1970, on the host. */
export const nowOf = (context: Context, { snapshot }: Reading): number =>
  Number(snapshot.answers.get('dnsmasq-now')?.text ?? 0) || context.now().getTime() / 1000

export interface Holder {
  container: string
  nic: number
}

/** MAC in a config → who has it. */
export function holdersOf({ containers }: View): Map<string, Holder> {
  const all = [...containers.values()].flatMap(({ name, effective }) =>
    effective.nics.flatMap((nic): [string, Holder][] => {
      const mac = value(nic, 'hwaddr')?.toLowerCase()
      return mac === undefined || mac.includes('x') || typeOf(nic) === 'empty'
        ? []
        : [[mac, { container: name, nic: nic.index }]]
    }),
  )
  return new Map(all)
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
