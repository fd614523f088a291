/** A tree given with --root may come from a stranger: nothing in its journal is run, and nothing outside it is touched. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { LocalHost } from '../../src/host/local.ts'
import { recover } from '../../src/transaction/transaction.ts'
import { shells, Tree, withTree } from '../transaction/tree.ts'

const hash = 'a'.repeat(64)

/** An unfinished entry as an attacker would write it. */
function plant(tree: Tree, undo: string, steps = undo): string {
  const entry = join(tree.journal, '20200101-000000-00000')
  for (const folder of ['marks', 'old']) fs.mkdirSync(join(entry, folder), { recursive: true })
  for (const mark of ['committed', 'undone', 'failed', 'clean']) fs.writeFileSync(join(entry, 'marks', mark), '')
  fs.writeFileSync(join(entry, 'undo'), undo)
  fs.writeFileSync(join(entry, 'steps'), steps)
  fs.writeFileSync(join(entry, 'old/1'), 'from the attacker')
  return entry
}

for (const { name, argv } of shells) {
  describe(`a hostile tree under ${name}`, () => {
    const host = new LocalHost(argv)

    for (const line of [
      'touch MARK',
      'run 1 touch MARK',
      `file 1 $(touch MARK) ${hash} absent 600 0 0`,
      `file 1 '/a' ${hash} absent 600 0 0; touch MARK`,
      `file 1 '/a'\\\\'' ; touch MARK; ' ${hash} absent 600 0 0`,
      `file 1 "/a\`touch MARK\`" ${hash} absent 600 0 0`,
      `file 1 '/a ${hash} absent 600 0 0\n touch MARK #' ${hash} absent 600 0 0`,
      `file 1 /a ${hash} absent 600 0 0\ntouch MARK`,
    ]) {
      it(`runs nothing of ${JSON.stringify(line)}`, () =>
        withTree(async (tree) => {
          const mark = join(tree.root, 'mark')
          plant(tree, `${line.replaceAll('MARK', mark)}\n`)
          await assert.rejects(recover(host, { ...tree.scope, live: false }), { code: 'foreign-journal' })
          assert.ok(!fs.existsSync(mark))
        }))
    }

    it('takes nothing back outside the tree', () =>
      withTree(async (outer) => {
        const tree = new Tree(outer.root)
        try {
          outer.write('/victim', 'mine\n')
          fs.symlinkSync(outer.root, join(tree.root, 'out'))
          // "after" fits the victim, so that a recovery that does not look would put the attacker's file there
          const after = createHash('sha256').update('mine\n').digest('hex')
          for (const path of ['/../victim', '/out/victim']) {
            for (const now of [after, 'absent']) plant(tree, `file 1 ${path} ${hash} ${now} 600 0 0\n`)
            await recover(host, { ...tree.scope, live: false }).catch(() => [])
            assert.equal(outer.read('/victim'), 'mine\n')
            fs.rmSync(tree.journal, { recursive: true })
          }
        } finally {
          tree.dispose()
        }
      }))

    for (const [link, target] of [
      ['clean', 'victim/new'],
      ['undone', 'victim/new'],
      ['failed', 'victim/new'],
      ['old', 'victim'],
      ['marks', 'victim'],
      ['old/1', 'victim/1'],
      ['marks/undone', 'victim/undone'],
    ] as const)
      it(`neither writes nor takes anything where ${link} of an entry leads`, () =>
        withTree(async (outer) => {
          const tree = new Tree(outer.root)
          try {
            const files = ['1', 'clean', 'undone']
            for (const name of files) outer.write(`/victim/${name}`, 'mine\n')
            // what stands at the path was written by this entry, so that its way back brings old/1
            tree.write('/a', 'now\n')
            const after = createHash('sha256').update('now\n').digest('hex')
            const place = join(plant(tree, `file 1 /a ${hash} ${after} 600 0 0\n`), link)
            fs.rmSync(place, { recursive: true, force: true })
            fs.symlinkSync(join(outer.root, target), place)
            await assert.rejects(recover(host, { ...tree.scope, live: false }), { code: 'foreign-journal' })
            assert.deepEqual(fs.readdirSync(join(outer.root, 'victim')).sort(), files)
          } finally {
            tree.dispose()
          }
        }))

    it('follows no entry that is a link', () =>
      withTree(async (outer) => {
        const tree = new Tree(outer.root)
        try {
          outer.write('/kept/undo', '')
          outer.write('/kept/steps', '')
          outer.write('/kept/new/file', 'mine\n')
          fs.mkdirSync(tree.journal, { recursive: true })
          fs.symlinkSync(join(outer.root, 'kept'), join(tree.journal, '20200101-000000-00000'))
          await assert.rejects(recover(host, { ...tree.scope, live: false }), { code: 'foreign-journal' })
          assert.equal(outer.read('/kept/new/file'), 'mine\n')
        } finally {
          tree.dispose()
        }
      }))
  })
}
