/**
 * `npm run bench`: every figure that has to hold, as a ratio measured in one run. Exits 1 when one is missed.
 *
 * The machine should be quiet: a ratio stands being slowed down evenly, not in bursts.
 */
import { fleet } from './fleet.ts'
import { oneContainer } from './one.ts'
import type { Measure } from './run.ts'
import { oneHost } from './ssh.ts'
import { startup } from './startup.ts'

const suites: Record<string, () => Promise<Measure[]>> = {
  'Start-up, against `node -e 0`': startup,
  'One container, against `node -e 0`': oneContainer,
  '10,000 containers': fleet,
  'One host over SSH, on a real disk': oneHost,
}

let missed = 0
for (const [title, suite] of Object.entries(suites)) {
  console.log(`\n${title}`)
  for (const { name, ratio, limit, detail } of await suite()) {
    const held = ratio <= limit
    if (!held) missed++
    console.log(
      `${held ? 'ok    ' : 'MISSED'} ${ratio.toFixed(2).padStart(7)} of ${String(limit).padEnd(5)} ${name}\n${' '.repeat(23)}${detail}`,
    )
  }
}
console.log(missed === 0 ? '\nAll figures hold.' : `\n${missed} missed.`)
process.exitCode = missed === 0 ? 0 : 1
