/**
 * Bridges in the files of ifupdown(8), which are written for ifupdown, ifupdown-ng and ifupdown2 alike: `bridge_ports`
 * needs bridge-utils with the first of them, so the lines that lxcnet writes call ip(8) instead.
 */
import { parseCidr } from '../core/address.ts'
import { LxcnetError } from '../core/error.ts'
import { globPattern } from '../core/glob.ts'
import { indentOf, type Line, type Option, parse, print, type Stanza, stanzas } from '../document/interfaces.ts'
import {
  type Added,
  type Bridge,
  droppedOf,
  heirOf,
  nameTaken,
  portOf,
  type Standing,
  type Texts,
  uplinkOf,
} from './model.ts'

export const mainFile = '/etc/network/interfaces'

/** The files that ifupdown reads, in its order, and what they say. */
interface Entry extends Stanza {
  file: string
}

const entriesOf = (texts: Texts, files: readonly string[]): Entry[] =>
  files.flatMap((file) => stanzas(parse(texts.read(file) ?? '')).map((stanza) => ({ ...stanza, file })))

/** Its options and those of the templates that it inherits, its own last. */
function optionsOf(entry: Entry, entries: readonly Entry[], depth = 0): readonly Option[] {
  const inherited = depth > 8 ? [] : entry.inherits.flatMap((name) => entries.filter((one) => one.name === name))
  return [...inherited.flatMap((one) => optionsOf(one, entries, depth + 1)), ...entry.options]
}

const addLine = /^ip link add (?:name |dev )?\$\{?IFACE\}? (.*)\btype bridge\b(.*)$/
const portLine = /^ip link set (?:dev )?(\S+) (?:mtu \d+ )?master \$\{?IFACE\}?\b/

/** Bridges that the files make, by whichever of the usual ways. */
export function findIfupdown(texts: Texts, files: readonly string[]): Standing[] {
  const entries = entriesOf(texts, files)
  const names = new Set(entries.filter((entry) => isBridge(optionsOf(entry, entries))).map(({ name }) => name))
  return [...names].map((name): Standing => {
    const own = entries.filter((entry) => entry.name === name)
    return { bridge: bridgeFrom(name, own, entries), backend: 'ifupdown', from: own[0]?.file ?? mainFile }
  })
}

const isBridge = (options: readonly Option[]): boolean =>
  options.some(({ key, value }) => /^bridge[_-]ports$/.test(key) || (/^pre-up$/.test(key) && addLine.test(value)))

function bridgeFrom(name: string, own: readonly Entry[], entries: readonly Entry[]): Bridge {
  const options = own.flatMap((entry) => optionsOf(entry, entries))
  const last = (pattern: RegExp): string | undefined => options.findLast(({ key }) => pattern.test(key))?.value
  const made = options.flatMap(({ key, value }) => (key === 'pre-up' ? (addLine.exec(value) ?? []) : []))
  const words = made.slice(1).join(' ')
  const listed = (last(/^bridge[_-]ports$/) ?? '').split(/\s+/).filter((word) => word !== '' && word !== 'none')
  const set = options.flatMap(({ key, value }) => (key === 'pre-up' ? (portLine.exec(value)?.[1] ?? []) : []))
  const port = [...listed, ...set][0]
  const hwaddr = /\baddress ([\da-f:]{17}) /i.exec(words)?.[1] ?? last(/^(bridge[_-]hw|hwaddress)$/)
  const mac = /([\da-f]{2}(:[\da-f]{2}){5})/i.exec(hwaddr ?? '')?.[1]
  const mtu = last(/^mtu$/)
  return {
    name,
    ...(port === undefined ? {} : uplinkOf(port)),
    address: own.flatMap((entry) => addressesOf(entry, entries)),
    gateway: options.flatMap(({ key, value }) => (key === 'gateway' ? [value] : [])),
    dns: options.flatMap(({ key, value }) => (/^dns-nameservers?$/.test(key) ? value.split(/\s+/) : [])),
    stp: /^(on|yes|1)$/.test(last(/^bridge[_-]stp$/) ?? '') || /\bstp_state 1\b/.test(words),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(mac === undefined ? {} : { hwaddr: mac.toLowerCase() }),
  }
}

