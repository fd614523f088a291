/** A command that hangs fails like any other: it is ended when its time is up, and what came before is taken back. */
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import type { LocalHost } from '../../src/host/local.ts'
import type { Change } from '../../src/plan/plan.ts'
import { newId } from '../../src/transaction/id.ts'
import { type Outcome, recover } from '../../src/transaction/transaction.ts'
import { file, hostOn, must, processesWith, run, shells, type Tree, until, withTree } from './tree.ts'

const before = file('/etc/lxc/a', 'old\n', 'new\n')
const hang = ['sh', '-c', 'echo before it hangs; sleep 300']

const change = (tree: Tree, host: LocalHost, plan: Change[], options = {}): Promise<Outcome> =>
  tree.change(host, plan, '-', newId(new Date()), { commandSeconds: 1, ...options })

/** What the commands of a plan started and what hangs no more. */
async function tidy(tree: Tree): Promise<void> {
  for (const pid of processesWith(tree.root)) {
    try {
      if (fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\x00300'))
        process.kill(Number(pid), 'SIGKILL')
    } catch {
      // it has just ended
    }
  }
  await until(() => processesWith(tree.root).length === 0, 'its processes have ended')
}

for (const shell of shells) {
  describe(`a command under ${shell.name} that hangs`, () => {
    const cases: Record<string, { plan: Change[]; result: string; reason: RegExp }> = {
      'fails its step': {
        plan: [before, run(hang, ['true'])],
        result: 'undone',
        reason: /^sh -c .*: exit status \d+: timed out after 1 s: before it hangs$/,
      },
      'fails its check': {
        plan: [before, run(['true'], ['true'], hang)],
        result: 'undone',
        reason: /timed out after 1 s/,
      },
      'on the way back is told, and the way goes on': {
        plan: [before, run(['true'], hang), run(['false'], ['true'])],
        result: 'failed',
        reason: /^false: exit status 1.*timed out after 1 s: before it hangs/s,
      },
      'although it ignores a friendly end fails its step': {
        plan: [before, run(['sh', '-c', "trap '' TERM; while :; do sleep 1; done"], ['true'])],
        result: 'undone',
        reason: /timed out after 1 s/,
      },
    }
    for (const [title, { plan, result, reason }] of Object.entries(cases)) {
      it(title, () =>
        withTree(async (tree) => {
          tree.write('/etc/lxc/a', 'old\n')
          const outcome = await change(tree, hostOn(tree, shell.argv), plan)
          assert.equal(outcome.result, result)
          assert.match(outcome.reason, reason)
          assert.equal(tree.read('/etc/lxc/a'), 'old\n')
          await tidy(tree)
          tree.assertTidy()
        }),
      )
    }

    it('after the commit mark is told with the others', () =>
      withTree(async (tree) => {
        const { result, finals } = await change(tree, hostOn(tree, shell.argv), [run(hang), run(['echo', 'next'])])
        assert.equal(result, 'committed')
        assert.notEqual(finals[0]?.status, 0)
        assert.deepEqual([finals[0]?.output, finals[1]?.output], ['timed out after 1 s: before it hangs', 'next'])
        await tidy(tree)
      }))

    it('keeps its own limit when a recovery takes the change back', () =>
      withTree(async (tree) => {
        tree.write('/etc/lxc/a', 'old\n')
        const host = hostOn(tree, ['sh', '-c', `echo $$ >"${tree.root}/pid"; exec ${shell.argv.join(' ')}`])
        const running = change(tree, host, [before, run(['touch', 'begun'], hang), run(['sleep', '300'], ['true'])], {
          commandSeconds: 2,
        }).catch((error: Error) => error)
        await until(() => tree.has('/begun'), 'the second step is done')
        process.kill(Number(tree.read('/pid')), 'SIGKILL')
        assert.ok((await running) instanceof Error)
        await tidy(tree)
        const [told] = await recover(hostOn(tree, shell.argv), tree.scope)
        assert.match(told?.detail ?? '', /timed out after 2 s/)
        assert.equal(tree.read('/etc/lxc/a'), 'old\n')
        await tidy(tree)
      }))
  })
}

describe('a command that hangs is ended by the timeout(1) of this host', () => {
  const real = must('sh', '-c', 'command -v timeout').trim()
  const dialects: Record<string, string> = {
    'busybox before 1.34, without -k': `case $1 in -k) exit 1 ;; esac; exec ${real} "$@"`,
    'busybox before 1.30, which takes the time with -t': `signal=TERM
while :; do
  case $1 in -s) signal=$2; shift 2 ;; -t) seconds=$2; shift 2 ;; -*) exit 1 ;; *) break ;; esac
done
[ -n "$seconds" ] || exec "$@"
exec ${real} -s "$signal" "$seconds" "$@"`,
  }
  for (const [title, text] of Object.entries(dialects)) {
    it(title, () =>
      withTree(async (tree) => {
        tree.write('/etc/lxc/a', 'old\n')
        const host = hostOn(tree, ['dash', '-s'], { timeout: text })
        const { result, reason } = await change(tree, host, [before, run(hang, ['true'])])
        assert.deepEqual([result, tree.read('/etc/lxc/a')], ['undone', 'old\n'])
        assert.match(reason, /timed out after 1 s/)
        await tidy(tree)
      }),
    )
  }

  it('and where there is none, commands run as they are', () =>
    withTree(async (tree) => {
      const host = hostOn(tree, ['dash', '-s'], { timeout: 'exit 127' })
      const { result, finals } = await change(tree, host, [run(['sh', '-c', 'sleep 1.5; echo slow'])])
      assert.deepEqual([result, finals[0]?.output], ['committed', 'slow'])
    }))
})

describe('an armed change that hangs where no time-out reaches it', () => {
  it('is ended by its watcher, which takes it back', () =>
    withTree(async (tree) => {
      tree.write('/etc/lxc/a', 'old\n')
      const seen = tree.look()
      // a second of the watcher's patience is an instant here; the file system that does not answer is a sync(1)
      const host = hostOn(tree, ['dash', '-s'], {
        sleep: 'case $1 in 300) exec /bin/sleep 300 ;; *) exec /bin/sleep 0.001 ;; esac',
        sync: `[ -e "${tree.root}/hung" ] || [ ! -e "${tree.root}/made" ] || { : >"${tree.root}/hung"; exec sleep 300; }; exec /bin/sync "$@"`,
      })
      const plan = [before, run(['mkdir', 'made'], ['rm', '-rf', 'made']), file('/etc/lxc/b', null, 'b\n')]
      const outcome = change(tree, host, plan, { confirmSeconds: 60 }).catch((error: { code: string }) => error.code)
      assert.equal(await outcome, 'interrupted')
      await until(() => processesWith(tree.root).length === 0, 'its processes have ended', 60)
      assert.ok(tree.has('/hung'), 'it never hung')
      fs.rmSync(tree.at('/hung'))
      assert.deepEqual(tree.look(), seen)
      tree.assertTidy()
    }))
})
