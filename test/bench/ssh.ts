/**
 * One host over SSH: a change and a plan, against floor.ts with the same bytes, syncs and renames. The host writes to
 * this machine's disk.
 */
import { Lab } from '../real/lab/lab.ts'
import { type Address, Controller } from './controller.ts'
import { record } from './record.ts'
import { inTurn, type Measure, median, type Ran } from './run.ts'

const rounds = 15
const create = ['create', 'web01', '--type', 'macvlan', '--link', 'eth1', '-H']

/** One way; twice that is the round trip of 50 ms. */
const delayMs = 25

export async function oneHost(): Promise<Measure[]> {
  const lab = await Lab.up({ hosts: 2, persistent: true })
  try {
    const [h1, h2] = lab.hosts
    if (h1 === undefined || h2 === undefined) throw new Error('no hosts')
    const controller = await Controller.on(h1)
    await h2.container('web01')
    const config = await h2.read('/var/lib/lxc/web01/config')
    const anew = async <T>(work: () => Promise<T>): Promise<T> => {
      await h2.write('/var/lib/lxc/web01/config', config)
      await h2.ok('rm -rf /var/lib/lxcnet/journal/*; sync -f /var/lib/lxc') // nobody else's sync shall wait for this
      return work()
    }
    const recorded = (status: number, ...more: string[]) =>
      anew(() => record(h2, (port) => controller.lxcnet([...create, `h2:${port}`, ...more], status)))
    const [change, plan] = [await recorded(0), await recorded(2, '--dry-run')]

    await lab.proxy('--delay-ms', `${delayMs}`, '2202=198.18.0.12:22')
    const near: Address = { host: '198.18.0.12', port: 22 }
    const far: Address = { host: '198.18.0.1', port: 2202 }
    const at = ({ host, port }: Address) => `${host}:${port}`
    const runs: (() => Promise<Ran>)[] = [
      () => controller.lxcnet([...create, at(near)]),
      () => controller.floor([near], change),
      () => controller.lxcnet([...create, at(near), '--dry-run'], 2),
      () => controller.floor([near], plan),
      () => controller.lxcnet([...create, at(far)]),
      () => controller.floor([far], change),
    ]
    const samples = await inTurn(
      rounds,
      runs.map((run) => () => anew(run)),
    )
    const taken = samples.map(median)
    const against = (at: number) => {
      const [product = Number.NaN, floor = Number.NaN] = taken.slice(at)
      return {
        ratio: product / floor,
        detail: `${product.toFixed(0)} ms, floor ${floor.toFixed(0)} ms, median of ${rounds}`,
      }
    }
    const bytes = (shells: typeof change) =>
      shells.map(({ script, answer }) => `${script.length} bytes up and ${answer} down`).join(', ')
    const execs = (name: string, shells: typeof change, limit: number): Measure => {
      return { name, ratio: shells.length, limit, detail: bytes(shells) }
    }
    return [
      { name: 'create, one host: times the floor', limit: 1.3, ...against(0) },
      { name: 'create --dry-run, one host: times the floor', limit: 1.3, ...against(2) },
      { name: `create, a round trip of ${2 * delayMs} ms away: times the floor`, limit: 1.2, ...against(4) },
      execs('create --dry-run: scripts', plan, 1),
      execs('create: scripts', change, 2),
    ]
  } finally {
    await lab.down()
  }
}
