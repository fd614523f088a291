/** A change that waits for its confirmation: it stays when somebody confirms it, and goes when nobody does. */
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { LocalHost } from '../../src/host/local.ts'
import { takeSnapshot } from '../../src/host/snapshot.ts'
import type { Change } from '../../src/plan/plan.ts'
import { confirm, rollbackAwaiting } from '../../src/transaction/confirm.ts'
import { newId } from '../../src/transaction/id.ts'
import { type Outcome, recover } from '../../src/transaction/transaction.ts'
import { file, hostOn, processesWith, run, shells, type Tree, until, whenDone, withTree } from './tree.ts'

/** Two files, a command between them, and one that cannot be taken back. */
const changes: Change[] = [
  file('/etc/lxc/a', 'old\n', 'new\n'),
  run(['mkdir', 'made'], ['rm', '-rf', 'made']),
  file('/etc/lxc/b', null, 'b\n'),
  run(['sh', '-c', 'echo told; touch final'], undefined),
]

function fill(tree: Tree): void {
  tree.write('/etc/lxc/a', 'old\n')
}

/** Longer than any test takes: it is up to the test how the change ends. */
const long = 600

const arm = (tree: Tree, host: LocalHost, plan = changes, confirmSeconds = long): Promise<Outcome> =>
  tree.change(host, plan, '-', newId(new Date()), { confirmSeconds })

const stateOf = async (tree: Tree, host: LocalHost, id: string): Promise<string | undefined> =>
  (await takeSnapshot(host, tree.scope, [], { journal: [] })).entries.get(id)

const gone = (tree: Tree): Promise<void> =>
  until(() => processesWith(tree.root).length === 0, 'its processes have ended')

/** What the descriptors of a process stand for; none when it has just ended. */
function descriptors(pid: string): Map<string, string> {
  const folder = `/proc/${pid}/fd`
  const found = new Map<string, string>()
  try {
    for (const fd of fs.readdirSync(folder)) {
      const path = join(folder, fd)
      // the descriptor that reads the folder is in it, and closed now
      if (fs.lstatSync(path, { throwIfNoEntry: false })) found.set(fd, fs.readlinkSync(path))
    }
  } catch {
    // it has just ended
  }
  return found
}

const commandOf = (pid: string): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** The process that holds the watcher's lock on this change. */
function watcherOf(tree: Tree, id: string): number {
  const file = join(tree.journal, id, 'watch.sh')
  const found = processesWith(tree.root).filter((pid) =>
    [...descriptors(pid)].some(
      ([fd, link]) => link === file && fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1').includes('FLOCK'),
    ),
  )
  assert.equal(found.length, 1, `watchers: ${found.map(commandOf)}`)
  return Number(found[0])
}

/** A tree whose processes end with it. */
const withArmed = (body: (tree: Tree) => Promise<void>): Promise<void> =>
  withTree(async (tree) => {
    const end = whenDone(() => {
      for (const pid of processesWith(tree.root)) {
        try {
          process.kill(Number(pid), 'SIGKILL')
        } catch {
          // it has just ended
        }
      }
    })
    try {
      fill(tree)
      await body(tree)
    } finally {
      end()
    }
  })

