/** `networks:` what the NICs that name a logical network have in common. */
import * as z from 'zod/mini'
import { formatAddress, parseCidr } from '../core/address.ts'
import type { Word } from '../core/word.ts'
import { hostName } from './hosts.ts'
import type { Given, Network, NicTable, Say, Subnet } from './model.ts'
import { matching, named, text, wordValue } from './shape.ts'
import { type Entry, entriesOf, type Mapping, type Node, type Text, textOf } from './tree.ts'

export const networkName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** What no two NICs have in common, and the gateways, which have a name of their own here. */
const ownOfNics = [
  'hwaddr',
  'pair',
  'ipv4',
  'ipv6',
  'ipv4-gateway',
  'ipv6-gateway',
  'veth-ipv4-route',
  'veth-ipv6-route',
]

/** @returns the flags of a NIC that a network can say for it */
const common = (words: readonly Word[]): Word[] => words.filter(({ flag }) => !ownOfNics.includes(flag))

const subnetKeys = { subnet: 4, subnet6: 6 } as const
const gatewayKeys = { gateway: 4, gateway6: 6 } as const

const v4Subnet = /^[0-9.]+\/[0-9]+$/
const v6Subnet = /^[0-9A-Fa-f:.]+\/[0-9]+$/

export const networksShape = ({ words }: NicTable) =>
  z
    .record(
      named(networkName),
      z
        .strictObject({
          ...Object.fromEntries(common(words).map((one) => [one.flag, z.optional(wordValue(one, one.summary))])),
          links: z.optional(
            z.record(named(hostName), text({ description: 'link on this host' })).check(
              z.meta({
                description: 'link on single hosts, by the name of the host, where it is not that of `link`',
              }),
            ),
          ),
          subnet: z.optional(
            matching(v4Subnet, { description: 'IPv4 subnet, in which the addresses of its NICs lie' }),
          ),
          subnet6: z.optional(matching(v6Subnet, { description: 'the same for IPv6' })),
          gateway: z.optional(text({ description: 'ipv4-gateway of its NICs that have an IPv4 address' })),
          gateway6: z.optional(text({ description: 'ipv6-gateway of its NICs that have an IPv6 address' })),
        })
        .check(z.meta({ id: 'network', description: 'what its NICs have in common; a NIC can say otherwise' })),
    )
    .check(z.meta({ description: 'logical networks, by name' }))

export interface NetworkContext {
  table: NicTable
  /** Names of the hosts of the site. */
  hosts: ReadonlySet<string>
  say: Say
}

export function readNetworks(site: Mapping, context: NetworkContext): Map<string, Network> {
  const networks = new Map<string, Network>()
  for (const [name, { key, value }] of entriesOf(site.entries.get('networks')?.value)) {
    if (!networkName.test(name)) {
      const fix = 'letters, digits, ".", "_" and "-", a letter or digit first'
      context.say.error(key, 'bad-network-name', `"${name}" is not the name of a network`, fix)
    }
    networks.set(name, readNetwork(name, key, entriesOf(value), context))
  }
  return networks
}

function readNetwork(
  name: string,
  span: Text,
  entries: ReadonlyMap<string, Entry>,
  { table, hosts, say }: NetworkContext,
): Network {
  const given = new Map<string, Given>()
  for (const { flag, list } of common(table.words)) {
    const found = rawGiven(entries.get(flag), list)
    if (found !== undefined && flag !== 'type' && flag !== 'link') given.set(flag, found)
  }
  const subnets: Network['subnets'] = {}
  for (const [word, family] of Object.entries(subnetKeys)) {
    const found = textOf(entries.get(word))
    const subnet = found === undefined ? undefined : readSubnet(name, word, found, family, say)
    if (subnet !== undefined) subnets[family] = subnet
  }
  const gateways: Network['gateways'] = {}
  for (const [word, family] of Object.entries(gatewayKeys)) {
    const found = rawGiven(entries.get(word))
    if (found !== undefined && isGateway(name, word, found, family, subnets[family], say)) gateways[family] = found
  }
  return {
    name,
    span,
    type: rawGiven(entries.get('type')),
    given,
    link: rawGiven(entries.get('link')),
    links: readLinks(name, entriesOf(entries.get('links')?.value), hosts, say),
    subnets,
    gateways,
  }
}

/** Values as they stand in the file; undefined for nothing, and for what the schema refuses. */
export function rawGiven(entry: Entry | undefined, list = false): (Given & { nodes: Text[] }) | undefined {
  if (entry === undefined) return undefined
  const { key, value } = entry
  const nodes = (value.kind === 'list' && list ? value.items : [value]).filter(isText)
  if (nodes.length === 0) return undefined
  return { values: nodes.map((node) => node.text), nodes, span: value.kind === 'text' ? value : key }
}

const isText = (node: Node): node is Text => node.kind === 'text'

function readLinks(
  name: string,
  entries: ReadonlyMap<string, Entry>,
  hosts: ReadonlySet<string>,
  say: Say,
): Map<string, Given> {
  const links = new Map<string, Given>()
  for (const [host, entry] of entries) {
    if (!hosts.has(host)) {
      const message = `network ${name}: links names "${host}", which is not one of the hosts`
      say.error(entry.key, 'host-not-listed', message, `put "${host}: {}" below hosts`)
    }
    const found = rawGiven(entry)
    if (found !== undefined) links.set(host, found)
  }
  return links
}

function readSubnet(name: string, word: string, node: Text, family: 4 | 6, say: Say): Subnet | undefined {
  const parsed = parseCidr(node.text, family)
  const wrong = (code: string, what: string, fix: string): void =>
    say.error(node, code, `network ${name}: ${word}: "${node.text}" ${what}`, fix)
  if (parsed === undefined || !parsed.explicit) {
    const example = family === 4 ? '10.0.5.0/24' : '2001:db8:5::/64'
    wrong('bad-subnet', `is not an IPv${family} subnet`, `for instance ${example}`)
    return undefined
  }
  const text = `${formatAddress(parsed.first, family)}/${parsed.prefix}`
  if (parsed.value !== parsed.first) {
    wrong('subnet-host-bits', 'has bits set behind its prefix', `write ${text}`)
    return undefined
  }
  return { text, prefix: parsed.prefix, first: parsed.first, last: parsed.last, span: node }
}

function isGateway(
  name: string,
  word: string,
  { values: [text = ''], span }: Given,
  family: 4 | 6,
  subnet: Subnet | undefined,
  say: Say,
): boolean {
  if (text === 'auto' || text === 'dev') return true
  const about = `network ${name}: ${word}: "${text}"`
  const parsed = text.includes('/') ? undefined : parseCidr(text, family)
  if (parsed === undefined) {
    const fix = `for instance ${family === 4 ? '10.0.5.1' : '2001:db8:5::1'}`
    const message = `${about} is not an IPv${family} address, "auto" or "dev"`
    say.error(span, 'bad-gateway', message, fix)
    return false
  }
  if (subnet !== undefined && (parsed.value < subnet.first || parsed.value > subnet.last)) {
    const message = `${about} is outside ${subnet.text}; LXC makes an extra route to it`
    say.warning(span, 'gateway-outside', message, 'correct it unless it is meant so')
  }
  return true
}
