/** From a site file to its hosts, and the part of it that is meant. */
import { globPattern } from '../core/glob.ts'
import type { Site } from '../site/index.ts'
import { openTargets, type PlaceFlags, type Places } from './open.ts'
import { readSite } from './site-file.ts'
import { siteTargets } from './site-hosts.ts'

export type { Site } from '../site/index.ts'

/** @throws {LxcnetError} `bad-site` and others when the file is not right */
export async function openSite(
  flags: PlaceFlags & { file: string },
  argv: readonly string[],
  ask: (question: string) => Promise<string | undefined>,
): Promise<{ site: Site; places: Places }> {
  const site = readSite(flags.file)
  return { site, places: await openTargets(flags, await siteTargets(site, flags), argv, ask, true) }
}

/** Does a name fit one of the words of --only? */
export function patternOf(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (patterns === undefined) return () => true
  const all = patterns.map(globPattern)
  return (name) => all.some((pattern) => pattern.test(name))
}
