/**
 * A plan: what will change on one host, in order, as data.
 *
 * Contents are latin1 text, one character a byte. A plan serialises to JSON without loss, and is good only as long as
 * the host still is what it was made from (`reads`, and `before` of each file).
 */

/** What a change does to what is running: nothing, a short loss of traffic, a container restart, the host's own path. */
export type Impact = 'live' | 'reconnect' | 'restart' | 'host-path'

export interface FileChange {
  kind: 'file'
  /** On the host, below the root; symbolic links resolved. */
  path: string
  /** null: the file is not there. */
  before: string | null
  /** null: the file is removed. */
  after: string | null
  /** Of the file as it was, or for a new one. */
  mode: number
  uid: number
  gid: number
  why: string
  impact: Impact
  /** lxcnet's own notes on the host, and programs that it brings along: said, but not shown line by line. */
  record?: true
  /** So is what stands behind the first empty line, a program; in front of it are settings. */
  settings?: true
}

export interface RunChange {
  kind: 'run'
  argv: string[]
  /**
   * Takes it back, also when a kill came before the command did anything, or a reboot after it: it must succeed then
   * too. A command without one is final: it runs after the commit mark, or the confirmation, and stays.
   */
  undo?: string[]
  /** Must succeed once everything is applied. */
  check?: string[]
  why: string
  impact: Impact
}

export type Change = FileChange | RunChange

/** A finding that a person should read: an error stops the plan, a warning does not. */
export interface Note {
  severity: 'error' | 'warning' | 'info'
  code: string
  message: string
  fix?: string
  place?: import('../core/error.ts').Place
}

export interface Plan {
  /** As the operator named the host. */
  host: string
  changes: Change[]
  notes: Note[]
  /** Digest of everything the plan was made from, see host/snapshot.ts. */
  reads: string
  /** Addresses at which the host can be reached afterwards, when the change moves the one it was reached at. */
  reach?: string[]
  /** Bridges and switches that come with the change, and go when it is taken back. */
  links?: string[]
}

/** A command for people: of a program that `sh -c` is given, what it is told. */
export function shown(argv: readonly string[]): string {
  const [command = '', flag, script, ...words] = argv
  const isProgram = flag === '-c' && script?.includes('\n')
  return (isProgram ? [command, flag, '...', ...words] : argv).join(' ')
}

export const isFinal = (change: Change): boolean => change.kind === 'run' && change.undo === undefined

/** Steps in the order in which they run: what cannot be taken back comes last. */
export function ordered(changes: readonly Change[]): Change[] {
  return [...changes.filter((change) => !isFinal(change)), ...changes.filter(isFinal)]
}
