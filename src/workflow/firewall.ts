/** The one piece that holds all rules of lxcnet on a host: forwards, and what networks want done for them. */
import { bootProbe, piecePath, pieceSettings, readPieces } from '../boot/index.ts'
import { type Cidr, contains, formatAddress, parseCidr } from '../core/address.ts'
import type { Probe } from '../core/probe.ts'
import {
  firewallBody,
  firewallProbe,
  hasForeignTable,
  hasNoTool,
  type NetworkRules,
  noRules,
  parseRules,
  printRules,
  type Rules,
  readDroppers,
} from '../firewall/index.ts'
import { lxcNetProbe, readNetworks } from '../lxc-net/index.ts'
import { type Container, values } from '../nic/index.ts'
import type { Note } from '../plan/plan.ts'
import { templateText } from '../template/template.ts'
import type { Reading, View } from './context.ts'
import { Desk, type PieceOptions } from './noun/desk.ts'

export type { NetworkRules } from '../firewall/index.ts'

export const firewallProbes: readonly Probe[] = [bootProbe, lxcNetProbe, firewallProbe]

/** Behind the pieces that make links. */
const piece = '50-firewall'
export const firewallPath = piecePath(piece)

/** The rules as they will be on a desk, or as they were read. */
export function readRules(from: Desk | Reading): Rules {
  const text = from instanceof Desk ? from.pieceText(piece) : from.snapshot.files.get(firewallPath)?.text
  if (text === undefined) return noRules
  if (latest?.text !== text) latest = { text, rules: parseRules(text) }
  return latest.rules
}

/** A thousand forwards are read once, however many ask for them. */
let latest: { text: string; rules: Rules } | undefined

/** By the name of the network. */
export const readNetworkRules = (from: Desk | Reading): ReadonlyMap<string, NetworkRules> => readRules(from).networks

/** @param rules undefined when the network goes */
export function setNetworkRules(desk: Desk, name: string, rules: NetworkRules | undefined): void {
  const old = readRules(desk)
  const networks = new Map(old.networks)
  if (rules === undefined) networks.delete(name)
  else {
    networks.set(name, rules)
    desk.note(...networkDrops(desk.reading, name, rules))
  }
  putRules(desk, { ...old, networks }, { why: `rules of ${name}` })
}

/** Firewalls of the host that let nobody out of a network, nor in to it. */
export function networkDrops({ snapshot }: Reading, name: string, { bridge, through = [] }: NetworkRules): Note[] {
  return readDroppers(snapshot)
    .filter((one) => !through.includes(one))
    .map((one) => ({
      severity: 'warning',
      code: one === 'docker' || one === 'ufw' ? `${one}-drops` : 'forwards-dropped',
      message: `nat ${name}: ${one} drops what this host forwards, so its containers reach nobody outside`,
      fix: ways[one]?.(bridge) ?? `accept there what comes from ${bridge}, and what answers it`,
    }))
}

const ways: Record<string, (bridge: string) => string> = {
  docker: (bridge) => `iptables -I DOCKER-USER -i ${bridge} -j ACCEPT; iptables -I DOCKER-USER -o ${bridge} -j ACCEPT`,
  ufw: (bridge) => `ufw allow in on ${bridge}; ufw route allow in on ${bridge}`,
}

/** Puts down the piece as it shall be; without rules there is none. */
export function putRules(
  desk: Desk,
  { networks, forwards }: Pick<Rules, 'networks' | 'forwards'>,
  options: Pick<PieceOptions, 'why' | 'impact'>,
): void {
  const hairpins = hairpinsOf(desk, { networks, forwards })
  const others = othersOf(desk, networks)
  const none = networks.size === 0 && forwards.size === 0
  const { piece: text, body } = none
    ? { piece: null, body: null }
    : firewallText({ networks, forwards, hairpins, others })
  if (body !== (desk.text(firewallBody) ?? null))
    desk.write(firewallBody, body, { why: 'makes the rules that 50-firewall says', record: true })
  // another release wrote it, and may have made other rules of the same lines
  const again = body !== (desk.reading.snapshot.files.get(firewallBody)?.text ?? null)
  if ((desk.pieceText(piece) ?? null) === text && !again) return
  if (text !== null && hasForeignTable(desk.reading.snapshot))
    desk.note({
      severity: 'error',
      code: 'table-taken',
      message: 'there is a table inet lxcnet on this host that lxcnet did not write',
      fix: '`nft list table inet lxcnet` shows it; rename it where it is made, or remove it',
    })
  if (text !== null && hasNoTool(desk.reading.snapshot))
    desk.note({
      severity: 'error',
      code: 'firewall-no-tool',
      message: 'this host has neither nft nor iptables to make rules with',
      fix: 'apt-get install nftables',
    })
  desk.piece(piece, text, { ...options, converges: true, again })
}

