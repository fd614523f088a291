/** What makes a container a gateway, changes it, and takes all of it back. */
import { parseCidr } from '../../../core/address.ts'
import { compareVersions } from '../../../core/version.ts'
import { addSetting, removeSetting } from '../../../document/setting.ts'
import {
  type Gateway,
  type GatewayRecord,
  gatewayFaults,
  gatewayOf,
  hookKey,
  hookPath,
  printRecord,
  settingsPath,
} from '../../../gateway/index.ts'
import { overlaps } from '../../../lxc-net/index.ts'
import { type Nic, namesInside, typeOf } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { hookText } from '../../../template/template.ts'
import { containerOf } from '../../context.ts'
import { type Desk, nothing } from '../../noun/desk.ts'
import type { Settings, Wish } from '../../noun/noun.ts'
import { handBack, planMembers } from './members.ts'
import { byMac, Edits, onLink, plain } from './nics.ts'

type Records = ReadonlyMap<string, GatewayRecord>

export function planGateways(
  desk: Desk,
  wishes: readonly Wish[],
  old: Records,
  { restart }: { restart: boolean },
): void {
  const edits = new Edits(desk)
  const records = new Map(old)
  for (const { name, want } of wishes) {
    const record = records.get(name)
    records.delete(name)
    if (want === undefined) removeGateway(desk, edits, name, record)
    else records.set(name, planGateway(desk, edits, name, want, record, records))
  }
  edits.put(restart)
  for (const { name, want } of wishes) if (want !== undefined) settle(desk, name, old.get(name), records.get(name))
  const why = 'makes the gateways anew at every start of their containers'
  desk.write(hookPath, records.size === 0 ? null : hookText('gateway'), { why, mode: 0o755, record: true })
}

function removeGateway(desk: Desk, edits: Edits, name: string, record: GatewayRecord | undefined): void {
  if (record === undefined) return
  const why = `${name} is no gateway any more`
  const { address } = gatewayOf(record.words)
  const containers = new Set([name, ...[...record.made, ...record.was].map(({ container }) => container)])
  // the line that came last goes first: what separated the NICs from it is the end of the file again
  if (edits.view.containers.has(name))
    edits.edit(name, (lines) => removeSetting(lines, hookKey, hookPath), 'no hook of a gateway')
  for (const container of containers) handBack(edits, container, record, address)
  if (hasNics(desk, name, record)) desk.before(call('down', name), { undo: call('up', name), why, impact: 'reconnect' })
  desk.write(settingsPath(name), null, { why })
  desk.say(`gateway ${name}: removed`)
}

/** @returns what is to be remembered of it */
function planGateway(
  desk: Desk,
  edits: Edits,
  name: string,
  want: Settings,
  record: GatewayRecord | undefined,
  others: Records,
): GatewayRecord {
  const { lxcpath, version } = desk.view
  const wrong = faultsOf(desk, name, want, record, others)
  desk.note(...wrong)
  const next: GatewayRecord = { lxcpath, words: want, outsideNic: '', insideNic: '', made: [], was: [] }
  if (version !== undefined && compareVersions(version, '3.0.0') < 0)
    desk.note({
      severity: 'error',
      code: 'gateway-old-lxc',
      message: `LXC ${version} has no ${hookKey}, which would make the gateway anew at every start; 3.0 has`,
      fix: 'upgrade LXC, or set up a router inside the container',
    })
  if (wrong.length > 0) return next
  const to = gatewayOf(want)
  const made = [...(record?.made ?? [])]
  const mine = () => made.filter(({ container }) => container === name).map(({ mac }) => mac)
  const ensure = (side: Side): Nic | undefined => {
    const own = mine().flatMap((mac) => byMac(edits.nics(name), mac) ?? [])
    const nic = own.find((one) => typeOf(one) === side.type)
    if (nic !== undefined) {
      for (const [key, text] of side.keys) edits.set(name, nic.index, key, text, `${side.title}: ${key}`)
      return byMac(edits.nics(name), plain(nic, 'hwaddr') ?? '')
    }
    const there = onLink(edits.nics(name), side.link).find((one) => typeOf(one) === side.type)
    if (there !== undefined) {
      desk.note(...differences(name, there, side))
      return there
    }
    const given = side.keys.flatMap(([key, text]): [string, string][] =>
      text === undefined ? [] : [[key.replace('ipv4.address', 'ipv4').replace('.', '-'), text]],
    )
    const mac = edits.add(name, side.type, given, `adds ${side.title}`)
    made.push({ container: name, mac })
    return byMac(edits.nics(name), mac)
  }
  const outside = ensure(outsideOf(to))
  const inside = ensure(insideOf(to))
  edits.edit(name, (lines) => addSetting(lines, hookKey, hookPath), 'adds the hook that makes it a gateway')
  const { was } = planMembers(desk, edits, name, to, record, made)
  const names = namesInside(edits.nics(name))
  const nameOf = (nic: Nic | undefined): string => (nic === undefined ? '' : (names.get(nic.index) ?? ''))
  return { ...next, outsideNic: nameOf(outside), insideNic: nameOf(inside), made, was }
}

/** One of the two NICs as it has to be. */
interface Side {
  title: string
  type: 'veth' | 'macvlan'
  link: string
  keys: [key: string, text: string | undefined][]
}

