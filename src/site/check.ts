/** What is wrong between the parts of a site: the same MAC or address twice, subnets that overlap, a name twice. */
import type { Given, Network, Say, Site, SiteContainer, SiteNic, Subnet } from './model.ts'

/** @param say takes errors for what surely breaks, warnings for what may be meant */
export function checkSite(site: Site, say: Say): void {
  checkSubnets(site, say)
  checkNames(site, say)
  checkDuplicates(site, say)
}

interface Claimed {
  network: Network
  subnet: Subnet
}

/** Subnets lie in each other or apart: in the order of their first addresses, those around the next are an open stack. */
function checkSubnets(site: Site, say: Say): void {
  const users = hostsOfNetworks(site)
  for (const family of [4, 6] as const) {
    const subnets = [...site.networks.values()]
      .flatMap((network): Claimed[] => {
        const subnet = network.subnets[family]
        return subnet === undefined ? [] : [{ network, subnet }]
      })
      .sort((a, b) =>
        a.subnet.first < b.subnet.first ? -1 : a.subnet.first > b.subnet.first ? 1 : a.subnet.prefix - b.subnet.prefix,
      )
    let around: Claimed[] = []
    for (const next of subnets) {
      around = around.filter(({ subnet }) => subnet.last >= next.subnet.first)
      const apart = (other: Claimed): boolean => isApart(other.network, next.network, users)
      const [other] = [...around.filter((one) => !apart(one)), ...around]
      if (other !== undefined) sayOverlap(site, next, other, apart(other), say)
      around.push(next)
    }
  }
}

function sayOverlap(site: Site, one: Claimed, other: Claimed, apart: boolean, say: Say): void {
  const [early, late] = one.subnet.span.at < other.subnet.span.at ? [one, other] : [other, one]
  const where = `network ${early.network.name} (line ${site.place(early.subnet.span).line})`
  const message = `network ${late.network.name}: ${late.subnet.text} overlaps ${early.subnet.text} of ${where}`
  if (apart) say.warning(late.subnet.span, 'subnet-overlap', message, 'fine as long as no host gets both')
  else say.error(late.subnet.span, 'subnet-overlap', message, 'give each network a subnet of its own')
}

/** Every host has its own lxcbr0 with 10.0.3.0/24: bridges of hosts that have nothing to do with each other. */
function isApart(a: Network, b: Network, users: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (a.type?.values[0] !== 'veth' || b.type?.values[0] !== 'veth') return false
  return ![...(users.get(a.name) ?? [])].some((host) => users.get(b.name)?.has(host))
}

function hostsOfNetworks(site: Site): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>()
  for (const { container, nic } of nicsOf(site)) {
    if (nic.network === undefined) continue
    const hosts = users.get(nic.network)
    if (hosts === undefined) users.set(nic.network, new Set([container.host]))
    else hosts.add(container.host)
  }
  return users
}

function checkNames(site: Site, say: Say): void {
  const first = new Map<string, SiteContainer>()
  for (const { containers } of site.hosts.values()) {
    for (const container of containers) {
      const other = first.get(container.name)
      if (other === undefined) first.set(container.name, container)
      else if (other.host !== container.host) {
        const { line } = site.place(other.span)
        const message = `${container.name} is on ${container.host} and on ${other.host} (line ${line})`
        const fix = 'fine for a stand-by that never runs beside the other; else give it another name'
        say.warning(container.span, 'container-twice', message, fix)
      }
    }
  }
}

interface Held {
  container: SiteContainer
  index: number
  nic: SiteNic
}

function checkDuplicates(site: Site, say: Say): void {
  const holders = new Map<string, Held>()
  for (const held of nicsOf(site)) {
    for (const flag of ['hwaddr', 'ipv4', 'ipv6']) {
      const given = held.nic.given.get(flag)
      for (const value of given?.values ?? []) {
        // an address alone: that the same one stands there with another prefix makes it no better
        if (given !== undefined) claim(site, holders, held, flag, value.replace(/[/ ].*/, ''), given, say)
      }
    }
  }
}

function claim(
  site: Site,
  holders: Map<string, Held>,
  held: Held,
  flag: string,
  value: string,
  given: Given,
  say: Say,
): void {
  const ids = claimsOf(held, flag).map((claim) => `${claim} ${value}`)
  const [other] = ids.flatMap((id) => holders.get(id) ?? [])
  for (const id of ids) if (!holders.has(id)) holders.set(id, held)
  if (other === undefined || other.nic === held.nic) return
  const { container, index } = other
  const [what, code] = flag === 'hwaddr' ? ['MAC', 'duplicate-mac'] : ['address', 'duplicate-address']
  const line = site.place(other.nic.given.get(flag)?.span ?? other.nic.span).line
  const where = `${container.name}@${container.host}:${index} (line ${line})`
  const message = `${held.container.name}@${held.container.host}: NIC ${held.index}: ${flag}: ${value} is also the ${what} of ${where}`
  const fix = `give one of them another ${what}`
  if (isOneSegment(held, other) && !isStandBy(held, other)) say.error(given.span, code, message, fix)
  else say.warning(given.span, code, message, `${fix}, unless they never meet`)
}

/** What a NIC claims a value on: the link of its host, its network, and for a MAC the whole site. */
function claimsOf({ container, nic }: Held, flag: string): string[] {
  const segment = segmentOf(nic)
  return [
    ...(segment === undefined ? [] : [`${container.host} ${segment}`]),
    ...(nic.network === undefined ? [] : [`network ${nic.network}`]),
    ...(flag === 'hwaddr' ? ['site'] : []),
  ]
}

function segmentOf({ given }: SiteNic): string | undefined {
  const link = given.get('link')?.values[0]
  return link === undefined ? undefined : `${link} ${given.get('vlan-id')?.values[0] ?? ''}`
}

/** A network of veths may hang on a bridge of each host's own; what sits on a real parent reaches the other hosts. */
function isOneSegment(a: Held, b: Held): boolean {
  const isOneNetwork = a.nic.network !== undefined && a.nic.network === b.nic.network
  if (a.container.host !== b.container.host) return isOneNetwork && !isVeth(a.nic) && !isVeth(b.nic)
  const segment = segmentOf(a.nic)
  return isOneNetwork || (segment !== undefined && segment === segmentOf(b.nic))
}

const isVeth = ({ given }: SiteNic): boolean => given.get('type')?.values[0] === 'veth'

/** The same container prepared on a second host. */
const isStandBy = (a: Held, b: Held): boolean =>
  a.container.name === b.container.name && a.container.host !== b.container.host

function* nicsOf(site: Site): Generator<Held> {
  for (const { containers } of site.hosts.values())
    for (const container of containers) for (const [index, nic] of container.nics) yield { container, index, nic }
}
