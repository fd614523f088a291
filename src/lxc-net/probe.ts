/** What this room reads of a host. */
import type { Probe } from '../core/probe.ts'
import { variables } from './variables.ts'

export const lxcNetProbe: Probe = {
  fragment: 'lxc-net.sh',
  setup: ['lxc_net_find'],
  frames: ['lxc_net_files'],
  live: [`lxc_net_live ${variables.join(' ')}`],
  paths: ['lxc_net_paths'],
}

/** The settings alone: where the networks are, and not what runs of them. */
export const lxcNetSettingsProbe: Probe = { ...lxcNetProbe, live: [`lxc_net_values ${variables.join(' ')}`] }
