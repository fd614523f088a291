/** The NICs of a container: what each says itself, joined with what its network says for it. */
import * as z from 'zod/mini'
import { addressValue } from '../core/address.ts'
import { closest } from '../core/closest.ts'
import type { Word } from '../core/word.ts'
import { checkGiven, Networks, nothing } from './inherit.ts'
import type { Given, Network, NicTable, Say, SiteNic, Subnet } from './model.ts'
import { rawGiven } from './networks.ts'
import { matching, wordValue } from './shape.ts'
import { type Entry, type Text, textOf } from './tree.ts'

/** Decimal, without zeros in front: one index has one name. LXC takes up to INT_MAX - 1, which nobody counts to. */
export const nicIndex = /^(0|[1-9][0-9]{0,8})$/

/** Where a site file differs from the flags of `create`. */
const summaries: Record<string, string> = {
  ipv4: 'ADDRESS/PREFIX; without a prefix it gets that of its network',
  ipv6: 'ADDRESS/PREFIX; without a prefix it gets that of its network',
  'ipv4-gateway': 'default route: an address, auto (of link), dev, or none where the network has a gateway',
  'ipv6-gateway': 'default route: an address, auto (of link), dev, or none where the network has a gateway',
}

export const nicShape = ({ words }: NicTable) =>
  z
    .strictObject({
      network: z.optional(matching(/./, { description: 'one of networks, which says what is left out here' })),
      ...Object.fromEntries(
        words.map((word) => [word.flag, z.optional(wordValue(word, summaries[word.flag] ?? word.summary))]),
      ),
    })
    .check(z.meta({ id: 'nic', description: 'one NIC, in the words of `lxcnet create`' }))

export interface NicContext {
  table: NicTable
  networks: ReadonlyMap<string, Network>
  say: Say
}

const families = { ipv4: 4, ipv6: 6 } as const

export class NicReader {
  private readonly context: NicContext
  private readonly inherited: Networks

  constructor(context: NicContext) {
    this.context = context
    this.inherited = new Networks(context.table, context.say)
  }

  /** What networks say is checked even where no NIC names them, as far as they say a type. */
  checkNetworks(): void {
    for (const network of this.context.networks.values()) {
      const type = this.typeOf(`network ${network.name}`, network.type)
      if (type !== undefined) this.inherited.inherit(network, type)
    }
  }

  /** @returns undefined where it cannot be known what kind of NIC it is */
  read(title: string, host: string, { key, value }: Entry): SiteNic | undefined {
    if (value.kind !== 'mapping') return undefined
    const { entries } = value
    const network = this.networkOf(title, textOf(entries.get('network')))
    const own = rawGiven(entries.get('type'))
    const said = own ?? network?.type
    if (said === undefined) {
      this.sayNoType(title, key, entries, network)
      return undefined
    }
    const type = this.typeOf(own === undefined ? `network ${network?.name}` : title, said)
    if (type === undefined) return undefined
    const {
      given: common,
      link,
      links,
      gateways,
    } = network === undefined ? nothing : this.inherited.inherit(network, type, title)
    const given = new Map<string, Given>([['type', said], ...common])
    const uplink = links.get(host) ?? link
    if (uplink !== undefined) given.set('link', uplink)
    for (const word of this.context.table.words) {
      const entry = word.flag === 'type' ? undefined : entries.get(word.flag)
      const found = entry === undefined ? undefined : this.own(title, word, type, entry, network)
      if (found !== undefined) given.set(word.flag, found)
    }
    for (const [flag, family] of Object.entries(families)) {
      // LXC does not start a NIC with a gateway and no address of its family
      const gateway = entries.has(`${flag}-gateway`) || !given.has(flag) ? undefined : gateways[family]
      if (gateway !== undefined) given.set(`${flag}-gateway`, gateway)
    }
    return { network: network?.name, span: key, given }
  }

