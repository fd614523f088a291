/**
 * `npm run demo`: a controller and two LXC hosts come up on this machine, a site file says what the containers' NICs
 * shall be, `lxcnet apply` makes them so over SSH, the containers start, and a table says who reaches whom.
 *
 * Where this machine cannot host LXC `lxcnet create` works on a directory tree, and what was left out and why is said.
 * Exits 1 when anything is not as it should be; `--break` takes one wire away, to show that it does.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Lab, type LightHost } from './lab/lab.ts'

const site = join(import.meta.dirname, 'demo.yaml')

/** On the controller, where the site file lies in the home directory. */
const lxcnet = 'cd && exec /opt/node/bin/node /opt/lxcnet/bin/run.js "$@"'

interface Trial {
  from: string
  to: string
  why: string
  expected: boolean
  reached: boolean
}

class Demo {
  readonly #controller: LightHost
  readonly #one: LightHost
  readonly #two: LightHost
  /** What did not come out as it should. */
  #wrong = 0

  constructor({ hosts }: Lab) {
    ;[this.#controller, this.#one, this.#two] = hosts as [LightHost, LightHost, LightHost]
  }

  async run(): Promise<number> {
    await this.#prepare()
    await this.#shows('cat lxcnet.yaml', await this.#controller.sh('cd && cat lxcnet.yaml'), 0)
    await this.#lxcnet('validate', 0)
    await this.#lxcnet('plan', 2)
    await this.#lxcnet('apply --quiet', 0)
    await this.#start()
    if (process.argv.includes('--break')) await this.#two.ok('ip link set eth1 down')
    const trials = await this.#trials()
    this.#table(trials)
    await this.#lxcnet('plan', 0)
    const edit = "sed -i 's/198.18.1.102/198.18.1.202/' /var/lib/lxc/web02/config"
    await this.#shows(edit, await this.#two.sh(edit), 0, this.#two)
    await this.#lxcnet('diff', 2)
    await this.#lxcnet('list -H h2,h3', 0)
    console.log(
      this.#wrong === 0 ? '\nAll as it should be.' : `\n${this.#wrong} of all that is not as it should be.`,
    )
    return this.#wrong === 0 ? 0 : 1
  }
