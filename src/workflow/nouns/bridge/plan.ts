/** From a wish to the changes: what is written, and the commands that make it so. */
import {
  type BackendName,
  type Bridge,
  backends,
  bridgeOf,
  filesOf,
  portOf,
  type Record,
  type Standing,
  Texts,
  withDefaultLink,
} from '../../../bridge/index.ts'
import { exit, LxcnetError } from '../../../core/error.ts'
import { followWayOut } from '../../firewall.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Settings } from '../../noun/noun.ts'
import { noteByHand, noteDropped, noteGateways, noteSubnets } from './faults.ts'
import { noteInUse, noteLeft } from './in-use.ts'
import { bringUp, isRetuning, retune, takeDown } from './live.ts'
import { isOff, switchLxcNet } from './lxc-net.ts'
import { defaultConf, describe, type Pen, put } from './pen.ts'

/** A bridge that is not there yet. */
export function makeBridge(pen: Pen, wished: Bridge, want: Settings, backend: BackendName | undefined): void {
  const { desk } = pen
  const chosen = (want.get('backend')?.[0] as BackendName | undefined) ?? backend
  if (chosen === undefined) return // a note says so
  if (isOff(want)) switchLxcNet(desk, 'no')
  const { bridge, takesOver, mentions, dropped } = pen.add({ name: wished.name, want, backend: chosen })
  noteByHand(desk, { bridge, backend: chosen, takesOver })
  noteSubnets(desk, bridge, want)
  noteGateways(desk, bridge, want)
  noteDropped(desk, bridge, dropped)
  bringUp(desk, { bridge, backend: chosen, takesOver })
  if (takesOver) {
    reachAtNew(desk, want)
    followWayOut(desk)
  }
  noteMentions(desk, bridge, mentions)
  desk.say(`bridge ${bridge.name}: made, ${describe(bridge)}, kept by ${chosen}`)
}

/** Takes away what lxcnet made, and puts back what stood there before. */
export function deleteBridge(pen: Pen, { bridge, backend }: Standing, record: Record): void {
  const { name } = bridge
  const { desk } = pen
  const back = record.takesOver ? `${portOf(bridge)} has its addresses back` : 'nothing is left of it'
  pen.remove(name, record, `bridge ${name} goes; ${back}`)
  noteInUse(desk, bridge)
  noteLeft(desk, bridge)
  takeDown(desk, { bridge, backend, takesOver: record.takesOver })
  if (record.takesOver) followWayOut(desk)
  if (record.made['lxc-net'] !== undefined) switchLxcNet(desk, 'yes')
  desk.say(`bridge ${name}: removed${record.takesOver ? `, ${portOf(bridge)} has its addresses back` : ''}`)
}

/** A bridge that lxcnet made, written anew over what stood there before it. */
export function setOwn(pen: Pen, standing: Standing, record: Record, want: Settings): void {
  const { bridge: old } = standing
  const { desk } = pen
  const backend = (want.get('backend')?.[0] as BackendName | undefined) ?? standing.backend
  if (backend !== standing.backend)
    throw new LxcnetError('bridge-backend', `bridge ${old.name} is kept by ${standing.backend}`, {
      suggestions: [`lxcnet bridge delete ${old.name}`, 'then create it again with the other --backend'],
    })
  const off = record.made['lxc-net'] !== undefined
  if (isOff(want) !== off) switchLxcNet(desk, off ? 'yes' : 'no')
  const { bridge, takesOver, mentions, dropped } = pen.replace(record, { name: old.name, want, backend })
  noteSubnets(desk, bridge, want, old)
  noteGateways(desk, bridge, want, old)
  const had = [...old.gateway, ...old.address]
  noteDropped(
    desk,
    bridge,
    dropped.filter((one) => had.includes(one)),
  )
  if (isRetuning(old, bridge) && takesOver === record.takesOver) retune(desk, old, bridge, backend)
  else {
    noteInUse(desk, old)
    takeDown(desk, { bridge: old, backend, takesOver: record.takesOver, stays: true })
    noteByHand(desk, { bridge, backend, takesOver })
    bringUp(desk, { bridge, backend, takesOver })
    if (takesOver || record.takesOver) followWayOut(desk)
  }
  noteMentions(desk, bridge, mentions)
  desk.say(`bridge ${old.name}: changed, ${describe(bridge)}`)
}

/** A bridge that somebody wrote by hand: its lines are edited where they stand. */
export function setStanding({ desk }: Pen, { bridge: old, backend, from }: Standing, want: Settings): void {
  const now = bridgeOf(old.name, want)
  if (!isRetuning(old, now))
    throw new LxcnetError('bridge-by-hand', `bridge ${old.name} was made by hand: its uplink is changed there`, {
      exit: exit.data,
      suggestions: [`edit ${from}`],
    })
  const texts = new Texts((path) => desk.text(path))
  backends[backend].edit(texts, filesOf(desk.reading.snapshot, backend), old, now)
  if (want.get('default')?.[0] === 'yes') texts.write(defaultConf, withDefaultLink(texts.read(defaultConf), old.name))
  put(desk, texts, `bridge ${old.name}: ${describe(now)}`)
  noteSubnets(desk, now, want, old)
  noteGateways(desk, now, want, old)
  retune(desk, old, now, backend)
  desk.say(`bridge ${old.name}: changed, ${describe(now)}`)
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

/** Where a host is found again whose address is another one now. */
function reachAtNew(desk: Desk, want: Settings): void {
  for (const address of want.get('address') ?? []) if (address.includes('/')) desk.reachAt(address.replace(/\/.*/, ''))
}
