/** What is wrong with the forwards of a host, and with the rules of all. */
import {
  type Forward,
  listensOn,
  parseEntrance,
  parseTarget,
  type Rules,
  readListeners,
  rulesStand,
} from '../../../firewall/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Reading } from '../../context.ts'
import { networkFaults, readRules } from '../../firewall.ts'
import { containerAt, isHere } from '../../targets.ts'
import { sidesOf } from '../dhcp/read.ts'
import { forwardDrops, whoListens } from './doors.ts'
import { far, placeOf, unreached } from './target.ts'

export function inspectForwards(reading: Reading): Note[] {
  const { forwards, networks } = readRules(reading)
  const [first, ...others] = [...[...forwards.keys()].map((name) => `forward ${name}`), ...namesOf(networks)]
  if (first === undefined) return []
  const dhcp = sidesOf(reading)
  const listeners = readListeners(reading.snapshot)
  const notes: Note[] = []
  if (rulesStand(reading.snapshot) === false) {
    notes.push({
      severity: 'error',
      code: 'firewall-down',
      message: `${first}${others.length === 0 ? '' : ` and ${others.length} more`}: the rules are gone, or are not what they should be`,
      fix: '`sh /etc/lxcnet/boot` brings them back, and so does a boot',
    })
  }
  for (const [name, rules] of networks) notes.push(...networkFaults(reading, name, rules))
  for (const [name, forward] of forwards) {
    notes.push(...targetFaults(name, forward, reading, dhcp))
    const entrance = parseEntrance(name)
    const listener = entrance && listeners.find((one) => listensOn(entrance, one))
    if (listener !== undefined)
      notes.push({
        severity: 'warning',
        code: 'port-taken',
        message: `forward ${name}: something on this host listens on the port too, and is not reached`,
        fix: whoListens(listener),
      })
    for (const note of forwardDrops(reading, name, forward, false)) notes.push({ ...note, severity: 'warning' })
  }
  return notes
}

const namesOf = (networks: Rules['networks']): string[] => [...networks.keys()].map((name) => `nat ${name}`)

function targetFaults(name: string, forward: Forward, reading: Reading, dhcp: ReturnType<typeof sidesOf>): Note[] {
  const { view } = reading
  const target = parseTarget(forward.to)
  if (target === undefined || target.isAddress) return far(name, forward, reading)
  const fault = (code: string, message: string, fix: string): Note[] => [
    { severity: 'error', code, message: `forward ${name}: ${message}`, fix },
  ]
  const path = forward.container ?? ''
  if (!isHere(view, path)) return []
  const container = containerAt(view, path)
  if (container === undefined)
    return fault('forward-no-target', `the container ${target.host} is gone`, `\`lxcnet forward remove ${name}\``)
  const { address } = forward
  const place = placeOf(target, address?.includes(':') ? 6 : 4, view, dhcp)
  const deaf = place === undefined ? [] : unreached(name, forward.to, place, view)
  if (deaf.length > 0 || address === undefined) return deaf
  const again = `\`lxcnet forward set ${name} to=${forward.to}\` leads it there`
  const said = place?.address
  if (said !== address)
    return fault('forward-moved', `${target.host} has ${said ?? 'no fixed address'}, and it leads to ${address}`, again)
  const live = container.live?.flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0]))
  if (live === undefined || live.includes(address)) return far(name, forward, reading)
  return fault(
    'forward-moved',
    `${target.host} runs without ${address}, to which it leads`,
    `\`lxc-stop -n ${target.host} && lxc-start -n ${target.host}\` gives it the address`,
  )
}
