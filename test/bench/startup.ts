/** How long lxcnet takes to say what it knows beforehand: every help page and the version, against `node -e 0`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { inTurn, lxcnet, type Measure, median, node } from './run.ts'

const rounds = 15
const limit = 1.1

export async function startup(): Promise<Measure[]> {
  const pages = readdirSync(join(import.meta.dirname, '../../dist/help')).map((file) => file.replace('.txt', ''))
  const lines = pages.map((page) => (page === '--version' ? [page] : [...wordsOf(page), '--help']))
  const commands = lines.map((words) => () => lxcnet(words))
  const [bare = Number.NaN, ...taken] = (await inTurn(rounds, [() => node(['-e', '0']), ...commands])).map(median)
  return lines.map((words, at) => {
    const wall = taken[at] ?? Number.NaN
    const detail = `${wall.toFixed(1)} ms, bare node ${bare.toFixed(1)} ms, median of ${rounds}`
    return { name: `lxcnet ${words.join(' ')}`, ratio: wall / bare, limit, detail }
  })
}

const wordsOf = (page: string): string[] => (page === 'lxcnet' ? [] : page.split('+'))
