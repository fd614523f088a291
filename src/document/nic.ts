/** A NIC as LXC sees it, and where each of its values stands. */
import type { NicRef } from './net-key.ts'

export interface Value {
  value: string
  file: string
  /** 1-based. */
  line: number
  inside: 'own' | 'include'
}

export interface Nic {
  /** Modern index; of a legacy NIC its 0-based position among the sections. */
  index: number
  style: 'modern' | 'legacy'
  /** Modern name of the key → its values: one for a scalar, in order for a list. Cleared keys are absent. */
  keys: Map<string, Value[]>
}

/** A value of the own file that something below it defeats. */
export interface Overridden {
  nic: NicRef
  sub: string
  lost: Value
  by: { file: string; line: number; inside: 'own' | 'include' }
  /** `value`: an include sets the key again; `type`: a type wipes the NIC; `clear`: the NIC or key is cleared. */
  how: 'value' | 'type' | 'clear'
}

/** A line of one of the files. */
export interface Where {
  file: string
  /** 1-based. */
  line: number
  inside: 'own' | 'include'
  text: string
}

/** What the caller knows about keys and about the host's LXC. */
export interface KeyRules {
  /** `5.0.2`; without it the newest rules hold. */
  lxcVersion?: string
  /** Why LXC refuses this key of a NIC; undefined when it takes it. */
  known?(sub: string, version?: string): string | undefined
  /** Types that a key of a NIC belongs to; undefined when it belongs to all. */
  types?(sub: string): string[] | undefined
}

export const valueAt = (value: string, { file, line, inside }: Where): Value => ({ value, file, line, inside })
