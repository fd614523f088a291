/** LXC's own NAT network: /etc/default/lxc-net edited in place, stopped with the old settings and started with the new. */
import { formatAddress } from '../../../core/address.ts'
import { assign, parse, print } from '../../../document/shell-vars.ts'
import {
  type LxcNet,
  lxcNetName,
  type Network,
  rangeText,
  readLxcNet,
  sameAddresses,
  sameSubnet,
  subnetText,
  type Variable,
  variablesFor,
  workOut,
} from '../../../lxc-net/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Context, Reading } from '../../context.ts'
import { type NetworkRules, readNetworkRules, setNetworkRules } from '../../firewall.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Found, Settings, Wish } from '../../noun/noun.ts'
import { dropsNotes, forwardNotes, renamedNotes, strandedNotes } from './affected.ts'
import { type Running, runningOf, type Step, stepsOf, unit } from './lxc-net-steps.ts'
import { answersOf } from './networks.ts'
import { checkBridge, checkSubnets, error, networkOf, one, settingsOf, throughOf, throughWord, word } from './wish.ts'

/** Yes: up now, and after a boot; no: neither; undefined for what is so in part alone. In a tree what its file says. */
function enabledWord(have: LxcNet, running: Running, live: boolean): 'yes' | 'no' | undefined {
  const atBoot = have.enabled && !running.masked && running.unit.get('UnitFileState') !== 'disabled'
  if (!live) return atBoot ? 'yes' : 'no'
  if (atBoot && running.up && running.dnsmasq.length > 0) return 'yes'
  return have.enabled || running.up ? undefined : 'no'
}

export function foundLxcNet({ scope: { live } }: Context, reading: Reading): Found[] {
  const have = readLxcNet(reading.snapshot)
  if (have === undefined) return []
  const running = runningOf(reading, have)
  const rules = readNetworkRules(reading).get(lxcNetName)
  const settings = [
    ...(have.network === undefined ? word('bridge', have.values.get('LXC_BRIDGE')) : settingsOf(have.network)),
    ...word('masquerade', rules?.masquerade === 'off' ? undefined : rules?.masquerade),
    ...word('isolated', rules?.isolated ? 'yes' : undefined),
    ['firewall', have.firewall] as const,
    ...word('enabled', enabledWord(have, running, live)),
  ]
  return [
    {
      name: lxcNetName,
      settings: new Map<string, readonly string[]>([
        ...settings.map(([flag, text]) => [flag, [text]] as const),
        ...throughWord(rules),
      ]),
      from: have.places.settings,
      state: stateOf(have, running, live),
      own: false,
    },
  ]
}

function stateOf({ enabled }: LxcNet, { up, dnsmasq, masked }: Running, live: boolean): string {
  if (masked) return up ? 'up, masked' : 'masked'
  if (!enabled) return up ? 'up, off at boot' : 'off'
  if (!live) return 'unknown'
  return up ? (dnsmasq.length > 0 ? 'up' : 'no dnsmasq') : 'down'
}

