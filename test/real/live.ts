/** What the tests on real hosts ask: lxcnet as a person types it, LXC for what it reads, the kernel for what is there. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { CheckReport } from '../../src/report/check.ts'
import type { ListReport, ShowReport } from '../../src/report/list.ts'
import type { LabHost } from './lab/lab.ts'

/** A command line as typed; an array where a word has blanks in it. */
export type Line = string | string[]

const words = (line: Line): string[] => (typeof line === 'string' ? line.split(' ') : line)

/** --json stands before what follows --, which is the template's. */
function json(line: Line): string[] {
  const all = words(line)
  const end = all.indexOf('--')
  return all.toSpliced(end === -1 ? all.length : end, 0, '--json')
}

/** Runs a changing command, which has to succeed. */
export async function change(host: LabHost, line: Line): Promise<ChangeReport> {
  const { status, stdout, stderr } = await host.lxcnet(json(line))
  assert.equal(status, 0, `lxcnet ${words(line).join(' ')}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as ChangeReport
}

export interface Refusal {
  code: string
  message: string
  suggestions: string[]
  exit: number
}

/** Runs a command that has to be refused. */
export async function refused(host: LabHost, line: Line): Promise<Refusal> {
  const { status, stdout } = await host.lxcnet(json(line))
  const refusal = JSON.parse(stdout) as Refusal & { schema: string }
  assert.equal(refusal.schema, 'lxcnet.error/1', `lxcnet ${words(line).join(' ')} is refused: ${stdout}`)
  assert.equal(status, refusal.exit)
  return refusal
}

export const list = async (host: LabHost, name = '*'): Promise<ListReport> =>
  document(await host.lxcnet(['list', name, '--json']))

export const show = async (host: LabHost, name: string): Promise<ShowReport> =>
  document(await host.lxcnet(['show', name, '--json']))

export const check = async (host: LabHost, name = '*'): Promise<CheckReport> =>
  document(await host.lxcnet(['check', name, '--json']))

function document<T>({ stdout, stderr }: { stdout: string; stderr: string }): T {
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as T
}

/** What LXC reads for a key of a NIC, a line for each value. */
export const read = async (host: LabHost, name: string, key: string): Promise<string[]> =>
  (await host.ok('lxc-info -n "$1" -H -c "lxc.net.$2"', {}, name, key)).split('\n').filter(Boolean)

/** Starts a container that has to start. */
export async function start(host: LabHost, ...names: string[]): Promise<void> {
  for (const name of names) {
    const { status, stderr } = await host.start(name)
    assert.equal(status, 0, `${name} starts: ${stderr}`)
  }
}

export interface Link {
  ifname: string
  ifindex: number
  link_index?: number
  address: string
  mtu: number
  flags: string[]
  master?: string
  num_rx_queues: number
  num_tx_queues: number
  linkinfo?: { info_kind?: string; info_data?: { mode?: string; id?: number; flags?: string[] } }
  addr_info: { family: string; local: string; prefixlen: number; broadcast?: string; scope: string }[]
}

/** The links inside a running container, or of the host itself. */
export async function links(host: LabHost, name: string | null): Promise<Link[]> {
  const enter = name === null ? '' : 'nsenter -t "$(lxc-info -n "$1" -pH)" -n '
  return JSON.parse(await host.ok(`${enter}ip -d -j address show`, {}, name ?? '')) as Link[]
}

export async function link(host: LabHost, name: string | null, ifname: string): Promise<Link> {
  const all = await links(host, name)
  const found = all.find((one) => one.ifname === ifname)
  assert.ok(found, `${name ?? host.name} has ${ifname}, not only ${all.map((one) => one.ifname).join(', ')}`)
  return found
}

/** Default routes and others inside a container, as the kernel prints them. */
export const routes = async (host: LabHost, name: string, family: 4 | 6 = 4): Promise<string[]> =>
  (await host.ok(`nsenter -t "$(lxc-info -n "$1" -pH)" -n ip -${family} route show`, {}, name))
    .split('\n')
    .map((line) => line.trim())

/** From a container, or from the host itself (null), to an address. */
export type Ping = [host: LabHost, from: string | null, to: string]

/**
 * Pings at once: those of `reached` have to be answered, those of `lost` not.
 *
 * An answer may take its time: a proxy ARP waits up to 0.8 s, and a neighbour that was looked for in vain before is
 * asked for again after a second.
 */
export async function pings({ reached, lost = [] }: { reached: Ping[]; lost?: Ping[] }): Promise<void> {
  const word = ([host, from, to]: Ping): string => `${from ?? host.name} → ${to}`
  const one = async (ping: Ping, waitSeconds: number): Promise<string[]> => {
    const [host, from, to] = ping
    return (await host.ping(from, to, { waitSeconds })) ? [word(ping)] : []
  }
  const answers = await Promise.all([...reached.map((ping) => one(ping, 4)), ...lost.map((ping) => one(ping, 1))])
  const answered = answers.flat().sort()
  assert.deepEqual(answered, reached.map(word).sort())
}

/** Pings that got lost while something happened, one every 20 ms from a container or the host itself (null). */
export async function lostDuring([host, from, to]: Ping, act: () => Promise<unknown>): Promise<number> {
  const enter = from === null ? '' : 'nsenter -t "$(lxc-info -n "$3" -pH)" -n '
  const said = `/run/pings-${from ?? ''}-${to}`
  const ping = `${enter}ping -n -q -i 0.02 "$2" >"$1" 2>&1 </dev/null & echo $!`
  const pid = (await host.ok(ping, {}, said, to, from ?? '')).trim()
  await host.ok(`n=0; while [ -d /proc/${pid} ] && [ $n -lt 5 ]; do sleep 0.1; n=$((n + 1)); done`)
  await act()
  await host.ok(`sleep 0.2; kill -INT ${pid}; while [ -d /proc/${pid} ]; do sleep 0.05; done`)
  const text = (await host.read(said)).toString()
  const [, sent = '', received = ''] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? []
  assert.ok(Number(received) > 20, `${from ?? host.name} reaches ${to}: ${text}`)
  return Math.max(0, Number(sent) - Number(received) - 1) // the last one may be on its way
}

export const codes = ({ findings }: CheckReport, name: string): string[] =>
  findings.filter(({ container }) => container === name).map(({ severity, code }) => `${severity} ${code}`)

/** Whatever a change of the host's network may leave behind, a line each: links, addresses, routes, rules, files of /etc. */
export const traces = async (host: LabHost): Promise<string[]> => (await host.ok(tracesScript)).split('\n')

const tracesScript = `
ip -o link show | sed 's/^[0-9]*: //; s/ qdisc .*//; s/@if[0-9]*//' | sort
ip -o -4 address show | sed 's/^[0-9]*: //; s/ *valid_lft.*//'
ip -4 route show table all | sort
ip rule show
nft list ruleset 2>/dev/null | sed 's/counter packets.*//'
find /etc /var/lib/lxc/*/config -type f ! -name '*-' -exec sha256sum {} + | sort -k 2
find /etc -type d | sort
ovs-vsctl -t 2 show 2>/dev/null | grep -v error`