const head = `#!/bin/sh
# Forwards and the rules of networks, brought back at boot. Written by lxcnet; an edit by hand is lost.
`

/** The piece, and the file that it reads at its end. */
export const firewallText = (rules: Rules): { piece: string; body: string } => ({
  piece: `${head}${printRules(rules)}\n. ${firewallBody}\n`,
  body: bodyText(),
})

const bodyText = (): string =>
  `# Makes the rules that 50-firewall says. Written by lxcnet, and gone with the last of them: an edit by hand is lost.\n\n` +
  ['firewall-nft', 'firewall-iptables', 'firewall-docker', 'firewall']
    .map((name) => templateText(`boot/${name}.sh`))
    .join('\n')

/**
 * Subnets that a target is in, with the bridge that they are on. What was known stays while nothing says otherwise.
 *
 * A link with a default route is not named: strangers are on it, and 127.0.0.1 is not to be opened there even to be
 * closed again by a rule.
 */
function hairpinsOf(desk: Desk, { networks, forwards }: Pick<Rules, 'networks' | 'forwards'>): Map<string, string> {
  const near = neighbours(desk, networks)
  const known = [...near, ...[...readRules(desk).hairpins].flatMap(([subnet, bridge]) => neighbour(subnet, bridge))]
  const targets = [...forwards.values()]
  const addresses = new Set(targets.flatMap(({ address }) => address ?? []))
  const moving = new Set(targets.flatMap(({ address, container }) => (address === undefined ? (container ?? []) : [])))
  const found = [
    ...[...addresses].flatMap((address) => known.find(({ subnet }) => isIn(address, subnet)) ?? []),
    ...[...moving].flatMap((container) => {
      const links = linksOf(desk, container)
      return near.filter(({ subnet, bridge }) => subnet.family === 4 && links.has(bridge))
    }),
  ]
  const open = desk.view.defaultRouteLinks
  return new Map(found.map(({ subnet, bridge }) => [textOf(subnet), open.has(bridge) ? '' : bridge]))
}

function isIn(address: string, subnet: Cidr): boolean {
  const value = parseCidr(address, subnet.family)?.value
  return value !== undefined && contains(subnet, value)
}

interface Neighbours {
  subnet: Cidr
  bridge: string
}

/** Networks with a DHCP server that have no rules here: LXC's own above all. */
function othersOf(desk: Desk, networks: Rules['networks']): string[] {
  const all = [...networks.values()]
  if (!all.some(({ isolated }) => isolated)) return []
  const known = new Set(all.map(({ bridge }) => bridge))
  return served(desk).flatMap(({ bridge }) => (known.has(bridge) ? [] : bridge))
}

function served({ reading: { snapshot } }: Desk): Neighbours[] {
  const pieces = [...readPieces(snapshot)].flatMap(([name, text]): [string, Map<string, string>][] =>
    name.startsWith('30-nat-') ? [[name.slice('30-nat-'.length), pieceSettings(text)]] : [],
  )
  return readNetworks(snapshot, new Map(pieces)).map(({ subnet, bridge }) => ({ subnet, bridge }))
}

function neighbours(desk: Desk, networks: Rules['networks']): Neighbours[] {
  return [
    ...[...networks.values()].flatMap(({ subnets, bridge }) => subnets.flatMap((text) => neighbour(text, bridge))),
    ...served(desk),
    ...[...(desk.view.links?.values() ?? [])].flatMap(({ name, loopback, addresses }) =>
      loopback ? [] : addresses.flatMap((address) => neighbour(address, name)),
    ),
  ]
}

function neighbour(text: string, bridge: string): Neighbours[] {
  const subnet = parseCidr(text, text.includes(':') ? 6 : 4)
  return subnet === undefined ? [] : [{ subnet, bridge }]
}

const textOf = ({ first, family, prefix }: Cidr): string => `${formatAddress(first, family)}/${prefix}`

function linksOf({ view }: Desk, path: string): Set<string> {
  return new Set(containerAt(view, path)?.effective.nics.flatMap((nic) => values(nic, 'link')))
}

/**
 * @param path LXCPATH/NAME
 * @returns undefined also for a container of another lxcpath than lxcnet works in, whatever has its name here
 */
export function containerAt({ lxcpath, containers }: View, path: string): Container | undefined {
  const cut = path.lastIndexOf('/')
  return path.slice(0, cut) === lxcpath ? containers.get(path.slice(cut + 1)) : undefined
}
