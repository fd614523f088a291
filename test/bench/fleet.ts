/** Ten thousand containers: seconds and memory of `list`, how both grow, and what a `create` costs beside it. */
import { inTurn, lxcnet, type Measure, median, peakMemory, processes, type Ran } from './run.ts'
import { containerName, withTree } from './tree.ts'

const rounds = 5

/** Containers of the trees; the smallest stands for what does not grow. */
const sizes = [1, 100, 1000, 10_000] as const

export async function fleet(): Promise<Measure[]> {
  return withTree(1, (one) =>
    withTree(100, (hundred) =>
      withTree(1000, (thousand) =>
        withTree(10_000, async (all) => [
          ...(await times([one, hundred, thousand, all])),
          await memory(all),
          await started(thousand),
        ]),
      ),
    ),
  )
}

async function times(trees: readonly string[]): Promise<Measure[]> {
  const all = trees.at(-1) ?? ''
  const lists = trees.map((tree) => (): Ran => lxcnet(['list', '--root', tree]))
  // every round gives another container a NIC, with an address and a MAC that all others are searched for
  const create = (round: number, ...more: string[]): string[] => {
    const name = containerName(4 + 3 * round)
    return [
      'create',
      name,
      '--type',
      'macvlan',
      '--link',
      'eth1',
      '--ipv4',
      `10.1.0.${round + 2}/16`,
      '--root',
      all,
      ...more,
    ]
  }
  const samples = await inTurn(rounds, [
    ...lists,
    (round) => lxcnet(create(round, '--dry-run'), { status: 2 }),
    (round) => lxcnet(create(round)),
  ])
  const taken = samples.map(median)
  const [start = Number.NaN, , , list = Number.NaN, plan = Number.NaN, done = Number.NaN] = taken
  const least = Math.min(...(samples[trees.length - 1] ?? [])) / 1000
  const each = sizes.slice(1).map((size, at) => ((taken[at + 1] ?? Number.NaN) - start) / (size - 1))
  const growth = Math.max(...each.slice(1).map((cost, at) => cost / (each[at] ?? Number.NaN)))
  const costs = each.map((cost, at) => `${(cost * 1000).toFixed(0)} µs at ${sizes[at + 1]}`).join(', ')
  return [
    {
      name: 'list, 10,000 containers: seconds',
      ratio: list / 1000,
      limit: 3,
      detail: `median of ${rounds}, the least ${least.toFixed(2)}: other work on the machine only adds`,
    },
    {
      name: 'list, cost of a container: growth',
      ratio: growth,
      limit: 1.5,
      detail: `${costs}, above ${start.toFixed(0)} ms`,
    },
    {
      name: 'create --dry-run among 10,000: times list',
      ratio: plan / list,
      limit: 1.5,
      detail: `${plan.toFixed(0)} ms, list ${list.toFixed(0)} ms`,
    },
    {
      name: 'create among 10,000: times list',
      ratio: done / list,
      limit: 1.5,
      detail: `${done.toFixed(0)} ms, list ${list.toFixed(0)} ms`,
    },
  ]
}

async function memory(tree: string): Promise<Measure> {
  const seen: number[] = []
  for (let round = 0; round < rounds; round++) seen.push(await peakMemory(['list', '--root', tree]))
  const detail = `the peaks of node, sh, xargs and tar added up, median of ${rounds}, most ${Math.max(...seen).toFixed(0)}`
  return { name: 'list, 10,000 containers: MB', ratio: median(seen), limit: 400, detail }
}

async function started(thousand: string): Promise<Measure> {
  const list = (tree: string): number => processes(['list', '--root', tree])
  const [few, many] = [await withTree(10, list), list(thousand)]
  return {
    name: 'list, processes on the host: 1,000 to 10 containers',
    ratio: many / few,
    limit: 1.5,
    detail: `${many} to ${few}, forks of the shell among them`,
  }
}
