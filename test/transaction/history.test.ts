/** The journal as lxcnet's history: what became of each change, and how many are kept. */
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { LocalHost } from '../../src/host/local.ts'
import { type Snapshot, takeSnapshot } from '../../src/host/snapshot.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { recover } from '../../src/transaction/transaction.ts'
import { file, run, shells, type Tree, until, withTree } from './tree.ts'

for (const shell of shells) {
  const host = new LocalHost(shell.argv)
  const history = (tree: Tree): Promise<Snapshot> =>
    takeSnapshot(host, tree.scope, [], { journal: ['meta.json', 'plan.json'] })

  describe(`the history under ${shell.name}`, () => {
    it('is empty on a host that lxcnet never changed, and reading it makes nothing', () =>
      withTree(async (tree) => {
        assert.equal((await history(tree)).entries.size, 0)
        assert.equal(fs.existsSync(tree.journal), false)
      }))

    it('tells committed, undone and failed changes apart and keeps the plan of each, to the byte', () =>
      withTree(async (tree) => {
        const text = 'ünïcödé \x00\xff\r\n'
        tree.write('/etc/lxc/a', text)
        const plans = [
          { result: 'committed', changes: [file('/etc/lxc/a', text, 'b')] },
          { result: 'undone', changes: [file('/etc/lxc/a', 'b', 'c'), run(['false'], ['true'])] },
          { result: 'failed', changes: [run(['true'], ['false']), run(['false'], ['true'])] },
        ]
        const ids: string[] = []
        for (const { result, changes } of plans) {
          const outcome = await tree.change(host, changes, '-')
          assert.equal(outcome.result, result)
          ids.push(outcome.id)
        }
        const { entries, files } = await history(tree)
        for (const [n, id] of ids.entries()) {
          assert.equal(entries.get(id), plans[n]?.result)
          const kept = files.get(`/var/lib/lxcnet/journal/${id}/plan.json`)?.text ?? ''
          const plan = JSON.parse(Buffer.from(kept, 'latin1').toString()) as Plan
          assert.deepEqual(plan.changes, plans[n]?.changes)
        }
        // what is settled is no news for other commands
        assert.equal((await tree.snapshot(host)).entries.size, 0)
      }))

    it('calls a change running while it runs, and abandoned once it was killed', () =>
      withTree(async (tree) => {
        const waiting = new LocalHost(['sh', '-c', `echo $$ >"${tree.root}/pid"; exec ${shell.argv.join(' ')}`])
        const change = tree
          .change(waiting, [file('/etc/lxc/new', null, 'x'), run(['sleep', '30'], ['true'])], '-')
          .catch((error: Error) => error)
        await until(() => tree.has('/etc/lxc/new'), 'the first step is done')
        const [[id, state] = []] = (await tree.snapshot(host)).entries
        assert.equal(state, 'running')
        process.kill(-Number(tree.read('/pid')), 'SIGKILL')
        assert.ok((await change) instanceof Error)
        assert.deepEqual([...(await tree.snapshot(host)).entries], [[id, 'abandoned']])
        await assert.rejects(tree.change(host, [file('/etc/lxc/b', null, 'b')]), { code: 'unfinished' })
        assert.deepEqual(await recover(host, tree.scope), [{ id, result: 'undone', detail: '' }])
        assert.equal((await history(tree)).entries.get(id ?? ''), 'undone')
        assert.equal(tree.has('/etc/lxc/new'), false)
        tree.assertTidy()
      }))

    it('keeps the hundred newest changes', () =>
      withTree(async (tree) => {
        fs.mkdirSync(tree.journal, { recursive: true })
        for (let n = 0; n < 120; n++) {
          const entry = join(tree.journal, `20000101-0000${n < 60 ? '00' : '01'}-${String(n).padStart(4, '0')}`)
          fs.mkdirSync(entry)
          for (const name of ['steps', 'undo', 'final', 'committed', 'clean']) fs.writeFileSync(join(entry, name), '')
        }
        fs.mkdirSync(join(tree.journal, 'lost+found'))
        const { id } = await tree.change(host, [file('/etc/lxc/a', null, 'a')])
        const { entries } = await history(tree)
        assert.ok(entries.size >= 99 && entries.size <= 100, String(entries.size))
        assert.equal([...entries.keys()].at(-1), id)
        assert.ok(!entries.has('20000101-000000-0000') && entries.has('20000101-000001-0119'))
        assert.ok(fs.existsSync(join(tree.journal, 'lost+found')))
      }))

    it('is closed to other users, the folders above it are not', () =>
      withTree(async (tree) => {
        fs.rmSync(tree.at('/var'), { recursive: true })
        const { id } = await tree.change(host, [file('/etc/lxc/a', null, 'a')])
        for (const path of [tree.journal, join(tree.journal, id)]) assert.equal(fs.statSync(path).mode & 0o777, 0o700)
        assert.equal(fs.statSync(tree.at('/var/lib')).mode & 0o777, 0o777 & ~process.umask())
        for (const name of ['plan.json', 'undo'])
          assert.equal(fs.statSync(join(tree.journal, id, name)).mode & 0o077, 0)
      }))
  })
}
