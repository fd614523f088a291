/** `lxcnet ovs`: switches of Open vSwitch. */
import { bootProbe, piecePath, pieceText } from '../../../boot/index.ts'
import {
  checkOvsValue,
  type OpenVswitch,
  ovsPiece,
  ovsProbe,
  ovsVariables,
  ovsWords,
  readOvs,
  switchName,
} from '../../../ovs/index.ts'
import type { Impact, Note } from '../../../plan/plan.ts'
import { templateText } from '../../../template/template.ts'
import type { Reading } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Found, Noun, Settings, Wish } from '../../noun/noun.ts'
import { subnetNotes } from '../../subnets.ts'
import { planByHand } from './by-hand.ts'
import { planGone } from './delete.ts'
import { findSwitches } from './find.ts'
import { hookFiles } from './hooks.ts'
import { deadPorts, error } from './ports.ts'
import { tunnelNotes, uplinkNotes } from './uplink.ts'

export const ovs: Noun = {
  noun: 'ovs',
  section: 'switches',
  summary: 'switches of Open vSwitch',
  name: {
    pattern: switchName,
    words: 'a name for a switch: letters, digits, ".", "_" and "-", at most 15',
    argument: 'SWITCH',
  },
  words: ovsWords,
  probes: () => [bootProbe, ovsProbe],
  check: checkOvsValue,
  find: (_, reading) => findSwitches(reading),
  plan(desk, wishes) {
    const changed = wishes.filter((wish) => !isSo(wish))
    if (changed.length > 0) desk.note(...cannotChange(readOvs(desk.reading.snapshot.answers)))
    for (const wish of changed) planOne(desk, wish)
    for (const { path, text, why } of hookFiles(desk.reading, desk.view.containers.values(), ownAfter(desk, wishes)))
      desk.write(path, text, { why, mode: 0o755, record: true })
  },
  inspect: (_, reading) => inspect(reading),
}

/** An own switch that is down or has lost something is not as it should be, whatever its file says. */
const isSo = ({ want, have }: Wish): boolean =>
  want !== undefined &&
  have !== undefined &&
  sameSettings(want, have.settings) &&
  (!have.own || !['down', 'incomplete'].includes(have.state))

const sameSettings = (some: Settings, others: Settings): boolean =>
  ovsWords.every(({ flag }) => (some.get(flag) ?? []).join(' ') === (others.get(flag) ?? []).join(' '))

/** Nothing can be changed where Open vSwitch is not there or does not answer; it would only be waited for. */
export function cannotChange(state: OpenVswitch | undefined): Note[] {
  if (state === undefined || (state.switches !== undefined && state.running)) return []
  if (!state.installed)
    return [error('ovs-missing', 'Open vSwitch is not installed on this host', 'apt-get install openvswitch-switch')]
  const what = state.switches === undefined ? 'its database does not answer' : 'ovs-vswitchd does not answer'
  return [error('ovs-down', `Open vSwitch does not run on this host: ${what}`, 'systemctl restart openvswitch-switch')]
}

function planOne(desk: Desk, wish: Wish): void {
  const { name, want, have } = wish
  if (have !== undefined && !have.own) planByHand(desk, wish)
  else if (want === undefined) planGone(desk, name)
  else planOwn(desk, name, want, have)
}

