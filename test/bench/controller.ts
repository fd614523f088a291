/** The host of the lab from which others are reached: runs lxcnet there, and floor.ts. */
import { readFileSync } from 'node:fs'
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
    await host.write('/root/floor.mjs', await floor())
    await host.ok('ln -s /opt/lxcnet/node_modules /root/node_modules')
    return new Controller(host)
  }

  /** @throws {Error} when it exits otherwise than as expected; 2 is a plan that was not carried out */
  async lxcnet(words: readonly string[], status = 0): Promise<Ran> {
    return this.#timed(['/opt/lxcnet/bin/run.js', ...words], status)
  }

  /** Most memory that the process of lxcnet itself held, in MB. */
  async peakMemory(words: readonly string[]): Promise<number> {
    await this.#host.write('/root/peak.cjs', peak)
    await this.#timed(['--require', '/root/peak.cjs', '/opt/lxcnet/bin/run.js', ...words], 0)
    return Number(await this.#host.ok('cat /run/peak')) / 1024
  }

  /** The bare counterpart of shells that record.ts brought, on each of the hosts. */
  async floor(hosts: readonly Address[], shells: Job['shells'], parallel = 1): Promise<Ran> {
    const job: Job = { hosts: [...hosts], parallel, keyFile: '/root/.ssh/id_ed25519', shells }
    await this.#host.write('/root/job.json', JSON.stringify(job))
    return this.#timed(['/root/floor.mjs', '/root/job.json'], 0)
  }

  /** Timed there, so that the way into the host does not count. */
  async #timed(words: readonly string[], status: number): Promise<Ran> {
    const { stdout, stderr } = await this.#host.run([node, '/opt/lxcnet/test/bench/run.ts', ...words], {
      timeoutMs: 600_000,
    })
    if (!stdout.startsWith('{')) throw new Error(`run.ts: ${stderr}`)
    const ran: Ran = JSON.parse(stdout)
    if (ran.status !== status) throw new Error(`${words.join(' ')}: exit ${ran.status}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
}

/** proc_pid_status(5): VmHWM is the peak resident set size, in kB. */
const peak = `const { readFileSync, writeFileSync } = require('node:fs')
process.on('exit', () => writeFileSync('/run/peak', /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]))
`

/** floor.ts as a script of one's own would be: JavaScript that imports ssh2 from node_modules. Types take 40 ms to strip. */
async function floor(): Promise<string> {
  const source = readFileSync(join(import.meta.dirname, 'floor.ts'), 'utf8')
  return (await esbuild.transform(source, { loader: 'ts', target: 'node22.18' })).code
}
