/** `lxcnet forward`: ports of the host that lead to containers. */
import { dnsmasqProbe } from '../../../dnsmasq/index.ts'
import {
  checkForwardValue,
  type Forward,
  forwardWords,
  namePattern,
  parseEntrance,
  rulesStand,
} from '../../../firewall/index.ts'
import type { Reading } from '../../context.ts'
import { firewallPath, firewallProbes, readRules } from '../../firewall.ts'
import type { Found, Noun } from '../../noun/noun.ts'
import { containerAt, isHere } from '../../targets.ts'
import { inspectForwards } from './inspect.ts'
import { planForwards } from './plan.ts'

export const forward: Noun = {
  noun: 'forward',
  section: 'forwards',
  summary: 'ports of the host that lead to containers',
  name: {
    pattern: namePattern,
    words: 'a port and its protocol: 443/tcp, 80-90/udp, 192.0.2.1:443/tcp, [2001:db8::1]:443/tcp',
    argument: 'FORWARD',
  },
  after: 'nics',
  words: forwardWords,
  probes: () => [...firewallProbes, dnsmasqProbe],
  check: checkForwardValue,
  find: (_, reading) => {
    const { view } = reading
    const stands = rulesStand(reading.snapshot)
    const here = [...readRules(reading).forwards].filter(([, { container }]) => !container || isHere(view, container))
    const found = here.map(([name, one]) => ({
      first: parseEntrance(name)?.first ?? 0,
      one: foundForward(name, one, stateOf(one, reading, stands)),
    }))
    return found.sort((a, b) => a.first - b.first).map(({ one }) => one)
  },
  plan: (desk, wishes) => planForwards(desk, wishes, { anew: false }),
  inspect: (_, reading) => inspectForwards(reading),
}

/**
 * The same noun, which looks anew for the links by which the host reaches the targets. The other one leaves what was
 * worked out before as long as no forward changes: a shim that was made since is no change of theirs.
 */
export const freshForward: Noun = {
  ...forward,
  plan: (desk, wishes) => planForwards(desk, wishes, { anew: true }),
}

function foundForward(name: string, one: Forward, state: string): Found {
  const settings: [string, readonly string[]][] = [
    ['to', [one.to]],
    ['source', one.sources],
    ['through', one.through],
  ]
  return {
    name,
    settings: new Map(settings.filter(([, texts]) => texts.length > 0)),
    from: firewallPath,
    state,
    own: true,
  }
}

function stateOf({ container = '', address }: Forward, { view }: Reading, stands: boolean | undefined): string {
  if (stands === undefined) return 'unknown'
  if (!stands) return 'down'
  return address === undefined && containerAt(view, container)?.state === 'stopped' ? 'stopped' : 'up'
}
