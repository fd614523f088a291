/** The hosts of a site file or a kept plan, with what the inventory knows of how to log in to them. */
import { exit, LxcnetError, type Place } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Site } from '../site/index.ts'
import type { PlanFile } from './plan-file.ts'

/** Which hosts the flags mean, and where they are written down. */
export interface Selection {
  host?: string[] | undefined
  group?: string[] | undefined
  limit?: string | undefined
  inventory?: string | undefined
}

/** The site's hosts that are meant. */
export const siteTargets = (site: Site, flags: Selection): Promise<Target[]> =>
  chosen(
    site.file,
    [...site.hosts.values()].map(({ target, span }) => ({ target, place: site.place(span) })),
    flags,
  )

/** Of a kept plan, which holds no secrets: those come from the inventory again. */
export const planTargets = ({ hosts }: PlanFile, file: string, flags: Selection): Promise<Target[]> =>
  chosen(
    file,
    hosts.map(({ target }) => ({ target, place: { file, line: 1 } })),
    flags,
  )

/** These hosts as an inventory of their own: -H, -g and --limit choose among them. */
async function chosen(
  source: string,
  own: readonly { target: Target; place: Place }[],
  flags: Selection,
): Promise<Target[]> {
  const { chooseTargets, findInventory, readInventory } = await import('../inventory/index.ts')
  const file = findInventory(flags.inventory, process.env)
  const known: Inventory | undefined = file === undefined ? undefined : readInventory(file)
  const hosts = new Map(
    own.map(({ target, place }) => {
      const { name } = target
      const { groups = [], vars = new Map(), target: login } = known?.hosts.get(name) ?? {}
      // what is said here goes before what the inventory says
      return [name, { name, groups, vars, place, target: { ...login, ...target } }]
    }),
  )
  const groups = new Map(
    [...(known?.groups ?? [])].map(([group, names]) => [group, names.filter((name) => hosts.has(name))]),
  )
  groups.set('all', [...hosts.keys()])
  const meant = flags.host === undefined && flags.group === undefined ? ['all'] : (flags.group ?? [])
  const wanted = { hosts: flags.host ?? [], groups: meant, limit: flags.limit }
  const targets = chooseTargets({ file: source, hosts, groups }, wanted)
  const foreign = targets.find(({ name }) => !hosts.has(name))
  if (foreign === undefined) return targets
  throw new LxcnetError('no-host', `${source} has no host ${foreign.name}`, {
    exit: exit.usage,
    suggestions: [`it has ${[...hosts.keys()].slice(0, 8).join(', ') || 'no hosts'}`],
  })
}
