/** Forwards on a tree: whose config gets the hook, and what they say of each other. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import { Tree } from '../commands/cli.ts'

const config = (name: string, ...lines: string[]): string =>
  [`lxc.uts.name = ${name}`, 'lxc.net.0.type = veth', 'lxc.net.0.link = lxcbr0', ...lines, ''].join('\n')
const hook = 'lxc.hook.start-host = /etc/lxcnet/hooks/forward'

describe('forwards on a tree', () => {
  let tree: Tree
  beforeEach(() => {
    tree = new Tree({ web: config('web'), db: config('db', 'lxc.net.0.ipv4.address = 10.0.3.9/24') })
  })
  afterEach(() => tree.remove())

  const run = (...words: string[]): ChangeReport => {
    const { status, stdout, stderr } = tree.run(...words, '--json')
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as ChangeReport
  }
  const code = (...words: string[]): string =>
    (JSON.parse(tree.run(...words, '--json').stdout) as { code: string }).code
  const piece = (): string => tree.read('/etc/lxcnet/net.d/50-firewall')

  for (const folder of ['/srv/lxc', "/srv/it's $HOME"])
    it(`lead to containers of ${folder}, and leave those of the same name elsewhere alone`, () => {
      const there = `${folder}/web/config`
      tree.write(there, config('web'))
      const before = tree.config('web')
      run('forward', 'add', '80', 'web', '-P', folder)
      assert.ok(tree.read(there).includes(hook))
      run('forward', 'add', '81', 'db')
      assert.equal(code('forward', 'add', '80', 'db'), 'name-taken')
      assert.equal(tree.json<{ objects: unknown[] }>('forward', 'list').objects.length, 1)
      assert.equal(tree.config('web'), before)
      assert.ok(tree.read(there).includes(hook))
      assert.doesNotMatch(tree.run('check', '--json').stdout, /"forward-/)
      assert.equal(run('forward', 'create', '80/tcp', '--to', 'web', '-P', folder).result, 'unchanged')
      run('forward', 'remove', '80', '-P', folder)
      assert.equal(tree.read(there), before)
      assert.match(piece(), /^ {2}forward 81\/tcp to=db container=\/var\/lib\/lxc\/db address=10\.0\.3\.9$/m)
    })

  it('are named as short as they are typed, by every command', () => {
    run('forward', 'create', '80', '--to', 'db')
    run('forward', 'set', '80', 'to=db:8080')
    assert.match(tree.run('forward', 'show', '80').stdout, /db:8080/)
    run('forward', 'create', '53/udp', '--to', 'db')
    assert.equal(code('forward', 'set', '53', 'to=db:5353'), 'no-object')
    run('forward', 'delete', '53/udp')
    run('forward', 'delete', '80')
    assert.throws(piece)
    for (const name of ['0', '80-70', '65536', 'web', '80/sctp', '0.0.0.0:80'])
      assert.equal(code('forward', 'add', name, 'db'), 'bad-name', name)
  })

  it('follow a network to another bridge, which the same command again leaves as it is', () => {
    run('nat', 'create', 'blue', '--subnet', '10.7.0.0/24', '--isolated', 'yes')
    run('forward', 'add', '80', '10.7.0.5')
    assert.match(piece(), /^ {2}hairpin 10\.7\.0\.0\/24 bridge=blue$/m)
    run('nat', 'set', 'blue', 'bridge=blue2')
    assert.match(piece(), /^ {2}hairpin 10\.7\.0\.0\/24 bridge=blue2$/m)
    assert.equal(run('nat', 'set', 'blue', 'bridge=blue2').result, 'unchanged')
    assert.equal(run('forward', 'set', '80', 'to=10.7.0.5').result, 'unchanged')
  })

  it('need a fixed address where nothing could ask for it, and say so in a way that helps', () => {
    assert.equal(code('forward', 'add', '80', 'web', '--lxc-version', '2.1.1'), 'forward-no-target')
    assert.equal(code('forward', 'add', '80', 'web', '--through', 'ufw', '--allow', 'ufw-drops'), 'forward-no-target')
    run('forward', 'add', '80', 'db', '--lxc-version', '2.1.1')
  })

  it('are one of the same port for each IP version, and no more', () => {
    run('forward', 'add', '80', 'db')
    run('forward', 'add', '[2001:db8::1]:80', '[fd00::5]')
    assert.equal(code('forward', 'add', '[2001:db8::1]:70-90', '[fd00::5]:80'), 'forward-overlaps')
    assert.equal(code('forward', 'add', '192.0.2.1:80', 'db'), 'forward-overlaps')
    assert.equal(code('forward', 'add', '[2001:db8::1]:81', 'db'), 'forward-no-target')
    run('forward', 'add', '81', '[fd00::5]')
    run('forward', 'add', '192.0.2.1:81', 'db')
    assert.equal(code('forward', 'add', '[2001:db8::1]:81', '[fd00::6]'), 'forward-overlaps')
  })
})
