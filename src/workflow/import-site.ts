/** `lxcnet import`: a site file from live hosts, which changes nothing on them. */
import { exit, LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import type { Value } from '../document/effective.ts'
import { checkValue, findKey, type Nic, nicTypes, typeOf, value } from '../nic/index.ts'
import {
  type DraftContainer,
  type DraftEntries,
  type DraftValue,
  parseSite,
  printSite,
  type SiteTable,
} from '../site/index.ts'
import type { Context, Reading, ReadRequest } from './context.ts'
import { type HostReading, importObjects } from './import-objects.ts'
import { nouns } from './nouns/index.ts'
import { siteDraft } from './site-draft.ts'
import { siteProbes } from './site-objects.ts'
import { recordPath } from './site-record.ts'
import { asSaid } from './site-switches.ts'

export type { HostReading } from './import-objects.ts'

export interface Imported {
  text: string
  hosts: number
  containers: number
  nics: number
  objects: number
  /** What the file cannot say: configs that cannot be read, keys that LXC would refuse. */
  leftOut: string[]
}

/** What has to be read: a host may remember a site of that name, with which the plan of the new file would go on. */
export const importReads = (context: Context, name?: string): ReadRequest => ({
  containers: [],
  files: [recordPath(context, name)],
  probes: siteProbes(context, context.unprivileged ? [] : nouns),
})

/**
 * @param known names of the inventory, which says how to log in to those hosts
 * @throws {LxcnetError} `import-not-empty` when the plan of what was written would change something: lxcnet is wrong then
 */
export function importSite(
  readings: readonly HostReading[],
  name: string | undefined,
  known: ReadonlySet<string>,
  table: SiteTable,
): Imported {
  const leftOut: string[] = []
  const networks = new Networks(readings)
  const taken = new Set<string>()
  const containers = readings.flatMap(({ context, reading }) =>
    containersOf(context.host.name, reading, networks, { leftOut, taken }),
  )
  const sections = importObjects(readings, nouns, (what) => leftOut.push(what))
  const text = printSite(
    {
      head: [
        `What ${readings.length === 1 ? 'this host was' : 'these hosts were'}, as lxcnet import read it; comments say where.`,
        'lxcnet(1), lxcnet.yaml(5). `lxcnet plan` shows what an edit would change.',
      ],
      ...(name === undefined ? {} : { name }),
      hosts: new Map(
        readings.map(({ context: { host, target } }) => [
          host.name,
          target === undefined || known.has(host.name) ? new Map() : login(target),
        ]),
      ),
      networks: networks.entries(),
      sections,
      containers,
    },
    table,
  )
  prove(text, readings, table)
  const nics = containers.reduce((sum, one) => sum + one.nics.size, 0)
  const objects = [...sections.values()].reduce((sum, section) => sum + section.size, 0)
  return { text, hosts: readings.length, containers: containers.length, nics, objects, leftOut }
}

/** What was typed for the host and no inventory knows. */
function login({ address, user, port, jump, lxcpath }: Target): DraftEntries {
  const said = { address, user, port: port === undefined ? undefined : String(port), jump, lxcpath }
  return new Map(
    Object.entries(said).flatMap(([key, text]) => (text === undefined ? [] : [[key, { value: text }] as const])),
  )
}

/** What all hosts together have, and what had to be left out. */
interface Ledger {
  /** MACs and addresses, by the segment that they are on. */
  taken: Set<string>
  leftOut: string[]
}

function containersOf(host: string, { view }: Reading, networks: Networks, ledger: Ledger): DraftContainer[] {
  return [...view.containers.values()].flatMap((container): DraftContainer[] => {
    const { name, path, text, effective } = container
    if (text === undefined) {
      ledger.leftOut.push(`${name} on ${host}: ${path} cannot be read`)
      return []
    }
    const nics = new Map<number, DraftEntries>()
    for (const nic of effective.nics.map(asSaid)) {
      const leaveOut = (what: string): void => void ledger.leftOut.push(`${name} on ${host}: NIC ${nic.index}${what}`)
      const known = (nicTypes as readonly string[]).includes(typeOf(nic)) && value(nic, 'type') !== undefined
      if (known)
        nics.set(nic.index, entriesOf(nic, { host, networks, version: view.version, taken: ledger.taken, leaveOut }))
      else leaveOut(' has no type that LXC knows')
    }
    return [{ name, host, from: path, nics }]
  })
}

interface Surroundings {
  host: string
  networks: Networks
  version: string | undefined
  taken: Set<string>
  leaveOut(what: string): void
}

function entriesOf(nic: Nic, { host, networks, version, taken, leaveOut }: Surroundings): DraftEntries {
  const entries = new Map<string, DraftValue>()
  const network = networks.of(nic)
  if (network !== undefined) entries.set('network', { value: network })
  const link = value(nic, 'link')
  // bridges of different hosts are apart, links of one name that macvlans and VLANs hang on may be one LAN
  const segment = typeOf(nic) === 'veth' || network === undefined ? `${host} ${link}` : network
  for (const [name, list] of nic.keys) {
    const key = findKey(name)
    const said = list.filter((one) => one.value !== '')
    const last = said.at(-1)
    if (key === undefined || last === undefined || (network !== undefined && sharedKeys.has(name))) continue
    const values = key.list ? said : [last]
    const wrong = values.find((one) => !('value' in checkValue(key, one.value, version)))
    const twice =
      uniqueKeys.has(name) && link !== undefined ? values.find((one) => taken.has(claim(segment, one))) : undefined
    if (wrong !== undefined) leaveOut(`: ${name} = ${wrong.value} is not a value that lxcnet writes`)
    else if (twice !== undefined) leaveOut(`: ${name} ${twice.value} is another's already, as a clone has it`)
    else entries.set(key.flag, { value: key.list ? values.map((one) => one.value) : last.value, from: from(values) })
    if (uniqueKeys.has(name)) for (const one of values) taken.add(claim(segment, one))
  }
  return entries
}

/** Keys whose values no two NICs of a segment may share. */
const uniqueKeys = new Set(['hwaddr', 'ipv4.address', 'ipv6.address'])

const claim = (segment: string, one: Value): string => `${segment} ${one.value.split(/[/ ]/)[0]?.toLowerCase()}`

const from = (values: readonly Value[]): string => {
  const file = values[0]?.file
  return `${file}:${values.map((one) => (one.file === file ? one.line : `${one.file}:${one.line}`)).join(',')}`
}

/** Keys that a network says for its NICs. */
const sharedKeys = new Set(['type', 'link', 'veth.mode', 'macvlan.mode', 'ipvlan.mode'])

/** Logical networks: NICs alike in type, mode and link are on the same one, which is called like its link. */
class Networks {
  readonly #names = new Map<string, string>()
  readonly #entries = new Map<string, DraftEntries>()

  constructor(readings: readonly HostReading[]) {
    const kinds = new Map<string, { nic: Nic; count: number }>()
    for (const { reading } of readings) {
      for (const { effective, text } of reading.view.containers.values()) {
        for (const nic of text === undefined ? [] : effective.nics.map(asSaid)) {
          const kind = kindOf(nic)
          if (kind === undefined) continue
          const seen = kinds.get(kind)
          if (seen === undefined) kinds.set(kind, { nic, count: 1 })
          else seen.count++
        }
      }
    }
    const ordered = [...kinds].sort(([a, { count: one }], [b, { count: other }]) => other - one || (a < b ? -1 : 1))
    for (const [kind, { nic }] of ordered) {
      const [type = '', mode = '', link = ''] = kind.split(' ')
      const name = [link, `${link}-${type}`, `${link}-${type}-${mode}`].find((one) => !this.#entries.has(one)) ?? kind
      this.#names.set(kind, name)
      const key = [...sharedKeys].find((one) => one.endsWith('.mode') && nic.keys.has(one))
      this.#entries.set(
        name,
        new Map([
          ['type', { value: type }],
          ...(key === undefined ? [] : [['mode', { value: mode }] as const]),
          ['link', { value: link }],
        ]),
      )
    }
  }

  of(nic: Nic): string | undefined {
    return this.#names.get(kindOf(nic) ?? '')
  }

  entries(): ReadonlyMap<string, DraftEntries> {
    return this.#entries
  }
}

/** `TYPE MODE LINK`; undefined for a NIC that no network can speak for. */
function kindOf(nic: Nic): string | undefined {
  const type = typeOf(nic)
  const link = value(nic, 'link')
  if (
    link === undefined ||
    !/^[A-Za-z0-9][\w.-]*$/.test(link) ||
    !['veth', 'macvlan', 'ipvlan', 'vlan', 'phys'].includes(type)
  )
    return undefined
  const mode = value(nic, `${type}.mode`)
  if (mode !== undefined && !/^[a-z0-9]+$/.test(mode)) return undefined
  return `${type} ${mode ?? ''} ${link}`
}

/** What was written is read, and planned against what it was written from. */
function prove(text: string, readings: readonly HostReading[], table: SiteTable): void {
  const { site, problems } = parseSite(text, 'the imported site', table)
  const [wrong] = problems.filter(({ severity }) => severity === 'error')
  if (site === undefined) {
    throw new LxcnetError(
      'import-not-empty',
      `what these hosts have cannot be said in a site file: ${wrong?.message}`,
      {
        exit: exit.data,
        ...(wrong === undefined ? {} : { place: wrong.place }),
        suggestions: [wrong?.fix ?? '`lxcnet check` finds what is wrong on a host', 'import the hosts one by one'],
      },
    )
  }
  for (const { context, reading } of readings) {
    const { summary, changes } = siteDraft(context, reading, { site, only: () => true, restart: false })
    if (changes.length === 0) continue
    if (changes.every((step) => step.kind === 'file' && step.path === recordPath(context, site.name))) {
      throw new LxcnetError(
        'import-not-empty',
        `${context.host.name} remembers a site ${site.name} that set more than is there now`,
        {
          exit: exit.data,
          suggestions: ['--site NAME gives the imported site a name of its own', '`lxcnet destroy` ends the other'],
        },
      )
    }
    throw new LxcnetError(
      'import-not-empty',
      `${context.host.name}: the imported site would change it: ${summary.join('; ')}`,
      {
        exit: exit.failed,
        suggestions: ['report this with the config: it is a bug in lxcnet'],
      },
    )
  }
}
