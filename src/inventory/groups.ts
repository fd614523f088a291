/**
 * What the lines of an inventory mean together: who is in which group, and which value of a variable holds.
 *
 * Rules: lib/ansible/inventory/data.py reconcile_inventory(), lib/ansible/inventory/group.py, lib/ansible/vars/manager.py
 * get_vars().
 */
import { LxcnetError, type Place } from '../core/error.ts'
import type { Line, Variable } from './document.ts'

export interface HostEntry {
  name: string
  /** Where it stands first. */
  place: Place
  /** All but `all`, those of which its groups are children among them; sorted. */
  groups: readonly string[]
  /** After inheritance: all, parent, child, host. */
  vars: ReadonlyMap<string, Variable>
}

export interface Resolved {
  hosts: Map<string, HostEntry>
  groups: Map<string, string[]>
  problems: LxcnetError[]
}

interface Group {
  name: string
  /** Where it is first spoken of; undefined for the two that are always there. */
  place: Place | undefined
  /** By a [group] or [group:children]. */
  declared: boolean
  hosts: Set<string>
  /** Where it is said that they are children of this one. */
  children: Map<string, Place>
  parents: Set<string>
  vars: Map<string, Variable>
  priority: number
}

interface Host {
  place: Place
  vars: Map<string, Variable>
}

export function resolve(lines: readonly Line[]): Resolved {
  const { groups, hosts, wrong } = collect(lines)
  const problems = [...wrong, ...connect(groups)]
  if (problems.length > 0) return { hosts: new Map(), groups: new Map(), problems }

  const members = new Map<string, Set<string>>()
  for (const name of groups.keys()) members.set(name, membersOf(name, groups))
  const ofHost = new Map<string, string[]>([...hosts.keys()].map((name) => [name, []]))
  for (const [group, names] of members)
    if (group !== 'all' && group !== 'ungrouped') for (const name of names) ofHost.get(name)?.push(group)
  members.set('all', new Set(hosts.keys()))
  members.set('ungrouped', new Set())
  for (const [name, its] of ofHost) {
    if (its.length > 0) continue
    its.push('ungrouped')
    members.get('ungrouped')?.add(name)
  }
  const order = [...groups.values()].sort(byPrecedence(groups)).map(({ name }) => name)
  const rank = new Map(order.map((name, at) => [name, at]))
  const entries = [...hosts].map(([name, { place, vars }]): [string, HostEntry] => {
    const its = ofHost.get(name) ?? []
    const layers = ['all', ...its.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))]
    const merged = new Map([...layers.flatMap((group) => [...(groups.get(group)?.vars ?? [])]), ...vars])
    return [name, { name, place, groups: its.toSorted(), vars: merged }]
  })
  const names = [...hosts.keys()]
  return {
    hosts: new Map(entries),
    groups: new Map([...members].map(([group, its]) => [group, names.filter((name) => its.has(name))])),
    problems,
  }
}

interface Collected {
  groups: Map<string, Group>
  hosts: Map<string, Host>
  wrong: LxcnetError[]
}

function collect(lines: readonly Line[]): Collected {
  const wrong: LxcnetError[] = []
  const groups = new Map<string, Group>()
  const hosts = new Map<string, Host>()
  const groupOf = (name: string, place?: Place): Group => {
    const known = groups.get(name)
    if (known !== undefined) return known
    const fresh = {
      name,
      place,
      declared: place === undefined,
      hosts: new Set<string>(),
      children: new Map(),
      parents: new Set<string>(),
      vars: new Map(),
      priority: 1,
    }
    groups.set(name, fresh)
    return fresh
  }
  groupOf('all')
  groupOf('ungrouped')
  for (const line of lines) {
    if (line.kind === 'section') groupOf(line.group, line.place).declared ||= line.of !== 'vars'
    else if (line.kind === 'child') groupOf(line.group).children.set(line.child, line.place)
    else if (line.kind === 'variable') wrong.push(...setVariable(groupOf(line.group), line.variable))
    else if (line.kind === 'wrong') wrong.push(line.problem)
    else if (line.kind === 'hosts') {
      for (const name of line.names) {
        groupOf(line.group).hosts.add(name)
        const host = hosts.get(name) ?? newHost(line.place, line.port)
        hosts.set(name, host)
        for (const variable of line.vars) host.vars.set(variable.key, variable)
      }
    }
  }
  return { groups, hosts, wrong }
}

/** The port counts where the host is named first; Host.__init__() alone looks at it. */
function newHost(place: Place, port: number | undefined): Host {
  const vars = new Map<string, Variable>()
  if (port) vars.set('ansible_port', { key: 'ansible_port', value: String(port), place })
  return { place, vars }
}

function setVariable(group: Group, variable: Variable): LxcnetError[] {
  const { key, value, place } = variable
  if (key !== 'ansible_group_priority') group.vars.set(key, variable)
  else if (/^[+-]?\d+$/.test(value)) group.priority = Number(value)
  else return [new LxcnetError('bad-inventory', `${key} is a whole number`, { place })]
  return []
}

/** Makes parents of children, and says what is wrong with them. */
function connect(groups: Map<string, Group>): LxcnetError[] {
  const problems: LxcnetError[] = []
  const wrong = (message: string, place: Place | undefined): void => {
    problems.push(new LxcnetError('bad-inventory', message, place === undefined ? {} : { place }))
  }
  for (const group of groups.values()) {
    if (!group.declared) wrong(`[${group.name}:vars]: there is no group [${group.name}]`, group.place)
    for (const [child, place] of group.children) {
      const known = groups.get(child)
      if (known === undefined || !known.declared) wrong(`there is no group [${child}]`, place)
      else if (child === 'ungrouped' && group.name !== 'all') wrong('ungrouped is the child of no group', place)
      else if (child === 'all' || child === group.name || above(group.name, groups).has(child))
        wrong(`${group.name} and ${child} would be children of each other`, place)
      else known.parents.add(group.name)
    }
  }
  for (const group of groups.values()) if (group.name !== 'all' && group.parents.size === 0) group.parents.add('all')
  return problems
}

/** Every group above this one. */
function above(name: string, groups: ReadonlyMap<string, Group>, seen = new Set<string>()): Set<string> {
  for (const parent of groups.get(name)?.parents ?? []) {
    if (seen.has(parent)) continue
    seen.add(parent)
    above(parent, groups, seen)
  }
  return seen
}

function membersOf(name: string, groups: ReadonlyMap<string, Group>): Set<string> {
  const members = new Set<string>()
  const seen = new Set([name])
  for (const one of seen) {
    const { hosts = [], children = new Map() } = groups.get(one) ?? {}
    for (const host of hosts) members.add(host)
    for (const child of children.keys()) seen.add(child)
  }
  return members
}

/** Later wins: depth (the longest way from `all`), then ansible_group_priority, then the name; group.py sort_groups(). */
function byPrecedence(groups: ReadonlyMap<string, Group>): (a: Group, b: Group) => number {
  const depths = new Map<string, number>([['all', 0]])
  const depthOf = (name: string): number => {
    const known = depths.get(name)
    if (known !== undefined) return known
    const depth = 1 + Math.max(...[...(groups.get(name)?.parents ?? [])].map(depthOf))
    depths.set(name, depth)
    return depth
  }
  return (a, b) => depthOf(a.name) - depthOf(b.name) || a.priority - b.priority || (a.name < b.name ? -1 : 1)
}
