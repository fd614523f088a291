/**
 * From a wish to the changes: new texts of the host's files, what lxcnet remembers of the old ones, and the commands
 * that make it so.
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
  recordPath,
  type Standing,
  settingsOf,
  standingIn,
  Texts,
  withDefaultLink,
} from '../../bridge/index.ts'
import { exit, LxcnetError } from '../../core/error.ts'
import type { Desk } from '../noun/desk.ts'
import type { Settings } from '../noun/noun.ts'
import { bringUp, isRetuning, refuseInUse, retune, takeDown } from './bridge-live.ts'
import { isOff, switchLxcNet } from './bridge-lxc-net.ts'

const defaultConf = '/etc/lxc/default.conf'

interface Written extends Added {
  /** As the files have it, with what was the uplink's. */
  bridge: Bridge
}

/** A bridge that is not there yet. */
export function makeBridge(desk: Desk, wished: Bridge, want: Settings, backend: BackendName | undefined): void {
  const chosen = (want.get('backend')?.[0] as BackendName | undefined) ?? backend
  if (chosen === undefined) return // a note says so
  if (isOff(want)) switchLxcNet(desk, 'no')
  const texts = new Texts((path) => desk.text(path))
  const { bridge, takesOver, mentions } = writeNew(desk, texts, { wished, want, backend: chosen })
  bringUp(desk, { bridge, backend: chosen, takesOver })
  noteMentions(desk, bridge, mentions)
  desk.say(`bridge ${bridge.name}: made, ${describe(bridge)}, kept by ${chosen}`)
}

/** Takes away what lxcnet made, and puts back what stood there before. */
export function deleteBridge(desk: Desk, { bridge, backend }: Standing, record: Record): void {
  const { name } = bridge
  const texts = restored(desk, name, record)
  const why = `bridge ${name} goes; ${record.takesOver ? `${portOf(bridge)} has its addresses back` : 'nothing is left of it'}`
  put(desk, texts, texts.paths, why)
  desk.write(recordPath(name), null, { why: `no longer remembers what stood in the place of ${name}`, record: true })
  refuseInUse(desk, bridge)
  takeDown(desk, { bridge, backend, takesOver: record.takesOver })
  if (record.made['lxc-net'] !== undefined) switchLxcNet(desk, 'yes')
  desk.say(`bridge ${name}: removed${record.takesOver ? `, ${portOf(bridge)} has its addresses back` : ''}`)
}

/** A bridge that lxcnet made, written anew over what stood there before it. */
export function setOwn(desk: Desk, standing: Standing, record: Record, want: Settings): void {
  const { bridge: old } = standing
  const wished = bridgeOf(old.name, want)
  const backend = (want.get('backend')?.[0] as BackendName | undefined) ?? standing.backend
  if (backend !== standing.backend)
    throw new LxcnetError('bridge-backend', `bridge ${old.name} is kept by ${standing.backend}`, {
      suggestions: [`lxcnet bridge delete ${old.name}`, 'then create it again with the other --backend'],
    })
  const off = record.made['lxc-net'] !== undefined
  if (isOff(want) !== off) switchLxcNet(desk, off ? 'yes' : 'no')
  const texts = restored(desk, old.name, record)
  const { bridge, takesOver, mentions } = writeNew(desk, texts, { wished, want, backend })
  if (isRetuning(old, bridge) && takesOver === record.takesOver) retune(desk, old, bridge, backend)
  else {
    refuseInUse(desk, old)
    takeDown(desk, { bridge: old, backend, takesOver: record.takesOver, stays: true })
    bringUp(desk, { bridge, backend, takesOver })
  }
  noteMentions(desk, bridge, mentions)
  desk.say(`bridge ${old.name}: changed, ${describe(bridge)}`)
}