function planOwn(desk: Desk, name: string, want: Settings, have: Found | undefined): void {
  const said = (flag: string): readonly string[] => want.get(flag) ?? []
  const had = (flag: string): readonly string[] => have?.settings.get(flag) ?? []
  if (have === undefined && desk.view.links?.has(name))
    desk.note(error('name-taken', `there is a link ${name} already, which is no switch`, 'choose another name'))
  const isolated = said('uplink').length + said('tunnel').length === 0
  const addresses = said('address').filter((text) => !had('address').includes(text))
  desk.note(...subnetNotes(desk.view, { title: `switch ${name}`, addresses, own: [name], isolated }))
  for (const tunnel of said('tunnel')) desk.note(...tunnelNotes(tunnel, name, desk))
  for (const uplink of said('uplink')) {
    if (have?.state === 'up' && had('uplink').includes(uplink)) continue
    desk.note(...uplinkNotes(uplink, name, desk))
    // the switch takes it up by itself; only the way back has to know that it was down
    if (desk.view.links?.get(uplink)?.up === false)
      desk.after(['ip', 'link', 'set', uplink, 'up'], {
        undo: ['ip', 'link', 'set', uplink, 'down'],
        why: `the uplink of ${name}`,
      })
  }
  const state = readOvs(desk.reading.snapshot.answers)
  const netdev = said('datapath')[0] === 'netdev'
  if (!netdev && state?.datapath === false)
    desk.note(
      error(
        'ovs-no-datapath',
        `switch ${name}: the kernel of this host has no openvswitch`,
        have === undefined ? '--datapath netdev needs none' : `lxcnet ovs set ${name} datapath=netdev`,
      ),
    )
  if (netdev && state?.ethtool === false)
    desk.note({
      severity: 'warning',
      code: 'ovs-no-ethtool',
      message: `switch ${name}: without ethtool ping works on the userspace datapath and TCP does not`,
      fix: 'apt-get install ethtool',
    })
  const text = pieceText(
    `switch ${name}`,
    `\`lxcnet ovs set ${name}\``,
    ovsVariables(name, want),
    templateText('boot/ovs.sh'),
  )
  const impact = have === undefined ? 'live' : impactOf(said, had)
  const why = `the switch ${name}${detail(want)}`
  const piece = ovsPiece(name)
  if (text === desk.pieceText(piece)) {
    const call = (verb: string): string[] => ['sh', piecePath(piece), verb]
    desk.after(call('up'), { undo: ['true'], why: `${why}: brings back what is missing`, check: call('check') })
    desk.say(`switch ${name}: brought back`)
  } else {
    desk.piece(piece, text, { why, impact, converges: true })
    desk.say(`switch ${name}: ${have === undefined ? 'made' : 'changed'}${detail(want)}`)
    // who administers the host by an address that goes may find it at one that comes
    if (had('address').some((text) => !said('address').includes(text)))
      for (const text of said('address')) if (!had('address').includes(text)) desk.reachAt(text.replace(/\/.*/, ''))
  }
  desk.promise(name, { kind: 'openvswitch', addresses: [...said('address')] })
}

/** Another datapath, another tree or one way less to the outside: frames are lost for a moment, or for good. */
function impactOf(said: (flag: string) => readonly string[], had: (flag: string) => readonly string[]): Impact {
  const turned = Object.entries({ datapath: 'system', stp: 'off', 'vlan-id': '' }).some(
    ([flag, usual]) => (said(flag)[0] ?? usual) !== (had(flag)[0] ?? usual),
  )
  const lost = ['uplink', 'tunnel', 'address'].some((flag) => had(flag).some((text) => !said(flag).includes(text)))
  return turned || lost ? 'reconnect' : 'live'
}

const detail = (want: Settings): string => {
  const words = [...want].map(([flag, texts]) => `${flag} ${texts.join(', ')}`)
  return words.length === 0 ? '' : `, ${words.join('; ')}`
}

/** Settings of lxcnet's own switches as they will be. */
function ownAfter({ reading }: Desk, wishes: readonly Wish[]): Settings[] {
  const own = new Map(
    findSwitches(reading).flatMap(({ name, settings, own }) => (own ? [[name, settings] as const] : [])),
  )
  for (const { name, want, have } of wishes) {
    if (want === undefined) own.delete(name)
    else if (have === undefined || have.own) own.set(name, want)
  }
  return [...own.values()]
}

function inspect(reading: Reading): Note[] {
  const { snapshot, view } = reading
  const state = readOvs(snapshot.answers)
  if (state === undefined) return []
  const own = findSwitches(reading).filter((one) => one.own)
  const notes: Note[] = own.length > 0 ? cannotChange(state) : []
  if (notes.length > 0) return notes
  for (const { name, state: now } of own) {
    if (now === 'up') continue
    const what = now === 'down' ? 'is down' : 'lacks a port or an address that it was made with'
    notes.push(error('switch-incomplete', `ovs ${name} ${what}`, 'sh /etc/lxcnet/boot'))
  }
  for (const { name, port } of deadPorts(state, view))
    notes.push({
      severity: 'warning',
      code: 'ovs-dead-port',
      message: `ovs ${name}: port ${port.name} is dead, its link is gone`,
      fix: 'lxcnet ovs gc',
    })
  return notes
}
