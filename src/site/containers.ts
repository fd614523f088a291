/** `containers:` where each lives, and its NICs. */
import * as z from 'zod/mini'
import { closest } from '../core/closest.ts'
import { hostName } from './hosts.ts'
import type { NicTable, SiteContainer, Span } from './model.ts'
import { type NicContext, NicReader, nicIndex, nicShape } from './nics.ts'
import { matching, named } from './shape.ts'
import { type Entry, entriesOf, type Mapping, type Text, textOf } from './tree.ts'

/** As lxcnet takes container names: hooks get them through `sh -c`. */
const containerName = /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/
const containerKey = new RegExp(`^(${containerName.source})(?:@(${hostName.source.slice(1, -1)}))?$`)

export const containersShape = (table: NicTable) =>
  z
    .record(
      named(containerKey),
      z
        .strictObject({
          host: z.optional(matching(hostName, { description: 'the host it lives on, unless its name ends in @HOST' })),
          nics: z.optional(
            z
              .record(named(nicIndex), nicShape(table))
              .check(z.meta({ description: 'its NICs, by the N of lxc.net.N' })),
          ),
        })
        .check(z.meta({ id: 'container', description: 'where it lives, and its NICs' })),
    )
    .check(z.meta({ description: 'the containers, by name; NAME@HOST where several hosts have one of that name' }))

export interface ContainerContext extends NicContext {
  hosts: ReadonlyMap<string, { containers: SiteContainer[] }>
  place(span: Span): { line: number }
}

/** Puts each container to its host. */
export function readContainers(site: Mapping, context: ContainerContext): void {
  const seen = new Map<string, Text>()
  const nics = new NicReader(context)
  nics.checkNetworks()
  for (const [title, { key, value }] of entriesOf(site.entries.get('containers')?.value)) {
    if (value.kind !== 'mapping') continue
    const { name, host } = whereabouts(title, key, value.entries, context)
    const container: SiteContainer = { name, host, span: key, nics: new Map() }
    for (const [index, entry] of entriesOf(value.entries.get('nics')?.value)) {
      if (!nicIndex.test(index)) {
        const fix = 'the N of lxc.net.N in decimal: 0, 1, 2 and so on'
        context.say.error(entry.key, 'bad-index', `${title}: "${index}" is not the index of a NIC`, fix)
      }
      const nic = nics.read(`${title}: NIC ${index}`, host, entry)
      if (nic !== undefined) container.nics.set(Number(index), nic)
    }
    const first = seen.get(`${name}@${host}`)
    if (host !== '' && first !== undefined) {
      const message = `${name} on ${host} stands here twice, first in line ${context.place(first).line}`
      context.say.error(key, 'container-repeated', message, 'keep one of them, or put their NICs together')
    }
    seen.set(`${name}@${host}`, key)
    context.hosts.get(host)?.containers.push(container)
  }
}

/** @returns '' for a host that nothing says */
function whereabouts(
  title: string,
  key: Text,
  entries: ReadonlyMap<string, Entry>,
  { hosts, say }: ContainerContext,
): { name: string; host: string } {
  const [, name = title, implied] = containerKey.exec(title) ?? []
  if (!containerKey.test(title)) {
    const fix = 'letters, digits, ".", "_" and "-", a letter or digit first, at most 64; then @HOST, or nothing'
    say.error(key, 'bad-container-name', `"${title}" is not the name of a container`, fix)
  }
  const said = textOf(entries.get('host'))
  const host = implied ?? said?.text ?? ''
  if (implied === undefined && !entries.has('host'))
    say.error(key, 'host-missing', `${title}: nothing says which host it lives on`, 'add "host: NAME"')
  else if (implied !== undefined && said !== undefined && implied !== said.text)
    say.error(
      said,
      'host-differs',
      `${title}: its name says ${implied}, and host says ${said.text}`,
      'keep one of them',
    )
  else if (host !== '' && !hosts.has(host)) {
    const near = closest(host, hosts.keys())
    const fix = near.length > 0 ? `did you mean ${near.join(', ')}?` : `put "${host}: {}" below hosts`
    say.error(said ?? key, 'host-not-listed', `${title}: "${host}" is not one of the hosts`, fix)
  }
  return { name, host }
}
