/** What `lxcnet host …` says: the shapes of its JSON, and the texts for people. */
import { structuredPatch } from 'diff'
import { listed } from './host-names.ts'
import { readable, table } from './table.ts'

export interface HostListReport {
  schema: 'lxcnet.host-list/1'
  /** null when there is no inventory. */
  file: string | null
  hosts: HostRow[]
  /** Directories that Ansible reads with this inventory and lxcnet does not. */
  unread: string[]
}

export interface HostRow {
  name: string
  groups: string[]
  address: string | null
  port: number | null
  user: string | null
  jump: string | null
  /** Why the host cannot be used: a template, say. */
  problem: string | null
  /** Groups' included; of a secret the value is `***`. */
  vars: Record<string, string>
}

/** @param verbose with the variables of each */
export function hostListText({ file, hosts, unread }: HostListReport, width: number, verbose: boolean): string {
  if (file === null) return 'There is no inventory; `lxcnet host add NAME --address ADDRESS` makes one.'
  if (hosts.length === 0) return `${file} has no hosts.`
  const rows = hosts.map(({ name, address, port, user, jump, groups, problem }) => {
    const place = (address ?? name) + (port === null ? '' : ` port ${port}`)
    return [name, problem === null ? place : '?', user ?? '-', jump ?? '-', groups.join(',')]
  })
  // what no host has is no column
  const shown = ['HOST', 'ADDRESS', 'USER', 'JUMP', 'GROUPS'].map(
    (_, column) => column < 2 || rows.some((row) => row[column] !== '-'),
  )
  const pick = (cells: readonly string[]): string[] => cells.filter((_, column) => shown[column])
  const lines = [table(pick(['HOST', 'ADDRESS', 'USER', 'JUMP', 'GROUPS']), rows.map(pick), width)]
  if (verbose)
    for (const { name, vars } of hosts)
      lines.push('', name, ...Object.entries(vars).map(([key, value]) => `  ${key} = ${readable(value)}`))
  for (const { problem } of hosts) if (problem !== null) lines.push(`?: ${readable(problem)}`)
  for (const folder of unread) lines.push(`Not read: ${folder}, which Ansible reads too.`)
  return lines.join('\n')
}

export interface HostEditReport {
  schema: 'lxcnet.host-edit/1'
  host: string
  file: string
  result: 'planned' | 'declined' | 'written'
  /** Was there none before? */
  created: boolean
  /** Lines with `+` or `-` in front; secrets are masked. */
  diff: string[]
}

/** The lines that differ, without their neighbours: those may hold what is nobody's business. */
export function diffOf(before: string, after: string): string[] {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: 0 })
  return hunks.flatMap(({ lines }) => lines.filter((line) => !line.startsWith('\\')))
}

export const hostEditText = ({ file, created, diff }: HostEditReport): string =>
  [`${readable(file)}${created ? ' (new)' : ''}`, ...diff.map((line) => `  ${readable(line.trimEnd())}`)].join('\n')

export function hostEditResult({ result, host, diff }: HostEditReport): string {
  if (result === 'planned') return 'Nothing was changed (--dry-run).'
  if (result === 'declined') return 'Nothing was changed.'
  return diff.some((line) => line.startsWith('+')) ? `Done. To see what it lacks: lxcnet host check ${host}` : 'Done.'
}

export interface HostCheckReport {
  schema: 'lxcnet.host-check/1'
  hosts: HostCheckRow[]
}

export interface HostCheckRow {
  host: string
  reached: boolean
  /** Of the error, when it was not reached or does not answer. */
  code: string | null
  reason: string | null
  facts: HostFactsRow | null
}

export interface HostFactsRow {
  lxcVersion: string | null
  lxcpath: string
  distribution: string | null
  kernel: string | null
  init: string
  /** Who brings the host's own network up. */
  network: string[]
  /** Version; `stopped` when it is installed and does not run; null without it. */
  ovs: string | null
  nft: string | null
  iptables: string | null
  missing: { what: string; feature: string; package: string | null; vital: boolean }[]
  /** What lxcnet has put there. */
  files: string[]
}

/** One line a host; below it what is missing, once for all hosts that lack the same. */
export function hostCheckText({ hosts }: HostCheckReport, width: number): string {
  const odd = hosts.some(({ facts }) => facts !== null && facts.lxcpath !== '/var/lib/lxc')
  const head = ['HOST', 'STATE', 'LXC', 'DISTRIBUTION', 'INIT', 'NETWORK', 'OVS', 'FIREWALL']
  const rows = hosts.map(({ host, reached, facts }) => {
    if (facts === null) return [host, reached ? 'failed' : 'down', ...Array(odd ? 7 : 6).fill('-')]
    const { lxcVersion, distribution, init, network, ovs, nft, iptables, missing, lxcpath } = facts
    const firewall = [nft === null ? '' : 'nft', iptables === null ? '' : `iptables-${iptables}`].filter(Boolean)
    return [
      host,
      missing.some(({ vital }) => vital) ? 'lacks' : 'ok',
      lxcVersion ?? '-',
      distribution ?? '?',
      init,
      network.join('+') || '?',
      ovs ?? '-',
      firewall.join('+') || '-',
      ...(odd ? [lxcpath] : []),
    ]
  })
  const lines = [table(odd ? [...head, 'LXCPATH'] : head, rows, width)]
  const reasons = hosts.flatMap(({ host, reason }) => (reason === null ? [] : [withName(host, reason)]))
  if (reasons.length > 0) lines.push('', ...reasons.map(readable))
  const lacks = grouped(
    hosts.flatMap(({ host, facts }) =>
      (facts?.missing ?? []).map(({ what, feature, package: from }) => {
        return [`no ${what}: ${feature}${from === null ? '' : ` (package ${from})`}`, host] as const
      }),
    ),
  )
  if (lacks.size > 0) lines.push('')
  for (const [text, names] of lacks) lines.push(readable(`${who(names, hosts)}: ${text}`))
  const files = grouped(hosts.flatMap(({ host, facts }) => (facts?.files ?? []).map((file) => [file, host] as const)))
  if (files.size > 0) lines.push('', "lxcnet's own files:")
  for (const [file, names] of files) lines.push(readable(`  ${file}: ${listed(names)}`))
  return lines.join('\n')
}

/** Most reasons name the host already. */
const withName = (host: string, reason: string): string => (reason.startsWith(host) ? reason : `${host}: ${reason}`)

function grouped(pairs: readonly (readonly [key: string, host: string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [key, host] of pairs) groups.set(key, [...(groups.get(key) ?? []), host])
  return groups
}

const who = (names: readonly string[], hosts: readonly HostCheckRow[]): string =>
  names.length > 1 && names.length === hosts.filter(({ facts }) => facts !== null).length ? 'all' : listed(names)
