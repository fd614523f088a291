/** Many runs at once on one tree: each is applied whole or refused, one after the other. */
import assert from 'node:assert/strict'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import { file, shells, withTree } from './tree.ts'

const [one, two] = ['/var/lib/lxc/one/config', '/etc/lxc/default.conf']

for (const shell of shells) {
  const host = new LocalHost(shell.argv)

  describe(`twenty changes at once under ${shell.name}`, () => {
    it('made from the same reading: one is applied, the others are refused', () =>
      withTree(async (tree) => {
        tree.write(one, 'old\n')
        tree.write(two, 'old\n')
        const { digest } = await tree.snapshot(host)
        const results = await Promise.all(
          Array.from({ length: 20 }, async (_, n) => {
            const text = `${n}\n`.repeat(5000)
            try {
              return (await tree.change(host, [file(one, 'old\n', text), file(two, 'old\n', text)], digest)).result
            } catch (error) {
              assert.ok(error instanceof LxcnetError, String(error))
              return error.code
            }
          }),
        )
        assert.equal(results.filter((result) => result === 'committed').length, 1, results.join(' '))
        for (const result of results) assert.match(result, /^(committed|locked|stale)$/)
        const winner = results.indexOf('committed')
        assert.equal(tree.read(one), `${winner}\n`.repeat(5000))
        assert.equal(tree.read(two), tree.read(one))
        tree.assertTidy()
      }))

    it('that try until they are through: all are there in the end, none is lost, none is torn', () =>
      withTree(async (tree) => {
        tree.write(one, '')
        tree.write(two, '')
        const order: string[] = []
        let refused = 0
        let done = false
        const watching = (async () => {
          while (!done) {
            assert.match(tree.read(one), /^(<\d+>\n)*$/)
            await new Promise((resolve) => setTimeout(resolve, 1))
          }
        })()
        const client = async (n: number): Promise<void> => {
          for (let attempt = 0; attempt < 500; attempt++) {
            const snapshot = await tree.snapshot(host)
            const text = snapshot.files.get(one)?.text ?? ''
            const other = snapshot.files.get(two)?.text ?? ''
            try {
              const changes = [file(one, text, `${text}<${n}>\n`), file(two, other, `${other}<${n}>\n`)]
              const { result } = await tree.change(host, changes, snapshot.digest)
              assert.equal(result, 'committed')
              order.push(`<${n}>\n`)
              return
            } catch (error) {
              assert.ok(error instanceof LxcnetError && /^(locked|stale|unfinished)$/.test(error.code), String(error))
              refused++
              await new Promise((resolve) => setTimeout(resolve, Math.random() * 400))
            }
          }
          assert.fail(`run ${n} was never let through`)
        }
        await Promise.all(Array.from({ length: 20 }, (_, n) => client(n))).finally(() => (done = true))
        await watching
        const lines = tree.read(one).split(/(?<=\n)/)
        assert.deepEqual(lines.toSorted(), order.toSorted())
        assert.equal(tree.read(two), tree.read(one))
        assert.ok(refused > 0, 'they never met')
        tree.assertTidy()
      })).timeout(120_000)
  })
}
