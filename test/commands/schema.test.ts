/** Every document that --json prints fits its published schema. */
import assert from 'node:assert/strict'
import { Tree, vethConfig } from './cli.ts'
import { fitting } from './schema.ts'

const check = (text: string): string => fitting(text).schema

describe('--json', () => {
  let tree: Tree
  before(() => {
    tree = new Tree({ web01: vethConfig, web02: 'lxc.net.0.type = veth\nlxc.net.0.mtu = 1400 # no\nlxc.bad\n' })
  })
  after(() => tree.remove())

  for (const [args, schema, status] of [
    ['list', 'lxcnet.list/1', 0],
    ['show web01', 'lxcnet.show/1', 0],
    ['check', 'lxcnet.check/1', 1],
    ['create web01 --type veth --link br1 --dry-run', 'lxcnet.change/1', 2],
    ['set web01:0 mtu=1400', 'lxcnet.change/1', 0],
    ['set web01:0 mtu=1400', 'lxcnet.change/1', 0],
    ['history', 'lxcnet.history/1', 0],
    ['show nosuch', 'lxcnet.error/1', 65],
    ['create web01', 'lxcnet.error/1', 64],
    ['set web01:0 mtu=1', 'lxcnet.error/1', 65],
    ['nosuch', 'lxcnet.error/1', 64],
    ['list --nosuch', 'lxcnet.error/1', 64],
  ] as const) {
    it(`prints one document that fits ${schema} for "${args}"`, () => {
      const ran = tree.run(...args.split(' '), '--json')
      assert.equal(check(ran.stdout), schema)
      assert.equal(ran.status, status, ran.stdout)
      assert.equal(ran.stderr, '')
    })
  }

  it('shows one change with its plan', () => {
    const { entries } = tree.json<{ entries: { id: string }[] }>('history')
    assert.equal(check(tree.run('history', entries[0]?.id ?? '', '--json').stdout), 'lxcnet.history/1')
  })
})
