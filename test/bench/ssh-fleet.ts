/** One change on 50 hosts and on 200: its time against bare logins and shells, how it grows, and the client's memory. */
import { Lab, type LightHost } from '../real/lab/lab.ts'
import { Controller } from './controller.ts'
import { record } from './record.ts'
import { inTurn, type Measure, median } from './run.ts'

const rounds = 1
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
    const names = (hosts: readonly LightHost[]) => hosts.map(({ name }) => name).join(',')
    const create = (hosts: string) =>
      `create web01 --type macvlan --link eth1 -i /root/hosts -H ${hosts} --parallel ${parallel}`.split(' ')
    const anew = async <T>(hosts: readonly LightHost[], work: () => Promise<T>): Promise<T> => {
      for (let at = 0; at < hosts.length; at += 10) await Promise.all(hosts.slice(at, at + 10).map(furnish))
      return work()
    }
    const shells = await anew([h2], () => record(h2, (port) => controller.lxcnet(create(`h2:${port}`))))
    const samples = await inTurn(
      rounds,
      fleets.flatMap((hosts) => [
        () => anew(hosts, () => controller.lxcnet(create(names(hosts)))),
        () =>
          anew(hosts, () =>
            controller.floor(
              hosts.map(({ address }) => ({ host: address, port: 22 })),
              shells,
              parallel,
            ),
          ),
      ]),
    )
    const taken = samples.map(median)
    const [few = Number.NaN, fewFloor = Number.NaN, many = Number.NaN, manyFloor = Number.NaN] = taken
    const memory = await Promise.all(
      fleets.slice(0, 1).map((hosts) => anew(hosts, () => controller.peakMemory(create(names(hosts))))),
    )
    const [each, eachOfMany] = [few / sizes[0], many / sizes[1]]
    const of = (product: number, floor: number) =>
      `${product.toFixed(0)} ms, floor ${floor.toFixed(0)} ms, ${parallel} at once, median of ${rounds}`
    return [
      {
        name: `create, ${sizes[0]} hosts: times the floor`,
        ratio: few / fewFloor,
        limit: 1.5,
        detail: of(few, fewFloor),
      },
      {
        name: `create, ${sizes[1]} hosts: times the floor`,
        ratio: many / manyFloor,
        limit: 1.5,
        detail: of(many, manyFloor),
      },
      {
        name: `create, time of a host: growth from ${sizes[0]} to ${sizes[1]}`,
        ratio: eachOfMany / each,
        limit: 1.25,
        detail: `${each.toFixed(1)} ms and ${eachOfMany.toFixed(1)} ms`,
      },
      {
        name: `create, ${sizes[0]} hosts: MB of the client`,
        ratio: memory[0] ?? Number.NaN,
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