const outsideOf = ({ uplink, outsideAddress, outsideGateway }: Gateway): Side => ({
  title: `the NIC outside, on ${uplink}`,
  type: 'veth',
  link: uplink,
  keys: [
    ['link', uplink],
    ['ipv4.address', outsideAddress],
    ['ipv4.gateway', outsideGateway],
  ],
})

const insideOf = ({ inside, insideAddress }: Gateway): Side => ({
  title: `the NIC inside, on ${inside}`,
  type: 'macvlan',
  link: inside,
  keys: [
    ['link', inside],
    ['ipv4.address', insideAddress],
  ],
})

/** A NIC that lxcnet did not make is taken as it is, or not at all. */
function differences(name: string, nic: Nic, { title, keys }: Side): Note[] {
  return keys.flatMap(([key, text]): Note[] => {
    const have = plain(nic, key)
    if (text === undefined || have === text) return []
    return [
      {
        severity: 'error',
        code: 'gateway-nic',
        message: `${name} has ${title}, already: its ${key} is ${have ?? 'not set'}, not ${text}`,
        fix: `\`lxcnet set ${name}:${nic.index} ${key}=${text}\`, or ask for what is there`,
      },
    ]
  })
}

function faultsOf(
  desk: Desk,
  name: string,
  want: Settings,
  record: GatewayRecord | undefined,
  others: Records,
): Note[] {
  const faults = gatewayFaults(name, want).map(
    (fault): Note => ({ severity: 'error', code: 'gateway-settings', ...fault }),
  )
  const { uplink, subnet } = gatewayOf(want)
  const mine = parseCidr(subnet, 4)
  const theirs = desk.view.links?.get(uplink)?.addresses.flatMap((text) => parseCidr(text, 4) ?? []) ?? []
  if (mine !== undefined && theirs.some((other) => overlaps(mine, other)))
    faults.push({
      severity: 'error',
      code: 'gateway-settings',
      message: `subnet: ${subnet} is in use on ${uplink}, the outside: the gateway could not tell its sides apart`,
      fix: 'give the inside a subnet of its own',
    })
  for (const member of gatewayOf(want).members) {
    const rival = [...others].find(([, { words }]) => gatewayOf(words).members.includes(member))?.[0]
    if (rival !== undefined)
      faults.push({
        severity: 'error',
        code: 'gateway-settings',
        message: `members: ${member} leaves by gateway ${rival} already`,
        fix: `\`lxcnet gateway set ${rival} members=…\` without it first`,
      })
  }
  if (record === undefined && desk.text(settingsPath(name)) !== undefined)
    faults.push({
      severity: 'error',
      code: 'name-taken',
      message: `${settingsPath(name)} is that of a container ${name} elsewhere`,
      fix: 'give this container another name; -P leads to the other one',
    })
  for (const container of [name, ...gatewayOf(want).members]) containerOf(desk.view, container)
  return faults
}

/** The settings as a file, and the rules of a container that runs. */
function settle(desk: Desk, name: string, old: GatewayRecord | undefined, next: GatewayRecord | undefined): void {
  if (next === undefined || next.outsideNic === '' || next.insideNic === '') return
  const { uplink, inside, members } = gatewayOf(next.words)
  const path = settingsPath(name)
  const text = printRecord(name, next)
  const why = `${name} is the gateway of ${inside}`
  if (text !== desk.text(path)) {
    const whom = members.length === 0 ? 'nobody yet' : members.join(', ')
    desk.say(`gateway ${name}: ${old === undefined ? 'made' : 'changed'}, out of ${inside} by ${uplink} for ${whom}`)
  }
  desk.write(path, text, { why })
  if (!hasNics(desk, name, next)) return
  const there = desk.reading.snapshot.answers.get(`gateway/${name}`)?.status === 0
  if (old !== undefined && there) {
    if (rulesOf(old) === rulesOf(next)) return
    // who has an address of the old subnet is cut off until he is restarted
    const impact = gatewayOf(old.words).subnet === gatewayOf(next.words).subnet ? 'live' : 'reconnect'
    // the way back goes to the old file first, then to the rules that it asks for
    desk.before(nothing, { undo: call('up', name), why, impact })
    desk.after(call('up', name), { undo: nothing, why, impact, check: call('check', name) })
  } else {
    if (old !== undefined) desk.say(`gateway ${name}: its rules are put back`)
    desk.after(call('up', name), { undo: call('down', name), why, check: call('check', name) })
  }
}

/** What the hook makes of a record. */
const rulesOf = ({ words, outsideNic, insideNic }: GatewayRecord): string => {
  const { subnet, masquerade } = gatewayOf(words)
  return JSON.stringify([subnet, masquerade, outsideNic, insideNic])
}

const call = (verb: string, name: string): string[] => ['sh', hookPath, verb, name]

/** Does the running container have both NICs, so that the rules can be set at once? */
function hasNics({ reading }: Desk, name: string, { outsideNic, insideNic }: GatewayRecord): boolean {
  const live = reading.view.containers.get(name)?.live?.map(({ name: link }) => link) ?? []
  return live.includes(outsideNic) && live.includes(insideNic)
}
