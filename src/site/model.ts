/**
 * A site: what a fleet of LXC hosts should be, as lxcnet.yaml(5) says it.
 *
 * Texts are bytes as latin1, like everywhere inside lxcnet, though the file is UTF-8.
 */
import type { Place } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import type { Word } from '../core/word.ts'

/** A stretch of the file's text; `Site.place` turns it into line and column. Both ends are offsets into decoded text. */
export interface Span {
  readonly at: number
  readonly end: number
}

export interface Site {
  /** As given; for messages. */
  file: string
  /** Hosts remember which site set what. */
  name: string
  /** In the file's order, like everything below. */
  hosts: ReadonlyMap<string, SiteHost>
  networks: ReadonlyMap<string, Network>
  place(span: Span): Place
}

export interface SiteHost {
  target: Target
  span: Span
  containers: SiteContainer[]
  objects: SiteObject[]
}

export interface SiteContainer {
  name: string
  host: string
  span: Span
  /** By the N of lxc.net.N. */
  nics: Map<number, SiteNic>
}

/** A NIC as it shall be: what it says itself, and what its network says for it. */
export interface SiteNic {
  network: string | undefined
  span: Span
  /** By flag of `lxcnet create`; what is not in here shall not be in the config. */
  given: Map<string, Given>
}

/** What a host shall have besides the NICs of its containers: one of `bridges`, `forwards` and so on. */
export interface SiteObject {
  /** As on the command line: `bridge`. */
  noun: string
  name: string
  span: Span
  /** By word of `lxcnet NOUN create`, what is said for this host alone included. */
  given: ReadonlyMap<string, Given>
}

/** Where a value that the network gave stands in `networks`, `span` points there. */
export interface Given {
  values: readonly string[]
  span: Span
}

/** A logical network: what the NICs that name it have in common. */
export interface Network {
  name: string
  span: Span
  type: Given | undefined
  /** Flags of its NICs, but for type and link. */
  given: ReadonlyMap<string, Given>
  link: Given | undefined
  /** Host → its own uplink. */
  links: ReadonlyMap<string, Given>
  subnets: Partial<Record<4 | 6, Subnet>>
  gateways: Partial<Record<4 | 6, Given>>
}

export interface Subnet {
  /** `10.0.5.0/24`, canonical. */
  text: string
  prefix: number
  first: bigint
  last: bigint
  span: Span
}

/** Something to correct. An error makes the file unusable; a warning may be meant. */
export interface Problem {
  severity: 'error' | 'warning'
  code: string
  message: string
  fix: string
  span: Span
}

/** Takes what is to report. */
export interface Say {
  error(span: Span, code: string, message: string, fix: string): void
  /** What may be meant. */
  warning(span: Span, code: string, message: string, fix: string): void
}

/** The words of a NIC, handed in by the workflow: rooms do not know each other. */
export interface NicTable {
  /** Flags of `lxcnet create`, keys under a NIC in the site file. */
  words: readonly Word[]
  /** @param text never empty @param type one that a NIC has */
  check(flag: string, type: string, text: string): { value: string } | { code: string; message: string; fix: string }
}

/** One kind of what hosts have besides NICs, handed in likewise. */
export interface SectionTable {
  /** Its key in the site file: `bridges`. */
  section: string
  /** `bridge` */
  noun: string
  summary: string
  /** Of one of them. `words` says in a message what `pattern` takes. */
  name: { pattern: RegExp; words: string }
  /** Flags of `lxcnet NOUN create`, keys under an object in the site file. */
  words: readonly Word[]
  check(flag: string, text: string): { value: string } | { code: string; message: string; fix: string }
}

/** Everything that a site file can say in words that are not its own. */
export interface SiteTable extends NicTable {
  sections: readonly SectionTable[]
}

/** What shall be on a host. */
export const containersOf = (site: Site, host: string): readonly SiteContainer[] =>
  site.hosts.get(host)?.containers ?? []

export const objectsOf = (site: Site, host: string): readonly SiteObject[] => site.hosts.get(host)?.objects ?? []
