/**
 * How long lxcnet takes to say something, as a multiple of `node -e 0`: processes of one run, taken in turn, so that a
 * busy machine slows both. Medians.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const rounds = 15

/** Prerendered text; a command that reads through `sh`. */
const limits = { help: 1.1, command: 3.2 }

export interface Measure {
  name: string
  ratio: number
  limit: number
  detail: string
}

export async function startup(): Promise<Measure[]> {
  const tree = mkdtempSync(join(tmpdir(), 'lxcnet-startup-'))
  try {
    mkdirSync(join(tree, 'var/lib/lxc'), { recursive: true })
    return measure(tree)
  } finally {
    rmSync(tree, { recursive: true })
  }
}

function measure(tree: string): Measure[] {
  const pages = Object.keys(JSON.parse(readFileSync(join(root, 'dist/help.json'), 'utf8')))
  const help = pages.map((page) => (page === '--version' ? [page] : [...page.split(' ').filter(Boolean), '--help']))
  const lines = [...help, ['list', '--root', tree]]
  const bare: number[] = []
  const taken = lines.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    const warmUp = round === 0 // the first one fills the compile cache
    const zero = milliseconds(['-e', '0'])
    if (!warmUp) bare.push(zero)
    for (const [at, words] of lines.entries()) {
      const one = milliseconds([join(root, 'bin/run.js'), ...words])
      if (!warmUp) taken[at]?.push(one)
    }
  }
  const base = median(bare)
  return lines.map((words, at) => {
    const wall = median(taken[at] ?? [])
    return {
      name: `lxcnet ${words.join(' ').replace(tree, 'TREE')}`,
      ratio: wall / base,
      limit: at < help.length ? limits.help : limits.command,
      detail: `${wall.toFixed(1)} ms, bare node ${base.toFixed(1)} ms, median of ${rounds}`,
    }
  })
}

function milliseconds(argv: string[]): number {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(process.execPath, argv, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`node ${argv.join(' ')}: exit ${status}\n${stderr}`)
  return Number(process.hrtime.bigint() - start) / 1e6
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
