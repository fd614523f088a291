/** `lxcnet forward`: ports of the host that lead to containers. */
import { dnsmasqProbe } from '../../dnsmasq/index.ts'
import {
  checkForwardValue,
  type Forward,
  forwardWords,
  namePattern,
  parseEntrance,
  rulesStand,
} from '../../firewall/index.ts'
import type { Reading } from '../context.ts'
import { firewallPath, firewallProbes, readRules } from '../firewall.ts'
import type { Found, Noun } from '../noun/noun.ts'
import { inspectForwards } from './forward-inspect.ts'
import { planForwards } from './forward-plan.ts'

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
    const rules = readRules(reading)
    return [...rules.forwards]
      .sort(([a], [b]) => port(a) - port(b))
      .map(([name, one]) => foundForward(name, one, reading))
  },
  plan: planForwards,
  inspect: (_, reading) => inspectForwards(reading),
}

const port = (name: string): number => parseEntrance(name)?.first ?? 0

function foundForward(name: string, one: Forward, reading: Reading): Found {
  const settings: [string, readonly string[]][] = [
    ['to', [one.to]],
    ['source', one.sources],
    ['through', one.through],
  ]
  return {
    name,
    settings: new Map(settings.filter(([, texts]) => texts.length > 0)),
    from: firewallPath,
    state: stateOf(one, reading),
    own: true,
  }
}

function stateOf({ container: path = '', address }: Forward, reading: Reading): string {
  const stands = rulesStand(reading.snapshot)
  if (stands === undefined) return 'unknown'
  if (!stands) return 'down'
  const container = reading.view.containers.get(path.slice(path.lastIndexOf('/') + 1))
  return address === undefined && container?.state === 'stopped' ? 'stopped' : 'up'
}
