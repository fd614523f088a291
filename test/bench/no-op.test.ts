/** A command that finds everything as it was asked for writes nothing. */
import assert from 'node:assert/strict'
import { type BigIntStats, globSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { type Ran, Tree, vethConfig } from '../commands/cli.ts'

/** Every path below the tree with all that the kernel counts when it is written to. */
function look(tree: Tree): Map<string, Pick<BigIntStats, 'ino' | 'mode' | 'size' | 'mtimeNs' | 'ctimeNs'>> {
  const paths = ['', ...globSync('**/{*,.*}', { cwd: tree.root })]
  return new Map(
    paths.sort().map((path) => {
      const { ino, mode, size, mtimeNs, ctimeNs } = lstatSync(join(tree.root, path), { bigint: true })
      return [path, { ino, mode, size, mtimeNs, ctimeNs }]
    }),
  )
}

describe('a command that is carried out a second time', () => {
  const commands: Record<string, string[]> = {
    'create --index': [
      'create',
      'web01',
      '--index',
      '1',
      '--type',
      'macvlan',
      '--link',
      'eth1',
      '--ipv4',
      '10.0.5.3/24',
    ],
    'create --index with a MAC': [
      'create',
      'web01',
      '--index',
      '1',
      '--type',
      'veth',
      '--link',
      'br1',
      '--hwaddr',
      '00:16:3e:00:53:99',
    ],
    'set of one key': ['set', 'web01:0', 'mtu=1400'],
    'set of several keys': ['set', 'web01:0', 'link=br1', 'ipv4=10.0.5.3/24', 'ipv4-gateway=10.0.5.1'],
    'set that adds an address': ['set', 'web01:0', 'ipv4+=10.0.5.3/24'],
  }
  for (const [title, words] of Object.entries(commands)) {
    it(`writes nothing, says so and succeeds: ${title}`, () => {
      const tree = new Tree({ web01: vethConfig })
      try {
        const run = (): Ran => {
          const ran = tree.run(...words)
          assert.equal(ran.status, 0, ran.stdout + ran.stderr)
          return ran
        }
        assert.match(run().stdout, /^Done\./m)
        const before = look(tree)
        assert.match(run().stdout, /Already so/)
        assert.deepEqual(look(tree), before)
      } finally {
        tree.remove()
      }
    })
  }

  it('leaves no trace of a journal on a host that it never changed', () => {
    const tree = new Tree({ web01: vethConfig })
    try {
      const before = look(tree)
      const ran = tree.run('set', 'web01:0', 'link=lxcbr0')
      assert.equal(ran.status, 0, ran.stderr)
      assert.match(ran.stdout, /Already so/)
      assert.deepEqual(look(tree), before)
    } finally {
      tree.remove()
    }
  })
})