export function planLxcNet(desk: Desk, { want, have: found }: Wish): void {
  const have = readLxcNet(desk.reading.snapshot)
  if (want === undefined) {
    desk.note(
      error(
        'nat-keep-lxc-net',
        "LXC's own network is not lxcnet's to delete",
        '`lxcnet nat disable` stops it for good',
      ),
    )
    return
  }
  if (have === undefined || found === undefined) {
    const fix = '`lxcnet nat create NAME --subnet SUBNET` makes a network without it'
    desk.note(
      error('nat-no-lxc-net', "LXC has no lxc-net on this host: its package came without, as Alpine's does", fix),
    )
    return
  }
  const words = changedWords(want, found.settings)
  // the words may be as they are, and the variables contradict each other all the same
  const anew = words.length === 0 && have.enabled && have.contradictions.length > 0
  if (words.length === 0 && !anew) return
  const said: Note[] = []
  const network = networkOf(lxcNetName, want, have.network, said)
  if (network === undefined) {
    desk.note(...said)
    return
  }
  // what is wrong with addresses that stay is for `check` to say
  const stay = !anew && have.network !== undefined && sameAddresses(network, have.network)
  const notes = said.filter(({ code }) => !(stay && code === 'nat-outside'))
  const enable = words.includes('enabled') ? one(want, 'enabled') === 'yes' : undefined
  const running = runningOf(desk.reading, have)
  checkWords(want, notes)
  checkBridge(desk, lxcNetName, network, have.network, notes)
  // what was written while it was down may be somebody else's by now, as in a container that is a host itself
  checkSubnets(desk, lxcNetName, network, enable && !running.up ? undefined : have.network, notes)
  const wanted = { network, firewall: firewallOf(want, have), enabled: enable ?? have.enabled, anew }
  const variables = variablesFor(wanted, have)
  notes.push(...edit(desk, have, variables))
  if (have.network !== undefined && !sameSubnet(network, have.network))
    notes.push(...strandedNotes(desk, lxcNetName, network))
  if (have.network !== undefined) notes.push(...forwardNotes(desk, have.network, network))
  if (desk.context.scope.live) notes.push(...consequences(desk, have, network, { enable, running, variables }))
  stepsOf(desk, have, network, { enable, running, variables })
  setNetworkRules(desk, lxcNetName, rulesOf(want, network))
  const address = `${formatAddress(network.address, 4)}/${network.subnet.prefix}`
  if (wanted.enabled) desk.promise(network.bridge, { kind: 'bridge', addresses: [address] })
  desk.note(...notes)
  const text = (settings: Settings, of: Network | undefined, flag: string): string =>
    settings.get(flag)?.join(',') ??
    (of === undefined ? undefined : followed[flag]?.(of)) ??
    unsaid[flag] ??
    'what follows'
  const changes = words.map(
    (flag) => `${flag} ${text(found.settings, have.network, flag)} becomes ${text(want, network, flag)}`,
  )
  desk.say(`lxc-net: ${changes.join(', ') || 'its addresses are written anew, as one whole'}`)
}

/** What follows from others when it is not said. */
const followed: Record<string, (network: Network) => string> = {
  address: ({ address }) => formatAddress(address, 4),
  range: ({ range }) => rangeText(range),
}

/** What it means when a word is not said. */
const unsaid: Record<string, string> = {
  domain: 'none',
  ipv6: 'none',
  'ipv6-nat': 'off',
  masquerade: 'on',
  isolated: 'no',
  through: 'none',
  enabled: 'in part',
}

/** Words whose meaning changes. What LXC has to have stays when nobody says it. */
function changedWords(want: Settings, have: Settings): string[] {
  const needed = new Set(['bridge', 'subnet', 'firewall', 'enabled'])
  const flags = new Set([...want.keys(), ...have.keys()])
  return [...flags].filter((flag) => {
    if (!want.has(flag) && needed.has(flag)) return false
    return (want.get(flag)?.join(',') ?? unsaid[flag]) !== (have.get(flag)?.join(',') ?? unsaid[flag])
  })
}

function checkWords(want: Settings, notes: Note[]): void {
  const create = '`lxcnet nat create NAME` makes a network that can'
  if (want.has('mtu')) notes.push(error('nat-word', 'lxc-net sets no MTU on its bridge', create))
  if (one(want, 'masquerade') === 'off') notes.push(error('nat-word', 'lxc-net always masquerades its network', create))
}

const firewallOf = (want: Settings, { firewall }: LxcNet): 'nft' | 'iptables' =>
  (one(want, 'firewall') as 'nft' | 'iptables' | undefined) ?? firewall

