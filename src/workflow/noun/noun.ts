/**
 * What a host has besides the NICs of its containers, one noun for each kind: NAT networks, bridges, forwards and so on.
 *
 * An object is a name and settings, the same words on the command line and in the site file. A noun says how to read the
 * objects of a host and which changes lead from what is there to what is wanted; commands, site file, `import`, `diff`
 * and `check` do the rest alike for all of them. A new noun is a folder in `nouns/`, a line in `nouns/index.ts` and its
 * commands.
 */
import type { Probe } from '../../core/probe.ts'
import type { Word } from '../../core/word.ts'
import type { Note } from '../../plan/plan.ts'
import type { Context, Reading } from '../context.ts'
import type { Desk } from './desk.ts'

/** Word → values, each as `Noun.check` writes it; what is not in here is not said. */
export type Settings = ReadonlyMap<string, readonly string[]>

/** An object that the host has. */
export interface Found {
  name: string
  settings: Settings
  /** The file that says so. */
  from: string
  /** In a word or two, for `list`: up, down, off, not at boot; `unknown` under --root. */
  state: string
  /** lxcnet made it, so that it may take it away again. */
  own: boolean
}

/** What shall become of an object. */
export interface Wish {
  name: string
  /** Absent when it shall go. */
  want: Settings | undefined
  /** Absent when it is not there. */
  have: Found | undefined
}

export interface Fault {
  code: string
  message: string
  fix: string
}

export interface Noun {
  /** On the command line: `bridge`. */
  noun: string
  /** In the site file: `bridges`. */
  section: string
  /** For the help: "bridges of the host". */
  summary: string
  /** Of an object. `words` says in a message what `pattern` takes; `argument` stands for it in the help. */
  name: { pattern: RegExp; words: string; argument: string }
  words: readonly Word[]
  /**
   * Set by a noun that writes configs of containers (`Desk.touch`): in a site file it comes after their NICs. All others
   * come before, since NICs may hang on what they make; `Desk.view` has the NICs as they will be all the same.
   */
  after?: 'nics'
  /** What `find`, `plan` and `inspect` need to have read. */
  probes(context: Context): readonly Probe[]
  /** One value of one word, in the one form that lxcnet writes. */
  check(flag: string, text: string): { value: string } | Fault
  /** In the order in which a person wants them listed. */
  find(context: Context, reading: Reading): readonly Found[]
  /**
   * Puts the changes on the desk, for all objects of the noun at once, and notes on what is wrong with them; an error
   * among the notes stops the change. Says in `desk.say` what it does, a line for each object. A wish that is so already
   * changes nothing.
   */
  plan(desk: Desk, wishes: readonly Wish[]): void
  /** What is wrong with what is there, for `lxcnet check`; a message begins with noun and name: "bridge lxcbr1 is down". */
  inspect(context: Context, reading: Reading): readonly Note[]
}
