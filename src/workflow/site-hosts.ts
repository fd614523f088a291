/** The hosts of a site file, with what the inventory knows of how to log in to them. */
import { exit, LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Site } from '../site/index.ts'

/** Which hosts the flags mean, and where they are written down. */
export interface Selection {
  host?: string[] | undefined
  group?: string[] | undefined
  limit?: string | undefined
  inventory?: string | undefined
}

/** The site's hosts that are meant, as an inventory of their own: -H, -g and --limit choose among them. */
export async function siteTargets(site: Site, flags: Selection): Promise<Target[]> {
  const { chooseTargets, findInventory, readInventory } = await import('../inventory/index.ts')
  const file = findInventory(flags.inventory, process.env)
  const known: Inventory | undefined = file === undefined ? undefined : readInventory(file)
  const hosts = new Map(
    [...site.hosts].map(([name, { target, span }]) => {
      const { groups = [], vars = new Map(), target: login } = known?.hosts.get(name) ?? {}
      // what the site file says goes before what the inventory says
      return [name, { name, groups, vars, place: site.place(span), target: { ...login, ...target } }]
    }),
  )
  const groups = new Map(
    [...(known?.groups ?? [])].map(([group, names]) => [group, names.filter((name) => hosts.has(name))]),
  )
  groups.set('all', [...hosts.keys()])
  const chosen = flags.host === undefined && flags.group === undefined ? ['all'] : (flags.group ?? [])
  const wanted = { hosts: flags.host ?? [], groups: chosen, limit: flags.limit }
  const targets = chooseTargets({ file: site.file, hosts, groups }, wanted)
  const foreign = targets.find(({ name }) => !hosts.has(name))
  if (foreign === undefined) return targets
  throw new LxcnetError('no-host', `${site.file} has no host ${foreign.name}`, {
    exit: exit.usage,
    suggestions: [`it has ${[...hosts.keys()].slice(0, 8).join(', ') || 'no hosts'}`],
  })
}
