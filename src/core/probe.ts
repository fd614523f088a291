/**
 * What a room needs to know of a host, as data: a fragment of shell and the calls that make it answer.
 *
 * One snapshot runs the probes of all rooms in one shell. Calls are complete shell commands, already quoted.
 */
export interface Probe {
  /** File in templates/ that defines the functions called below. */
  fragment: string
  /** Sets variables for what follows. */
  setup: string[]
  /** Calls that print frames; they read files only. */
  frames: string[]
  /** Calls that print frames and run commands; left out under --root. */
  live: string[]
  /** Calls that print the paths of files to bring, each ended by NUL. A plan depends on all of their bytes. */
  paths: string[]
}