/** A bridge that somebody wrote by hand: its lines are edited where they stand. */
export function setStanding(desk: Desk, { bridge: old, backend, from }: Standing, want: Settings): void {
  const now = bridgeOf(old.name, want)
  if (!isRetuning(old, now))
    throw new LxcnetError('bridge-by-hand', `bridge ${old.name} was made by hand: its uplink is changed there`, {
      exit: exit.data,
      suggestions: [`edit ${from}`],
    })
  const texts = new Texts((path) => desk.text(path))
  backends[backend].edit(texts, filesOf(desk.reading.snapshot, backend), old, now)
  if (want.get('default')?.[0] === 'yes') texts.write(defaultConf, withDefaultLink(texts.read(defaultConf), old.name))
  put(desk, texts, texts.paths, `bridge ${old.name}: ${describe(now)}`)
  retune(desk, old, now, backend)
  desk.say(`bridge ${old.name}: changed, ${describe(now)}`)
}

/** The texts as they were before lxcnet made the bridge. @throws {LxcnetError} `bridge-edited` */
function restored(desk: Desk, name: string, record: Record): Texts {
  const texts = new Texts((path) => desk.text(path))
  const edited = handBack(record, texts)
  if (edited === undefined) return texts
  throw new LxcnetError('bridge-edited', `${edited} was changed by hand where lxcnet wrote bridge ${name}`, {
    exit: exit.data,
    suggestions: [
      `${recordPath(name)} has the lines as they were before and as lxcnet left them`,
      'undo the edit, or finish the change by hand and remove that file: the bridge is yours then',
    ],
  })
}

/** Writes the files of a bridge and what lxcnet remembers of them. */
function writeNew(
  desk: Desk,
  before: Texts,
  { wished, want, backend }: { wished: Bridge; want: Settings; backend: BackendName },
): Written {
  const { name } = wished
  const { snapshot } = desk.reading
  const known = filesOf(snapshot, backend)
  const texts = before.fork()
  const added = backends[backend].add(texts, known, wished, uplinkOf(desk, wished))
  const files = [...new Set([...known, ...texts.paths])].sort()
  const bridge = standingIn(backend, texts, files).find((one) => one.bridge.name === name)?.bridge ?? wished
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
  const { takesOver } = added
  const record = { backend, told: Object.fromEntries(want), made: Object.fromEntries(made), takesOver, edits }
  put(desk, texts, [...before.paths, ...texts.paths], `bridge ${name}: ${describe(bridge)}`)
  desk.write(recordPath(name), printRecord(record), {
    why: `remembers what stood in the place of ${name}`,
    record: true,
  })
  return { ...added, bridge }
}

function uplinkOf(desk: Desk, bridge: Bridge) {
  const { links } = desk.view
  const own = [portOf(bridge), bridge.uplink, bridge.name].flatMap((name) => links?.get(name ?? '') ?? [])
  const clientId = own.flatMap(({ index }) => leaseOf(desk.reading.snapshot, index) ?? [])[0]
  return { mac: own[0]?.mac, clientId }
}

function put(desk: Desk, texts: Texts, paths: readonly string[], why: string): void {
  for (const path of new Set(paths)) {
    const text = texts.read(path) ?? null
    // netplan complains of files that others may read
    if (text !== (desk.text(path) ?? null))
      desk.write(path, text, { why, mode: path.endsWith('.yaml') ? 0o600 : 0o644 })
  }
}

function noteMentions(desk: Desk, { name, uplink }: Bridge, mentions: readonly string[]): void {
  for (const line of mentions)
    desk.note({
      severity: 'warning',
      code: 'bridge-mentions',
      message: `"${line}" names ${uplink}, and stands with ${name} now`,
      fix: `see whether it should name ${name}`,
    })
}

/** "uplink eth1 VLAN 100, 10.0.5.1/24" */
function describe({ uplink, vlanId, address }: Bridge): string {
  const vlan = vlanId === undefined ? '' : ` VLAN ${vlanId}`
  const parts = [uplink === undefined ? '' : `uplink ${uplink}${vlan}`, ...address].filter(Boolean)
  return parts.length === 0 ? 'by itself' : parts.join(', ')
}