function addressesOf(entry: Entry, entries: readonly Entry[]): string[] {
  const { family, method } = entry
  if (method === 'dhcp' && family === 'inet') return ['dhcp']
  if (method === 'auto') return ['slaac']
  if (method !== 'static') return []
  const options = optionsOf(entry, entries)
  const mask = options.findLast(({ key }) => key === 'netmask')?.value
  return options.flatMap(({ key, value }) => {
    if (key !== 'address') return []
    if (value.includes('/') || mask === undefined) return [value]
    return [`${value}/${/^\d+$/.test(mask) ? mask : prefixOf(mask)}`]
  })
}

/** 255.255.255.0 → 24 */
const prefixOf = (mask: string): number =>
  mask.split('.').reduce((bits, byte) => bits + Number(byte).toString(2).replaceAll('0', '').length, 0)

/** Does any file speak of this link? */
export const ifupdownKnows = (texts: Texts, files: readonly string[], link: string): boolean =>
  entriesOf(texts, files).some(({ name }) => name === link)

/** Writes a new bridge. */
export function addIfupdown(texts: Texts, files: readonly string[], bridge: Bridge): Added {
  const port = portOf(bridge)
  const entries = entriesOf(texts, files)
  const other = entries.find(({ name }) => name === bridge.name)
  if (other !== undefined) throw nameTaken(bridge.name, other.file)
  const standing = entries.filter(({ name }) => name === port)
  refuseMapping(texts, files, port)
  const configured = standing.filter(({ method }) => method !== 'manual')
  if (port !== undefined && configured.length > 0) {
    const had = bridgeFrom(port, configured, entries)
    const heir = heirOf(bridge, had)
    const mentions = takeOver(texts, { ...heir, port }, configured, entries)
    return { takesOver: true, mentions, dropped: droppedOf(heir, had) }
  }
  const fresh = [
    ...(port === undefined || bridge.vlanId === undefined || standing.length > 0 ? [] : vlanLines(bridge, port)),
    ...stanzasOf(bridge, port, '    '),
  ].join('')
  const own = `/etc/network/interfaces.d/${bridge.name}`
  // a file of that name, with something else in it, is somebody's
  if (sourcesFolder(parse(texts.read(mainFile) ?? '')) && texts.read(own) === undefined) {
    const note = `# Bridge ${bridge.name}, made by lxcnet: change it with \`lxcnet bridge set ${bridge.name}\`.\n`
    texts.write(own, `${note}${fresh.replace(/^\n/, '')}`)
  } else {
    const old = texts.read(mainFile) ?? ''
    texts.write(mainFile, `${old}${old === '' || old.endsWith('\n') ? '' : '\n'}${fresh}`)
  }
  return { takesOver: false, mentions: [], dropped: [] }
}

const sourcesFolder = (lines: readonly Line[]): boolean =>
  lines.some(
    (line) =>
      line.kind === 'keyword' &&
      ((line.words[0] === 'source' && /^(\/etc\/network\/)?interfaces\.d\/\*$/.test(line.words[1] ?? '')) ||
        (line.words[0] === 'source-directory' && /^(\/etc\/network\/)?interfaces\.d\/?$/.test(line.words[1] ?? ''))),
  )

/** ifupdown makes the link of a VLAN by itself: interfaces(5), VLAN INTERFACES. */
const vlanLines = ({ uplink, mtu }: Bridge, port: string): string[] => [
  `\nauto ${port}\n`,
  `iface ${port} inet manual\n`,
  `    vlan-raw-device ${uplink}\n`,
  ...(mtu === undefined ? [] : [`    mtu ${mtu}\n`]),
]

