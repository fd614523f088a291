/** One change on 50 hosts and on 200: its time against bare logins and shells, how it grows, and the client's memory. */
import { Lab, type LightHost } from '../real/lab/lab.ts'
import { Controller } from './controller.ts'
import { record } from './record.ts'
import { inTurn, type Measure, median } from './run.ts'

const rounds = 3
const parallel = 20
const sizes = [50, 200] as const

export async function hostFleet(): Promise<Measure[]> {
  const lab = await Lab.up({ hosts: Math.max(...sizes) + 1 })
  try {
    const [h1, ...others] = lab.hosts
    const [h2] = others
    if (h1 === undefined || h2 === undefined) throw new Error('no hosts')
    const controller = await Controller.on(h1)
    await h1.write('/root/hosts', others.map(({ name }) => `${name}\n`).join(''))
    const fleets = sizes.map((size) => others.slice(0, size))
    const command = (hosts: string) =>
      `create web01 --type macvlan --link eth1 -i /root/hosts -H ${hosts} --parallel ${parallel}`.split(' ')
    const create = (hosts: readonly LightHost[]) => command(hosts.map(({ name }) => name).join(','))
    const anew = async <T>(hosts: readonly LightHost[], work: () => Promise<T>): Promise<T> => {
      for (let at = 0; at < hosts.length; at += 10) await Promise.all(hosts.slice(at, at + 10).map(furnish))
      return work()
    }
    const shells = await anew([h2], () => record(h2, (port) => controller.lxcnet(command(`h2:${port}`))))
    const floor = (hosts: readonly LightHost[]) => {
      const addresses = hosts.map(({ address }) => ({ host: address, port: 22 }))
      return controller.floor(addresses, shells, parallel)
    }
    const samples = await inTurn(
      rounds,
      fleets.flatMap((hosts) => [
        () => anew(hosts, () => controller.lxcnet(create(hosts))),
        () => anew(hosts, () => floor(hosts)),
      ]),
    )
    const taken = samples.map(median)
    const times = sizes.map((size, at): Measure => {
      const [product = Number.NaN, bare = Number.NaN] = taken.slice(2 * at)
      const detail = `${product.toFixed(0)} ms, floor ${bare.toFixed(0)} ms, ${parallel} at once, median of ${rounds}`
      return { name: `create, ${size} hosts: times the floor`, ratio: product / bare, limit: 1.5, detail }
    })
    const [few = Number.NaN, many = Number.NaN] = sizes.map((size, at) => (taken[2 * at] ?? Number.NaN) / size)
    const small = fleets[0] ?? []
    const megabytes = await anew(small, () => controller.peakMemory(create(small)))
    return [
      ...times,
      {
        name: 'create, time of a host: growth',
        ratio: many / few,
        limit: 1.25,
        detail: `${few.toFixed(1)} ms of ${sizes[0]}, ${many.toFixed(1)} ms of ${sizes[1]}`,
      },
      {
        name: `create, ${sizes[0]} hosts: MB of the client`,
        ratio: megabytes,
        limit: 250,
        detail: 'the peak of its resident set',
      },
    ]
  } finally {
    await lab.down()
  }
}

/** The container without a NIC, and nothing of the change before. */
async function furnish(host: LightHost): Promise<void> {
  await host.container('web01')
  await host.ok('rm -rf /var/lib/lxcnet/journal/*')
}
