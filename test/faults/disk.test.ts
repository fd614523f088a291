/** No space, for the journal and for the targets, at every write that there is: blocks run out, or inodes do. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { Change } from '../../src/plan/plan.ts'
import { confirm, rollbackAwaiting } from '../../src/transaction/confirm.ts'
import { newId } from '../../src/transaction/id.ts'
import { recover } from '../../src/transaction/transaction.ts'
import { file, hostOn, must, processesWith, run, shells, Tree, until, whenDone } from '../transaction/tree.ts'

const long = (letter: string): string => `${letter.repeat(79)}\n`.repeat(150) // three blocks

/** The first file lies where there is space, the others where it runs out, or the other way round. */
const changes: Change[] = [
  file('/srv/first', 'one', long('o')),
  run(['touch', 'srv/ran'], ['rm', '-f', 'srv/ran']),
  file('/etc/lxc/a', long('a'), long('b')),
  file('/etc/lxc/new', null, long('n')),
  file('/etc/lxc/gone', long('g'), null),
  file('/srv/last', 'two', long('t')),
]

interface Seen {
  result: string
  reason: string
}

/** Runs the change on a tree of which `mountpoint` is a file system with these limits. */
async function on(shell: [string, ...string[]], mountpoint: string, options: string, fillUp: boolean): Promise<Seen> {
  const tree = new Tree()
  const host = new LocalHost(shell)
  mkdirSync(tree.root + mountpoint, { recursive: true })
  const unmount = whenDone(() => spawnSync('umount', ['-l', tree.root + mountpoint]))
  try {
    must('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', tree.root + mountpoint)
    tree.write('/srv/first', 'one')
    tree.write('/srv/last', 'two')
    tree.write('/etc/lxc/a', long('a'))
    tree.write('/etc/lxc/gone', long('g'))
    if (fillUp) mkdirSync(tree.journal, { recursive: true })
    must('mount', '-o', `remount,${options}`, tree.root + mountpoint)
    const before = tree.look()
    const seen = await tree.change(host, changes, '-').catch((error: unknown) => {
      assert.ok(error instanceof LxcnetError, String(error))
      return { result: error.code, reason: error.message }
    })
    assert.match(seen.result, /^(committed|undone|cannot-change|no-rights)$/, seen.reason)
    if (seen.result === 'committed') {
      assert.equal(tree.read('/etc/lxc/a'), long('b'))
      assert.equal(tree.read('/etc/lxc/new'), long('n'))
      assert.deepEqual([tree.has('/etc/lxc/gone'), tree.has('/srv/ran')], [false, true])
    } else {
      assert.deepEqual(tree.look(), before)
      assert.match(seen.reason, /No space|no space|disk full|cannot write/)
    }
    assert.deepEqual(await recover(host, tree.scope), [])
    tree.assertTidy()
    return seen
  } catch (error) {
    throw new Error(`${mountpoint} with ${options}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  } finally {
    unmount()
    tree.dispose()
  }
}

/** Grows the limit until the change goes through, and some more. */
async function grow(
  shell: [string, ...string[]],
  mountpoint: string,
  option: (n: number) => string,
  from: number,
): Promise<void> {
  const results: string[] = []
  for (let n = from, more = 3; more > 0; n++) {
    assert.ok(n < from + 120, `never went through: ${results.join(' ')}`)
    const { result } = await on(shell, mountpoint, option(n), mountpoint.startsWith('/var'))
    results.push(result)
    if (result === 'committed') more--
  }
  const refused = results.indexOf('committed')
  assert.ok(refused > 2, results.join(' '))
  assert.deepEqual(new Set(results.slice(refused)), new Set(['committed']))
  console.log(`      ${results.length} sizes, ${refused} of them too small`)
}

for (const shell of shells) {
  describe(`a change under ${shell.name} that runs out of space`, function () {
    this.timeout(120_000)
    const blocks = (n: number): string => `size=${n * 4}k`
    const inodes = (n: number): string => `nr_inodes=${n}`

    it('for the journal changes nothing and says so', () => grow(shell.argv, '/var/lib/lxcnet', blocks, 1))
    it('for the files of the journal changes nothing and says so', () => grow(shell.argv, '/var/lib/lxcnet', inodes, 3))
    // what lies there already takes seven blocks and five inodes
    it('for its targets is taken back, files elsewhere too', () => grow(shell.argv, '/etc', blocks, 8))
    it('for the names of its targets is taken back, files elsewhere too', () => grow(shell.argv, '/etc', inodes, 5))

    it('while one of its commands fills the disk is taken back all the same', async () => {
      const tree = new Tree()
      const unmount = whenDone(() => spawnSync('umount', ['-l', tree.root]))
      try {
        must('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tree.root)
        tree.write('/etc/lxc/a', long('a'))
        tree.write('/etc/lxc/gone', long('g'))
        tree.dir('/var/lib')
        const before = tree.look()
        const fill = run(['sh', '-c', 'cat /dev/zero >etc/full; ! :'], ['sh', '-c', 'echo told; exit 0'])
        const plan = [...changes.slice(2, 5), fill]
        const { result, reason } = await tree.change(new LocalHost(shell.argv), plan, '-')
        assert.equal(result, 'undone', reason)
        assert.match(reason, /No space/)
        spawnSync('rm', [`${tree.root}/etc/full`])
        assert.deepEqual(tree.look(), before)
        tree.assertTidy()
      } finally {
        unmount()
        tree.dispose()
      }
    })

    for (const [title, confirmSeconds, act] of [
      ['when its time is up', 2, undefined],
      ['when that is asked for', 600, rollbackAwaiting],
      ['for good when it is confirmed', 600, confirm],
    ] as const) {
      it(`while it waits for its confirmation ends like any other, ${title}`, async () => {
        const tree = new Tree()
        const unmount = whenDone(() => spawnSync('umount', ['-l', tree.root]))
        try {
          must('mount', '-t', 'tmpfs', '-o', 'size=4m,nr_inodes=500', 'tmpfs', tree.root)
          tree.write('/etc/lxc/a', long('a'))
          tree.write('/etc/lxc/gone', long('g'))
          tree.dir('/var/lib')
          const host = hostOn(tree, shell.argv)
          const plan = changes.slice(2, 5)
          const before = tree.look()
          const { id, result } = await tree.change(host, plan, '-', newId(new Date()), { confirmSeconds })
          assert.equal(result, 'awaiting')
          const script = 'cat /dev/zero >full; n=0; while : >"full$n"; do n=$((n + 1)); done'
          const full = spawnSync('dash', ['-c', script], { cwd: tree.root, encoding: 'utf8' })
          assert.match(full.stderr, /No space left on device[\s\S]*No space left on device/)
          const verdict = await act?.(host, tree.scope, id)
          await until(() => processesWith(tree.root).length === 0, 'its watcher has ended')
          tree.assertTidy()
          spawnSync('sh', ['-c', 'rm full*'], { cwd: tree.root })
          if (act === confirm) {
            assert.equal(verdict?.result, 'confirmed')
            assert.equal(tree.read('/etc/lxc/a'), long('b'))
          } else {
            assert.equal(verdict?.result ?? 'undone', 'undone')
            assert.deepEqual(tree.look(), before)
          }
        } finally {
          unmount()
          tree.dispose()
        }
      })
    }
  })
}
