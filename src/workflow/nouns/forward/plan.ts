/** From forwards that are wanted to rules, hooks in the configs of their targets, and words with other firewalls. */
import { compareVersions } from '../../../core/version.ts'
import { parse, print } from '../../../document/lxc-config.ts'
import { addSetting, removeSetting } from '../../../document/setting.ts'
import {
  type Entrance,
  type Forward,
  forwardHook,
  isWayIn,
  lacksConntrack,
  listensOn,
  natOnBridges,
  overlap,
  parseEntrance,
  parseTarget,
  printEntrance,
  readListeners,
  readRivals,
  targetPorts,
} from '../../../firewall/index.ts'
import type { Impact, Note } from '../../../plan/plan.ts'
import { hookText } from '../../../template/template.ts'
import { hasAddress, putRules, readRules } from '../../firewall.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings, Wish } from '../../noun/noun.ts'
import { containerAt } from '../../targets.ts'
import { type DhcpSide, sidesOf } from '../dhcp/read.ts'
import { forwardDrops, passUfw, whoListens } from './doors.ts'
import { far, placeOf, unreached } from './target.ts'

const hookKey = 'lxc.hook.start-host'

/** @param anew as in putRules() */
export function planForwards(desk: Desk, wishes: readonly Wish[], { anew }: { anew: boolean }): void {
  const rules = readRules(desk)
  let impact: Impact = 'live'
  const dhcp = sidesOf(desk)
  const forwards = new Map(rules.forwards)
  for (const { name, want } of wishes) if (want === undefined) forwards.delete(name)
  for (const { name, want, have } of wishes) {
    if (want === undefined) {
      desk.say(`forward ${name}: removed`)
      continue
    }
    const entrance = parseEntrance(name)
    if (entrance === undefined || printEntrance(entrance) !== name) {
      desk.note(badName(name, entrance))
      continue
    }
    const one = forwardOf(desk, name, entrance, want, dhcp)
    if (one === undefined) continue
    const isNew = have === undefined
    const elsewhere = isNew ? rules.forwards.get(name)?.container : undefined
    if (elsewhere !== undefined) desk.note(nameTaken(name, elsewhere))
    desk.note(...clashes(desk, name, entrance, one, forwards, isNew), ...forwardDrops(desk.reading, name, one, isNew))
    if (JSON.stringify(forwards.get(name)) !== JSON.stringify(one)) {
      desk.say(`forward ${name}: ${leadsTo(one, entrance)}`)
      if (isWayIn(desk.reading.snapshot, entrance, isIpv6(entrance, one))) impact = 'host-path'
    }
    forwards.set(name, one)
  }
  const names = wishes.map(({ name }) => name)
  const why = names.length > 3 ? `${names.length} forwards` : `forward ${names.join(', ')}`
  passUfw(desk, rules.forwards, forwards)
  putRules(desk, { networks: rules.networks, forwards }, { why, impact, anew })
  desk.note(...flowNotes(desk, rules.forwards, forwards))
  putHooks(desk, rules.forwards, forwards)
}

const badName = (name: string, entrance: Entrance | undefined): Note => ({
  severity: 'error',
  code: 'bad-name',
  message: `forward ${name}: ports go from 1 to 65535, the lower first, and an address is one of the host's`,
  fix:
    entrance === undefined ? 'for instance 443/tcp or 192.0.2.1:80-90/tcp' : `did you mean ${printEntrance(entrance)}?`,
})

/** A flow is translated as its first packet was, and one of UDP ends only when nobody sends for a while. */
function flowNotes({ reading }: Desk, old: ReadonlyMap<string, Forward>, next: ReadonlyMap<string, Forward>): Note[] {
  const moved = [...old].find(([name, one]) => {
    const now = next.get(name)
    return name.endsWith('/udp') && (now?.address !== one.address || now?.port !== one.port)
  })
  if (moved === undefined || !lacksConntrack(reading.snapshot)) return []
  return [
    {
      severity: 'warning',
      code: 'forward-old-flows',
      message: `forward ${moved[0]}: clients that go on sending are led to ${moved[1].to} as before, and this host has no conntrack to end that`,
      fix: 'apt-get install conntrack',
    },
  ]
}

