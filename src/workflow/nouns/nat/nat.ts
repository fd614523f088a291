/** `lxcnet nat`: LXC's own NAT network, which lxc-net makes, and further ones. */
import { formatAddress, parseCidr } from '../../../core/address.ts'
import { dnsmasqProbe } from '../../../dnsmasq/index.ts'
import { checkNatValue, lxcNetName, natWords, rangeText, readLxcNet, subnetText } from '../../../lxc-net/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Context, Reading } from '../../context.ts'
import { firewallProbes } from '../../firewall.ts'
import type { Noun, Settings } from '../../noun/noun.ts'
import { foundFurther, planFurther } from './further.ts'
import { foundLxcNet, planLxcNet } from './lxc-net.ts'
import { natProbes } from './networks.ts'
import { addressesIn, one } from './wish.ts'

export const nat: Noun = {
  noun: 'nat',
  section: 'nat',
  summary: "NAT networks: LXC's own, lxc-net, and further ones",
  name: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{1,14}$/,
    words: 'lxc-net for that of LXC itself, or a name of 2 to 15 letters, digits, ".", "_" and "-"',
    argument: 'NETWORK',
  },
  words: natWords,
  probes: () => [...new Set([...natProbes, dnsmasqProbe, ...firewallProbes])],
  check: checkNatValue,
  find: (context, reading) => [...foundLxcNet(context, reading), ...foundFurther(context, reading)],
  plan(desk, wishes) {
    for (const wish of wishes) wish.name === lxcNetName ? planLxcNet(desk, wish) : planFurther(desk, wish)
  },
  inspect,
}

/** The same noun, which says also what follows from the subnet: for a person to see, not to be wished for. */
export const natInFull: Noun = {
  ...nat,
  find: (context, reading) => nat.find(context, reading).map((one) => ({ ...one, settings: inFull(one.settings) })),
}

function inFull(settings: Settings): Settings {
  const subnet = parseCidr(one(settings, 'subnet') ?? '', 4)
  if (subnet === undefined) return settings
  const { address, range } = addressesIn(subnet, settings)
  const all: [string, readonly string[]][] = [
    ['subnet', [subnetText(subnet)]],
    ['bridge', []],
    ['address', [formatAddress(address, 4)]],
    ['range', [rangeText(range)]],
  ]
  return new Map([...all, ...settings])
}

function inspect(context: Context, reading: Reading): Note[] {
  const down = nat.find(context, reading).flatMap(({ name, state, from }): Note[] => {
    if (state !== 'down' && state !== 'no dnsmasq') return []
    const what = state === 'down' ? 'is not up' : 'has no dnsmasq: no container gets an address'
    const fix = name === lxcNetName ? 'lxcnet nat enable' : 'sh /etc/lxcnet/boot'
    return [{ severity: 'warning', code: 'nat-down', message: `nat ${name} ${what}, which ${from} wants`, fix }]
  })
  const own = readLxcNet(reading.snapshot)
  const wrong = own?.enabled ? own.contradictions : []
  const subnet = own?.network === undefined ? '' : subnetText(own.network.subnet)
  return [
    ...down,
    ...wrong.map((what): Note => {
      const message = `nat ${lxcNetName}: ${own?.places.settings}: ${what}`
      const fix = `lxcnet nat set ${lxcNetName} subnet=${subnet}`
      return { severity: 'warning', code: 'nat-contradiction', message, fix }
    }),
  ]
}
