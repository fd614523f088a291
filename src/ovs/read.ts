/** What Open vSwitch has on a host, from the answers of templates/ovs.sh. */
import { entry, type OvsdbRow, ovsdbTables, text, texts } from '../core/ovsdb.ts'
import type { Probe } from '../core/probe.ts'
import { tunnelText } from './words.ts'

export const ovsProbe: Probe = {
  fragment: 'ovs.sh',
  setup: [],
  frames: [],
  live: ['ovs_live'],
  paths: ['ovs_paths'],
}

/** A port with one link, which all but bonds are. */
export interface Port {
  name: string
  /** Of Interface: '' for a link of the kernel, internal, vxlan, gre, patch … */
  type: string
  tag: string | undefined
  trunks: readonly string[]
  vlanMode: string | undefined
  /** The container whose hook made it. */
  container: string | undefined
  /** Why it does not work, as ovs-vswitchd says. */
  error: string | undefined
  /** `vxlan:198.18.0.12:42` of a tunnel to one remote with one key. */
  tunnel: string | undefined
  mtuRequest: string | undefined
}

export interface Switch {
  name: string
  netdev: boolean
  stp: boolean
  ports: readonly Port[]
}

export interface OpenVswitch {
  installed: boolean
  /** undefined when its database does not answer. */
  switches: ReadonlyMap<string, Switch> | undefined
  /** ovs-vswitchd answers: without it nothing that is written to the database comes true. */
  running: boolean
  /** The kernel has a datapath, as far as it could be asked. */
  datapath: boolean
  ethtool: boolean
}

/** @returns undefined under --root, where nothing was asked */
export function readOvs(answers: ReadonlyMap<string, { status: number; text: string }>): OpenVswitch | undefined {
  const installed = answers.get('ovs-program')
  if (installed === undefined) return undefined
  const tables = answers.get('ovs-tables')
  return {
    installed: installed.status === 0,
    switches: tables?.status === 0 ? readSwitches(tables.text) : undefined,
    running: answers.get('ovs-daemon')?.status === 0,
    datapath: answers.get('ovs-datapath')?.status !== 1,
    ethtool: answers.has('ethtool'),
  }
}

function readSwitches(answer: string): Map<string, Switch> {
  const [bridges = [], portRows = [], interfaceRows = []] = ovsdbTables(answer)
  const byId = (rows: readonly OvsdbRow[]) => new Map(rows.map((row) => [text(row, '_uuid'), row]))
  const [ports, interfaces] = [byId(portRows), byId(interfaceRows)]
  return new Map(
    bridges.map((bridge) => {
      const name = text(bridge, 'name')
      const own = texts(bridge, 'ports').flatMap((id) => ports.get(id) ?? [])
      const single = own.flatMap((row) => {
        const [only, ...more] = texts(row, 'interfaces').flatMap((id) => interfaces.get(id) ?? [])
        return only === undefined || more.length > 0 ? [] : readPort(row, only)
      })
      single.sort((a, b) => (a.name < b.name ? -1 : 1))
      return [
        name,
        {
          name,
          netdev: text(bridge, 'datapath_type') === 'netdev',
          stp: text(bridge, 'stp_enable') === 'true',
          ports: single,
        },
      ]
    }),
  )
}

function readPort(port: OvsdbRow, link: OvsdbRow): Port {
  const type = text(link, 'type')
  const [remote, key = '0'] = [entry(link, 'options', 'remote_ip'), entry(link, 'options', 'key')]
  const isTunnel = (type === 'vxlan' || type === 'gre') && /^[\da-f.:]+$/i.test(remote ?? '') && /^\d+$/.test(key)
  return {
    name: text(port, 'name'),
    type,
    tag: texts(port, 'tag')[0],
    trunks: texts(port, 'trunks'),
    vlanMode: texts(port, 'vlan_mode')[0],
    container: entry(port, 'external_ids', 'lxc-container'),
    error: texts(link, 'error')[0],
    tunnel: isTunnel && remote !== undefined ? tunnelText(type, remote, key) : undefined,
    mtuRequest: texts(link, 'mtu_request')[0],
  }
}
