/** What a command starts on the host does not depend on how many containers there are. */
import assert from 'node:assert/strict'
import { processes } from './run.ts'
import { containerName, withTree } from './tree.ts'

describe('processes on the host', () => {
  const commands: Record<string, { words: string[]; status?: number }> = {
    list: { words: ['list'] },
    show: { words: ['show', containerName(4)] },
    check: { words: ['check'] },
    'a plan': { words: ['create', containerName(4), '--type', 'macvlan', '--link', 'eth1', '--dry-run'], status: 2 },
    'a change': { words: ['set', containerName(4), 'mtu=1400'] },
  }
  for (const [title, { words, status }] of Object.entries(commands)) {
    it(`are as many for 1,000 containers as for 10: ${title}`, async () => {
      const count = (tree: string): number => processes([...words, '--root', tree], status)
      const few = await withTree(10, count)
      assert.ok(few > 1, 'nothing was counted')
      assert.equal(await withTree(1000, count), few)
    })
  }

  it('grow by one tar for every 100,000 bytes of names', async () => {
    const count = (tree: string): number => processes(['list', '--root', tree])
    const few = await withTree(10, count)
    const many = await withTree(10_000, count)
    const names = 10_000 * `'./var/lib/lxc/${containerName(9_999)}/config' `.length
    assert.ok(many <= few + Math.ceil(names / 100_000), `${many} for 10,000 containers, ${few} for 10`)
  })
})
