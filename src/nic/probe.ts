/** What the nic room reads of a host: every container's config, LXC's version, the links and what runs. */
import type { Probe } from '../core/probe.ts'

export interface NicProbeOptions {
  /** -P; '' for the host's own lxc.lxcpath. */
  lxcpath: string
  /** Used when the host names none. */
  fallback: string
  /** Containers whose live NICs are wanted; all running ones when empty. */
  containers: readonly string[]
  /** Read the configs of `containers` alone, not of all, not what they usually include, and of the host only its links. */
  only: boolean
  /** Ask the host what runs and which links there are. */
  live: boolean
  /** Files to read besides: includes, as absolute paths or directories. */
  includes: readonly string[]
  /** Hooks whose presence matters, as absolute paths. */
  scripts: readonly string[]
  quote(word: string): string
}

/** What else container configs include on most hosts, with the files that nic_usual() brings. */
const usualIncludes = ['/etc/lxc/default.conf', '/usr/share/lxc/config/common.conf.d']

export function nicProbe(options: NicProbeOptions): Probe {
  const { lxcpath, fallback, containers, only, live, includes, scripts, quote } = options
  const named = containers.map(quote).join(' ')
  const asked = [...(only ? [] : usualIncludes), ...includes].map(quote).join(' ')
  const all = { fragment: 'nic.sh', setup: [`nic_lxcpath ${quote(lxcpath)} ${quote(fallback)}`] }
  // without a name the functions of nic.sh mean all containers
  if (only && named === '') return { ...all, frames: [`lx_links ${asked}`], live: [], paths: [`lx_path ${asked}`] }
  return {
    ...all,
    frames: [
      only ? `nic_links ${named}` : 'nic_links',
      `lx_links ${asked}`,
      `nic_scripts ${scripts.map(quote).join(' ')}`,
    ],
    live: [...(only ? [] : ['nic_host']), ...(live ? [`nic_live ${named}`] : [])],
    paths: [...(only ? [`nic_paths ${named}`] : ['nic_paths', 'nic_usual']), `lx_path ${asked}`],
  }
}