/** Lines that make the link itself; the file may be read by a shell that knows no arrays, and by busybox. */
function makeLines({ hwaddr, stp, mtu }: Bridge, port: string | undefined): string[] {
  const mac = hwaddr ?? (port === undefined ? undefined : `"$(cat /sys/class/net/${port}/address)"`)
  const made = mac === undefined ? '' : `address ${mac} `
  return [
    // without STP a port would still wait 15 seconds before it forwards
    `pre-up ip link add name $IFACE ${made}type bridge ${stp ? 'stp_state 1' : 'forward_delay 0'}`,
    // one that nobody has set is that of its first port, and changes under those who talk to it as ports come and go:
    // br_stp_recalculate_bridge_id() in net/bridge/br_stp_if.c
    ...(mac === undefined ? ['pre-up ip link set dev $IFACE address "$(cat /sys/class/net/$IFACE/address)"'] : []),
    ...(port === undefined
      ? []
      : [`pre-up ip link set dev ${port} ${mtu === undefined ? '' : `mtu ${mtu} `}master $IFACE up`]),
    'post-down ip link del dev $IFACE',
  ]
}

/** The stanzas of a bridge that takes nothing over: one for each address, the link made by the first. */
function stanzasOf(bridge: Bridge, port: string | undefined, indent: string): string[] {
  const { name, mtu, dns, gateway } = bridge
  const addresses = bridge.address.length === 0 ? [''] : bridge.address
  const lines = [`\nauto ${name}\n`]
  const given = new Set<number>()
  for (const [at, address] of addresses.entries()) {
    const family = address === 'slaac' || address.includes(':') ? 6 : 4
    const method = address === '' ? 'manual' : address === 'dhcp' ? 'dhcp' : address === 'slaac' ? 'auto' : 'static'
    const options = [
      ...(method === 'static' ? [`address ${address}`] : []),
      // without a port nobody answers, and the kernel does not even ask: ifup would wait for it, and fail
      ...(method === 'static' && family === 6 && port === undefined ? ['dad-attempts 0'] : []),
      ...(method === 'static' && !given.has(family)
        ? gateway.filter((one) => one.includes(':') === (family === 6)).map((one) => `gateway ${one}`)
        : []),
      ...(at > 0 || dns.length === 0 ? [] : [`dns-nameservers ${dns.join(' ')}`]),
      ...(at > 0 || mtu === undefined ? [] : [`mtu ${mtu}`]),
      ...(at > 0 ? [] : makeLines(bridge, port)),
    ]
    given.add(family)
    lines.push(`iface ${name} ${family === 6 ? 'inet6' : 'inet'} ${method}\n`)
    lines.push(...options.map((option) => `${indent}${option}\n`))
  }
  return lines
}

/** Options that speak of the wire, which stays with the uplink. */
const wire = /^(hwaddress|ethernet-|offload-|hardware-|link-(speed|duplex|autoneg)|wpa-|vlan[_-]raw[_-]device)/
/** What an address that is given anew replaces. */
const addressing = /^(address|netmask|gateway|broadcast|network|pointopoint|metric|scope)$/

/**
 * The stanzas of the uplink become the bridge's, line by line; what is left to the uplink is `manual`.
 *
 * @returns commands that name the uplink, and stand with the bridge now
 */
