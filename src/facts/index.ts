/** The facts room: what kind of host one is, and what it lacks for what lxcnet does. */
import type { Probe } from '../core/probe.ts'
import { modules, needs } from './needs.ts'

export const factsProbe: Probe = {
  fragment: 'facts.sh',
  setup: [],
  frames: [],
  live: [
    'facts_read',
    `facts_tools ${needs.flatMap(({ tools }) => tools).join(' ')}`,
    `facts_kernel ${modules.map(({ name, config }) => `${name}=${config}`).join(' ')}`,
    'facts_end',
  ],
  paths: [],
}

export interface HostFacts {
  lxcVersion: string | null
  lxcpath: string
  /** As os-release(5) has it for people. */
  distribution: string | null
  kernel: string | null
  /** systemd, openrc, busybox, sysvinit, or the name of pid 1. */
  init: string
  /** Who brings the host's own network up: netplan, systemd-networkd, NetworkManager, ifupdown. */
  network: string[]
  /** Version of the Open vSwitch that runs; `stopped` when it is installed and does not. */
  ovs: string | null
  /** Version of nft. */
  nft: string | null
  /** What iptables works on: `nft` or `legacy`. */
  iptables: string | null
  missing: Missing[]
  /** What lxcnet has put there. */
  files: string[]
}

export interface Missing {
  /** A command, or a module of the kernel. */
  what: string
  /** What follows from it. */
  feature: string
  /** Where to get it; null when no package has it. */
  package: string | null
  /** Little or nothing works without. */
  vital: boolean
}

type Answers = ReadonlyMap<string, { status: number; text: string }>

export function readFacts(answers: Answers): HostFacts {
  const said = new Map<string, string[]>()
  for (const line of (answers.get('facts')?.text ?? '').split('\n')) {
    const [, name = '', value = ''] = /^(\S+) (.*)$/s.exec(line) ?? []
    said.set(name, [...(said.get(name) ?? []), value])
  }
  const all = (name: string): string[] => said.get(name) ?? []
  const output = (id: string): string | undefined => {
    const answer = answers.get(id)
    return answer?.status === 0 ? answer.text.trim() : undefined
  }
  return {
    lxcVersion: output('lxc-version') ?? null,
    lxcpath: output('lxcpath') || '/var/lib/lxc',
    distribution: distributionOf(answers.get('os')?.text ?? ''),
    kernel: all('kernel')[0] ?? null,
    init: all('init')[0] ?? 'unknown',
    network: all('network'),
    ovs: answers.has('ovs') ? (output('ovs') ?? 'stopped') : null,
    nft: /v(\d\S*)/.exec(output('nft') ?? '')?.[1] ?? null,
    // before 1.8 there was one kind alone, and it said nothing
    iptables: output('iptables') === undefined ? null : /nf_tables/.test(output('iptables') ?? '') ? 'nft' : 'legacy',
    missing: [...missingTools(new Set(all('tool'))), ...withoutJson(answers), ...missingModules(all)],
    files: all('trace'),
  }
}

/** os-release(5): shell assignments; `NAME` and `VERSION_ID` are shorter than `PRETTY_NAME`. */
function distributionOf(text: string): string | null {
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}=(["']?)(.*)\\1[ \\t]*$`, 'm').exec(text)?.[2]?.replace(/\\(.)/g, '$1')
  const name = value('NAME')?.replace(/ (GNU\/)?Linux$/, '')
  if (name === undefined) return value('PRETTY_NAME') ?? null
  return [name, value('VERSION_ID')].filter(Boolean).join(' ')
}

const missingTools = (there: ReadonlySet<string>): Missing[] =>
  needs
    .filter(({ tools }) => !tools.some((tool) => there.has(tool)))
    .map((need) => ({
      what: need.tools.join(' or '),
      feature: need.feature,
      package: need.package,
      vital: need.vital === true,
    }))

/** That of busybox prints no JSON. */
function withoutJson(answers: Answers): Missing[] {
  if (answers.get('ip')?.text.startsWith('[')) return []
  return [{ what: 'ip -json', feature: 'live NICs and links are not seen', package: 'iproute2', vital: false }]
}

function missingModules(all: (name: string) => string[]): Missing[] {
  if (all('modules').length === 0) return []
  const there = new Set(all('module'))
  return modules
    .filter(({ name }) => !there.has(name))
    .map(({ name, feature }) => ({
      what: `${name} in the kernel`,
      feature,
      package: null,
      vital: false,
    }))
}
