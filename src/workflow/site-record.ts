/**
 * What a site has set on a host: site-NAME.json beside lxcnet's journal there, written in the same change that sets it.
 *
 * It holds only what lxcnet wrote for the site, with what stood there before: so lxcnet takes away and hands back its
 * own alone, and can tell what others have changed since.
 */
import { exit, LxcnetError } from '../core/error.ts'
import type { Snapshot } from '../host/snapshot.ts'
import { defaultSiteName } from '../site/index.ts'
import type { Context } from './context.ts'

export interface SiteRecord {
  schema: 'lxcnet.site-record/1'
  site: string
  /** By name, then by N of lxc.net.N. */
  containers: Record<string, Record<string, Share>>
  /** By noun, then by name; records of sites without objects lack it. */
  objects: Record<string, Record<string, Share>>
}

/** What of a NIC or an object is the site's. */
export interface Share {
  /** The site made it; else it set keys of one that was there. */
  created: boolean
  keys: Record<string, KeyRecord>
}

export interface KeyRecord {
  set: string[]
  /** What stood there when the site set it first. */
  before: string[]
}

export const recordPath = ({ scope }: Context, site = defaultSiteName): string => `${scope.state}/site-${site}.json`

/** @throws {LxcnetError} `bad-record` */
export function readRecord(context: Context, snapshot: Snapshot, site: string): SiteRecord {
  const empty: SiteRecord = { schema: 'lxcnet.site-record/1', site, containers: {}, objects: {} }
  const path = recordPath(context, site)
  const text = snapshot.files.get(path)?.text
  if (text === undefined) return empty
  try {
    const record = { ...empty, ...(JSON.parse(text) as Partial<SiteRecord> | null) }
    const { schema, containers, objects } = record
    if (schema === empty.schema && isTable(containers) && isTable(objects)) return record
  } catch {
    // said below
  }
  throw new LxcnetError('bad-record', `${path} is not what lxcnet wrote there`, {
    exit: exit.data,
    suggestions: [
      'it says what the site set: put it back from a backup',
      'or remove it: the site then owns nothing on this host until it sets something again',
    ],
  })
}

const isTable = (value: unknown): boolean => typeof value === 'object' && value !== null

/** The record as a file; null when nothing is left to remember. */
export function recordText({ objects, ...record }: SiteRecord): string | null {
  const isBare = Object.keys(objects).length === 0
  if (isBare && Object.keys(record.containers).length === 0) return null
  return `${JSON.stringify(isBare ? record : { ...record, objects }, null, 1)}\n`
}
