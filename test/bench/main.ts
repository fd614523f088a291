/**
 * `npm run bench`: every figure that has to hold, as a ratio measured in one run. Exits 1 when one is missed.
 * `npm run bench ssh ansible` runs those suites alone.
 *
 * The machine should be quiet: a ratio stands being slowed down evenly, not in bursts.
 */
import { besideAnsible } from './ansible.ts'
import { reservations } from './dhcp.ts'
import { fleet } from './fleet.ts'
import { forwards } from './forward.ts'
import { oneContainer } from './one.ts'
import type { Measure } from './run.ts'
import { bigSite } from './site.ts'
import { oneHost } from './ssh.ts'
import { hostFleet } from './ssh-fleet.ts'
import { startup } from './startup.ts'

const suites: Record<string, [title: string, measure: () => Promise<Measure[]>]> = {
  startup: ['Start-up, against `node -e 0`', startup],
  one: ['One container, against `node -e 0`', oneContainer],
  fleet: ['10,000 containers', fleet],
  ssh: ['One host over SSH that writes to a real disk, against bare shells', oneHost],
  'ssh-fleet': ['Fleets over SSH, client and hosts on this one machine, against bare shells', hostFleet],
  ansible: ['Beside Ansible, on hosts that write to a real disk', besideAnsible],
  dhcp: ['Reservations, on a host that has 1,000', reservations],
  forward: ['Forwards, on a host that has 1,000', forwards],
  site: ['A site of 100 hosts with 100 containers each', bigSite],
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !(name in suites))
if (unknown !== undefined) throw new Error(`no suite ${unknown}, but ${Object.keys(suites).join(', ')}`)

let missed = 0
for (const [name, [title, measure]] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${title}`)
  for (const { name, ratio, limit, detail } of await measure()) {
    const held = ratio <= limit
    if (!held) missed++
    console.log(
      `${held ? 'ok    ' : 'MISSED'} ${ratio.toFixed(2).padStart(7)} of ${String(limit).padEnd(5)} ${name}\n${' '.repeat(23)}${detail}`,
    )
  }
}
console.log(missed === 0 ? '\nAll figures hold.' : `\n${missed} missed.`)
process.exitCode = missed === 0 ? 0 : 1
