/** What is asked of a site on one host, and what comes of asking where the host differs. */
import type { Site } from '../site/index.ts'

export interface SiteRequest {
  site: Site
  /** --only: is this container meant, or this object, as `NOUN/NAME`? */
  only(name: string): boolean
  restart: boolean
  /** Nothing of what the file wants: all that the site set is taken away. */
  destroy?: boolean
}

/** What the site file says and what stands there of one key. */
export interface Difference {
  /** null for an object. */
  container: string | null
  nic: number | null
  /** `bridge lxcbr1`; null for a NIC. */
  object: string | null
  /** `type` for a NIC, `present` for an object, that is missing or surplus as a whole. */
  key: string
  want: string[]
  have: string[]
  /** As the site set it last; null when it never did. */
  set: string[] | null
  /** The file that it stands in; null when it is nowhere. */
  from: string | null
}
