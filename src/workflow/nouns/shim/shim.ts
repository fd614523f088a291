/** `lxcnet shim`: the host's own macvlan on a parent. */
import { bootProbe, piecePath, pieceSettings, pieceText, readPieces } from '../../../boot/index.ts'
import { type HostLink, modeOf, type Nic, typeOf, value, values } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { checkShimValue, hostRoute, sameSubnet, shimWords, usualName } from '../../../shim/index.ts'
import { templateText } from '../../../template/template.ts'
import type { Reading, View } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Found, Noun, Settings, Wish } from '../../noun/noun.ts'

const piecePrefix = '40-shim-'

export const shim: Noun = {
  noun: 'shim',
  section: 'shims',
  summary: "the host's own way to its macvlan containers",
  name: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/,
    words: 'the link that the macvlan containers hang on, such as lxcbr2 or eth1',
    argument: 'PARENT',
  },
  words: shimWords,
  probes: () => [bootProbe],
  check: checkShimValue,
  find: (_, reading) => [...readShims(reading)].map(([piece, values]) => foundShim(piece, values, reading.view)),
  plan(desk, wishes) {
    for (const wish of wishes) planShim(desk, wish, { anew: false })
  },
  inspect: (_, reading) => [...readShims(reading).values()].flatMap((values) => faultsOf(values, reading.view)),
}

/**
 * The same noun, which looks anew for the containers that need a route of their own. The other one leaves what was worked
 * out before as long as its words are the same: what was found on a host is no change there.
 */
export const freshShim: Noun = {
  ...shim,
  plan(desk, wishes) {
    for (const wish of wishes) planShim(desk, wish, { anew: true })
  },
}

type Values = ReadonlyMap<string, string>

const readShims = ({ snapshot }: Reading): Map<string, Values> =>
  new Map(
    [...readPieces(snapshot)]
      .filter(([piece]) => piece.startsWith(piecePrefix))
      .map(([piece, text]) => [piece, pieceSettings(text)]),
  )

const listOf = (values: Values, name: string): string[] => values.get(name)?.split(' ').filter(Boolean) ?? []

function foundShim(piece: string, values: Values, { links }: View): Found {
  const settings: [string, string[]][] = [
    ['address', listOf(values, 'address')],
    ['route', listOf(values, 'route')],
    ['ifname', listOf(values, 'ifname')],
  ]
  return {
    name: values.get('parent') ?? '',
    settings: new Map(settings.filter(([, texts]) => texts.length > 0)),
    from: piecePath(piece),
    state: links === undefined ? 'unknown' : isUp(values, links) ? 'up' : 'down',
    own: true,
  }
}

function isUp(values: Values, links: ReadonlyMap<string, HostLink>): boolean {
  const link = links.get(values.get('ifname') ?? '')
  return link?.kind === 'macvlan' && link.up && listOf(values, 'address').every((one) => link.addresses.includes(one))
}

function faultsOf(values: Values, view: View): Note[] {
  const parent = values.get('parent') ?? ''
  if (view.links !== undefined && !isUp(values, view.links))
    return [
      {
        severity: 'error',
        code: 'shim-down',
        message: `shim ${parent} is not there, or has lost its address`,
        fix: 'sh /etc/lxcnet/boot',
      },
    ]
  const notes = clashes(view, parent, listOf(values, 'address'))
  if (values.get('subnet_route') !== 'no') return notes
  const have = new Set([...listOf(values, 'host_route'), ...listOf(values, 'route')])
  const missing = routesTo(parent, listOf(values, 'address'), view).filter((one) => !have.has(one))
  if (missing.length === 0) return notes
  return [
    ...notes,
    {
      severity: 'warning',
      code: 'shim-no-route',
      message: `shim ${parent} has no route to ${missing.join(', ')}, which the host looks for elsewhere`,
      fix: `lxcnet shim set ${parent}`,
    },
  ]
}

function planShim(desk: Desk, { name: parent, want, have }: Wish, { anew }: { anew: boolean }): void {
  const piece = piecePrefix + parent
  const old = desk.pieceText(piece)
  const before: Values = old === undefined ? new Map() : pieceSettings(old)
  const ifname = (want ?? have?.settings)?.get('ifname')?.[0] ?? usualName(parent)
  if (want === undefined) {
    desk.piece(piece, null, { why: `takes the shim of ${parent} away`, impact: 'reconnect' })
    desk.promise(ifname, null)
    desk.say(`shim ${parent}: removed`)
    return
  }
  const addresses = want.get('address') ?? []
  const worked = !anew && have !== undefined && sameWords(have.settings, new Map([...want, ['ifname', [ifname]]]))
  const settings = new Map([
    ['parent', parent],
    ['ifname', ifname],
    ['address', addresses.join(' ')],
    ['route', (want.get('route') ?? []).join(' ')],
    ...(worked
      ? ['subnet_route', 'host_route'].map((key) => [key, before.get(key) ?? ''] as const)
      : routing(desk, want, parent, [ifname, before.get('ifname')])),
  ])
  const text = pieceText(`shim ${parent}`, `\`lxcnet shim set ${parent}\``, settings, templateText('boot/shim.sh'))
  if (anew || text !== old) desk.note(...clashes(desk.view, parent, addresses))
  if (text === old) return
  desk.note(...refusals(desk.view, parent, ifname, before.get('ifname')))
  const converges = ['parent', 'ifname', 'subnet_route'].every((key) => settings.get(key) === before.get(key))
  // another address or way: whoever talks to the host by the old one is cut off
  const kept = listOf(before, 'address').every((one) => addresses.includes(one))
  desk.piece(piece, text, {
    why: `the host reaches the macvlan containers on ${parent} as ${addresses.join(', ')}`,
    impact: old === undefined || (converges && kept) ? 'live' : 'reconnect',
    converges,
  })
  desk.promise(ifname, { kind: 'macvlan', parent, mode: 'bridge', addresses: [...addresses] })
  desk.say(`shim ${parent}: ${have === undefined ? 'made' : 'changed'}, ${ifname} with ${addresses.join(', ')}`)
}

