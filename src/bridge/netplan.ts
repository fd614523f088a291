/** Bridges in the files of netplan(5), edited as YAML whose comments, order and quotes stay. */
import { type Document, isMap, isSeq, parseDocument, stringify, type ToStringOptions, type YAMLMap } from 'yaml'
import { LxcnetError } from '../core/error.ts'
import {
  type Added,
  type Bridge,
  droppedOf,
  heirOf,
  nameTaken,
  portOf,
  type Standing,
  type Texts,
  type Uplink,
  uplinkOf,
} from './model.ts'
import { handedOver, shapeless, text } from './netplan-move.ts'

const ownFile = (bridge: string): string => `/etc/netplan/90-lxcnet-${bridge}.yaml`

interface Definition {
  path: string
  document: Document
  /** ethernets, vlans, bonds, bridges … */
  kind: string
  name: string
  map: YAMLMap
}

const definitionsOf = (texts: Texts, files: readonly string[]): Definition[] =>
  files.flatMap((path) => {
    const document = parseDocument(texts.read(path) ?? '')
    const network = document.get('network')
    if (!isMap(network) || document.errors.length > 0) return []
    return network.items.flatMap(({ key, value }) => {
      if (!isMap(value)) return []
      return value.items.flatMap((item): Definition[] => {
        const map = isMap(item.value) ? item.value : document.createNode({})
        return isMap(map) ? [{ path, document, kind: text(key), name: text(item.key), map }] : []
      })
    })
  })

export const netplanKnows = (texts: Texts, files: readonly string[], link: string): boolean =>
  definitionsOf(texts, files).some(({ name }) => name === link)

const lists = (map: YAMLMap, ...path: string[]): string[] => {
  const node = map.getIn(path)
  const js: unknown = node !== null && typeof node === 'object' && 'toJSON' in node ? (node as YAMLMap).toJSON() : node
  return Array.isArray(js) ? js.map(String) : js === undefined || js === null ? [] : [String(js)]
}
const isOn = (map: YAMLMap, ...path: string[]): boolean => /^(true|yes|on)$/i.test(lists(map, ...path)[0] ?? '')

export function findNetplan(texts: Texts, files: readonly string[]): Standing[] {
  const all = definitionsOf(texts, files)
  return all
    .filter(({ kind }) => kind === 'bridges')
    .map(({ path, name, map }) => ({ bridge: bridgeFrom(name, map, all), backend: 'netplan', from: path }))
}

function bridgeFrom(name: string, map: YAMLMap, all: readonly Definition[]): Bridge {
  const [port] = lists(map, 'interfaces')
  const vlan = all.find((one) => one.kind === 'vlans' && one.name === port)?.map
  const parent = vlan === undefined ? [] : lists(vlan, 'link')
  const mtu = lists(map, 'mtu')[0]
  const mac = lists(map, 'macaddress')[0]
  const routes: unknown = (map.get('routes') as YAMLMap | undefined)?.toJSON()
  const via = (Array.isArray(routes) ? routes : []) as { to?: string; via?: string }[]
  return {
    name,
    ...(parent[0] !== undefined && vlan !== undefined
      ? { uplink: parent[0], vlanId: Number(lists(vlan, 'id')[0]) }
      : port === undefined
        ? {}
        : uplinkOf(port)),
    address: [
      ...lists(map, 'addresses'),
      ...(isOn(map, 'dhcp4') ? ['dhcp'] : []),
      ...(isOn(map, 'accept-ra') ? ['slaac'] : []),
    ],
    gateway: [
      ...lists(map, 'gateway4'),
      ...lists(map, 'gateway6'),
      ...via.flatMap((one) => (/^(default|0\.0\.0\.0\/0|::\/0)$/.test(one.to ?? '') ? [one.via ?? ''] : [])),
    ],
    dns: lists(map, 'nameservers', 'addresses'),
    stp: map.hasIn(['parameters', 'stp']) ? isOn(map, 'parameters', 'stp') : true,
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(mac === undefined ? {} : { hwaddr: mac.toLowerCase() }),
  }
}

/** Is it NetworkManager that carries it out? */
export function netplanRenderer(texts: Texts, files: readonly string[], link: string | undefined): string {
  const mine = definitionsOf(texts, files).find(({ name }) => name === link)
  const own = mine === undefined ? undefined : lists(mine.map, 'renderer')[0]
  const all = files.flatMap((path) => {
    const document = parseDocument(texts.read(path) ?? '')
    const kind = mine === undefined ? undefined : document.getIn(['network', mine.kind, 'renderer'])
    const whole = document.getIn(['network', 'renderer'])
    return [whole, kind].flatMap((one) => (one === undefined ? [] : [String(one)]))
  })
  return own ?? all.at(-1) ?? 'networkd'
}

