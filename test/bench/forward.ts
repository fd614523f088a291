/**
 * One forward more, where there are many: what a change of rules costs must not grow with all that stays.
 *
 * A light host of the lab, whose disk is memory, so that nothing hides in syncs.
 */
import { Lab, type LightHost } from '../real/lab/lab.ts'
import { type Measure, median } from './run.ts'

const few = 10
const many = 1000
const rounds = 9
const limit = 1.5

export async function forwards(): Promise<Measure[]> {
  const lab = await Lab.up({ hosts: 2 })
  try {
    const [small, big] = lab.hosts as [LightHost, LightHost]
    await have(small, few)
    await have(big, many)
    const taken: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++)
      for (const [at, host] of [small, big].entries()) taken[at]?.push(await oneMore(host))
    const [alone, among] = taken.map((times) => median(times.slice(1))) as [number, number]
    const detail = `${among.toFixed(0)} ms among ${many}, ${alone.toFixed(0)} ms among ${few}, median of ${rounds - 1}`
    return [{ name: 'forward add: among 1,000 over among 10', ratio: among / alone, limit, detail }]
  } finally {
    await lab.down()
  }
}

/** As many forwards, made in one change by a site file. */
async function have(host: LightHost, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, n) => `  ${10001 + n}/tcp: { to: 10.9.0.1:80 }\n`)
  await host.write('/root/lxcnet.yaml', `hosts: { ${host.name}: {} }\nforwards:\n${lines.join('')}`)
  const { status, stdout, stderr } = await host.lxcnet(['apply', '-f', '/root/lxcnet.yaml', '--yes'])
  if (status !== 0) throw new Error(`${host.name}: ${stdout}${stderr}`)
}

/** @returns milliseconds */
async function oneMore(host: LightHost): Promise<number> {
  const start = performance.now()
  const added = await host.lxcnet(['forward', 'add', '9000', '10.9.0.1:80', '--yes'])
  const taken = performance.now() - start
  const removed = await host.lxcnet(['forward', 'remove', '9000', '--yes'])
  if (added.status !== 0 || removed.status !== 0) throw new Error(`${added.stderr}${removed.stderr}`)
  return taken
}
