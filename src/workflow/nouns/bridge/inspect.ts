/** What has become of bridges: those that stand in the host's files, for `list` and `check`, and what hangs on any. */
import {
  type BackendName,
  hasNoCarrier,
  portOf,
  readRecord,
  recordPath,
  type Standing,
  standingBridges,
} from '../../../bridge/index.ts'
import { parseCidr } from '../../../core/address.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Reading } from '../../context.ts'
import { childKinds, childrenOf, verb } from './in-use.ts'
import { assigned } from './live.ts'

/** For `list`: up with its addresses, or what `lacks` finds in a word. */
export function stateOf(standing: Standing, reading: Reading): string {
  const link = reading.view.links?.get(standing.bridge.name)
  if (reading.view.links === undefined) return 'unknown'
  const codes = lacks(standing, reading).map(({ code }) => code)
  if (codes.includes('bridge-down')) return 'down'
  return [codes.length > 0 ? 'incomplete' : 'up', ...(link?.addresses ?? [])].join(' ')
}

export const inspectBridges = (reading: Reading): Note[] => [
  ...standingBridges(reading.snapshot).flatMap((standing) => lacks(standing, reading)),
  ...deaf(reading),
]

/** ifupdown goes by its own notes, in which the bridge is up still. */
const renewals: { [name in BackendName]: (bridge: string) => string } = {
  ifupdown: (bridge) => `ifdown --force ${bridge}; ifup ${bridge}`,
  networkd: () => 'networkctl reload',
  netplan: () => 'netplan apply',
}

/** Of a bridge that somebody wrote by hand, only whether it is there: its files may say more than lxcnet reads. */
function lacks({ bridge, backend, from }: Standing, { snapshot, view }: Reading): Note[] {
  const { name } = bridge
  if (view.links === undefined) return []
  const lack = (code: string, what: string, fix: string): Note => ({
    severity: 'error',
    code,
    message: `bridge ${name} ${what}`,
    fix,
  })
  const link = view.links.get(name)
  if (link?.kind !== 'bridge') return [lack('bridge-down', `is in ${from}, and is not there`, renewals[backend](name))]
  if (!link.up) return [lack('bridge-down', 'is set down', `ip link set dev ${name} up`)]
  const record = readRecord(snapshot.files.get(recordPath(name))?.text)
  if (record === undefined) return []
  const port = portOf(bridge)
  const lost = bridge.address.filter((one) => one.includes('/') && !link.addresses.includes(canonical(one)))
  return [
    ...(port === undefined || view.links.get(port)?.master === name
      ? []
      : [lack('bridge-incomplete', `has lost its uplink ${port}`, `ip link set dev ${port} master ${name} up`)]),
    ...lost.map((one) =>
      lack('bridge-incomplete', `has lost ${one}`, `ip addr add ${assigned(one).join(' ')} dev ${name}`),
    ),
  ]
}

/** As ip(8) prints it. */
function canonical(text: string): string {
  const parsed = parseCidr(text, text.includes(':') ? 6 : 4)
  return parsed === undefined ? text : `${parsed.address}/${parsed.prefix}`
}

/** Macvlan and its like follow the carrier of their parent, and a bridge loses its own with its last port (br_stp_if.c). */
const deaf = ({ snapshot, view }: Reading): Note[] =>
  [...(view.links?.values() ?? [])].flatMap(({ name, kind, up }): Note[] => {
    const above = kind === 'bridge' && up && hasNoCarrier(snapshot, name) ? childrenOf(view, name, childKinds) : []
    if (above.length === 0) return []
    return [
      {
        severity: 'warning',
        code: 'bridge-no-carrier',
        message: `bridge ${name} has no port that is up, so ${verb(above, 'hears', 'hear')} nothing on it`,
        fix: `bring a port of ${name} up, or start a container with a veth on it`,
      },
    ]
  })