/** Writes a new bridge. */
export function addNetplan(texts: Texts, files: readonly string[], bridge: Bridge, uplink: Uplink): Added {
  const port = portOf(bridge)
  const all = definitionsOf(texts, files)
  const other = all.find(({ name }) => name === bridge.name)
  if (other !== undefined) throw nameTaken(bridge.name, other.path)
  const old = all.find(({ name, kind }) => name === port && kind !== 'bridges')
  const mac = bridge.hwaddr ?? (port === undefined ? undefined : uplink.mac)
  if (old === undefined) {
    const { uplink: parent, vlanId } = bridge
    const missing = parent !== undefined && !all.some(({ name }) => name === parent)
    const network = {
      version: 2,
      ...(missing ? { ethernets: { [parent]: {} } } : {}),
      ...(vlanId === undefined || port === undefined ? {} : { vlans: { [port]: { id: vlanId, link: parent } } }),
      bridges: { [bridge.name]: definitionOf(bridge, port, mac) },
    }
    texts.write(
      ownFile(bridge.name),
      `# Bridge ${bridge.name}, made by lxcnet: change it with \`lxcnet bridge set ${bridge.name}\`.\n${stringify({ network }, { lineWidth: 0 })}`,
    )
    return { takesOver: false, mentions: [], dropped: [] }
  }
  const had = bridgeFrom(old.name, old.map, all)
  const heir = heirOf(bridge, had)
  const anew = heir.address.length > 0
  const rerouted = anew && heir.gateway.join() !== had.gateway.join()
  const routes = old.map.get('routes')
  if (rerouted && isSeq(routes) && had.gateway.length < routes.items.length)
    throw new LxcnetError('bridge-by-hand', `${old.path}: ${port} has further routes beside its gateway`, {
      suggestions: [`edit ${old.path}`],
    })
  // lines that nobody spoke of move as they are
  const fresh = definitionOf({ ...heir, gateway: rerouted ? heir.gateway : [] }, port, mac)
  const search = lists(old.map, 'nameservers', 'search')
  const nameservers = { search, addresses: [...heir.dns] }
  const definition = heir.dns.length === 0 || search.length === 0 ? fresh : { ...fresh, nameservers }
  const replaced = [
    ...(anew ? ['addresses', 'dhcp4'] : []),
    ...(anew && had.address.includes('slaac') ? ['accept-ra'] : []),
    ...(rerouted ? ['gateway4', 'gateway6', 'routes'] : []),
  ]
  texts.write(old.path, handedOver(texts.read(old.path) ?? '', old, { bridge, definition, replaced }))
  return { takesOver: true, mentions: [], dropped: droppedOf(heir, had) }
}

/** How the file is laid out, so that it is printed with no other lines changed than those meant. @throws {LxcnetError} `netplan-shape` */
function layoutOf(document: Document, source: string, path: string): ToStringOptions {
  const layouts = [2, 4].flatMap((indent) =>
    [true, false].flatMap((indentSeq) =>
      [true, false].map((flowCollectionPadding) => ({ lineWidth: 0, indent, indentSeq, flowCollectionPadding })),
    ),
  )
  const layout = layouts.find((one) => document.toString(one) === source)
  if (layout !== undefined) return layout
  throw shapeless(path)
}

/** One bridge as netplan has it. */
function definitionOf(
  { address, gateway, dns, mtu, stp }: Bridge,
  port: string | undefined,
  mac: string | undefined,
): object {
  const plain = address.filter((one) => one !== 'dhcp' && one !== 'slaac')
  return {
    ...(port === undefined ? {} : { interfaces: [port] }),
    ...(mac === undefined ? {} : { macaddress: mac }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(address.includes('dhcp') ? { dhcp4: true } : {}),
    ...(address.includes('slaac') ? { 'accept-ra': true } : {}),
    ...(plain.length === 0 ? {} : { addresses: plain }),
    ...(gateway.length === 0 ? {} : { routes: gateway.map((via) => ({ to: 'default', via })) }),
    ...(dns.length === 0 ? {} : { nameservers: { addresses: [...dns] } }),
    // without STP a port would still wait 15 seconds before it forwards
    parameters: stp ? { stp: true } : { stp: false, 'forward-delay': 0 },
  }
}

/** Words of a bridge that somebody else wrote, changed where they stand. */
export function editNetplan(texts: Texts, files: readonly string[], old: Bridge, now: Bridge): void {
  const found = definitionsOf(texts, files).find(({ kind, name }) => kind === 'bridges' && name === old.name)
  if (found === undefined) return
  const { document, path, map } = found
  const layout = layoutOf(document, texts.read(path) ?? '', path)
  const set = (key: string[], value: unknown): void => {
    if (value === undefined) map.deleteIn(key)
    else map.setIn(key, document.createNode(value))
  }
  const plain = (list: readonly string[]): string[] => list.filter((one) => one !== 'dhcp' && one !== 'slaac')
  if (old.mtu !== now.mtu) set(['mtu'], now.mtu)
  if (old.hwaddr !== now.hwaddr) set(['macaddress'], now.hwaddr)
  if (old.stp !== now.stp) set(['parameters', 'stp'], now.stp)
  if (old.address.join() !== now.address.join()) {
    const list = plain(now.address)
    set(['addresses'], list.length === 0 ? undefined : list)
  }
  if (old.dns.join() !== now.dns.join())
    set(['nameservers', 'addresses'], now.dns.length === 0 ? undefined : [...now.dns])
  if (old.gateway.join() !== now.gateway.join()) {
    const routes: unknown = (map.get('routes') as YAMLMap | undefined)?.toJSON()
    if (Array.isArray(routes) && routes.length !== old.gateway.length)
      throw new LxcnetError('bridge-by-hand', `${path}: ${old.name} has further routes beside its gateway`, {
        suggestions: [`edit ${path}`],
      })
    map.delete('gateway4')
    map.delete('gateway6')
    set(['routes'], now.gateway.length === 0 ? undefined : now.gateway.map((via) => ({ to: 'default', via })))
  }
  texts.write(path, document.toString(layout))
}
