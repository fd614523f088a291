/** `lxcnet dhcp leases`: who has which address until when, and which of them nobody uses any more. */
import { isLive } from '../../../dnsmasq/index.ts'
import type { LeaseRow, LeasesReport } from '../../../report/leases.ts'
import { type Context, type Reading, readView } from '../../context.ts'
import { dhcp } from './dhcp.ts'
import { holdersOf, nowOf, sidesOf } from './read.ts'

export async function listLeases(context: Context): Promise<LeasesReport> {
  const reading = await readView(context, { containers: [], probes: dhcp.probes(context) })
  return {
    schema: 'lxcnet.leases/1',
    host: context.host.name,
    leases: leasesOf(context, reading),
  }
}

function leasesOf(context: Context, reading: Reading): LeaseRow[] {
  const now = nowOf(context, reading)
  const owners = ownersOf(reading)
  return sidesOf(reading).flatMap(({ network, leases, reservations }) => {
    const reserved = new Set(reservations.map(({ address }) => address))
    return leases.map(({ address, mac, name, expiresAtEpochSeconds: end, ...lease }): LeaseRow => {
      const container = owners.get(mac) ?? null
      const live = isLive({ address, mac, name, expiresAtEpochSeconds: end, ...lease }, now)
      return {
        address,
        network: network.name,
        mac,
        name: name ?? null,
        container,
        expires: end === undefined ? null : new Date(end * 1000).toISOString(),
        secondsLeft: end === undefined ? null : Math.max(0, Math.round(end - now)),
        state: !live ? 'expired' : container === null ? 'stale' : 'live',
        reserved: reserved.has(address),
      }
    })
  })
}

/** MAC → container, of configs and of what runs: a NIC without a fixed MAC has a new one at each start. */
export function ownersOf({ view }: Reading): Map<string, string> {
  const owners = new Map([...holdersOf(view)].map(([mac, { container }]) => [mac, container]))
  for (const { name, live } of view.containers.values()) for (const { mac } of live ?? []) owners.set(mac, name)
  return owners
}