function takeOver(
  texts: Texts,
  bridge: Bridge & { port: string },
  standing: readonly Entry[],
  entries: readonly Entry[],
): string[] {
  const { name, port } = bridge
  const heirs = entries.filter((entry) => entry.inherits.includes(port))
  if (heirs[0] !== undefined)
    throw new LxcnetError('interfaces-inherits', `${heirs[0].file}: ${heirs[0].name} inherits what ${port} has`, {
      suggestions: [`write its options out, so that those of ${port} can become those of ${name}`],
    })
  const anew = bridge.address.length > 0
  const mentions: string[] = []
  for (const [nth, { file, at: header }] of standing.entries()) {
    const lines = parse(texts.read(file) ?? '')
    const index = shifted(lines, port, header)
    const stanza = stanzas(lines).find(({ at }) => at === index)
    if (stanza === undefined) continue
    const indent = indentOf(lines.slice(stanza.at, stanza.end))
    const own = lines.slice(stanza.at + 1, stanza.end)
    const stays = own.filter((line) => line.kind === 'option' && wire.test(line.key))
    const both = own.filter((line) => line.kind === 'option' && line.key === 'mtu')
    const moved = own
      .filter((line) => !stays.includes(line))
      .filter((line) => !(anew && line.kind === 'option' && addressing.test(line.key)))
      .filter((line) => !(bridge.dns.length > 0 && line.kind === 'option' && /^dns-nameservers?$/.test(line.key)))
      .filter((line) => !(bridge.mtu !== undefined && line.kind === 'option' && line.key === 'mtu'))
      .map((line) => renamed(line, port, name, mentions))
    const raw = (text: string): Line => ({ kind: 'comment', raw: text })
    const options = (list: readonly string[]): Line[] => list.map((option) => raw(`${indent}${option}\n`))
    const mtu = bridge.mtu === undefined ? both : [raw(`${indent}mtu ${bridge.mtu}\n`)]
    const fresh: Line[] = []
    if (nth === 0) {
      fresh.push(raw(`iface ${port} inet manual\n`), ...ended(stays), ...ended(mtu), raw('\n'))
      if (anew) {
        const written = stanzasOf(bridge, port, indent).map((text, at) => raw(at === 0 ? text.slice(1) : text))
        // what moves belongs to the first of them, and a second one would take it for its own
        const second = written.findIndex(({ raw }, at) => at > 1 && raw.startsWith('iface '))
        fresh.push(...written.toSpliced(second === -1 ? written.length : second, 0, ...ended(moved)))
      } else {
        fresh.push(raw(`auto ${name}\n`), withName(lines[index], port, name))
        fresh.push(...(bridge.mtu === undefined ? [] : options([`mtu ${bridge.mtu}`])))
        fresh.push(...(bridge.dns.length === 0 ? [] : options([`dns-nameservers ${bridge.dns.join(' ')}`])))
        fresh.push(...options(makeLines(bridge, port)), ...moved)
      }
    } else if (!anew) fresh.push(withName(lines[index], port, name), ...moved)
    lines.splice(stanza.at, stanza.end - stanza.at, ...fresh)
    texts.write(file, print(lines))
  }
  return mentions
}

/** Where the stanza stands now: its first one still at its old place, or further down after others became longer. */
function shifted(lines: readonly Line[], port: string, header: number): number {
  const found = stanzas(lines).filter(({ name, method }) => name === port && method !== 'manual')
  return found[0]?.at ?? header
}

const ended = (lines: readonly Line[]): Line[] =>
  lines.map((line) => (line.raw.endsWith('\n') ? line : { ...line, raw: `${line.raw}\n` }))

const withName = (line: Line | undefined, from: string, to: string): Line => ({
  kind: 'comment',
  raw:
    ended([line ?? { kind: 'blank', raw: '' }])[0]?.raw.replace(
      new RegExp(`(\\s)${escaped(from)}(\\s)`),
      `$1${to}$2`,
    ) ?? '',
})

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Commands of ip(8) on addresses, routes and rules go with the address; of others a person has to judge. */
function renamed(line: Line, from: string, to: string, mentions: string[]): Line {
  if (line.kind !== 'option' || !/^(pre-|post-)?(up|down)$/.test(line.key)) return line
  const word = new RegExp(`(^|[\\s"'=])${escaped(from)}(?=[\\s"';]|$)`, 'g')
  if (!word.test(line.value)) return line
  if (/^ip (-\S+ )*(a|addr|address|r|route|ru|rule|n|neigh)\b/.test(line.value))
    return { kind: 'comment', raw: line.raw.replace(word, `$1${to}`) }
  mentions.push(line.value)
  return line
}

