/**
 * Switches that somebody else made: what is asked for is added, and what lxcnet can turn back exactly is changed, each by
 * a command of its own. Their ports are not taken away, since only who made them knows all that they are.
 */
import { readOvs } from '../../../ovs/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Desk } from '../../noun/desk.ts'
import type { Wish } from '../../noun/noun.ts'
import { tunnelNotes, uplinkNotes } from './uplink.ts'

export function planByHand(desk: Desk, { name, want, have }: Wish): void {
  const said = (flag: string): readonly string[] => want?.get(flag) ?? []
  const had = (flag: string): readonly string[] => have?.settings.get(flag) ?? []
  const missing = (flag: string): string[] => had(flag).filter((text) => !said(flag).includes(text))
  const fresh = (flag: string): string[] => said(flag).filter((text) => !had(flag).includes(text))
  const differs = (flag: string): boolean => said(flag).join() !== had(flag).join()

  if (want === undefined) {
    desk.note(refusal(`switch ${name} was not made by lxcnet, which does not delete it`, `ovs-vsctl del-br ${name}`))
    return
  }
  if (differs('address'))
    desk.note(refusal(`switch ${name} was not made by lxcnet: the host gives it its addresses`, 'change them there'))
  if (differs('datapath') && had('address').length > 0)
    desk.note(
      refusal(
        `switch ${name} was not made by lxcnet, and would lose ${had('address').join(', ')} with its datapath`,
        `ovs-vsctl set bridge ${name} datapath_type=${said('datapath')[0] ?? 'system'}`,
      ),
    )
  for (const text of [...missing('uplink'), ...missing('tunnel')])
    desk.note(
      refusal(
        `switch ${name} was not made by lxcnet, which does not take ${text} out of it`,
        `ovs-vsctl show; ovs-vsctl del-port ${name} PORT`,
      ),
    )
  for (const uplink of fresh('uplink')) {
    desk.note(...uplinkNotes(uplink, name, desk))
    run(desk, ['--may-exist', 'add-port', name, uplink], ['--if-exists', 'del-port', name, uplink], `uplink of ${name}`)
  }
  const taken = new Set([...(readOvs(desk.reading.snapshot.answers)?.switches?.values() ?? [])].flatMap(portNames))
  for (const tunnel of fresh('tunnel')) {
    const [, type = '', remote = '', key = ''] = /^(\w+):\[?(.+?)\]?:(\d+)$/.exec(tunnel) ?? []
    desk.note(...tunnelNotes(tunnel, name, desk))
    const port = firstFree(taken)
    const options = [`type=${type}`, `options:remote_ip="${remote}"`, `options:key="${key}"`]
    const add = ['--may-exist', 'add-port', name, port, '--', 'set', 'Interface', port, ...options]
    run(desk, add, ['--if-exists', 'del-port', name, port], `tunnel of ${name}`)
  }
  for (const { flag, set } of scalars) {
    if (differs(flag)) run(desk, set(name, said(flag)[0]), set(name, had(flag)[0]), `${flag} of ${name}`, 'reconnect')
  }
  desk.say(`switch ${name}, not made by lxcnet: changed`)
}

type Setter = (name: string, text: string | undefined) => string[]

const optional =
  (table: string, column: string): Setter =>
  (name, text) =>
    text === undefined ? ['clear', table, name, column] : ['set', table, name, `${column}=${text}`]

/** Words that are one column of a table, ovs-vswitchd.conf.db(5). */
const scalars: readonly { flag: string; set: Setter }[] = [
  { flag: 'datapath', set: (name, text = 'system') => ['set', 'Bridge', name, `datapath_type=${text}`] },
  { flag: 'stp', set: (name, text = 'off') => ['set', 'Bridge', name, `stp_enable=${text === 'on'}`] },
  { flag: 'vlan-id', set: optional('Port', 'tag') },
  { flag: 'mtu', set: optional('Interface', 'mtu_request') },
]

function run(desk: Desk, add: string[], undo: string[], why: string, impact: 'live' | 'reconnect' = 'live'): void {
  const vsctl = (words: string[]): string[] => ['ovs-vsctl', '-t', '10', ...words]
  desk.after(vsctl(add), { undo: vsctl(undo), why, impact })
}

const portNames = ({ ports }: { ports: readonly { name: string }[] }): string[] => ports.map(({ name }) => name)

function firstFree(taken: Set<string>): string {
  for (let n = 0; ; n++) {
    const name = `tun-${n}`
    if (taken.has(name)) continue
    taken.add(name)
    return name
  }
}

const refusal = (message: string, fix: string): Note => ({ severity: 'error', code: 'not-ours', message, fix })
