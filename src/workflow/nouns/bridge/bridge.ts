/** `lxcnet bridge`: bridges in the host's own network files. */
import {
  backendOf,
  bridgeOf,
  bridgeProbe,
  bridgeWords,
  checkBridgeValue,
  defaultLink,
  readRecord,
  recordPath,
  type Standing,
  settingsNow,
  settingsOf,
  standingBridges,
} from '../../../bridge/index.ts'
import { exit, LxcnetError } from '../../../core/error.ts'
import type { Reading } from '../../context.ts'
import type { Found, Noun, Settings, Wish } from '../../noun/noun.ts'
import { nat } from '../nat/nat.ts'
import { faultsOf } from './faults.ts'
import { inspectBridges, stateOf } from './inspect.ts'
import { lxcNetOf } from './lxc-net.ts'
import { Pen } from './pen.ts'
import { deleteBridge, makeBridge, setOwn, setStanding } from './plan.ts'

export const bridge: Noun = {
  noun: 'bridge',
  section: 'bridges',
  summary: 'bridges of the host, by themselves, with an address, or with an uplink',
  name: {
    // no dot: ifupdown's source-directory reads no file of such a name
    pattern: /^[A-Za-z][A-Za-z0-9_-]{0,14}$/,
    words: 'a name for a bridge: letters, digits, "-" and "_", a letter first, at most 15, such as br0',
    argument: 'BRIDGE',
  },
  words: bridgeWords,
  probes: (context) => [bridgeProbe, ...nat.probes(context)],
  check: checkBridgeValue,
  find: (context, reading) => {
    const off = lxcNetOf(context, reading)?.settings.get('enabled')?.[0] !== 'yes'
    return standingBridges(reading.snapshot).map((standing) => foundBridge(standing, reading, off))
  },
  plan(desk, wishes) {
    const pen = new Pen(desk)
    for (const wish of wishes) planBridge(pen, wish)
  },
  inspect: (_, reading) => inspectBridges(reading),
}

const recordOf = ({ snapshot }: Reading, name: string) => readRecord(snapshot.files.get(recordPath(name))?.text)

function foundBridge(standing: Standing, reading: Reading, lxcNetIsOff: boolean): Found {
  const { bridge, from } = standing
  const { name } = bridge
  const record = recordOf(reading, name)
  const now = settingsOf(bridge)
  if (defaultLink(reading.snapshot.files.get('/etc/lxc/default.conf')?.text) === name) now.set('default', ['yes'])
  if (lxcNetIsOff && record?.made['lxc-net'] !== undefined) now.set('lxc-net', ['off'])
  return {
    name,
    settings: record === undefined ? now : settingsNow(record, now),
    from,
    state: stateOf(standing, reading),
    own: record !== undefined,
  }
}

function planBridge(pen: Pen, { name, want, have }: Wish): void {
  const { desk } = pen
  const { snapshot } = desk.reading
  const standing = standingBridges(snapshot).find(({ bridge }) => bridge.name === name)
  const record = readRecord(desk.text(recordPath(name)))
  if (want === undefined) {
    if (standing === undefined || record === undefined) throw notOurs(name, have?.from)
    deleteBridge(pen, standing, record)
    return
  }
  if (have !== undefined && same(want, have.settings)) return
  refuseOdd(name, want)
  if (standing === undefined) {
    const wished = bridgeOf(name, want)
    const routes = [...desk.view.defaultRouteLinks]
    const backend = backendOf(snapshot, wished.uplink === undefined ? routes : [wished.uplink, ...routes])
    desk.note(...faultsOf(desk, wished, want, backend))
    makeBridge(pen, wished, want, backend)
  } else if (record === undefined) setStanding(pen, standing, want)
  else setOwn(pen, standing, record, want)
}

const same = (a: Settings, b: Settings): boolean => JSON.stringify([...a].sort()) === JSON.stringify([...b].sort())

const notOurs = (name: string, from = 'the files of the host'): LxcnetError =>
  new LxcnetError('not-ours', `bridge ${name} was made by hand, in ${from}; lxcnet takes away only what it made`, {
    exit: exit.data,
    suggestions: [`remove it from ${from}`],
  })

/** Words that do not go together. @throws {LxcnetError} `usage` */
function refuseOdd(name: string, want: Settings): void {
  const odd = (message: string, fix: string): LxcnetError =>
    new LxcnetError('usage', `bridge ${name}: ${message}`, { exit: exit.usage, suggestions: [fix] })
  const address = want.get('address') ?? []
  if (want.has('vlan-id') && !want.has('uplink')) throw odd('a VLAN is of an uplink', 'say --uplink LINK too')
  if (want.has('gateway') && address.length === 0 && !want.has('uplink'))
    throw odd('a gateway goes with an address', 'say --address ADDRESS/PREFIX too')
  const port = `${want.get('uplink')?.[0]}.${want.get('vlan-id')?.[0]}`
  if (want.has('vlan-id') && port.length > 15)
    throw odd(`the link ${port} would have a name of more than 15 bytes`, 'give the uplink a shorter name')
}
