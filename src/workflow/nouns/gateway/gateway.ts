/** `lxcnet gateway`: a container that forwards and masquerades for those behind it. */
import { pieceSettings } from '../../../boot/index.ts'
import { parse } from '../../../document/lxc-config.ts'
import { hasSetting } from '../../../document/setting.ts'
import {
  checkGatewayValue,
  containerName,
  type GatewayRecord,
  gatewayOf,
  gatewayProbe,
  gatewayWords,
  hookKey,
  hookPath,
  readRecord,
  settingsFolder,
  settingsPath,
} from '../../../gateway/index.ts'
import { namesInside, value } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { type Context, isUp, type Reading } from '../../context.ts'
import type { Found, Noun } from '../../noun/noun.ts'
import { memberNic } from './nics.ts'
import { planGateways } from './plan.ts'

export const gateway: Noun = {
  noun: 'gateway',
  section: 'gateways',
  summary: 'containers that forward and masquerade for others',
  name: {
    pattern: containerName,
    words: 'the container that is to be the gateway, as lxc-ls(1) prints it',
    argument: 'CONTAINER',
  },
  words: gatewayWords,
  after: 'nics',
  probes: () => [gatewayProbe],
  check: checkGatewayValue,
  find: (_, reading) => [...recordsOf(reading)].map(([name, record]) => foundGateway(name, record, reading)),
  plan: (desk, wishes) => planGateways(desk, wishes, recordsOf(desk.reading), { restart: false }),
  inspect: (context, reading) =>
    [...recordsOf(reading)].flatMap(([name, record]) => faultsOf(context, name, record, reading)),
}

/** The same noun, whose changes restart the containers that they change and that run. */
export const restartingGateway: Noun = {
  ...gateway,
  plan: (desk, wishes) => planGateways(desk, wishes, recordsOf(desk.reading), { restart: true }),
}

/** Those whose container is where lxcnet works. */
function recordsOf({ snapshot, view }: Reading): Map<string, GatewayRecord> {
  const records = new Map<string, GatewayRecord>()
  for (const [path, { text }] of snapshot.files) {
    if (!path.startsWith(`${settingsFolder}/`)) continue
    const record = readRecord(pieceSettings(text))
    if (record.lxcpath === view.lxcpath) records.set(path.slice(settingsFolder.length + 1), record)
  }
  return records
}

function foundGateway(name: string, { words }: GatewayRecord, { view, snapshot }: Reading): Found {
  const container = view.containers.get(name)
  const state = (): string => {
    if (container === undefined) return 'no container'
    if (view.links === undefined) return 'unknown'
    if (!isUp(container, view)) return 'down'
    return snapshot.answers.get(`gateway/${name}`)?.status === 0 ? 'up' : 'no rules'
  }
  return { name, settings: words, from: settingsPath(name), state: state(), own: true }
}

function faultsOf(_: Context, name: string, record: GatewayRecord, { view, snapshot }: Reading): Note[] {
  const fix = `\`lxcnet gateway set ${name}\` puts it back`
  const container = view.containers.get(name)
  if (container?.text === undefined)
    return [
      {
        severity: 'error',
        code: 'gateway-nic',
        message: `gateway ${name}: there is no such container any more`,
        fix: `\`lxcnet gateway delete ${name}\` hands back what its members had`,
      },
    ]
  const notes: Note[] = []
  const add = (code: string, message: string): void => void notes.push({ severity: 'error', code, message, fix })
  if (!hasSetting(parse(container.text), hookKey, hookPath) || !snapshot.files.has(hookPath))
    add('gateway-hook', `gateway ${name}: its next start runs no ${hookPath}`)
  const names = new Set(namesInside(container.effective.nics).values())
  for (const nic of [record.outsideNic, record.insideNic])
    if (!names.has(nic)) add('gateway-nic', `gateway ${name}: it has no NIC ${nic} any more`)
  const rules = snapshot.answers.get(`gateway/${name}`)
  if (isUp(container, view) && rules !== undefined && rules.status !== 0)
    add('gateway-rules', rules.text.trim().replace(/^lxcnet: /, ''))
  const { members, inside, subnet, address } = gatewayOf(record.words)
  for (const member of members) {
    const nics = view.containers.get(member)?.effective.nics ?? []
    const nic = memberNic(nics, inside, subnet)
    if (nic === undefined || value(nic, 'ipv4.gateway') !== address)
      add('gateway-member', `gateway ${name}: ${member} does not leave by ${address} on ${inside}`)
  }
  return notes
}
