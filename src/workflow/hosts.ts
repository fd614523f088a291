/** `lxcnet host …`: the inventory, and what the hosts in it are like. */
import { exit, LxcnetError } from '../core/error.ts'
import { factsProbe, type HostFacts, readFacts } from '../facts/index.ts'
import { frames, preamble, whole } from '../host/snapshot.ts'
import {
  addHost,
  chooseHosts,
  findInventory,
  type InventoryHost,
  inventoryToEdit,
  isSecret,
  masked,
  type NewHost,
  readInventory,
  removeHost,
  replaceText,
  textToEdit,
  unreadBeside,
  type Wanted,
} from '../inventory/index.ts'
import { diffOf, type HostCheckReport, type HostEditReport, type HostListReport, type HostRow } from '../report/host.ts'
import type { Context } from './context.ts'
import { readFleet } from './fleet.ts'

export function listHosts(given: string | undefined, wanted: Wanted): HostListReport {
  const file = findInventory(given, process.env)
  if (file === undefined) return { schema: 'lxcnet.host-list/1', file: null, hosts: [], unread: [] }
  const hosts = chooseHosts(readInventory(file), wanted).map(hostRow)
  return { schema: 'lxcnet.host-list/1', file, hosts, unread: unreadBeside(file) }
}

function hostRow(host: InventoryHost): HostRow {
  const { name, groups, vars } = host
  const row = { name, groups: [...groups], address: null, port: null, user: null, jump: null, problem: null }
  const shown = Object.fromEntries([...vars].map(([key, { value }]) => [key, isSecret(key) ? '***' : value]))
  try {
    const { address = null, port = null, user = null, jump = null } = host.target
    return { ...row, address, port, user, jump, vars: shown }
  } catch (error) {
    if (!(error instanceof LxcnetError)) throw error
    return { ...row, problem: error.message, vars: shown }
  }
}

export interface EditOptions {
  inventory: string | undefined
  dryRun: boolean
  confirm(report: HostEditReport): Promise<boolean>
}

/** @throws {LxcnetError} `host-exists`, `bad-target`, `bad-inventory`, `unwritable`, `stale` */
export const addToInventory = (host: NewHost, options: EditOptions): Promise<HostEditReport> =>
  edit(host.name, options, (text, file) => addHost(text, host, file))

/** @throws {LxcnetError} `no-host`, `host-in-range`, `unwritable`, `stale` */
export const removeFromInventory = (name: string, options: EditOptions): Promise<HostEditReport> =>
  edit(name, options, (text, file) => removeHost(text, name, file))

async function edit(
  host: string,
  { inventory, dryRun, confirm }: EditOptions,
  change: (text: string, file: string) => string,
): Promise<HostEditReport> {
  const file = inventoryToEdit(inventory, process.env)
  const before = textToEdit(file)
  const after = change(before ?? '', file)
  const diff = diffOf(masked(before ?? '', file), masked(after, file))
  const report = (result: HostEditReport['result']): HostEditReport => {
    return { schema: 'lxcnet.host-edit/1', host, file, result, created: before === undefined, diff }
  }
  if (dryRun) return report('planned')
  if (!(await confirm(report('written')))) return report('declined')
  replaceText(file, before, after)
  return report('written')
}

/** True when there are hosts to mean without naming any. */
export const hasInventory = (given: string | undefined): boolean => findInventory(given, process.env) !== undefined

/** One exec a host; a host that cannot be reached is a row like others. */
export async function checkHosts(contexts: readonly Context[], parallel: number): Promise<HostCheckReport> {
  const { hosts } = await readFleet(contexts, parallel, readHostFacts)
  return {
    schema: 'lxcnet.host-check/1',
    hosts: hosts.map(({ host, result, code, reason, report }) => {
      return { host, reached: result !== 'unreachable', code, reason, facts: report }
    }),
  }
}

/** Not by takeSnapshot(), which needs tar and xargs there: whether they are is one of the questions. */
async function readHostFacts({ host, scope }: Context): Promise<HostFacts> {
  const nonce = `${process.pid}x${Math.random().toString(36).slice(2)}`
  const script = whole([preamble(scope, nonce, [factsProbe]), ...factsProbe.live])
  const { list } = frames(await host.exec(script), nonce, host.name)
  return readFacts(new Map(list.map(({ kind, id, status, text }) => [kind === 'run' ? id : kind, { status, text }])))
}

/** The worst outcome decides, lxcnet(1) EXIT STATUS. */
export function checkExit({ hosts }: HostCheckReport): number {
  const reached = hosts.filter(({ facts }) => facts !== null).length
  if (reached === hosts.length) return exit.done
  return reached === 0 ? exit.unreachable : exit.someFailed
}
