/** What the tests of fleets ask: lxcnet on one host of the lab for several others, and what is left on those. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { FleetEvent, FleetReport } from '../../src/report/fleet.ts'
import { fitting } from '../commands/schema.ts'
import type { LabHost, RunOptions } from './lab/lab.ts'
import type { Line } from './live.ts'

export interface FleetRun<R> {
  status: number | null
  report: FleetReport<R>
  events: FleetEvent[]
  /** `result` of each host, with the code behind it when there is one. */
  ends: Record<string, string>
  reasons: Record<string, string | null>
}

/** Runs a command for several hosts with --json. All that it prints has to fit its schemas. */
export async function fleet<R = ChangeReport>(
  controller: LabHost,
  line: Line,
  options: RunOptions = {},
): Promise<FleetRun<R>> {
  const words = typeof line === 'string' ? line.split(' ') : line
  const { status, stdout, stderr } = await controller.lxcnet([...words, '--json'], options)
  assert.notEqual(stdout, '', `lxcnet ${words.join(' ')}: ${stderr}`)
  const report = fitting<FleetReport<R>>(stdout)
  assert.equal(report.schema, 'lxcnet.fleet/1', stdout)
  const events = stderr
    .split('\n')
    .filter(Boolean)
    .map((text) => fitting<FleetEvent>(text))
  const ends = report.hosts.map(({ host, result, code }) => [host, code === null ? result : `${result} ${code}`])
  const reasons = report.hosts.map(({ host, reason }) => [host, reason])
  return { status, report, events, ends: Object.fromEntries(ends), reasons: Object.fromEntries(reasons) }
}

/** The config of a container that is only ever configured. */
export const plainConfig = (name: string): string => `lxc.uts.name = ${name}\nlxc.rootfs.path = dir:/srv/tiny\n`

/** Gives each host the bridge br0 and containers without NICs. */
export async function furnish(hosts: readonly LabHost[], ...names: string[]): Promise<void> {
  const script = `ip link show br0 >/dev/null 2>&1 || { ip link add br0 type bridge forward_delay 0; ip link set br0 up; }
for name; do mkdir -p "/var/lib/lxc/$name"; printf '${plainConfig('%s').replaceAll('\n', '\\n')}' "$name" >"/var/lib/lxc/$name/config"; done`
  await Promise.all(hosts.map((host) => host.ok(script, {}, ...names)))
}

export const config = async (host: LabHost, name: string): Promise<string> =>
  (await host.read(`/var/lib/lxc/${name}/config`)).toString('latin1')

/** Asserts that nothing of a change that ended is left: neither a file of its own beside a target, nor a half entry. */
export async function assertTidy(host: LabHost): Promise<void> {
  const left = await host.ok(
    `find / -xdev -name '.lxcnet-*' 2>/dev/null; find /var/lib/lxc /var/lib/lxcnet -name '.lxcnet-*' -o -name '.new-*'
for entry in /var/lib/lxcnet/journal/*; do [ ! -d "$entry" ] || [ -e "$entry/clean" ] || echo "$entry is unfinished"; done`,
  )
  assert.equal(left, '', `${host.name}: ${left}`)
}

/**
 * Runs a command line on a terminal of 80 columns.
 *
 * @returns all that it wrote, and the lines that stand on the screen in the end, as far as those had scrolled
 */
export async function onTerminal(host: LabHost, commandLine: string): Promise<{ text: string; screen: string[] }> {
  const { stdout } = await host.run(['script', '-qec', `stty cols 80 rows 40; ${commandLine}`, '/dev/null'], {
    env: { TERM: 'xterm' },
  })
  return { text: stdout, screen: screenOf(stdout) }
}

/** As a terminal shows it, ECMA-48: text, CR and LF, and the sequences that move the cursor up and erase. */
function screenOf(text: string): string[] {
  const lines = ['']
  let row = 0
  let column = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what these sequences begin with
  for (const [token] of text.matchAll(/\x1b\[[0-9;?]*[A-Za-z]|[^\x1b]/gs)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const [, count = '', command = ''] = /^\x1b\[([0-9;?]*)([A-Za-z])$/.exec(token) ?? []
    if (token === '\r') column = 0
    else if (token === '\n') lines[++row] ??= ''
    else if (command === 'A') row = Math.max(0, row - (Number(count) || 1))
    else if (command === 'G') column = (Number(count) || 1) - 1
    else if (command === 'J') lines.splice(row, lines.length, (lines[row] ?? '').slice(0, column))
    else if (command === '') {
      const line = (lines[row] ?? '').padEnd(column)
      lines[row] = line.slice(0, column) + token + line.slice(column + 1)
      column++
    }
  }
  return lines
}
