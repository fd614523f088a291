/**
 * Bridges in the files of systemd-networkd. What lxcnet makes are files of its own, which come before those of the
 * uplink in the order of names: of several that match a link the first is used, and the others are left as they are.
 */
import { LxcnetError } from '../core/error.ts'
import { globPattern } from '../core/glob.ts'
import { type Assignment, type Line, parse, print, values } from '../document/networkd.ts'
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

const folder = '/etc/systemd/network'
const base = (path: string): string => path.replace(/.*\//, '')
const lastOf = (list: readonly string[]): string | undefined => list.at(-1)

interface Network {
  path: string
  lines: Line[]
}

const networksOf = (texts: Texts, files: readonly string[]): Network[] =>
  files.filter((path) => path.endsWith('.network')).map((path) => ({ path, lines: parse(texts.read(path) ?? '') }))

/** The file that is used for a link: the first that matches. Undefined too when more than the name decides. */
function networkOf(networks: readonly Network[], link: string): Network | undefined {
  return networks.find(({ lines }) => {
    const names = values(lines, 'Match', 'Name').flatMap((value) => value.split(/\s+/))
    return names.some((name) => !name.startsWith('!') && globPattern(name).test(link))
  })
}

export const networkdKnows = (texts: Texts, files: readonly string[], link: string): boolean =>
  networkOf(networksOf(texts, files), link) !== undefined

export function findNetworkd(texts: Texts, files: readonly string[]): Standing[] {
  const networks = networksOf(texts, files)
  return files.flatMap((path): Standing[] => {
    if (!path.endsWith('.netdev')) return []
    const lines = parse(texts.read(path) ?? '')
    const name = lastOf(values(lines, 'NetDev', 'Name'))
    if (name === undefined || lastOf(values(lines, 'NetDev', 'Kind')) !== 'bridge') return []
    return [{ bridge: bridgeFrom(name, lines, networks), backend: 'networkd', from: path }]
  })
}

function bridgeFrom(name: string, netdev: readonly Line[], networks: readonly Network[]): Bridge {
  const port = networks.find(({ lines }) => values(lines, 'Network', 'Bridge').includes(name))
  const named = lastOf(values(port?.lines ?? [], 'Match', 'Name'))
  const own = networkOf(networks, name)?.lines ?? []
  const dhcp = lastOf(values(own, 'Network', 'DHCP')) ?? ''
  const mac = lastOf(values(netdev, 'NetDev', 'MACAddress'))
  const mtu = lastOf(values(own, 'Link', 'MTUBytes')) ?? lastOf(values(netdev, 'NetDev', 'MTUBytes'))
  return {
    name,
    ...(named === undefined ? {} : uplinkOf(named)),
    address: [
      ...values(own, 'Network', 'Address'),
      ...values(own, 'Address', 'Address'),
      ...(/^(yes|true|ipv4)$/.test(dhcp) ? ['dhcp'] : []),
      ...(/^(yes|true)$/.test(lastOf(values(own, 'Network', 'IPv6AcceptRA')) ?? '') ? ['slaac'] : []),
    ],
    gateway: [...values(own, 'Network', 'Gateway'), ...defaultRoutes(own)],
    dns: values(own, 'Network', 'DNS').flatMap((value) => value.split(/\s+/)),
    stp: /^(yes|true|on|1)$/.test(lastOf(values(netdev, 'Bridge', 'STP')) ?? ''),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(mac === undefined || mac === 'none' ? {} : { hwaddr: mac.toLowerCase() }),
  }
}

/** Gateways of [Route] sections that name no destination. */
function defaultRoutes(lines: readonly Line[]): string[] {
  const found: string[] = []
  let gateway: string | undefined
  let destination = false
  for (const line of [...lines, { kind: 'section' as const, raw: '', section: '' }]) {
    if (line.kind === 'section') {
      if (gateway !== undefined && !destination) found.push(gateway)
      gateway = undefined
      destination = false
    } else if (line.kind === 'assignment' && line.section === 'Route') {
      if (line.key === 'Gateway') gateway = line.value
      if (line.key === 'Destination') destination = true
    }
  }
  return found
}

const netdevOf = (texts: Texts, files: readonly string[], name: string): string | undefined =>
  files.find((path) => {
    const lines = path.endsWith('.netdev') ? parse(texts.read(path) ?? '') : []
    return lastOf(values(lines, 'NetDev', 'Name')) === name
  })

/** Writes a new bridge. */
export function addNetworkd(texts: Texts, files: readonly string[], bridge: Bridge, uplink: Uplink): Added {
  const { name, hwaddr, stp } = bridge
  const port = portOf(bridge)
  const other = netdevOf(texts, files, name)
  if (other !== undefined) throw nameTaken(name, other)
  const networks = networksOf(texts, files)
  const old = port === undefined ? undefined : networkOf(networks, port)
  const stem = stemBefore(old?.path, name)
  const note = `# Bridge ${name}, made by lxcnet: change it with \`lxcnet bridge set ${name}\`.\n`
  const mac = hwaddr ?? (port === undefined ? undefined : uplink.mac)
  const netdev = [
    `${note}[NetDev]\nName=${name}\nKind=bridge\n`,
    mac === undefined ? '' : `MACAddress=${mac}\n`,
    // without STP a port would still wait 15 seconds before it forwards
    `\n[Bridge]\nSTP=${stp ? 'yes' : 'no'}\n${stp ? '' : 'ForwardDelaySec=0\n'}`,
  ]
  texts.write(`${folder}/${stem}.netdev`, netdev.join(''))
  // a pattern that speaks of NICs matches their VLANs too, which have nothing of it
  const isOwn =
    bridge.vlanId === undefined ||
    values(old?.lines ?? [], 'Match', 'Name')
      .join(' ')
      .split(' ')
      .includes(port ?? '')
  const taken = isOwn ? old : undefined
  const had = taken === undefined || port === undefined ? undefined : bridgeFrom(port, [], networks)
  const heir = heirOf(bridge, had)
  texts.write(
    `${folder}/${stem}.network`,
    note + (taken === undefined ? freshNetwork(bridge) : movedNetwork(taken, heir, uplink)),
  )
  if (port !== undefined) {
    writePort(texts, stem, note, bridge, port, old)
    if (bridge.vlanId !== undefined) writeVlan(texts, stem, note, bridge, networks)
  }
  return { takesOver: taken !== undefined, mentions: [], dropped: droppedOf(heir, had) }
}

/** The name of files that come before the uplink's own. @throws {LxcnetError} `networkd-order` */
function stemBefore(path: string | undefined, bridge: string): string {
  const stem = ['05', '00']
    .map((number) => `${number}-lxcnet-${bridge}`)
    .find((one) => path === undefined || one < base(path))
  if (stem !== undefined) return stem
  throw new LxcnetError('networkd-order', `${path} comes before any file that lxcnet could write`, {
    suggestions: ['give it a name that starts with a number above 05'],
  })
}

/** What an address that is given anew replaces in [Network], besides [Address] and the default [Route]. */
const addressing = /^(Address|Gateway|DHCP)$/

/** What the uplink had, under the name of the bridge; [Link] stays, but for the MTU. */
function movedNetwork({ path, lines }: Network, bridge: Bridge, { clientId }: Uplink): string {
  const anew = bridge.address.length > 0
  const ra = lastOf(values(lines, 'Network', 'IPv6AcceptRA')) ?? ''
  const advertised = bridge.address.includes('slaac') || /^(yes|true)$/.test(ra)
  const gone = (section: string, key: string): boolean =>
    (key === 'DNS' && bridge.dns.length > 0) ||
    (anew && section === 'Network' && (addressing.test(key) || (advertised && key === 'IPv6AcceptRA')))
  const fresh = [
    ...(anew ? addressLines(bridge) : []),
    ...(anew && advertised ? [`IPv6AcceptRA=${bridge.address.includes('slaac') ? 'yes' : 'no'}\n`] : []),
    ...bridge.dns.map((one) => `DNS=${one}\n`),
  ]
  const kept: string[] = []
  for (const { section, body } of sectionsOf(lines)) {
    if (section === 'Match' || section === 'Link') continue
    if (anew && (section === 'Address' || (section === 'Route' && defaultRoutes(body).length > 0))) continue
    for (const line of body) {
      if (line.kind === 'comment' || (line.kind === 'assignment' && gone(section, line.key))) continue
      kept.push(line.raw.endsWith('\n') ? line.raw : `${line.raw}\n`)
      if (line.kind === 'section' && section === 'Network') kept.push(...fresh.splice(0))
    }
  }
  if (fresh.length > 0) kept.unshift('[Network]\n', ...fresh, '\n')
  const mtu = bridge.mtu?.toString() ?? lastOf(values(lines, 'Link', 'MTUBytes'))
  const body = `[Match]\nName=${bridge.name}\n\n${mtu === undefined ? '' : `[Link]\nMTUBytes=${mtu}\n\n`}${kept.join('').trim()}\n`
  const iaid = /^ff([\da-f]{8})/i.exec(clientId ?? '')?.[1]
  const known = values(lines, 'DHCPv4', 'IAID').length > 0 || /\[DHCPv4\]/.test(body)
  // the server knows the lease by what the uplink called itself, which follows from its bus and not from its MAC
  const lease =
    iaid === undefined || known || (anew && !bridge.address.includes('dhcp'))
      ? ''
      : `\n[DHCPv4]\nIAID=${Number.parseInt(iaid, 16)}\n`
  return `# As ${path} has it for ${portOf(bridge)}.\n${body}${lease}`
}

/** Each section with its head; what stands before the first one is in none. */
function sectionsOf(lines: readonly Line[]): { section: string; body: Line[] }[] {
  const sections: { section: string; body: Line[] }[] = []
  for (const line of lines) {
    if (line.kind === 'section') sections.push({ section: line.section, body: [line] })
    else sections.at(-1)?.body.push(line)
  }
  return sections
}

const addressLines = ({ address, gateway }: Bridge): string[] => [
  ...address.flatMap((one) => (one === 'dhcp' ? ['DHCP=ipv4\n'] : one === 'slaac' ? [] : [`Address=${one}\n`])),
  ...gateway.map((one) => `Gateway=${one}\n`),
]

function freshNetwork(bridge: Bridge): string {
  const { name, address, dns, mtu } = bridge
  const lines = [
    `[Match]\nName=${name}\n\n`,
    mtu === undefined ? '' : `[Link]\nMTUBytes=${mtu}\n\n`,
    '[Network]\n',
    ...addressLines(bridge),
    ...dns.map((one) => `DNS=${one}\n`),
    // a bridge without ports has no carrier, and its address is wanted all the same
    'ConfigureWithoutCarrier=yes\n',
    ...(address.length > 0 ? [] : ['LinkLocalAddressing=no\n']),
    `IPv6AcceptRA=${address.includes('slaac') ? 'yes' : 'no'}\n`,
  ]
  return lines.join('')
}

function writePort(
  texts: Texts,
  stem: string,
  note: string,
  bridge: Bridge,
  port: string,
  old: Network | undefined,
): void {
  const link =
    old?.lines.filter((line) => line.kind === 'assignment' && line.section === 'Link' && line.key !== 'MTUBytes') ?? []
  const mtu = bridge.mtu?.toString() ?? lastOf(values(old?.lines ?? [], 'Link', 'MTUBytes'))
  const options = [
    ...(mtu === undefined ? [] : [`MTUBytes=${mtu}\n`]),
    ...link.map(({ raw }) => (raw.endsWith('\n') ? raw : `${raw}\n`)),
  ]
  const section = options.length === 0 ? '' : `[Link]\n${options.join('')}\n`
  texts.write(
    `${folder}/${stem}-port.network`,
    `${note}[Match]\nName=${port}\n\n${section}[Network]\nBridge=${bridge.name}\n`,
  )
}

/** The VLAN's link, and the line by which networkd makes it when the uplink is there. */
function writeVlan(texts: Texts, stem: string, note: string, bridge: Bridge, networks: readonly Network[]): void {
  const port = portOf(bridge)
  const { uplink = '', vlanId } = bridge
  texts.write(`${folder}/${stem}-vlan.netdev`, `${note}[NetDev]\nName=${port}\nKind=vlan\n\n[VLAN]\nId=${vlanId}\n`)
  const parent = networkOf(networks, uplink)
  if (parent === undefined) {
    const body = `[Match]\nName=${uplink}\n\n[Network]\nVLAN=${port}\nLinkLocalAddressing=no\n`
    texts.write(`${folder}/${stemBefore(undefined, bridge.name)}-uplink.network`, note + body)
    return
  }
  if (!parent.path.startsWith(folder))
    throw new LxcnetError(
      'networkd-generated',
      `${parent.path} is written anew at each boot, and lacks a line for ${port}`,
      {
        suggestions: [`copy it to ${folder}/${base(parent.path)}`],
      },
    )
  const at = parent.lines.findIndex((line) => line.kind === 'section' && line.section === 'Network')
  const lines = [...parent.lines]
  const line: Line = { kind: 'comment', raw: `VLAN=${port}\n` }
  if (at === -1) lines.push({ kind: 'comment', raw: `\n[Network]\nVLAN=${port}\n` })
  else lines.splice(at + 1, 0, line)
  texts.write(parent.path, print(lines))
}

/** Words of a bridge that somebody else wrote, changed where they stand. */
export function editNetworkd(texts: Texts, files: readonly string[], old: Bridge, now: Bridge): void {
  const netdev = netdevOf(texts, files, old.name)
  const network = networkOf(networksOf(texts, files), old.name)?.path
  const set = (path: string | undefined, section: string, key: string, list: readonly string[]): void => {
    if (path === undefined)
      throw new LxcnetError('bridge-by-hand', `${old.name}: no file of ${folder} gives it addresses`, {
        suggestions: [`write ${folder}/${old.name}.network`],
      })
    texts.write(path, print(withValues(parse(texts.read(path) ?? ''), section, key, list)))
  }
  const differs = (a: readonly string[], b: readonly string[]): boolean => a.join() !== b.join()
  if (old.stp !== now.stp) set(netdev, 'Bridge', 'STP', [now.stp ? 'yes' : 'no'])
  if (old.hwaddr !== now.hwaddr) set(netdev, 'NetDev', 'MACAddress', now.hwaddr === undefined ? [] : [now.hwaddr])
  if (old.mtu !== now.mtu) set(network, 'Link', 'MTUBytes', now.mtu === undefined ? [] : [`${now.mtu}`])
  const plain = (list: readonly string[]): string[] => list.filter((one) => one !== 'dhcp' && one !== 'slaac')
  if (differs(plain(old.address), plain(now.address))) set(network, 'Network', 'Address', plain(now.address))
  if (differs(old.gateway, now.gateway)) set(network, 'Network', 'Gateway', now.gateway)
  if (differs(old.dns, now.dns)) set(network, 'Network', 'DNS', now.dns)
}

/** The lines with these values of a key, the first in the place of the first that was there. */
function withValues(lines: readonly Line[], section: string, key: string, list: readonly string[]): Line[] {
  const isOne = (line: Line): line is Assignment =>
    line.kind === 'assignment' && line.section === section && line.key === key
  const place = lines.findIndex(isOne)
  const head = lines.findIndex((line) => line.kind === 'section' && line.section === section)
  const fresh = list.map((value): Line => ({ kind: 'comment', raw: `${key}=${value}\n` }))
  const rest = lines.filter((line) => !isOne(line))
  if (place === -1 && head === -1)
    return fresh.length === 0 ? rest : [...rest, { kind: 'comment', raw: `\n[${section}]\n` }, ...fresh]
  const at = place === -1 ? head + 1 : place
  return [...rest.slice(0, at), ...fresh, ...rest.slice(at)]
}
