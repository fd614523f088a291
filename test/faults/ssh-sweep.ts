/** One client and one host whose conversation is ended at one place after the other; the host has to be whole each time. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import { assertTidy, config, furnish } from '../real/fleet.ts'
import type { LightHost, Result } from '../real/lab/lab.ts'
import { change, read } from '../real/live.ts'

const names = ['web01', 'web02']

/** Until no shell of a client runs there any more: one goes on when its client is gone. */
const untilQuiet = `for _ in $(seq 1500); do
  pgrep -f '^(sh -s -- |sshd: root@)' >/dev/null || exit 0
  sleep 0.02
done
ps ax
exit 1`

/** How often an ended conversation left the old state, and how often the new one. */
export interface Tally {
  old: number
  new: number
}

export class Pair {
  readonly #client: LightHost
  readonly #host: LightHost
  #mtu = 1300

  constructor(client: LightHost, host: LightHost) {
    this.#client = client
    this.#host = host
  }

  /** The change that is made again and again: of two files, to a value that never was there. */
  get #words(): string[] {
    return ['set', 'web*:0', `mtu=${this.#mtu}`, '--json']
  }

  async prepare(): Promise<void> {
    await furnish([this.#host], ...names)
    for (const name of names)
      await change(this.#client, `create ${name} --type veth --link br0 --mtu 1300 -H ${this.#host.name}`)
  }

  /** A whole conversation, which has to succeed: for its length. */
  async undisturbed(run: (client: LightHost, words: string[]) => Promise<Result>): Promise<void> {
    this.#mtu++
    const { status, stdout, stderr } = await run(this.#client, this.#words)
    assert.equal(status, 0, stdout + stderr)
  }

  /**
   * Begins a change that is ended somewhere, and looks at what it left.
   *
   * @param where it is ended, for messages
   */
  async ended(
    where: string,
    tally: Tally,
    run: (client: LightHost, words: string[]) => Promise<Result>,
  ): Promise<void> {
    const host = this.#host
    const before = await this.#texts()
    this.#mtu++
    const answer = await run(this.#client, this.#words)
    await host.ok(untilQuiet)
    try {
      const isNew = await this.#isNew(before)
      tally[isNew ? 'new' : 'old']++
      assertHonest(answer, isNew)
      await assertTidy(host)
      const next = await change(this.#client, [...this.#words.slice(0, -1), '-H', host.name])
      assert.equal(next.result, isNew ? 'unchanged' : 'applied')
      for (const name of names) assert.deepEqual(await read(host, name, '0.mtu'), [`${this.#mtu}`])
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}\n${answer.stdout}${answer.stderr}`, { cause: error })
    }
  }

  #texts = (): Promise<string[]> => Promise.all(names.map((name) => config(this.#host, name)))

  async #isNew(before: readonly string[]): Promise<boolean> {
    const now = await this.#texts()
    const made = before.map((text) => text.replace(/^lxc.net.0.mtu = .*$/m, `lxc.net.0.mtu = ${this.#mtu}`))
    const isNew = now[0] === made[0]
    assert.deepEqual(now, isNew ? made : before, 'the old or the new, and never a mixture')
    return isNew
  }
}

/** What the client says of how it ended is true. Killed, it says nothing. */
function assertHonest({ status, stdout }: Result, isNew: boolean): void {
  if (stdout === '') return
  const { result, code } = JSON.parse(stdout) as Partial<ChangeReport & { code: string }>
  if (result === 'applied' || result === 'unverified') assert.ok(isNew, `it says ${result}`)
  else if (code === 'unreachable') assert.ok(!isNew, 'it says that the host was not reached')
  else assert.equal(code, 'interrupted', stdout)
  assert.equal(status === 0, result === 'applied')
}
