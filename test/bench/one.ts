/** What reading a host with one container takes, as a multiple of `node -e 0`: start-up, one `sh` and the answer. */
import { inTurn, lxcnet, type Measure, median, node } from './run.ts'
import { containerName, withTree } from './tree.ts'

const rounds = 21
const limit = 3.2

export function oneContainer(): Promise<Measure[]> {
  return withTree(1, async (tree) => {
    const commands = [['list'], ['show', containerName(1)]]
    const [bare = Number.NaN, ...taken] = (
      await inTurn(rounds, [
        () => node(['-e', '0']),
        ...commands.map((words) => () => lxcnet([...words, '--root', tree])),
      ])
    ).map(median)
    return commands.map((words, at) => {
      const wall = taken[at] ?? Number.NaN
      const detail = `${wall.toFixed(1)} ms, bare node ${bare.toFixed(1)} ms, median of ${rounds}`
      return { name: `${words[0]}, one container: times bare node`, ratio: wall / bare, limit, detail }
    })
  })
}
