/**
 * Writes bridges into the host's files and takes them out again.
 *
 * What lxcnet wrote lies in layers: the lines of a later bridge may stand among those of an earlier one, or use them. So
 * whatever comes out is taken out from the top, down to the bridge that is meant, and those above it are written again.
 */
import {
  type Added,
  type BackendName,
  type Bridge,
  backends,
  bridgeOf,
  editOf,
  filesOf,
  handBack,
  leaseOf,
  portOf,
  printRecord,
  type Record,
  readRecord,
  recordFolder,
  recordPath,
  settingsOf,
  standingIn,
  Texts,
  withDefaultLink,
} from '../../../bridge/index.ts'
import { exit, LxcnetError } from '../../../core/error.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings } from '../../noun/noun.ts'
import { isOff } from './lxc-net.ts'

export const defaultConf = '/etc/lxc/default.conf'

/** A bridge as somebody wants it. */
interface Wished {
  name: string
  want: Settings
  backend: BackendName
}

interface Written extends Added {
  /** As the files have it, with what was the uplink's. */
  bridge: Bridge
}

interface Layer {
  name: string
  record: Record
}

export class Pen {
  readonly desk: Desk
  /** Files of this plan that the host does not have yet. */
  private readonly fresh = new Set<string>()
  private number: number

  constructor(desk: Desk) {
    this.desk = desk
    this.number = Math.max(0, ...this.layers().map(({ record }) => record.number))
  }

  /** A bridge on top of all others. */
  add(wished: Wished): Written {
    return this.write(this.texts(), wished, ++this.number)
  }

  /** Takes a bridge out; every byte that was there before it comes back. @throws {LxcnetError} `bridge-edited` */
  remove(name: string, record: Record, why: string): void {
    const above = this.above(record)
    const texts = this.without([{ name, record }, ...above])
    put(this.desk, texts, why)
    this.desk.write(recordPath(name), null, {
      why: `no longer remembers what stood in the place of ${name}`,
      record: true,
    })
    this.again(above)
  }

  /** Another one in the place of a bridge. @throws {LxcnetError} `bridge-edited` */
  replace(record: Record, wished: Wished): Written {
    const above = this.above(record)
    const texts = this.without([{ name: wished.name, record }, ...above])
    const written = this.write(texts, wished, record.number)
    this.again(above)
    return written
  }

  private texts(): Texts {
    return new Texts((path) => this.desk.text(path))
  }

  /** All bridges that lxcnet made, the first one first. */
  private layers(): Layer[] {
    const paths = [...this.desk.reading.snapshot.files.keys()].filter((path) => path.startsWith(`${recordFolder}/`))
    const layers = paths.flatMap((path): Layer[] => {
      const record = readRecord(this.desk.text(path))
      return record === undefined ? [] : [{ name: path.slice(recordFolder.length + 1, -'.json'.length), record }]
    })
    return layers.sort((a, b) => a.record.number - b.record.number)
  }

  private above({ number, backend }: Record): Layer[] {
    return this.layers().filter(({ record }) => record.backend === backend && record.number > number)
  }

  private without(layers: readonly Layer[]): Texts {
    const texts = this.texts()
    for (const { name, record } of layers.toReversed()) {
      const edited = handBack(record, texts)
      if (edited !== undefined) throw refusal(edited, name)
    }
    return texts
  }

  private again(layers: readonly Layer[]): void {
    for (const { name, record } of layers) {
      const wished = { name, want: new Map(Object.entries(record.told)), backend: record.backend }
      this.write(this.texts(), wished, record.number)
    }
  }

  /** Writes the files of a bridge, and what lxcnet remembers of them. */
  private write(before: Texts, { name, want, backend }: Wished, number: number): Written {
    const wished = bridgeOf(name, want)
    const known = [...new Set([...filesOf(this.desk.reading.snapshot, backend), ...this.fresh])].sort(byName)
    const texts = before.fork()
    const added = backends[backend].add(texts, known, wished, uplinkOf(this.desk, wished))
    const files = [...new Set([...known, ...texts.paths])].sort(byName)
    const bridge = standingIn(backend, texts, files).find((one) => one.bridge.name === name)?.bridge ?? wished
    if (want.has('gateway') && bridge.address.length === 0)
      throw new LxcnetError('usage', `bridge ${name}: a gateway goes with an address, which its uplink has none of`, {
        exit: exit.usage,
        suggestions: ['say --address ADDRESS/PREFIX too'],
      })
    const made = settingsOf(bridge)
    if (want.get('default')?.[0] === 'yes') {
      texts.write(defaultConf, withDefaultLink(texts.read(defaultConf), name))
      made.set('default', ['yes'])
    }
    if (isOff(want)) made.set('lxc-net', ['off'])
    const edits = texts.paths.flatMap((path) => {
      const [old, now] = [before.read(path), texts.read(path)]
      return now === undefined || now === old ? [] : [editOf(path, old, now)]
    })
    for (const { path, before } of edits) if (before === null) this.fresh.add(path)
    const why = `bridge ${name}: ${describe(bridge)}`
    put(this.desk, before, why)
    put(this.desk, texts, why)
    const { takesOver } = added
    const [told, all] = [Object.fromEntries(want), Object.fromEntries(made)]
    this.desk.write(recordPath(name), printRecord({ number, backend, told, made: all, takesOver, edits }), {
      why: `remembers what stood in the place of ${name}`,
      record: true,
    })
    return { ...added, bridge }
  }
}

/** As the systems read their files: by name, whichever directory they are in. */
const byName = (a: string, b: string): number => {
  const [one, other] = [a.replace(/.*\//, ''), b.replace(/.*\//, '')]
  return one < other ? -1 : one > other ? 1 : 0
}

function uplinkOf(desk: Desk, bridge: Bridge) {
  const { links } = desk.view
  const own = [portOf(bridge), bridge.uplink, bridge.name].flatMap((name) => links?.get(name ?? '') ?? [])
  const clientId = own.flatMap(({ index }) => leaseOf(desk.reading.snapshot, index) ?? [])[0]
  return { mac: own[0]?.mac, clientId }
}

/** Puts the texts on the desk. */
export function put(desk: Desk, texts: Texts, why: string): void {
  for (const path of texts.paths) {
    const text = texts.read(path) ?? null
    // netplan complains of files that others may read
    const mode = path.endsWith('.yaml') ? 0o600 : 0o644
    if (text !== (desk.text(path) ?? null)) desk.write(path, text, { why, mode })
  }
}

/** "uplink eth1 VLAN 100, 10.0.5.1/24" */
export function describe({ uplink, vlanId, address }: Bridge): string {
  const vlan = vlanId === undefined ? '' : ` VLAN ${vlanId}`
  const parts = [uplink === undefined ? '' : `uplink ${uplink}${vlan}`, ...address].filter(Boolean)
  return parts.length === 0 ? 'by itself' : parts.join(', ')
}

const refusal = (path: string, name: string): LxcnetError =>
  new LxcnetError('bridge-edited', `${path} was changed by hand where lxcnet wrote bridge ${name}`, {
    exit: exit.data,
    suggestions: [
      `${recordPath(name)} has the lines as they were before and as lxcnet left them`,
      'undo the edit, or finish the change by hand and remove that file: the bridge is yours then',
    ],
  })