/** LXC masquerades and opens its services itself: rules of lxcnet's own are for what goes beyond. */
function rulesOf(want: Settings, { bridge, subnet }: Network): NetworkRules | undefined {
  const masquerade = one(want, 'masquerade') ?? 'on'
  const isolated = one(want, 'isolated') === 'yes'
  if (masquerade === 'on' && !isolated && !want.has('through')) return undefined
  return {
    bridge,
    subnets: [subnetText(subnet)],
    masquerade: masquerade === 'on' ? 'off' : masquerade,
    isolated,
    services: false,
    ...throughOf(want),
  }
}

/** Puts the file down as it shall be. @returns what stands in the way */
function edit(desk: Desk, { places, values }: LxcNet, variables: ReadonlyMap<Variable, string>): Note[] {
  if (variables.size === 0) return []
  const notes: Note[] = []
  let lines = parse(desk.text(places.settings) ?? '')
  for (const [name, value] of variables) {
    const edited = assign(lines, name, value)
    if (typeof edited !== 'string') {
      lines = edited
      continue
    }
    if (values.get(name) === value) continue // that will do
    const how = edited === 'built' ? 'is built from another variable' : 'is set by a command'
    const now = values.get(name)
    const message = `${places.settings}: ${name} ${how}${now === undefined ? '' : ` (now ${now})`}, which lxcnet leaves alone`
    notes.push(error('nat-not-plain', message, `write ${name}="${value}" there by hand`))
  }
  const text = print(lines)
  const read = workOut(answersOf(desk), places, text)
  for (const [name, value] of variables) {
    const known = read.get(name)
    if (notes.length > 0 || known === undefined || known === value) continue
    const message = `lxc-net would not see ${name} in ${places.settings}: ${places.common} is missing, does not source it, or sets ${name} itself afterwards`
    notes.push(error('nat-file-not-read', message, `have ${places.common} end in \`. ${places.settings}\``))
  }
  desk.write(places.settings, text, { why: `settings of lxc-net: ${[...variables.keys()].join(', ')}` })
  return notes
}

/** What this means for the host and the containers that run. */
function consequences(desk: Desk, have: LxcNet, network: Network, { enable, running, variables }: Step): Note[] {
  const notes: Note[] = []
  const old = have.network
  const starts = enable === true || (running.up && enable === undefined && variables.size > 0)
  const { answers } = desk.reading.snapshot
  if (starts && running.masked)
    notes.push(error('nat-masked', `${unit} is masked: nothing can start it`, `systemctl unmask ${unit}`))
  if (starts && !answers.has('nat-dnsmasq'))
    notes.push(error('nat-no-dnsmasq', 'this host has no dnsmasq', 'apt-get install dnsmasq-base'))
  const works = (tool: string): boolean => answers.get(`nat-${tool}`)?.status === 0
  if (starts && !works('iptables') && (!works('nft') || variables.get('LXC_USE_NFT') === 'false'))
    notes.push(
      error('nat-no-firewall', 'lxc-net finds neither nft nor iptables that works', 'apt-get install nftables'),
    )
  else if (starts && variables.get('LXC_USE_NFT') === 'true' && !works('nft'))
    notes.push(
      error(
        'nat-no-firewall',
        'nft does not work on this host, and lxc-net would take iptables',
        'apt-get install nftables',
      ),
    )
  const edits = [...variables.keys()].some((name) => name !== 'USE_LXC_BRIDGE')
  if (running.up && !have.enabled && (enable === false || edits)) {
    const message = `lxc-net is up although ${have.places.settings} says that it is not to be: its own stop does nothing then`
    const then = enable === false ? ', and then `lxcnet nat disable`' : ' first'
    notes.push(error('nat-runs-on', message, `\`lxcnet nat enable\`${then}`))
  }
  if (old === undefined) return notes
  if (running.up && (enable === false || (starts && !sameSubnet(network, old))))
    notes.push(...dropsNotes(desk.view, old, enable === false ? undefined : network))
  notes.push(...renamedNotes(desk, old.bridge, network.bridge))
  return notes
}
