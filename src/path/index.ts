/** The path room: the links over which whoever administers a host reaches it, and what may cut them. */
import type { Probe } from '../core/probe.ts'

export { readPath } from './read.ts'
export { touchesPath } from './touch.ts'

export const pathProbe: Probe = { fragment: 'path.sh', setup: [], frames: [], live: ['path_live'], paths: [] }
