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

/** The parts of a snapshot that this room looks at. */
export interface Answers {
  files: Pick<ReadonlyMap<string, { text: string }>, 'get' | 'has'>
  links: ReadonlyMap<string, string>
  answers: Pick<ReadonlyMap<string, { status: number; text: string }>, 'get' | 'has'>
}
