/** From the answers of a snapshot to what they mean. Pure; asks for more through `unread`. */

import { ovsdbTables, text as ovsdbText, texts as ovsdbTexts } from '../core/ovsdb.ts'
import { evaluate, type Source } from '../document/effective.ts'
import { parse } from '../document/lxc-config.ts'
import { findKey, knows } from './keys.ts'
import type { Container, ContainerState, HostLink, HostView } from './model.ts'

/** The part of a snapshot that this room reads. */
export interface Answers {
  files: ReadonlyMap<string, { text: string; mode: number; uid: number; gid: number }>
  /** Every path brought, in the host's order, symbolic links in include directories too. */
  listing: readonly string[]
  links: ReadonlyMap<string, string>
  directories: ReadonlySet<string>
  unreadable: ReadonlySet<string>
  answers: ReadonlyMap<string, { status: number; text: string }>
}

export interface ReadOptions {
  /** --lxc-version, for a tree that has no LXC to ask. */
  lxcVersion: string | undefined
  /** Includes that were asked for besides the usual ones. */
  asked: ReadonlySet<string>
}

export function readHost(answers: Answers, { lxcVersion, asked }: ReadOptions): HostView {
  const lxcpath = answers.answers.get('lxcpath')?.text ?? '/var/lib/lxc'
  const said = answers.answers.get('lxc-version')
  const version = lxcVersion ?? (said?.status === 0 ? said.text.trim() : undefined)
  const includes = includeReader(answers, asked)
  const base = `${answers.links.get(lxcpath) ?? lxcpath}/`
  const states = readStates(answers, lxcpath)
  const containers = new Map<string, Container>()
  /** Config → the names that reach it through symbolic links; LXC takes each of them for a container. */
  const linked = new Map<string, string[]>()
  for (const [from, to] of answers.links) {
    const name = nameOf(from, base)
    if (name !== undefined) linked.set(to, [...(linked.get(to) ?? []), name])
  }
  const options = {
    include: includes.find,
    ...(version === undefined ? {} : { lxcVersion: version }),
    known: refusal,
    types: typesOf,
  }

  const see = (path: string, text: string) => evaluate({ file: path, lines: parse(text) }, options)
  const add = (
    name: string,
    path: string,
    file: { text: string; mode: number; uid: number; gid: number } | undefined,
    others: readonly string[] = [],
  ): void => {
    const { state, pid } = states.get(name) ?? { state: states.known ? 'stopped' : 'unknown', pid: undefined }
    containers.set(name, {
      name,
      path,
      text: file?.text,
      mode: file?.mode ?? 0,
      uid: file?.uid ?? 0,
      gid: file?.gid ?? 0,
      effective: see(path, file?.text ?? ''),
      state: state as ContainerState,
      live: pid === undefined ? undefined : readLinks(answers.answers.get(`live/${pid}`)),
      ...(others.length === 0 ? {} : { sharedWith: others }),
    })
  }
  for (const [path, file] of answers.files) {
    const own = nameOf(path, base)
    const names = [...(own === undefined ? [] : [own]), ...(linked.get(path) ?? [])]
    for (const name of names)
      add(
        name,
        path,
        file,
        names.filter((other) => other !== name),
      )
  }
  for (const path of answers.unreadable) {
    const name = nameOf(path, base)
    if (name !== undefined) add(name, answers.links.get(path) ?? path, undefined)
  }
  const byName = ([a]: [string, Container], [b]: [string, Container]): number => (a < b ? -1 : a > b ? 1 : 0)
  const ovs = readSwitches(answers.answers.get('ovs')?.text ?? '')
  // the kernel says ovs-system of them all, or nothing where the switch works in user space
  const links = readLinks(answers.answers.get('links'))?.map((link) => {
    const master = ovs.ports.get(link.name)
    return master === undefined || master === link.name ? link : { ...link, master }
  })
  return {
    version,
    lxcpath,
    containers: new Map([...containers].sort(byName)),
    links: links === undefined ? undefined : new Map(links.map((link) => [link.name, link])),
    defaultRouteLinks: new Set(['routes', 'routes6'].flatMap((id) => readRoutes(answers.answers.get(id)?.text))),
    ovsBridges: ovs.switches,
    scripts: new Map(
      [...answers.answers]
        .filter(([id]) => id.startsWith('script/'))
        .map(([id, { status }]) => [id.slice('script/'.length), status === 0]),
    ),
    evaluate: see,
    unread: includes.unread(),
  }
}

/** The container whose config a path is, by its name alone. */
function nameOf(path: string, base: string): string | undefined {
  if (!path.startsWith(base) || !path.endsWith('/config')) return undefined
  const name = path.slice(base.length, -'/config'.length)
  return name === '' || name.includes('/') ? undefined : name
}

/** Why this LXC refuses a key, for the document's evaluation. */
function refusal(sub: string, version: string | undefined): string | undefined {
  const key = findKey(sub)
  if (key === undefined) return 'no LXC knows this key'
  return knows(key, version) ? undefined : `LXC ${version} does not know it; it came with ${key.since}`
}

const typesOf = (sub: string): string[] | undefined => {
  const key = findKey(sub)
  // only keys with a dot in front belong to a type in LXC's own eyes; link on empty is merely useless
  return key !== undefined && /^(veth|vlan|macvlan|ipvlan)\./.test(sub) ? [...key.types] : undefined
}

