/** What `lxcnet list` and `lxcnet show` say: the shapes of their JSON, and the tables for people. */
import { table } from './table.ts'

export interface NicRow {
  index: number
  style: 'modern' | 'legacy'
  type: string
  mode: string | null
  link: string | null
  /** Inside the container. */
  name: string | null
  hwaddr: string | null
  addresses: string[]
  gateways: string[]
  mtu: string | null
  vlanId: string | null
}

export interface ContainerRow {
  name: string
  state: string
  readable: boolean
  /** LXC refuses the config; `lxcnet check` says why. */
  refused: boolean
  /** The first reason. */
  refusedBecause: string | null
  /** Is a restart needed for the config to take effect? */
  restart: 'no' | 'pending' | 'unknown'
  nics: NicRow[]
}

export interface ListReport {
  schema: 'lxcnet.list/1'
  host: string
  lxcpath: string
  lxcVersion: string | null
  containers: ContainerRow[]
  /** Runs of lxcnet that are under way or were killed. */
  unfinished: { id: string; state: string }[]
}

export interface NicDetail {
  index: number
  style: 'modern' | 'legacy'
  /** As it takes effect; null for a type without modes. */
  mode: string | null
  keys: { key: string; value: string; file: string; line: number }[]
  live: {
    name: string
    hwaddr: string
    mtu: number
    up: boolean
    addresses: string[]
    hostLink: string | null
    bridge: string | null
  } | null
}

export interface ShowReport {
  schema: 'lxcnet.show/1'
  host: string
  lxcVersion: string | null
  containers: {
    name: string
    config: string
    state: string
    /** What a restart would change; null when that cannot be read. */
    restart: string[] | null
    nics: NicDetail[]
  }[]
}

export function listText({ containers, lxcpath, unfinished }: ListReport, width: number): string {
  const lines: string[] = []
  if (containers.length === 0) lines.push(`No containers in ${lxcpath}.`)
  else {
    const rows = containers.flatMap((container) => {
      const state = container.state === 'unknown' ? '-' : container.state
      const note = !container.readable
        ? 'unreadable'
        : container.refused
          ? 'refused'
          : container.restart === 'pending'
            ? 'restart'
            : container.restart === 'unknown' && state !== '-'
              ? '?'
              : ''
      const nics = container.nics.length === 0 ? [['-', '-', '-', '-']] : container.nics.map(nicCells)
      return nics.map((cells, at) => [
        at === 0 ? container.name : '',
        at === 0 ? state : '',
        ...cells,
        at === 0 ? note : '',
      ])
    })
    lines.push(table(['CONTAINER', 'STATE', 'NIC', 'TYPE', 'LINK', 'ADDRESS', 'NOTE'], rows, width))
    const marks = new Set(rows.map((row) => row.at(-1)))
    if (marks.has('restart'))
      lines.push('restart: the running container differs from its config (`lxcnet show CONTAINER` says in what)')
    if (marks.has('refused')) lines.push('refused: LXC does not load this config (`lxcnet check` says why)')
    if (marks.has('unreadable')) lines.push('unreadable: this config cannot be read (no right, or no plain file)')
  }
  for (const { id, state } of unfinished) {
    lines.push(
      state === 'running'
        ? `Another lxcnet is changing this host right now (${id}).`
        : `${id} was left unfinished by a killed run; the next changing command takes it back.`,
    )
  }
  return lines.join('\n')
}

const nicCells = (nic: NicRow): string[] => [
  String(nic.index),
  nic.mode === null || nic.type === 'veth' ? nic.type : `${nic.type} ${nic.mode}`,
  nic.link ?? '-',
  nic.addresses[0] === undefined
    ? '-'
    : nic.addresses[0] + (nic.addresses.length > 1 ? ` +${nic.addresses.length - 1}` : ''),
]

/** A missing address alone does not say that the config is newer: something inside can have removed it. */
const isAddress = (text: string): boolean => / is not on \S+$/.test(text)

export function showText({ containers }: ShowReport, width: number): string {
  return containers
    .map(({ name, config, state, restart, nics }) => {
      const lines = [`${name} (${state}), ${config}`]
      for (const nic of nics) {
        lines.push('', `NIC ${nic.index}${nic.style === 'legacy' ? ', in the syntax of LXC before 2.1' : ''}`)
        const rows = nic.keys.map(({ key, value, file, line }) => [
          `  ${key}`,
          value,
          file === config ? `line ${line}` : `${file}:${line}`,
        ])
        lines.push(table(['  KEY', 'VALUE', 'FROM'], rows, width))
        const { live } = nic
        if (live !== null) {
          const where =
            live.hostLink === null
              ? ''
              : `, ${live.hostLink} on the host${live.bridge === null ? '' : ` in ${live.bridge}`}`
          lines.push(
            `  live: ${live.name} ${live.hwaddr} mtu ${live.mtu} ${live.up ? 'up' : 'down'}${live.addresses.length === 0 ? '' : ` ${live.addresses.join(' ')}`}${where}`,
          )
        }
      }
      if (nics.length === 0) lines.push('', 'no NIC: the container has the loopback alone')
      if (restart === null && state !== 'unknown') lines.push('', 'whether a restart is pending cannot be read')
      else if (restart !== null && restart.length > 0)
        lines.push(
          '',
          restart.every(isAddress) ? 'The running container differs from its config:' : 'A restart is pending:',
          ...restart.map((text) => `  ${text}`),
        )
      return lines.join('\n')
    })
    .join('\n\n')
}
