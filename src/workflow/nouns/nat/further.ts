/** NAT networks of lxcnet's own, beside that of LXC. */
import { isDeepStrictEqual } from 'node:util'
import { piecePath, pieceText } from '../../../boot/index.ts'
import { formatAddress } from '../../../core/address.ts'
import {
  type FurtherNetwork,
  ownConfFile,
  ownHostsFile,
  printFurther,
  readFurther,
  sameSubnet,
  subnetText,
} from '../../../lxc-net/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { templateText } from '../../../template/template.ts'
import type { Context, Reading } from '../../context.ts'
import { type NetworkRules, readNetworkRules, setNetworkRules } from '../../firewall.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Found, Settings, Wish } from '../../noun/noun.ts'
import { dropsNotes, forwardNotes, leftNotes, renamedNotes, strandedNotes } from './affected.ts'
import { furtherPieces, natPiece } from './networks.ts'
import {
  checkBridge,
  checkSubnets,
  error,
  forwarding,
  networkOf,
  one,
  settingsOf,
  throughOf,
  throughWord,
  word,
} from './wish.ts'

export function foundFurther({ scope }: Context, reading: Reading): Found[] {
  const rules = readNetworkRules(reading)
  return [...furtherPieces(reading)].flatMap(([name, piece]) => {
    const network = readFurther(piece)
    if (network === undefined) return []
    const own = rules.get(name)
    const settings = [
      ...settingsOf(network),
      ...word('masquerade', piece.get('masquerade')),
      ...word('isolated', own?.isolated ? 'yes' : undefined),
      ...word('mtu', network.mtu === undefined ? undefined : `${network.mtu}`),
    ]
    const check = reading.snapshot.answers.get(`nat/${name}`)
    return {
      name,
      settings: new Map<string, readonly string[]>([
        ...settings.flatMap(([flag, text]) => (text === '' ? [] : [[flag, [text]] as const])),
        ...throughWord(own),
      ]),
      from: piecePath(natPiece(name)),
      state: scope.live ? (check?.status === 0 ? 'up' : 'down') : 'unknown',
      own: true,
    }
  })
}

export function planFurther(desk: Desk, { name, want, have }: Wish): void {
  const old = readFurther(furtherPieces(desk.reading).get(name) ?? new Map())
  if (want === undefined) removeFurther(desk, name, old)
  else if (!checkWords(desk, name, want)) makeFurther(desk, name, want, have, old)
}

/** @returns whether one was wrong */
function checkWords(desk: Desk, name: string, want: Settings): boolean {
  const wrong = ['firewall', 'enabled'].filter((flag) => want.has(flag))
  const fix = 'leave it out; lxcnet makes the rules itself, and brings the network back at boot'
  desk.note(...wrong.map((flag) => error('nat-word', `nat ${name}: ${flag} is a word of lxc-net alone`, fix)))
  return wrong.length > 0
}

function makeFurther(
  desk: Desk,
  name: string,
  want: Settings,
  have: Found | undefined,
  old: FurtherNetwork | undefined,
): void {
  const notes: Note[] = []
  const network = networkOf(name, want, undefined, notes)
  if (network === undefined) {
    desk.note(...notes)
    return
  }
  const further = { ...network, mtu: Number(one(want, 'mtu')) || undefined }
  const masquerade = one(want, 'masquerade') ?? ''
  const settings = new Map([...printFurther(name, further), ['masquerade', masquerade]])
  const text = pieceText(`nat ${name}`, `\`lxcnet nat set ${name}\``, settings, templateText('boot/nat.sh'))
  const piece = natPiece(name)
  const rules = rulesOf(further, masquerade, want)
  const changed = text !== desk.pieceText(piece)
  if (!changed && isDeepStrictEqual(rules, readNetworkRules(desk).get(name))) return
  checkBridge(desk, name, network, old, notes)
  checkSubnets(desk, name, network, old, notes)
  if (desk.context.scope.live && !desk.reading.snapshot.answers.has('nat-dnsmasq'))
    notes.push(error('nat-no-dnsmasq', `nat ${name}: this host has no dnsmasq`, 'apt-get install dnsmasq-base'))
  if (old !== undefined && !sameSubnet(network, old))
    notes.push(...dropsNotes(desk.view, old, network), ...strandedNotes(desk, name, network))
  if (old !== undefined)
    notes.push(...forwardNotes(desk, old, network), ...renamedNotes(desk, old.bridge, network.bridge))
  desk.note(...notes)
  const { bridge } = network
  const said = (one: FurtherNetwork): string => JSON.stringify([...printFurther(name, one)])
  const sameBridge = old?.bridge === bridge
  const own = `${formatAddress(network.address, 4)}/${network.subnet.prefix}`
  if (changed)
    desk.piece(piece, text, {
      why: `${bridge} with ${own} and its dnsmasq; the host forwards for it, ${forwarding(network)}`,
      impact: old === undefined || said(old) === said(further) ? 'live' : 'reconnect',
      converges: sameBridge,
    })
  setNetworkRules(desk, name, rules)
  desk.promise(bridge, { kind: 'bridge', addresses: [own] })
  if (old !== undefined && !sameBridge) desk.promise(old.bridge, null)
  desk.say(`nat ${name}: ${have === undefined ? 'made' : 'changed'}, ${subnetText(network.subnet)} on ${bridge}`)
}

/** An IPv4 address that stands for the network outside is none for its IPv6. */
function rulesOf({ bridge, subnet, ipv6, ipv6Nat }: FurtherNetwork, masquerade: string, want: Settings): NetworkRules {
  const four = subnetText(subnet)
  const six = ipv6 !== undefined && ipv6Nat ? [subnetText(ipv6)] : []
  const isolated = one(want, 'isolated') === 'yes'
  const common = { bridge, isolated, services: true, ...throughOf(want) }
  if (masquerade !== 'off') return { ...common, subnets: [four, ...six], masquerade: masquerade || 'on' }
  return six.length > 0
    ? { ...common, subnets: six, masquerade: 'on' }
    : { ...common, subnets: [four], masquerade: 'off' }
}

function removeFurther(desk: Desk, name: string, old: FurtherNetwork | undefined): void {
  if (old !== undefined)
    desk.note(...dropsNotes(desk.view, old, undefined), ...leftNotes(desk, old), ...forwardNotes(desk, old, undefined))
  desk.piece(natPiece(name), null, { why: `takes the network ${name} away`, impact: 'reconnect' })
  setNetworkRules(desk, name, undefined)
  // its reservations: the next network of the name is another one
  for (const path of [ownConfFile(name), ownHostsFile(name)])
    if (desk.text(path) !== undefined) desk.write(path, null, { why: `goes with the network ${name}` })
  if (old !== undefined) desk.promise(old.bridge, null)
  desk.say(`nat ${name}: removed`)
}
