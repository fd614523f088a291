/** Where the targets of forwards are: the subnets that they share with their clients, and the links that lead to them. */
import { addressValue, type Cidr, contains, formatAddress, parseCidr } from '../core/address.ts'
import type { Rules } from '../firewall/index.ts'
import type { Snapshot } from '../host/snapshot.ts'
import { type Container, values } from '../nic/index.ts'
import type { Reading, View } from './context.ts'
import type { Desk } from './noun/desk.ts'
import { natNetworks } from './nouns/nat/networks.ts'

interface Neighbours {
  subnet: Cidr
  bridge: string
}

/**
 * Subnets that a target is in, with the bridge that they are on. What was known stays while nothing says otherwise.
 *
 * A link with a default route is not named: strangers are on it, and 127.0.0.1 is not to be opened there even to be
 * closed again by a rule.
 *
 * @param rules with the hairpins as they are
 */
export function hairpinsOf(desk: Desk, { networks, forwards, hairpins }: Rules): Map<string, string> {
  const near = neighbours(desk, networks)
  const old = [...hairpins].flatMap(([subnet, bridge]) => neighbour(subnet, bridge))
  const known = [...near, ...old.filter(({ subnet }) => !isSingle(subnet))]
  const targets = [...forwards.values()]
  const addresses = new Set(targets.flatMap(({ address }) => address ?? []))
  const moving = new Set(targets.flatMap(({ address, container }) => (address === undefined ? (container ?? []) : [])))
  const open = desk.view.defaultRouteLinks
  const found = [
    ...[...addresses].flatMap((address) => {
      const there = known.find(({ subnet }) => isIn(address, subnet))
      if (there === undefined) return []
      return [there, ...(open.has(there.bridge) ? [] : byShim(desk, address, there.bridge))]
    }),
    ...[...moving].flatMap((container) => {
      const links = linksOf(desk, container)
      return near.filter(({ subnet, bridge }) => subnet.family === 4 && links.has(bridge))
    }),
  ]
  return new Map(found.map(({ subnet, bridge }) => [textOf(subnet), open.has(bridge) ? '' : bridge]))
}

/** A target that the host reaches by its own macvlan on the bridge: what comes from 127.0.0.1 leaves by that alone. */
function byShim({ reading: { snapshot }, view }: Desk, address: string, bridge: string): Neighbours[] {
  const link = view.links?.get(routeTo(snapshot, address)?.dev ?? '')
  return link?.kind === 'macvlan' && link.parent === bridge ? neighbour(address, link.name) : []
}

interface Route {
  subnet: Cidr
  dev: string
}

const nowhere = new Set(['unreachable', 'blackhole', 'prohibit', 'throw'])

/** Those of a host by IP version, but for the default ones; undefined where nobody could ask. Needs `lxcNetProbe`. */
function routesOf({ answers }: Snapshot, family: 4 | 6): readonly Route[] | undefined {
  const said = answers.get(family === 4 ? 'nat-routes' : 'nat-routes6')
  if (said?.status !== 0) return undefined
  const known = parsed.get(said)
  if (known !== undefined) return known
  const all = JSON.parse(said.text || '[]') as { dst: string; dev?: string; type?: string }[]
  const routes = all.flatMap(({ dst, dev = '', type = '' }) =>
    neighbour(dst, '').flatMap(({ subnet }) => (nowhere.has(type) || subnet.prefix === 0 ? [] : { subnet, dev })),
  )
  parsed.set(said, routes)
  return routes
}

/** A thousand forwards ask for the same routes. */
const parsed = new WeakMap<object, readonly Route[]>()

/** The route that says most of an address. */
function routeTo(snapshot: Snapshot, address: string): Route | undefined {
  const family = familyOf(address)
  const value = addressValue(address, family)
  const fits = (routesOf(snapshot, family) ?? []).filter(({ subnet }) => value !== undefined && contains(subnet, value))
  return fits.sort((a, b) => b.subnet.prefix - a.subnet.prefix)[0]
}

/** Does the host reach an address only by a default route, if at all? Never where nobody could ask. */
export function isFar({ snapshot, view: { links } }: Pick<Reading, 'snapshot' | 'view'>, address: string): boolean {
  if (routesOf(snapshot, familyOf(address)) === undefined || routeTo(snapshot, address) !== undefined) return false
  // those that a plan makes have no routes yet
  const near = [...(links?.values() ?? [])].flatMap(({ addresses }) => addresses.flatMap((one) => neighbour(one, '')))
  return !near.some(({ subnet }) => isIn(address, subnet))
}

const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)

function neighbours(desk: Desk, networks: Rules['networks']): Neighbours[] {
  return [
    ...[...networks.values()].flatMap(({ subnets, bridge }) => subnets.flatMap((text) => neighbour(text, bridge))),
    ...natNetworks(desk, networks.keys()),
    ...[...(desk.view.links?.values() ?? [])].flatMap(({ name, loopback, addresses }) =>
      loopback ? [] : addresses.flatMap((address) => neighbour(address, name)),
    ),
  ]
}

function neighbour(text: string, bridge: string): Neighbours[] {
  const subnet = parseCidr(text, familyOf(text))
  return subnet === undefined ? [] : [{ subnet, bridge }]
}

function isIn(address: string, subnet: Cidr): boolean {
  const value = parseCidr(address, subnet.family)?.value
  return value !== undefined && contains(subnet, value)
}

const isSingle = ({ first, last }: Cidr): boolean => first === last
const textOf = ({ first, family, prefix }: Cidr): string => `${formatAddress(first, family)}/${prefix}`

function linksOf({ view }: Desk, path: string): Set<string> {
  return new Set(containerAt(view, path)?.effective.nics.flatMap((nic) => values(nic, 'link')))
}

/**
 * @param path LXCPATH/NAME
 * @returns undefined also for a container of another lxcpath than lxcnet works in, whatever has its name here
 */
export const containerAt = (view: View, path: string): Container | undefined =>
  isHere(view, path) ? view.containers.get(path.slice(view.lxcpath.length + 1)) : undefined

export const isHere = ({ lxcpath }: View, path: string): boolean => path.slice(0, path.lastIndexOf('/')) === lxcpath
