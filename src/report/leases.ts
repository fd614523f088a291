/** `lxcnet dhcp leases`: one shape for people and for `--json`. */
import { table } from './table.ts'

export interface LeasesReport {
  schema: 'lxcnet.leases/1'
  host: string
  leases: LeaseRow[]
}

export interface LeaseRow {
  address: string
  network: string
  mac: string
  /** That the client told; null when it told none. */
  name: string | null
  /** That has the MAC; null for none of this host. */
  container: string | null
  /** ISO 8601, in UTC; null for a lease that never ends. */
  expires: string | null
  /** As the host's clock has it; 0 when it has ended, null when it never does. */
  secondsLeft: number | null
  /** `stale`: it has not ended, and no container has the MAC any more. */
  state: 'live' | 'stale' | 'expired'
  reserved: boolean
}

export function leasesText({ leases }: LeasesReport, width: number): string {
  if (leases.length === 0) return 'Nobody has a lease.'
  const head = ['ADDRESS', 'WHO', 'STATE', 'LEFT', 'RESERVED', 'MAC', 'NETWORK']
  const rows = leases.map(({ address, container, name, state, secondsLeft, reserved, mac, network }) => [
    address,
    container ?? name ?? '-',
    state,
    secondsLeft === null ? 'forever' : duration(secondsLeft),
    reserved ? 'yes' : 'no',
    mac,
    network,
  ])
  const stale = leases.filter(({ state }) => state === 'stale')
  const hint = `\n\nNo container has the MAC of a stale lease; \`lxcnet dhcp release ADDRESS\` frees the address.`
  return `${table(head, rows, width)}${stale.length > 0 ? hint : ''}`
}

/** `3d 4h`, `59m 2s`: the two largest units. */
function duration(seconds: number): string {
  const units: [string, number][] = [
    ['d', 86400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ]
  const parts = units.map(([unit, size], at) => {
    const above = units[at - 1]?.[1]
    return [Math.floor((above === undefined ? seconds : seconds % above) / size), unit] as const
  })
  const first = parts.findIndex(([count]) => count > 0)
  return first === -1
    ? '-'
    : parts
        .slice(first, first + 2)
        .map(([count, unit]) => `${count}${unit}`)
        .join(' ')
}
