/** The host of the lab from which others are reached: runs lxcnet there, and floor.ts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as esbuild from 'esbuild'
import type { LabHost } from '../real/lab/lab.ts'
import type { Job } from './floor.ts'
import type { Ran } from './run.ts'

const node = '/opt/node/bin/node'

export interface Address {
  host: string
  port: number
}

export class Controller {
  readonly #host: LabHost

  private constructor(host: LabHost) {
    this.#host = host
  }

  static async on(host: LabHost): Promise<Controller> {
    await host.write('/root/floor.cjs', await floor())
    // as bin/run.js has it
    const start = "require('node:module').enableCompileCache('/root/.cache/floor')\nrequire('./floor.cjs')\n"
    await host.write('/root/floor-cached.cjs', start)
    return new Controller(host)
  }

  /** @throws {Error} when it exits otherwise than as expected; 2 is a plan that was not carried out */
  async lxcnet(words: readonly string[], status = 0): Promise<Ran> {
    return this.#timed(['/opt/lxcnet/bin/run.js', ...words], status)
  }

  /** The bare counterpart of shells that record.ts brought, on each of the hosts. */
  async floor(hosts: readonly Address[], shells: Job['shells'], parallel = 1): Promise<Ran> {
    const job: Job = { hosts: [...hosts], parallel, keyFile: '/root/.ssh/id_ed25519', shells }
    await this.#host.write('/root/job.json', JSON.stringify(job))
    return this.#timed(['/root/floor-cached.cjs', '/root/job.json'], 0)
  }

  async #timed(words: readonly string[], status: number): Promise<Ran> {
    const { stdout, stderr } = await this.#host.run([node, '/opt/lxcnet/test/bench/timed.ts', ...words], {
      timeoutMs: 600_000,
    })
    if (!stdout.startsWith('{')) throw new Error(`timed.ts: ${stderr}`)
    const ran: Ran = JSON.parse(stdout)
    if (ran.status !== status) throw new Error(`${words.join(' ')}: exit ${ran.status}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
}

/** floor.ts as lxcnet itself is built: in one file, without types. */
async function floor(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lxcnet-floor-'))
  try {
    const outfile = join(folder, 'floor.cjs')
    await esbuild.build({
      entryPoints: [join(import.meta.dirname, 'floor.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22.18',
      minifyWhitespace: true,
      minifySyntax: true,
      loader: { '.node': 'empty' },
      external: ['cpu-features'],
      logLevel: 'warning',
    })
    return readFileSync(outfile, 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