const sameWords = (some: Settings, others: Settings): boolean =>
  JSON.stringify([...some].sort()) === JSON.stringify([...others].sort())

function refusals({ links, containers }: View, parent: string, ifname: string, old: string | undefined): Note[] {
  const notes: Note[] = []
  const { master = '', loopback } = links?.get(parent) ?? {}
  if (loopback || ports.has(links?.get(master)?.kind ?? ''))
    notes.push({
      severity: 'error',
      code: 'shim-bad-parent',
      message: `${parent} takes no macvlan: ${loopback ? 'it is a loopback' : `it is a port of ${master}`}`,
      fix: loopback ? '`ip -br link` lists other links' : `\`lxcnet shim create ${master}\` reaches those on ${master}`,
    })
  for (const { name, effective } of containers.values())
    for (const nic of effective.nics)
      if (typeOf(nic) === 'macvlan' && modeOf(nic) === 'passthru' && value(nic, 'link') === parent)
        notes.push({
          severity: 'error',
          code: 'passthru-shared',
          message: `shim ${parent}: ${name}:${nic.index} is a macvlan in mode passthru there, which shares with no other`,
          fix: `\`lxcnet set ${name}:${nic.index} mode=bridge\``,
        })
  if (links !== undefined && !links.has(parent))
    notes.push({
      severity: 'error',
      code: 'shim-no-parent',
      message: `there is no link ${parent} on this host`,
      fix: '`ip -br link` lists them; `lxcnet bridge create` makes a bridge',
    })
  if (links?.has(ifname) && ifname !== old)
    notes.push({
      severity: 'error',
      code: 'name-taken',
      message: `there is a link ${ifname} already, which lxcnet did not make`,
      fix: '--ifname gives the shim another name',
    })
  return notes
}

/** Kinds of links whose ports give all they hear to them: netdev_rx_handler_register() is for one only. */
const ports = new Set(['bridge', 'bond', 'team', 'openvswitch'])

/** Containers on the parent that have an address of the shim. */
function clashes({ containers }: View, parent: string, addresses: readonly string[]): Note[] {
  const notes: Note[] = []
  for (const { name, effective } of containers.values()) {
    for (const nic of effective.nics.filter((one) => value(one, 'link') === parent)) {
      const taken = addressesOf(nic).find((one) => addresses.some((own) => own.split('/')[0] === one.split('/')[0]))
      if (taken !== undefined)
        notes.push({
          severity: 'error',
          code: 'duplicate-address',
          message: `shim ${parent}: ${taken} is also the address of ${name}:${nic.index} there`,
          fix: 'take a free one',
        })
    }
  }
  return notes
}

/**
 * Where another link of the host has an address of the same subnet, the parent itself, say, the kernel's route to it stays
 * there, and what is behind the shim is reached by routes to each container.
 */
function routing(
  { view }: Desk,
  want: Settings,
  parent: string,
  own: readonly (string | undefined)[],
): [string, string][] {
  const addresses = want.get('address') ?? []
  const others = [...(view.links?.values() ?? [])].filter((link) => !own.includes(link.name))
  const elsewhere = others.some((link) =>
    link.addresses.some((one) => addresses.some((address) => sameSubnet(address, one))),
  )
  const said = want.get('route') ?? []
  const single = elsewhere ? routesTo(parent, addresses, view).filter((one) => !said.includes(one)) : []
  return [
    ['subnet_route', elsewhere ? 'no' : 'yes'],
    ['host_route', single.join(' ')],
  ]
}

/** Routes to the containers that have a fixed address in a subnet of the shim, and that it can reach: its own mode. */
const routesTo = (parent: string, addresses: readonly string[], { containers }: View): string[] => [
  ...new Set(
    [...containers.values()]
      .flatMap(({ effective }) => effective.nics)
      .filter((nic) => typeOf(nic) === 'macvlan' && modeOf(nic) === 'bridge' && value(nic, 'link') === parent)
      .flatMap(addressesOf)
      .filter((one) => addresses.some((own) => sameSubnet(own, one)))
      .flatMap((one) => hostRoute(one) ?? []),
  ),
]

const addressesOf = (nic: Nic): string[] =>
  [...values(nic, 'ipv4.address'), ...values(nic, 'ipv6.address')].map((text) => text.split(' ')[0] ?? '')