function includeReader(answers: Answers, asked: ReadonlySet<string>) {
  const cache = new Map<string, Source[] | undefined>()
  const unread = new Set<string>()
  const byFolder = new Map<string, string[]>()
  // what comes twice counts where find has it, behind the others
  for (const path of [...new Set(answers.listing.toReversed())].reverse()) {
    const folder = path.slice(0, path.lastIndexOf('/'))
    const entries = byFolder.get(folder)
    if (entries === undefined) byFolder.set(folder, [path])
    else entries.push(path)
  }
  const file = (path: string): Source | undefined => {
    const found = answers.files.get(answers.links.get(path) ?? path)
    return found && { file: path, lines: parse(found.text) }
  }
  const find = (written: string): Source[] | undefined => {
    const path = `/${written.replace(/^\/+|\/+$/g, '')}`
    if (cache.has(path)) return cache.get(path)
    let found: Source[] | undefined
    if (answers.directories.has(path)) {
      found = (byFolder.get(answers.links.get(path) ?? path) ?? []).flatMap((entry) => {
        const source = file(entry)
        if (source === undefined && !asked.has(entry)) unread.add(entry)
        return source ?? []
      })
    } else {
      const one = file(path)
      found = one && [one]
      if (one === undefined && !asked.has(path)) unread.add(path)
    }
    cache.set(path, found)
    return found
  }
  return { find, unread: () => [...unread] }
}

/** Which containers run, by LXC's own table of command sockets and by lxc-ls; the second leaves broken configs out. */
function readStates(answers: Answers, lxcpath: string) {
  const states = new Map<string, { state: string; pid: number | undefined }>() as Map<
    string,
    { state: string; pid: number | undefined }
  > & { known: boolean }
  const active = answers.answers.get('active')
  states.known = active !== undefined
  for (const line of active?.text.split('\n') ?? []) {
    const at = line.indexOf(`@${lxcpath}/`)
    if (at !== -1 && line.endsWith('/command')) {
      states.set(line.slice(at + lxcpath.length + 2, -'/command'.length), { state: 'unknown', pid: undefined })
    }
  }
  for (const line of answers.answers.get('running')?.text.split('\n') ?? []) {
    const [, name = '', state = '', pid = ''] =
      /^(.*?) +(RUNNING|FROZEN|STOPPED|STARTING|STOPPING|ABORTING|FREEZING|THAWED) +(\d+|-) *$/.exec(line) ?? []
    if (name === '' || name === 'NAME') continue
    const word = state === 'FROZEN' ? 'frozen' : state === 'STOPPED' ? 'stopped' : 'running'
    states.set(name, { state: word, pid: pid === '-' ? undefined : Number(pid) })
  }
  return states
}

interface IpLink {
  ifname?: string
  ifindex?: number
  link_index?: number
  address?: string
  mtu?: number
  flags?: string[]
  master?: string
  link?: string
  link_type?: string
  linkinfo?: {
    info_kind?: string
    info_data?: { id?: number; mode?: string; vlan_filtering?: number; vlan_default_pvid?: number }
  }
  addr_info?: { local?: string; prefixlen?: number; scope?: string }[]
}

function readLinks(answer: { status: number; text: string } | undefined): HostLink[] | undefined {
  if (answer === undefined || answer.status !== 0) return undefined
  let list: IpLink[]
  try {
    list = JSON.parse(answer.text) as IpLink[]
  } catch {
    return undefined // an `ip` without -j, as busybox has it
  }
  const byName = new Map(list.map((link) => [link.ifname, link.ifindex]))
  return list
    .filter((link) => link.ifname !== undefined)
    .map((link) => {
      const data = link.linkinfo?.info_data ?? {}
      return {
        name: link.ifname ?? '',
        kind: link.linkinfo?.info_kind ?? '',
        index: link.ifindex ?? 0,
        peerIndex: link.link_index ?? (link.link === undefined ? undefined : byName.get(link.link)),
        mac: link.address ?? '',
        mtu: link.mtu ?? 0,
        up: link.flags?.includes('UP') ?? false,
        loopback: link.link_type === 'loopback',
        master: link.master,
        parent: link.link,
        addresses: (link.addr_info ?? [])
          .filter(({ scope }) => scope !== 'link')
          .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
        vlanId: data.id,
        mode: data.mode,
        vlanFiltering: data.vlan_filtering === 1,
        defaultPvid: data.vlan_default_pvid,
      }
    })
}

/** The switches of Open vSwitch, and the switch of each port. */
function readSwitches(answer: string): { switches: Set<string>; ports: Map<string, string> } {
  const [bridges = [], rows = []] = ovsdbTables(answer)
  const names = new Map(rows.map((port) => [ovsdbText(port, '_uuid'), ovsdbText(port, 'name')]))
  const ports = bridges.flatMap((bridge) =>
    ovsdbTexts(bridge, 'ports').map((id) => [names.get(id) ?? '', ovsdbText(bridge, 'name')] as const),
  )
  return { switches: new Set(bridges.map((bridge) => ovsdbText(bridge, 'name'))), ports: new Map(ports) }
}

function readRoutes(text: string | undefined): string[] {
  try {
    return (JSON.parse(text || '[]') as { dev?: string }[]).flatMap(({ dev }) => dev ?? [])
  } catch {
    return []
  }
}
