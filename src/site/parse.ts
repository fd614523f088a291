/**
 * From the text of a site file to a Site, with everything that is wrong with it at once.
 *
 * Each kind of thing has a file of its own with its shape and its reader. A new kind is such a file, a line in
 * `siteShape`, one in `readSite`, and a field of Site.
 */
import * as z from 'zod/mini'
import type { Place } from '../core/error.ts'
import { checkSite } from './check.ts'
import { containersShape, readContainers } from './containers.ts'
import { hostsShape, readHosts } from './hosts.ts'
import type { Problem, Say, Site, SiteTable, Span } from './model.ts'
import { networksShape, readNetworks } from './networks.ts'
import { readObjects, sectionShape } from './objects.ts'
import { matching } from './shape.ts'
import { decode, type Source } from './source.ts'
import { checkStructure } from './structure.ts'
import { type Mapping, type Node, parseTree, textOf } from './tree.ts'

/** Something to correct, and where. */
export interface SiteProblem extends Omit<Problem, 'span'> {
  place: Place
}

export interface ParsedSite {
  /** undefined when there is an error among the problems. */
  site: Site | undefined
  /** In the file's order. */
  problems: SiteProblem[]
}

export const defaultSiteName = 'default'

const siteName = /^[a-z0-9][a-z0-9-]{0,62}$/

/** The definition of the whole file. */
export function siteShape(table: SiteTable) {
  const known = shapes.get(table)
  if (known !== undefined) return known
  const shape = z.strictObject({
    site: z.optional(
      matching(siteName, {
        description: `name of the site, by which hosts remember what it set; ${defaultSiteName} by default`,
      }),
    ),
    hosts: z.optional(hostsShape),
    networks: z.optional(networksShape(table)),
    ...Object.fromEntries(table.sections.map((one) => [one.section, z.optional(sectionShape(one))])),
    containers: z.optional(containersShape(table)),
  })
  shapes.set(table, shape)
  return shape
}

const shapes = new WeakMap<SiteTable, z.ZodMiniObject>()

/** @param bytes latin1 view of the file @param file its name, for the places */
export function parseSite(bytes: string, file: string, table: SiteTable): ParsedSite {
  const source = decode(bytes, file)
  if ('invalid' in source) {
    const fix = 'save the file as UTF-8: iconv -f latin1 -t UTF-8'
    const problem = { severity: 'error', code: 'not-utf-8', message: 'a byte of the file is not UTF-8', fix } as const
    return { site: undefined, problems: [{ ...problem, place: source.invalid }] }
  }
  const problems: Problem[] = []
  const site = readSite(source, table, {
    error: (span, code, message, fix) => void problems.push({ severity: 'error', code, message, fix, span }),
    warning: (span, code, message, fix) => void problems.push({ severity: 'warning', code, message, fix, span }),
  })
  const broken = problems.some(({ severity }) => severity === 'error')
  return { site: broken ? undefined : site, problems: placed(problems, source) }
}

function readSite(source: Source, table: SiteTable, say: Say): Site | undefined {
  const root = parseTree(source, say)
  if (root?.kind !== 'mapping') {
    if (root !== undefined) sayNoSite(root, say)
    return undefined
  }
  checkStructure(root, siteShape(table), say)
  const hosts = readHosts(root, say)
  const networks = readNetworks(root, { table, hosts: new Set(hosts.keys()), say })
  const place = (span: Span): Place => source.place(span)
  for (const section of table.sections) readObjects(root, section, { hosts, say })
  readContainers(root, { table, hosts, networks, say, place })
  const site: Site = { file: source.file, name: nameOf(root, say), hosts, networks, place }
  checkSite(site, say)
  return site
}

/** A file that was cut to nothing must not stand for "nothing shall be there". */
function sayNoSite(root: Node, say: Say): void {
  if (root.kind === 'nothing') {
    const fix = '`lxcnet import` writes a site file from live hosts; `man lxcnet.yaml` has an example'
    say.error(root, 'site-empty', 'nothing stands in the file', fix)
  } else {
    const fix = 'begin with `hosts:` and `containers:`; `man lxcnet.yaml` has an example'
    say.error({ at: root.at, end: root.at + 1 }, 'wrong-kind', 'the file does not consist of keys and values', fix)
  }
}

function nameOf(root: Mapping, say: Say): string {
  const said = textOf(root.entries.get('site'))
  if (said === undefined) return defaultSiteName
  if (!siteName.test(said.text)) {
    const message = `site: "${said.text}" is not the name of a site`
    const fix = 'small letters, digits and "-", at most 63, no "-" in front'
    say.error(said, 'bad-site-name', message, fix)
  }
  return said.text
}

/** Each once, in the file's order: what aliases share is read several times. */
function placed(problems: readonly Problem[], source: Source): SiteProblem[] {
  const said = new Set<string>()
  return problems
    .filter(({ code, message, span }) => {
      const id = `${span.at} ${code} ${message}`
      return said.has(id) ? false : said.add(id)
    })
    .sort((a, b) => a.span.at - b.span.at)
    .map(({ span, ...problem }) => ({ ...problem, place: source.place(span) }))
}
