/** A site of 100 hosts with 100 containers each: `import` and `plan` beyond what the hosts themselves take. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from '../../src/host/port.ts'
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
    const file = join(tree, 'answers.json')
    writeFileSync(file, JSON.stringify(await answersOf(tree)), 'latin1')
    const samples: Planning[] = []
    for (let round = 0; round < rounds; round++) {
      const { status, stdout, stderr } = node([join(import.meta.dirname, 'planning.ts'), file, String(hosts)])
      if (status !== 0) throw new Error(`planning.ts: ${stderr}`)
      samples.push(JSON.parse(stdout))
    }
    const of = (what: keyof Planning): number => median(samples.map((sample) => sample[what]))
    const seconds = (name: string, what: 'importMs' | 'planMs' | 'changeMs', detail: string): Measure => {
      return { name: `${name}: seconds`, ratio: of(what) / 1000, limit: 2, detail: `${detail}, median of ${rounds}` }
    }
    return [
      seconds('plan, nothing to change', 'planMs', `${of('containers')} containers`),
      seconds('plan, a change in each container', 'changeMs', `${of('changes')} changes`),
      seconds('import', 'importMs', `${of('containers')} containers, with the proof that the plan is empty`),
      {
        name: 'all three in one process: MB',
        ratio: of('peakMegabytes'),
        limit: 500,
        detail: 'the peak of its resident set',
      },
    ]
  })
}

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
    await importReading(context)
    await plan([context], `hosts: { ${h1.name}: {} }\n`)
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
