/** Which containers a tree has: links, what is no file, what cannot be read. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Tree, vethConfig } from '../commands/cli.ts'

interface Row {
  name: string
  readable: boolean
  nics: unknown[]
}

interface Finding {
  container: string
  nic: number | null
  severity: string
  code: string
  message: string
}

describe('the containers of a tree', () => {
  let tree: Tree
  const lxc = (...names: string[]): string => join(tree.root, 'var/lib/lxc', ...names)
  const rows = (): string[] =>
    tree
      .json<{ containers: Row[] }>('list')
      .containers.map(({ name, readable, nics }) => `${name}${readable ? '' : ' unreadable'} ${nics.length}`)

  beforeEach(() => {
    tree = new Tree({ c1: vethConfig })
  })
  afterEach(() => tree.remove())

  it('lists a directory that is a link beside the one it leads to', () => {
    symlinkSync('c1', lxc('alias'))
    assert.deepEqual(rows(), ['alias 1', 'c1 1'])
    const { findings } = tree.json<{ findings: Finding[] }>('check')
    const shared = findings.filter(({ code }) => code === 'shared-config')
    assert.deepEqual(
      shared.map(({ container, severity, nic }) => [container, severity, nic]),
      [
        ['alias', 'warning', null],
        ['c1', 'warning', null],
      ],
    )
    assert.match(shared[0]?.message ?? '', /also the config of c1$/)
    assert.ok(!findings.some(({ code }) => code.startsWith('duplicate')), 'it does not clash with itself')
  })

  it('lists a config that is a link beside the one it leads to', () => {
    mkdirSync(lxc('ali'))
    symlinkSync('../c1/config', lxc('ali/config'))
    assert.deepEqual(rows(), ['ali 1', 'c1 1'])
  })

  it('lists all names of one config outside', () => {
    tree.write('/srv/one', vethConfig)
    for (const name of ['s1', 's2']) {
      mkdirSync(lxc(name))
      symlinkSync('/srv/one', lxc(name, 'config'))
    }
    assert.deepEqual(rows(), ['c1 1', 's1 1', 's2 1'])
  })

  it('does not hide a config that is no file', () => {
    mkdirSync(lxc('dir/config'), { recursive: true })
    mkdirSync(lxc('fifo'))
    execFileSync('mkfifo', [lxc('fifo/config')])
    mkdirSync(lxc('none'))
    assert.deepEqual(rows(), ['c1 1', 'dir unreadable 0', 'fifo unreadable 0'])
    assert.match(tree.run('list').stdout, /^dir .*unreadable$/m)
  })

  it('counts in words', () => {
    tree.write('/var/lib/lxc/c1/config', 'lxc.net.0.type = empty\nlxc.net.0.link = br0\nlxc.net.0.colour = blue\n')
    assert.match(tree.run('check', 'c1', '--allow', 'key-refused').stdout, /^1 container: 1 error, 1 warning$/m)
  })
})
