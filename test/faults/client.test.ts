/** The client dies while the host works: the change finishes or takes itself back, and nobody has to tidy up after it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { LocalHost } from '../../src/host/local.ts'
import type { Change } from '../../src/plan/plan.ts'
import { newId } from '../../src/transaction/id.ts'
import { recover } from '../../src/transaction/transaction.ts'
import { file, processesWith, run, shells, Tree, until, whenDone } from '../transaction/tree.ts'

const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A plan; `large` does not fit a pipe, so that the client can die while it still sends. */
const plan = (large: boolean, fails: boolean): Change[] => [
  file('/var/lib/lxc/a/config', 'a\n', large ? 'b\n'.repeat(150_000) : 'b\n'),
  run(['sh', '-c', 'echo loud; sleep 0.05; echo loud; touch ran'], ['rm', '-f', 'ran']),
  file('/etc/lxc/x', 'x\n', null),
  file('/etc/lxc/y', null, 'y\n'),
  ...(fails ? [run(['false'], ['true'])] : []),
]

for (const shell of shells) {
  describe(`a change under ${shell.name} whose client is killed`, function () {
    this.timeout(120_000)

    for (const [title, large, fails] of [
      ['finishes', false, false],
      ['takes itself back when a step fails', false, true],
      ['finishes, or never began, when the plan was still on its way', true, false],
    ] as const) {
      it(title, async () => {
        const seen = { old: 0, new: 0 }
        const one = async (delay: number): Promise<void> => {
          const tree = new Tree(base)
          const argument = { root: tree.root, id: newId(new Date()), changes: plan(large, fails), shell: shell.argv }
          if (large) argument.changes[0] = file('/var/lib/lxc/a/config', 'a\n', 'b'.repeat(60_000))
          const client = spawn(
            process.execPath,
            [fileURLToPath(new URL('./client.ts', import.meta.url)), JSON.stringify(argument)],
            {
              stdio: ['ignore', 'pipe', 'ignore'],
              env: { ...process.env, LXCNET_TRACE: tree.root },
            },
          )
          const end = whenDone(() => client.kill('SIGKILL'))
          try {
            tree.write('/var/lib/lxc/a/config', 'a\n')
            tree.write('/etc/lxc/x', 'x\n')
            const before = tree.look()
            await new Promise((resolve) => client.stdout.once('data', resolve))
            await new Promise((resolve) => setTimeout(resolve, delay))
            end()
            await until(() => processesWith(tree.root).length === 0, 'the shell has ended')
            // nothing is left for a recovery to do
            assert.deepEqual(await recover(new LocalHost(shell.argv), tree.scope), [])
            tree.assertTidy()
            if (!tree.has('/ran')) {
              assert.deepEqual(tree.look(), before)
              seen.old++
            } else {
              assert.ok(!fails)
              assert.match(tree.read('/var/lib/lxc/a/config'), /^b+\n?$/)
              assert.deepEqual([tree.has('/etc/lxc/x'), tree.read('/etc/lxc/y')], [false, 'y\n'])
              seen.new++
            }
          } finally {
            end()
            tree.dispose()
          }
        }
        for (let n = 0; n < 24; n += 2) await Promise.all([one(n * 6), one(n * 6 + 6)])
        console.log(`      24 kills: ${seen.old} × old, ${seen.new} × new`)
        assert.ok(fails ? seen.new === 0 : seen.new > 0)
      })
    }
  })
}
