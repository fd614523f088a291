/** A site of 100 hosts with 100 containers each: `import` and `plan` beyond what the hosts themselves take. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from '../../src/host/port.ts'
import { importSite } from '../../src/workflow/import-site.ts'
import { siteTable } from '../../src/workflow/site-file.ts'
import { Lab, type LightHost } from '../real/lab/lab.ts'
import { execute } from '../real/lab/machine.ts'
import { type Answers, asked, contextOf, importReading, nonceOf, type Planning, plan } from './planning.ts'
import { type Measure, median, node } from './run.ts'
import { withTree } from './tree.ts'

const rounds = 3
const hosts = 100
const containers = 100

export async function bigSite(): Promise<Measure[]> {
  return withTree(containers, async (tree) => {
    const [answers, same, other] = ['answers.json', 'same.yaml', 'other.yaml'].map((name) => join(tree, name))
    if (answers === undefined || same === undefined || other === undefined) throw new Error('no files')
    writeFileSync(answers, JSON.stringify(await answersOf(tree)), 'latin1')
    const run = (verb: 'import' | 'plan', file: string): Planning[] =>
      Array.from({ length: rounds }, () => {
        const words = [join(import.meta.dirname, 'planning.ts'), verb, answers, `${hosts}`, file]
        const { status, stdout, stderr } = node(words)
        if (status !== 0) throw new Error(`planning.ts: ${stderr}`)
        return JSON.parse(stdout)
      })
    const imported = run('import', same)
    writeFileSync(other, readFileSync(same, 'latin1').replace(/^ {4}type: .*/gm, '$&\n    mtu: 1400'), 'latin1')
    const [none, all] = [run('plan', same), run('plan', other)]
    const besides = (what: (samples: readonly Planning[]) => string): string =>
      `import and its proof ${what(imported)}, plan of ${median(all.map(({ changes }) => changes))} changes ${what(all)}`
    return [
      {
        name: 'plan, nothing to change: seconds',
        ratio: seconds(none),
        limit: 2,
        detail: besides((one) => `${seconds(one).toFixed(2)} s`),
      },
      {
        name: 'plan, nothing to change: MB',
        ratio: megabytes(none),
        limit: 500,
        detail: besides((one) => `${megabytes(one).toFixed(0)} MB`),
      },
    ]
  })
}

const seconds = (samples: readonly Planning[]): number => median(samples.map(({ milliseconds }) => milliseconds)) / 1000
const megabytes = (samples: readonly Planning[]): number => median(samples.map(({ peakMegabytes }) => peakMegabytes))

/** What a real host with these containers answers when it is imported, and when its plan is made. */
async function answersOf(tree: string): Promise<Answers> {
  const lab = await Lab.up({ hosts: 1 })
  try {
    const [h1] = lab.hosts
    if (h1 === undefined) throw new Error('no host')
    const { stdout } = await execute({ argv: ['tar', '-cf', '-', '-C', tree, 'var/lib/lxc', 'usr/share/lxc'] })
    // a subnet whose number has as many digits on every host, see planning.ts
    await h1.ok('tar -xf - -C / && sed -i s/10[.]0[.]/10.100./ /var/lib/lxc/*/config', { input: stdout })
    const answers: Answers = {}
    const context = contextOf(recording(h1, answers))
    const { text } = importSite([{ context, reading: await importReading(context) }], undefined, new Set(), siteTable)
    await plan([context], text)
    return answers
  } finally {
    await lab.down()
  }
}

function recording(host: LightHost, answers: Answers): Connection {
  const connection: Connection = {
    name: host.name,
    exec: async (script) => {
      const { stdout, stderr, status } = await execute(host.command(['sh', '-s', '--', '']), {
        input: Buffer.from(script, 'latin1'),
      })
      answers[asked(script)] = stdout.toString('latin1').replaceAll(nonceOf(script), 'NONCE')
      return { stdout, stderr: stderr.toString(), status }
    },
    anew: () => connection,
    close: async () => {},
  }
  return connection
}
