/** A run over several hosts: what happened on each, as one document, as lines and as events. */

export type HostResult =
  | 'applied'
  | 'unchanged'
  | 'planned'
  | 'declined'
  | 'rolled-back'
  | 'unreachable'
  | 'failed'
  | 'ok'
  | 'skipped'

/** One step of one host, as it happens. */
export interface FleetEvent {
  host: string
  /** What the host is at now: connecting, reading, planned, waiting, applying, confirming, done. */
  step: 'connecting' | 'reading' | 'planned' | 'waiting' | 'applying' | 'confirming' | 'done'
  result?: HostResult
  /** One line: why it failed, or what it did. */
  detail?: string
}
