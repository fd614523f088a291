/** Which hosts -H, -g and --limit mean. */
import assert from 'node:assert/strict'
import { LxcnetError } from '../../src/core/error.ts'
import { chooseHosts, chooseTargets, inventoryOf } from '../../src/inventory/index.ts'

const inventory = inventoryOf(
  `lxc01 ansible_host=192.0.2.1 ansible_user=admin
lxc02
[web]
web[01:03]
[db]
db1
web01
[all_web:children]
web
[none]
[broken]
odd ansible_host="{{ x }}"
`,
  'hosts',
)

const names = (hosts: string[], groups: string[] = [], limit?: string): string[] =>
  chooseTargets(inventory, { hosts, groups, limit }).map(({ name }) => name)

const refusal = (act: () => unknown): LxcnetError => {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof LxcnetError, String(error))
    return error
  }
  assert.fail('it was accepted')
}

describe('hosts', () => {
  for (const [hosts, groups, limit, chosen] of [
    [['lxc02', 'lxc01'], [], undefined, ['lxc01', 'lxc02']],
    [['lxc02,lxc01'], [], undefined, ['lxc01', 'lxc02']],
    [['lxc01', 'lxc01', 'lxc0*'], [], undefined, ['lxc01', 'lxc02']],
    [['web0[12]'], [], undefined, ['web01', 'web02']],
    [['web[01:02]'], [], undefined, ['web01', 'web02']],
    [['web?3'], [], undefined, ['web03']],
    [[], ['web'], undefined, ['web01', 'web02', 'web03']],
    [[], ['all_web,db'], undefined, ['web01', 'web02', 'web03', 'db1']],
    [[], ['ungrouped'], undefined, ['lxc01', 'lxc02']],
    [['lxc02'], ['db'], undefined, ['lxc02', 'web01', 'db1']],
    [['new.example.org', 'lxc02'], [], undefined, ['lxc02', 'new.example.org']],
    [['b', 'a'], [], undefined, ['b', 'a']],
    [['\xc3\xa0 , b'], [], undefined, ['\xc3\xa0', 'b']],
    [[], ['web'], 'web01,web02', ['web01', 'web02']],
    [[], ['web'], '!web01', ['web02', 'web03']],
    [[], ['web'], 'web*,!*2', ['web01', 'web03']],
    [[], ['web'], 'db', ['web01']],
    [[], ['web'], '!db', ['web02', 'web03']],
    [['a', 'b'], [], 'a', ['a']],
    [[], [], undefined, []],
  ] as [string[], string[], string | undefined, string[]][]) {
    it(`of -H ${hosts.join(' ')} -g ${groups.join(' ')} --limit ${limit}: ${chosen.join(' ')}`, () =>
      assert.deepEqual(names(hosts, groups, limit), chosen))
  }

  for (const [word, target] of [
    ['203.0.113.5', { name: '203.0.113.5' }],
    ['root@203.0.113.5:2222', { name: '203.0.113.5', user: 'root', port: 2222 }],
    ['[2001:db8::1]:2222', { name: '2001:db8::1', port: 2222 }],
    ['root@[2001:db8::1]', { name: '2001:db8::1', user: 'root' }],
    ['2001:db8::1', { name: '2001:db8::1' }],
    ['localhost', { name: 'localhost' }],
    ['lxc01', { name: 'lxc01', address: '192.0.2.1', user: 'admin' }],
    ['root@lxc01:2222', { name: 'lxc01', address: '192.0.2.1', user: 'root', port: 2222 }],
  ] as const) {
    it(`takes -H ${word}`, () =>
      assert.deepEqual(chooseTargets(inventory, { hosts: [word], groups: [], limit: undefined }), [target]))
  }

  it('are known to ssh alone where there is no inventory', () =>
    assert.deepEqual(chooseTargets(undefined, { hosts: ['a,root@b'], groups: [], limit: undefined }), [
      { name: 'a' },
      { name: 'b', user: 'root' },
    ]))

  for (const [hosts, groups, limit, code, hint] of [
    [['lcx0*'], [], undefined, 'no-host', 'lxc01'],
    [[], ['wbe'], undefined, 'no-group', '-g web'],
    [[], ['none'], undefined, 'no-group', '-g web'],
    [[], ['web'], 'x*', 'no-host', 'web01'],
    [['-oProxyCommand=x'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['a b'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['a:0'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['a:'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['a:b'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['2001:db8::1:zz'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['@a'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['a:22', 'a:23'], [], undefined, 'bad-target', 'lxcnet host add'],
    [['web[3:1]'], [], undefined, 'bad-target', '[USER@]HOST'],
    [['odd'], [], undefined, 'bad-inventory', 'correct the line'],
  ] as [string[], string[], string | undefined, string, string][]) {
    it(`are refused with ${code}: -H ${hosts.join(' ')} -g ${groups.join(' ')} --limit ${limit}`, () => {
      const { code: said, suggestions } = refusal(() => names(hosts, groups, limit))
      assert.equal(said, code)
      assert.ok(suggestions.join('\n').includes(hint), suggestions.join('\n'))
    })
  }

  for (const wanted of [
    { hosts: ['a*'], groups: [] },
    { hosts: [], groups: ['all'] },
  ])
    it(`are not found without an inventory: ${JSON.stringify(wanted)}`, () =>
      assert.equal(refusal(() => chooseTargets(undefined, { ...wanted, limit: undefined })).code, 'no-inventory'))

  it('to be listed are those of the inventory, whatever their variables hold', () => {
    const listed = (hosts: string[]): string[] =>
      chooseHosts(inventory, { hosts, groups: [], limit: undefined }).map(({ name }) => name)
    assert.deepEqual(listed([]), [...inventory.hosts.keys()])
    assert.deepEqual(listed(['odd']), ['odd'])
    assert.equal(refusal(() => listed(['lxc09'])).code, 'no-host')
  })
})