/** Such a stanza says which other one is used, by a script: no text tells which. */
function refuseMapping(texts: Texts, files: readonly string[], port: string | undefined): void {
  if (port === undefined) return
  for (const file of files) {
    const hit = parse(texts.read(file) ?? '').find(
      (line) =>
        line.kind === 'keyword' &&
        line.words[0] === 'mapping' &&
        line.words.slice(1).some((pattern) => globPattern(pattern).test(port)),
    )
    if (hit === undefined) continue
    throw new LxcnetError('interfaces-mapping', `${file}: a mapping stanza decides what ${port} is`, {
      suggestions: [`replace the mapping by a plain \`iface ${port}\` stanza`],
    })
  }
}

/** Words of a bridge that somebody else wrote, changed where they stand. */
export function editIfupdown(texts: Texts, files: readonly string[], old: Bridge, now: Bridge): void {
  const entries = entriesOf(texts, files).filter(({ name }) => name === old.name)
  const edit = (key: RegExp, value: string | undefined, fresh: string): void => {
    const owner = entries.find(({ options }) => options.some((option) => key.test(option.key))) ?? entries[0]
    if (owner !== undefined) editOption(texts, owner, key, value, fresh)
  }
  if (old.mtu !== now.mtu) edit(/^mtu$/, now.mtu?.toString(), 'mtu')
  if (old.stp !== now.stp) edit(/^bridge[_-]stp$/, now.stp ? 'on' : 'off', 'bridge_stp')
  if (old.hwaddr !== now.hwaddr) edit(/^(bridge[_-]hw|hwaddress)$/, now.hwaddr, 'hwaddress')
  if (old.dns.join() !== now.dns.join()) edit(/^dns-nameservers?$/, now.dns.join(' ') || undefined, 'dns-nameservers')
  for (const family of ['inet', 'inet6']) {
    const of = (list: readonly string[]) => list.filter((one) => one.includes(':') === (family === 'inet6'))
    if (of(old.address).join() === of(now.address).join() && of(old.gateway).join() === of(now.gateway).join()) continue
    const [stanza, other] = entries.filter((entry) => entry.family === family)
    if (stanza === undefined || other !== undefined || of(now.address).length !== 1 || stanza.method !== 'static')
      throw new LxcnetError('bridge-by-hand', `${old.name}: its ${family} addresses are not one static stanza`, {
        suggestions: [`edit ${entries[0]?.file ?? mainFile} by hand`],
      })
    const [address = ''] = of(now.address)
    const masked = stanza.options.find(({ key }) => key === 'netmask')
    const cidr = parseCidr(address, family === 'inet' ? 4 : 6)
    editOption(texts, stanza, /^address$/, masked === undefined ? address : cidr?.address, 'address')
    if (masked !== undefined) editOption(texts, stanza, /^netmask$/, `${cidr?.prefix}`, 'netmask')
    if (of(old.gateway).join() !== of(now.gateway).join())
      editOption(texts, stanza, /^gateway$/, of(now.gateway)[0], 'gateway')
  }
}

/** @param value undefined takes the option away */
function editOption(texts: Texts, entry: Entry, key: RegExp, value: string | undefined, fresh: string): void {
  const lines = parse(texts.read(entry.file) ?? '')
  const stanza = stanzas(lines).find(
    ({ name, family, method }) => name === entry.name && family === entry.family && method === entry.method,
  )
  if (stanza === undefined) return
  const at = lines.findIndex(
    (line, index) => index > stanza.at && index < stanza.end && line.kind === 'option' && key.test(line.key),
  )
  const line = lines[at]
  if (line?.kind === 'option' && value === undefined) lines.splice(at, 1)
  else if (line?.kind === 'option' && value !== undefined) {
    const start = line.raw.indexOf(line.value, line.raw.indexOf(line.key) + line.key.length)
    lines[at] = { ...line, raw: line.raw.slice(0, start) + value + line.raw.slice(start + line.value.length) }
  } else if (value !== undefined) {
    const indent = indentOf(lines.slice(stanza.at, stanza.end))
    lines.splice(stanza.at + 1, 0, { kind: 'comment', raw: `${indent}${fresh} ${value}\n` })
  }
  texts.write(entry.file, print(lines))
}