const nameTaken = (name: string, container: string): Note => ({
  severity: 'error',
  code: 'name-taken',
  message: `forward ${name} leads to ${container} already`,
  fix: `\`lxcnet forward remove ${name} -P ${container.slice(0, container.lastIndexOf('/'))}\` frees the port`,
})

const leadsTo = ({ to, address, through }: Forward, { first, last }: Entrance): string => {
  const { host = to, port } = parseTarget(to) ?? {}
  const name = host === address ? '' : `${host}, `
  return `leads to ${name}${address ?? 'wherever it is,'} port ${targetPorts(first, last, port)}${through.map((one) => `, through ${one}`).join('')}`
}

/** Translating a range to other ports takes a rule for each. */
const mostMoved = 256

function forwardOf(
  desk: Desk,
  name: string,
  entrance: Entrance,
  want: Settings,
  dhcp: readonly DhcpSide[],
): Forward | undefined {
  const to = want.get('to')?.[0] ?? ''
  const target = parseTarget(to)
  if (target === undefined) return undefined
  const fail = (code: string, message: string, fix: string): undefined => {
    desk.note({ severity: 'error', code, message: `forward ${name}: ${message}`, fix })
  }
  const { first, last, listen } = entrance
  const port = target.port === undefined || target.port === first ? undefined : target.port
  if (port !== undefined && port + last - first > 65535)
    return fail('bad-target', `the range does not fit behind port ${port}`, 'take lower ports there')
  if (port !== undefined && last - first >= mostMoved)
    return fail('bad-target', `more than ${mostMoved} ports cannot be moved to others`, 'keep their numbers there')
  const family = listen?.includes(':') || target.host.includes(':') ? 6 : 4
  const sources = want.get('source') ?? []
  if (
    listen !== undefined &&
    listen.includes(':') !== (family === 6 && (!target.isAddress || target.host.includes(':')))
  )
    return fail(
      'bad-target',
      `${listen} and ${target.host} are not of one IP version`,
      'NAT does not translate between them',
    )
  const foreign = sources.find((source) => source.includes(':') !== (family === 6))
  if (foreign !== undefined)
    return fail('bad-address', `nobody comes from ${foreign} over IPv${family}`, 'leave it out')
  const place = placeOf(target, family, desk.view, dhcp)
  const through = want.get('through') ?? []
  if (place === undefined)
    return fail(
      'forward-no-target',
      desk.view.containers.has(target.host)
        ? `${target.host} has no NIC with an IPv${family} address`
        : `there is no container ${target.host}`,
      '`lxcnet list` shows the containers and their NICs',
    )
  const { container, address, lease } = place
  const one = { to, container, address, port, sources, through }
  const deaf = unreached(name, to, place, desk.view)
  desk.note(...(deaf.length > 0 ? deaf : far(name, one, { ...desk.reading, view: desk.view })))
  if (address !== undefined) return one
  const { version } = desk.view
  const now = lease === undefined ? '' : ` (now ${lease})`
  const fixed = `a fixed address, or \`lxcnet dhcp reserve\`, spares it`
  if (version !== undefined && compareVersions(version, '3.0.0') < 0)
    return fail(
      'forward-no-target',
      `${target.host} has no fixed address, and LXC ${version} no ${hookKey} to ask for it`,
      fixed,
    )
  if (through.includes('ufw'))
    return fail('forward-no-target', `${target.host} has no fixed address that ufw could be told${now}`, fixed)
  desk.note({
    severity: 'info',
    code: 'forward-resolved',
    message: `forward ${name}: ${target.host} gets its address from a DHCP server${now}; a hook asks for it at every start`,
    fix: fixed,
  })
  return one
}

