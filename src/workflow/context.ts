/** Where a command works and on whose behalf, and how it reads the host. */
import { pieceSettings, readPieces } from '../boot/index.ts'
import { exit, LxcnetError } from '../core/error.ts'
import type { Probe } from '../core/probe.ts'
import { quote } from '../core/shell.ts'
import type { Target } from '../core/target.ts'
import type { Connection } from '../host/port.ts'
import { type Scope, type Snapshot, takeSnapshot } from '../host/snapshot.ts'
import { type Container, type HostView, nicProbe, programOf, type Random, readHost, values } from '../nic/index.ts'
import { readUsernet, type Usernet, usernetProbe } from '../usernet/index.ts'
import { type Pluggable, readPluggable } from './switches.ts'

export interface Context {
  host: Connection
  /** How the host is logged in to; absent for this machine. */
  target?: Target
  scope: Scope
  /** -P; '' for the host's own lxc.lxcpath. */
  lxcpath: string
  /** Where containers are when the host's LXC names no lxcpath. */
  fallback: string
  /** --lxc-version. */
  lxcVersion: string | undefined
  /** Whose new files are. */
  owner: { uid: number; gid: number }
  /** Containers of a plain user: no root, fewer types. */
  unprivileged: boolean
  user: string
  /** The command line, for the history. */
  command: string
  /** Flags that lead to the same place again, for commands that a person is told to type. */
  place: readonly string[]
  /** Of the change, when it is the same one on many hosts; made when it is carried out otherwise. */
  changeId?: string
  now(): Date
  random: Random
}

/** The host as all rooms together see it. */
export interface View extends HostView {
  /** Quotas of the plain user who runs lxcnet; undefined for root. */
  usernet: Usernet | undefined
  /** Of Open vSwitch; known where `switchProbes` were among the probes. */
  switches: ReadonlyMap<string, Pluggable>
}

export interface Reading {
  view: View
  snapshot: Snapshot
  /** What was read, includes that had to be followed among it: to be read again under the lock. */
  probes: Probe[]
  /** Includes that had to be followed. */
  includes: string[]
}

/** Rounds of includes in includes before lxcnet gives up; each costs one exec. */
const mostRounds = 8

export interface ReadRequest {
  /** Containers whose live NICs are wanted; all running ones when empty. */
  containers: readonly string[]
  /** Read these configs alone. */
  only?: boolean
  /** Ask the host what runs and which links there are; without it, nothing is known to run. */
  live?: boolean
  /** Hooks whose presence matters; `all` for those of every NIC, which costs another exec where there are any. */
  scripts?: readonly string[] | 'all'
  /** Further files to read, by absolute path. */
  files?: readonly string[]
  /** Of other rooms. */
  probes?: readonly Probe[]
  /** What turns out to be needed once these are read; costs another exec where there is any. */
  further?: ((snapshot: Snapshot) => readonly Probe[]) | undefined
}

export function probesFor(
  context: Context,
  { containers, only = false, live = true, scripts = [], probes = [] }: ReadRequest,
  includes: readonly string[],
): Probe[] {
  const { lxcpath, fallback } = context
  const hooks = scripts === 'all' ? [] : scripts
  const nic = nicProbe({ lxcpath, fallback, containers, only, live, includes, scripts: hooks, quote })
  return context.unprivileged ? [nic, usernetProbe, ...probes] : [nic, ...probes]
}

export const viewOf = (context: Context, snapshot: Snapshot, asked: ReadonlySet<string>): View => ({
  ...readHost(snapshot, { lxcVersion: context.lxcVersion, asked }),
  usernet: context.unprivileged ? readUsernet(snapshot) : undefined,
  switches: readPluggable(snapshot),
  keeps: keptAddresses(snapshot),
})

/** The host's own addresses on the links of pieces: what each of them calls so. Known where `bootProbe` was asked. */
const keptAddresses = (snapshot: Snapshot): string[] =>
  [...readPieces(snapshot).values()].flatMap((text) => {
    const settings = pieceSettings(text)
    return ['address', 'ipv6'].flatMap((key) => settings.get(key)?.split(' ') ?? [])
  })

/** Unknown on a live host is a container that runs while LXC refuses its config: its command socket is there. */
export const isUp = ({ state }: Container, view: View): boolean =>
  state === 'running' || state === 'frozen' || (state === 'unknown' && view.links !== undefined)

/** Reads the host until every include of every config is known. */
export async function readView(context: Context, request: ReadRequest): Promise<Reading> {
  const asked = new Set<string>(request.files)
  for (let round = 0; ; round++) {
    const snapshot = await takeSnapshot(context.host, context.scope, probesFor(context, request, [...asked]))
    const view = viewOf(context, snapshot, asked)
    const unread = view.unread.filter((path) => !asked.has(path))
    for (const path of unread) asked.add(path)
    if (unread.length > 0 && round < mostRounds) continue
    const hooks = request.scripts === 'all' ? hooksOf(view) : []
    if (hooks.length > 0) return readView(context, { ...request, scripts: hooks })
    const { further, probes = [], ...rest } = request
    const more = further?.(snapshot) ?? []
    if (more.length > 0) return readView(context, { ...rest, files: [...asked], probes: [...probes, ...more] })
    // what is known by now the host need not be asked again
    const known = { ...context, lxcpath: view.lxcpath }
    return { view, snapshot, probes: probesFor(known, request, [...asked]), includes: [...asked] }
  }
}

function hooksOf({ containers }: View): string[] {
  const nics = [...containers.values()].flatMap((container) => container.effective.nics)
  const lines = nics.flatMap((nic) => [...values(nic, 'script.up'), ...values(nic, 'script.down')])
  return [...new Set(lines.flatMap((line) => programOf(line) ?? []))]
}

/** Names that LXC, its hooks and a shell all take: lxc-create checks nothing, and hooks get the name through `sh -c`. */
export function checkContainerName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return
  throw new LxcnetError(
    'bad-container-name',
    `${JSON.stringify(name)} is not a container name that lxcnet works with`,
    {
      exit: exit.usage,
      suggestions: [
        'letters, digits, ".", "_" and "-", a letter or digit first, at most 64; `lxcnet list` shows the containers',
      ],
    },
  )
}

/** @throws {LxcnetError} `no-container`, `unreadable` */
export function containerOf(view: HostView, name: string) {
  const container = view.containers.get(name)
  if (container === undefined) {
    const near = [...view.containers.keys()].filter((other) => other.startsWith(name.slice(0, 3))).slice(0, 5)
    throw new LxcnetError('no-container', `there is no container "${name}" in ${view.lxcpath}`, {
      exit: exit.data,
      suggestions: [
        ...(near.length > 0 ? [`did you mean ${near.join(', ')}?`] : []),
        '`lxcnet list` shows the containers; `lxcnet create … --template download -- …` makes one',
      ],
    })
  }
  if (container.text === undefined) {
    throw new LxcnetError('unreadable', `${container.path} cannot be read`, {
      exit: exit.noRights,
      suggestions: ['run lxcnet as root'],
    })
  }
  return container as typeof container & { text: string }
}
