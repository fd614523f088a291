/** What is wrong with the forwards of a host. */
import {
  type Forward,
  listensOn,
  parseEntrance,
  parseTarget,
  readDroppers,
  readListeners,
  rulesStand,
} from '../../../firewall/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Reading } from '../../context.ts'
import { readRules } from '../../firewall.ts'
import { sidesOf } from '../dhcp/read.ts'
import { placeOf } from './target.ts'

export function inspectForwards(reading: Reading): Note[] {
  const { forwards } = readRules(reading)
  const [first] = forwards.keys()
  if (first === undefined) return []
  const dhcp = sidesOf(reading)
  const listeners = readListeners(reading.snapshot)
  const droppers = readDroppers(reading.snapshot)
  const notes: Note[] = []
  if (rulesStand(reading.snapshot) === false) {
    const others = forwards.size === 1 ? '' : ` and ${forwards.size - 1} more`
    notes.push({
      severity: 'error',
      code: 'firewall-down',
      message: `forward ${first}${others}: the rules are gone, or are not what they should be`,
      fix: '`sh /etc/lxcnet/boot` brings them back, and so does a boot',
    })
  }
  for (const [name, forward] of forwards) {
    notes.push(...targetFaults(name, forward, reading, dhcp))
    const entrance = parseEntrance(name)
    const listener = entrance && listeners.find((one) => listensOn(entrance, one))
    if (listener !== undefined)
      notes.push({
        severity: 'warning',
        code: 'port-taken',
        message: `forward ${name}: something on this host listens on the port too, and is not reached`,
        fix: '`ss -lntup` tells what it is',
      })
    for (const dropper of droppers.filter((one) => !forward.through.includes(one)))
      notes.push({
        severity: 'warning',
        code: dropper === 'docker' || dropper === 'ufw' ? `${dropper}-drops` : 'forwards-dropped',
        message: `forward ${name}: ${dropper} drops what this host forwards`,
        fix: `\`lxcnet forward set ${name} through=docker\` (or ufw), or a rule there`,
      })
  }
  return notes
}

function targetFaults(name: string, forward: Forward, { view }: Reading, dhcp: ReturnType<typeof sidesOf>): Note[] {
  const target = parseTarget(forward.to)
  if (target === undefined || target.isAddress) return []
  const fault = (code: string, message: string, fix: string): Note[] => [
    { severity: 'error', code, message: `forward ${name}: ${message}`, fix },
  ]
  const container = view.containers.get(target.host)
  if (container === undefined)
    return fault('forward-no-target', `the container ${target.host} is gone`, `\`lxcnet forward remove ${name}\``)
  const { address } = forward
  if (address === undefined) return []
  const again = `\`lxcnet forward set ${name} to=${forward.to}\` leads it there`
  const place = placeOf(target, address.includes(':') ? 6 : 4, view, dhcp)
  const said = place?.address
  if (said !== address)
    return fault('forward-moved', `${target.host} has ${said ?? 'no fixed address'}, and it leads to ${address}`, again)
  const live = container.live?.flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0]))
  if (live === undefined || live.includes(address)) return []
  return fault(
    'forward-moved',
    `${target.host} runs without ${address}, to which it leads`,
    `a restart of ${target.host} gives it the address`,
  )
}
