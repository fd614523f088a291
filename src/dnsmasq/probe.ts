/** What this room reads of a host. */
import type { Probe } from '../core/probe.ts'

/** Stands behind the probe of the lxc-net room, which says where the settings of lxc-net are. */
export const dnsmasqProbe: Probe = {
  fragment: 'dnsmasq.sh',
  setup: ['dnsmasq_find'],
  frames: ['dnsmasq_links', 'dnsmasq_leases'],
  live: ['dnsmasq_live'],
  paths: ['dnsmasq_paths'],
}

/** How a container configures its own links. @param container name @param quote for the shell */
export const interfacesProbe = (container: string, quote: (word: string) => string): Probe => ({
  fragment: 'dnsmasq.sh',
  setup: [],
  frames: [],
  live: [],
  paths: [`dnsmasq_interfaces ${quote(container)}`],
})

/** The parts of a snapshot that this room looks at. */
export interface Answers {
  answers: ReadonlyMap<string, { status: number; text: string }>
}