function clashes(
  { reading, view }: Desk,
  name: string,
  entrance: Entrance,
  one: Forward,
  forwards: ReadonlyMap<string, Forward>,
  isNew: boolean,
): Note[] {
  const notes: Note[] = []
  const rival = [...forwards].find(([other, theirs]) => {
    const taken = other === name ? undefined : parseEntrance(other)
    return taken !== undefined && overlap(entrance, taken) && isIpv6(taken, theirs) === isIpv6(entrance, one)
  })?.[0]
  const { listen } = entrance
  const elsewhere = printEntrance({ ...entrance, listen: isIpv6(entrance, one) ? '2001:db8::1' : '192.0.2.1' })
  const fix = `take another port${listen === undefined ? `, or an address to listen on: ${elsewhere}` : ''}`
  const error = (code: string, message: string, more = ''): unknown =>
    notes.push({ severity: 'error', code, message: `forward ${name}: ${message}`, fix: `${more}${fix}` })
  if (rival !== undefined) error('forward-overlaps', `forward ${rival} takes the same port`)
  if (listen !== undefined && view.links !== undefined && !hasAddress(view.links, listen))
    notes.push({
      severity: 'warning',
      code: 'forward-no-listen',
      message: `forward ${name}: no link of this host has ${listen} now`,
      fix: '`ip -br address` lists what it has',
    })
  if (!isNew) return notes
  const [other] = readRivals(reading.snapshot, entrance)
  if (other !== undefined) error('forward-overlaps', `there is a rule for the port already: ${other.trim()}`)
  const listener = readListeners(reading.snapshot).find((one) => listensOn(entrance, one))
  if (listener !== undefined) {
    const where = `${listener.address ?? 'all addresses'} port ${listener.port} (${listener.protocol})`
    const what = isWayIn(reading.snapshot, entrance, isIpv6(entrance, one))
      ? `this host is administered by ${where}, where nobody could log in any more`
      : `something on this host listens on ${where}, and would not be reached any more`
    error('port-taken', what, `${whoListens(listener)}; `)
  }
  return notes
}

/** One that listens on every address leads what comes over the IP version of its target. */
const isIpv6 = ({ listen }: Entrance, { address }: Forward): boolean => (listen ?? address ?? '').includes(':')

/**
 * The hook of containers that a forward leads to, as long as one needs it: those whose address is asked for at every
 * start, and all where the kernel does NAT for bridges, which needs help there to lead a container to itself.
 */
function putHooks(desk: Desk, old: ReadonlyMap<string, Forward>, next: ReadonlyMap<string, Forward>): void {
  const bridged = natOnBridges(desk.reading.snapshot)
  const wanted = containersOf(next, ({ address }) => bridged || address === undefined)
  const known = containersOf(old, () => true)
  for (const path of new Set([...known, ...wanted])) {
    const container = containerAt(desk.view, path)
    const text = container === undefined ? undefined : desk.text(container.path)
    if (container === undefined || text === undefined) continue
    const { name, state } = container
    const wants = wanted.has(path)
    const after = print((wants ? addSetting : removeSetting)(parse(text), hookKey, forwardHook))
    if (after === text) continue
    const why = wants ? `${name}: forwards lead to it at every start` : `${name}: no forward needs it to run the hook`
    // a container that runs needs no restart for it: it is done by hand below, and `up` asks for addresses too
    desk.write(container.path, after, { why })
    if (state !== 'running' || !bridged) continue
    const call = (verb: string): string[] => ['sh', forwardHook, verb, path]
    if (wants) desk.after(call('hairpin'), { undo: call('plain'), why: `${name} reaches itself by its forwards` })
    else desk.before(call('plain'), { undo: call('hairpin'), why: `${name} has no forwards to itself` })
  }
  if (wanted.size === 0 && desk.text(forwardHook) === undefined) return
  const why = 'has forwards lead to containers as they start'
  desk.write(forwardHook, wanted.size === 0 ? null : hookText('forward'), { why, mode: 0o755, record: true })
}

function containersOf(forwards: ReadonlyMap<string, Forward>, which: (forward: Forward) => boolean): Set<string> {
  return new Set([...forwards.values()].flatMap((one) => (which(one) ? (one.container ?? []) : [])))
}
