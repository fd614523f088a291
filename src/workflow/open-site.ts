/** From a site file to its hosts, and the part of it that is meant. */
import { globPattern } from '../core/glob.ts'
import type { Site } from '../site/index.ts'
import { openTargets, type PlaceFlags, type Places } from './open.ts'
import { readSite, usualSiteFile } from './site-file.ts'
import { siteTargets } from './site-hosts.ts'

export type { Site } from '../site/index.ts'

/**
 * Opens the hosts of the site file, or those of them that -H, -g and --limit choose, works there, and closes them.
 *
 * @throws {LxcnetError} what is wrong with the file
 */
export async function atSite<R>(
  flags: PlaceFlags,
  argv: readonly string[],
  ask: (question: string) => Promise<string | undefined>,
  work: (site: Site, places: Places) => Promise<R>,
): Promise<R> {
  const file = flags.file ?? usualSiteFile
  const site = readSite(file)
  const places = await openTargets({ ...flags, file }, await siteTargets(site, flags), argv, ask, true)
  try {
    return await work(site, places)
  } finally {
    await places.close()
  }
}

/** Does a container, or an object as `NOUN/NAME`, fit one of the words of --only? A word without "/" names containers. */
export function patternOf(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (patterns === undefined) return () => true
  const all = patterns.map((word) => ({ ofObjects: word.includes('/'), pattern: globPattern(word) }))
  return (name) => all.some(({ ofObjects, pattern }) => ofObjects === name.includes('/') && pattern.test(name))
}