  private networkOf(title: string, said: Text | undefined): Network | undefined {
    const { networks, say } = this.context
    const network = networks.get(said?.text ?? '')
    if (said === undefined || network !== undefined) return network
    const near = closest(said.text, networks.keys())
    const fix = near.length > 0 ? `did you mean ${near.join(', ')}?` : `put "${said.text}:" below networks`
    say.error(said, 'network-not-listed', `${title}: "${said.text}" is not one of the networks`, fix)
    return undefined
  }

  private typeOf(about: string, said: Given | undefined): string | undefined {
    const { table, say } = this.context
    if (said === undefined) return undefined
    return checkGiven(table, say, { about, flag: 'type', type: said.values[0] ?? '' }, said)?.values[0]
  }

  /** Unless it was said before why there is none: its network is not there, or what stands as its type is no text. */
  private sayNoType(title: string, key: Text, entries: ReadonlyMap<string, Entry>, network: Network | undefined): void {
    if (entries.has('type') || (entries.has('network') && network === undefined)) return
    const fix = `add "type: veth"${network === undefined ? '' : `, here or below networks: ${network.name}`}`
    this.context.say.error(key, 'type-missing', `${title}: nothing says of which type it is`, fix)
  }

  /** A value that the NIC says itself. */
  private own(
    title: string,
    { flag, list }: Word,
    type: string,
    entry: Entry,
    network: Network | undefined,
  ): Given | undefined {
    const { table, say } = this.context
    const raw = rawGiven(entry, list)
    if (raw === undefined || (flag.endsWith('-gateway') && raw.values[0] === 'none')) return undefined
    const family = flag === 'ipv4' || flag === 'ipv6' ? families[flag] : undefined
    const subnet = family === undefined ? undefined : network?.subnets[family]
    const values: string[] = []
    for (const node of raw.nodes) {
      if ((flag === 'hwaddr' || family !== undefined) && this.isUnsettled(title, flag, node)) continue
      const text = subnet === undefined ? node.text : withPrefix(node.text, subnet)
      const value = checkGiven(table, say, { about: title, flag, type }, { values: [text], span: node })?.values[0]
      if (value === undefined) continue
      if (subnet !== undefined && family !== undefined)
        this.checkInside(`${title}: ${flag}`, value, family, subnet, node)
      values.push(value)
    }
    return values.length === 0 ? undefined : { values, span: raw.span }
  }

  /** What `create` settles once has to be settled in a site file: it says the same whenever it is applied. */
  private isUnsettled(title: string, flag: string, node: Text): boolean {
    const dhcp = flag !== 'hwaddr' && /^dhcp/i.test(node.text)
    if (!dhcp && node.text !== 'auto' && !node.text.startsWith('next:')) return false
    const fix = dhcp
      ? `leave ${flag} out: the DHCP client inside asks for an address, LXC does not`
      : flag === 'hwaddr'
        ? 'write the MAC, or leave hwaddr out and the container keeps the one it has or gets'
        : `write the address: \`lxcnet create --${flag} next:SUBNET\` finds one, \`lxcnet show\` tells it`
    const message = `${title}: ${flag}: "${node.text}" is not an address, and a site file says addresses`
    this.context.say.error(node, 'address-not-said', message, fix)
    return true
  }

  private checkInside(about: string, value: string, family: 4 | 6, subnet: Subnet, node: Text): void {
    const { say } = this.context
    const [address = '', prefix] = value.split(/[/ ]/)
    const number = addressValue(address, family)
    if (number === undefined) return
    if (number < subnet.first || number > subnet.last) {
      const message = `${about}: ${address} is outside the subnet of its network, ${subnet.text}`
      say.error(node, 'address-outside', message, `take an address of ${subnet.text}, or another network`)
    } else if (Number(prefix) !== subnet.prefix) {
      const message = `${about}: the prefix /${prefix} is not that of its network, ${subnet.text}`
      say.warning(node, 'prefix-differs', message, 'leave the prefix out, unless it is meant so')
    }
  }
}

/** An address alone gets the prefix of its subnet. */
const withPrefix = (text: string, { prefix }: Subnet): string =>
  /^[\da-f.:]+$/i.test(text) ? `${text}/${prefix}` : text