for (const shell of shells) {
  describe(`an armed change under ${shell.name}`, () => {
    it('is applied, verified and read again, waits, and stays once it is confirmed', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        tree.write('/var/lib/lxc/web/config', 'one\n')
        const plan = [...changes, file('/var/lib/lxc/web/config', 'one\n', 'two\n')]
        const began = Date.now()
        const outcome = await arm(tree, host, plan)
        assert.deepEqual([outcome.result, outcome.reason, outcome.finals], ['awaiting', '', []])
        assert.ok(Date.now() - began < 60_000, 'the client does not wait for the watcher')
        assert.equal(outcome.after?.files.get('/var/lib/lxc/web/config')?.text, 'two\n')
        assert.deepEqual(
          [tree.read('/etc/lxc/a'), tree.has('/made'), tree.has('/final'), tree.locked()],
          ['new\n', true, false, false],
        )
        assert.equal(await stateOf(tree, host, outcome.id), 'awaiting')
        assert.deepEqual([...(await tree.snapshot(host)).entries], [[outcome.id, 'awaiting']])
        const waiting = tree.look()
        await assert.rejects(tree.change(host, [file('/etc/lxc/c', null, 'c')]), {
          code: 'awaiting',
          exit: 75,
          message: new RegExp(outcome.id),
        })
        assert.deepEqual(await recover(host, tree.scope), [])
        assert.deepEqual(tree.look(), waiting)

        const { result, finals } = await confirm(host, tree.scope, outcome.id)
        assert.equal(result, 'confirmed')
        assert.deepEqual(finals, [{ argv: ['sh', '-c', 'echo told; touch final'], status: 0, output: 'told' }])
        assert.equal(await stateOf(tree, host, outcome.id), 'committed')
        tree.assertTidy()
        await gone(tree)
        const kept = tree.look()
        fs.rmSync(tree.at('/final'))
        // once more, for a client that lost the answer
        assert.deepEqual(await confirm(host, tree.scope, outcome.id), { result: 'confirmed', detail: '', finals: [] })
        assert.deepEqual(await rollbackAwaiting(host, tree.scope, outcome.id), {
          result: 'confirmed',
          detail: '',
          finals: [],
        })
        tree.write('/final', '')
        assert.deepEqual([...tree.look().keys()], [...kept.keys()])
        assert.equal((await tree.change(host, [file('/etc/lxc/c', null, 'c')])).result, 'committed')
      }))

    it('is taken back when nobody confirms it in time', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const before = tree.look()
        const { id, result } = await arm(tree, host, changes, 2)
        assert.equal(result, 'awaiting')
        assert.equal(tree.read('/etc/lxc/a'), 'new\n')
        await gone(tree)
        assert.deepEqual(tree.look(), before)
        tree.assertTidy()
        assert.equal(await stateOf(tree, host, id), 'undone')
        for (const late of [confirm, rollbackAwaiting])
          assert.deepEqual(await late(host, tree.scope, id), { result: 'undone', detail: '', finals: [] })
        assert.deepEqual(tree.look(), before)
      }))

    it('is taken back at once when that is asked for', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const before = tree.look()
        const { id } = await arm(tree, host)
        assert.deepEqual(await rollbackAwaiting(host, tree.scope, id), { result: 'undone', detail: '', finals: [] })
        assert.deepEqual(tree.look(), before)
        tree.assertTidy()
        await gone(tree)
        assert.deepEqual(tree.look(), before)
      }))

    it('keeps what someone else changed meanwhile, and tells what could not be taken back', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const stubborn = run(['touch', 'stubborn'], ['sh', '-c', 'echo no way; exit 3'])
        const { id } = await arm(tree, host, [...changes, stubborn])
        tree.write('/etc/lxc/a', "an administrator's\n")
        const { result, detail } = await rollbackAwaiting(host, tree.scope, id)
        assert.equal(result, 'failed')
        assert.match(detail, /exit status 3: no way/)
        assert.deepEqual(
          [tree.read('/etc/lxc/a'), tree.has('/etc/lxc/b'), tree.has('/made')],
          ["an administrator's\n", false, false],
        )
        await gone(tree)
        assert.equal(await stateOf(tree, host, id), 'failed')
        assert.equal((await confirm(host, tree.scope, id)).result, 'failed')
      }))

    it('is a normal failure when a step fails: the watcher ends, and there is nothing to confirm', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const before = tree.look()
        const { id, result, reason } = await arm(tree, host, [...changes, run(['false'], ['true'])])
        assert.equal(result, 'undone')
        assert.match(reason, /^false: exit status 1/)
        assert.deepEqual(tree.look(), before)
        await gone(tree)
        tree.assertTidy()
        assert.equal((await confirm(host, tree.scope, id)).result, 'unknown')
      }))

    it('is taken back by its watcher when the shell that carries it out is killed', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, ['sh', '-c', `echo $$ >"${tree.root}/pid"; exec ${shell.argv.join(' ')}`])
        tree.write('/pid', '')
        const before = tree.look()
        const id = newId(new Date())
        const hanging = [...changes, run(['sleep', '300'], ['true'])]
        const change = tree.change(host, hanging, '-', id, { confirmSeconds: long }).catch((error: Error) => error)
        await until(() => tree.has('/etc/lxc/b'), 'all but the last step is done')
        const calm = hostOn(tree, shell.argv)
        assert.equal((await confirm(calm, tree.scope, id)).result, 'running')
        assert.equal((await rollbackAwaiting(calm, tree.scope, id)).result, 'running')
        process.kill(Number(tree.read('/pid')), 'SIGKILL')
        for (const pid of processesWith(tree.root))
          if (commandOf(pid).startsWith('sleep 300')) process.kill(Number(pid), 'SIGKILL')
        assert.ok((await change) instanceof Error)
        await gone(tree)
        tree.write('/pid', '')
        assert.deepEqual(tree.look(), before)
        tree.assertTidy()
        assert.equal(await stateOf(tree, calm, id), 'undone')
      }))

    for (const [title, act, result] of [
      ['is taken back by the next change', undefined, 'undone'],
      ['can still be confirmed', confirm, 'confirmed'],
      ['can still be taken back by hand', rollbackAwaiting, 'undone'],
    ] as const) {
      it(`whose watcher was killed ${title}`, () =>
        withArmed(async (tree) => {
          const host = hostOn(tree, shell.argv)
          const before = tree.look()
          const { id } = await arm(tree, host)
          const after = tree.look()
          process.kill(watcherOf(tree, id), 'SIGKILL')
          await gone(tree)
          assert.equal(await stateOf(tree, host, id), 'abandoned')
          if (act === undefined) {
            await assert.rejects(tree.change(host, [file('/etc/lxc/c', null, 'c')]), { code: 'unfinished' })
            assert.deepEqual(tree.look(), after)
            assert.deepEqual(await recover(host, tree.scope), [{ id, result, detail: '' }])
          } else {
            assert.equal((await act(host, tree.scope, id)).result, result)
          }
          tree.assertTidy()
          if (result === 'undone') assert.deepEqual(tree.look(), before)
          else assert.equal(tree.read('/etc/lxc/a'), 'new\n')
          assert.deepEqual(await recover(host, tree.scope), [])
        }))
    }

    it('has a watcher that keeps no descriptor of its client, and no signal but KILL ends', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const { id } = await arm(tree, host)
        const pid = watcherOf(tree, id)
        // what this test itself was started with is not its to close
        const given = descriptors(String(process.pid))
        const open = [...descriptors(String(pid))].filter(([fd, link]) => given.get(fd) !== link || Number(fd) < 3)
        assert.deepEqual(
          new Set(open.map(([, link]) => link)),
          new Set(['/dev/null', join(tree.journal, id, 'watch.sh'), tree.journal]),
        )
        for (const fd of ['0', '1', '2']) assert.equal(new Map(open).get(fd), '/dev/null')
        assert.ok(fs.readlinkSync(`/proc/${pid}/exe`).endsWith(shell.name.split(' ')[0] ?? '?'))
        for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'] as const) process.kill(pid, signal)
        const [, , , , , session] = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')
        assert.equal(Number(session), pid, 'a session of its own')
        assert.equal(await stateOf(tree, host, id), 'awaiting')
        assert.equal((await confirm(host, tree.scope, id)).result, 'confirmed')
        await gone(tree)
      }))

    it('gives the commands of its way back neither a lock nor a signal that is ignored', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const look =
          'grep SigIgn /proc/self/status; for fd in 8 9; do [ ! -e /proc/self/fd/$fd ] || echo $fd; done; umask'
        await arm(tree, host, [run(['true'], ['sh', '-c', `{ ${look}; } >seen`])], 1)
        await gone(tree)
        const [ignored = '', umask = '', ...rest] = tree.read('/seen').trim().split('\n')
        // HUP, PIPE, TERM; INT is ignored in what a shell without job control puts into the background, sh(1)
        assert.equal(BigInt(`0x${ignored.split('\t')[1]}`) & 0b101000000000001n, 0n)
        assert.equal(Number.parseInt(umask, 8), process.umask())
        assert.deepEqual(rest, [])
      }))

    it('is confirmed or taken back, never both, when both come at once', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const before = tree.look()
        const seen = { confirmed: 0, undone: 0 }
        for (let turn = 0; turn < 12; turn++) {
          const { id } = await arm(tree, host)
          const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
          const verdicts = await Promise.all([
            later(turn % 2 === 0 ? turn * 2 : 0).then(() => confirm(host, tree.scope, id)),
            later(turn % 2 === 1 ? turn * 2 : 0).then(() =>
              rollbackAwaiting(host, tree.scope, id).catch((error: { code: string }) => {
                assert.equal(error.code, 'locked')
                return undefined
              }),
            ),
          ])
          await gone(tree)
          await recover(host, tree.scope)
          const state = await stateOf(tree, host, id)
          if (state === 'committed') {
            seen.confirmed++
            assert.equal(verdicts[0]?.result, 'confirmed')
            assert.deepEqual([tree.read('/etc/lxc/a'), tree.has('/made'), tree.has('/final')], ['new\n', true, true])
            for (const path of ['/etc/lxc/b', '/made', '/final']) fs.rmSync(tree.at(path), { recursive: true })
            tree.write('/etc/lxc/a', 'old\n')
          } else {
            seen.undone++
            assert.equal(state, 'undone')
            for (const verdict of verdicts) assert.match(verdict?.result ?? 'undone', /^(undone|running)$/)
            assert.deepEqual(tree.look(), before)
          }
          tree.assertTidy()
        }
        console.log(`      ${seen.confirmed} × confirmed, ${seen.undone} × taken back`)
        assert.ok(seen.confirmed > 0 && seen.undone > 0)
      }))

    it('is an ordinary one in a tree given with --root', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        Object.assign(tree.scope, { live: false })
        const { id, result } = await arm(tree, host, [file('/etc/lxc/a', 'old\n', 'new\n')])
        assert.equal(result, 'committed')
        assert.ok(!fs.existsSync(join(tree.journal, id, 'watch.sh')))
        assert.deepEqual(processesWith(tree.root), [])
        assert.equal((await confirm(host, tree.scope, id)).result, 'unknown')
      }))

    it('is unknown by any other name', () =>
      withArmed(async (tree) => {
        const host = hostOn(tree, shell.argv)
        const { id } = await arm(tree, host)
        tree.write('/var/lib/lxcnet/undo', 'touch evil\n')
        tree.write('/var/lib/lxcnet/awaiting', '')
        for (const other of [
          '',
          '.',
          '..',
          `../journal/${id}`,
          `${id}/`,
          `${id}/marks`,
          '*',
          `${id} x`,
          '20200101-000000-00000',
        ])
          for (const act of [confirm, rollbackAwaiting])
            assert.equal((await act(host, tree.scope, other)).result, 'unknown', other)
        assert.equal(await stateOf(tree, host, id), 'awaiting')
        assert.equal((await rollbackAwaiting(host, tree.scope, id)).result, 'undone')
      }))
  })
}

describe('a tree that a stranger has armed', () => {
  it('has nothing run by a confirmation, a rollback or a recovery', () =>
    withTree(async (tree) => {
      const host = hostOn(tree, ['dash', '-s'])
      const scope = { ...tree.scope, live: false }
      const id = '20200101-000000-00000'
      for (const name of ['steps', 'undo', 'final']) tree.write(`/var/lib/lxcnet/journal/${id}/${name}`, 'touch evil\n')
      for (const name of ['awaiting', 'watch.sh', 'marks/decide', 'marks/clean'])
        tree.write(`/var/lib/lxcnet/journal/${id}/${name}`, 'touch evil\n')
      for (const act of [confirm, rollbackAwaiting]) assert.equal((await act(host, scope, id)).result, 'unknown')
      await assert.rejects(recover(host, scope), { code: 'foreign-journal' })
      assert.ok(!tree.has('/evil'))
    }))
})
