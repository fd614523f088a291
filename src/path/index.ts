/** The way by which a host is administered. */
import type { Probe } from '../core/probe.ts'
export const pathProbe: Probe = { fragment: 'nic.sh', setup: [], frames: [], live: [], paths: [] }
export const pathLinks = (_: unknown): { known: boolean; links: Set<string> } => ({ known: true, links: new Set() })
export const touchesPath = (_: unknown, __: unknown): boolean => false
