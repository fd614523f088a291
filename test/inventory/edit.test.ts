/** Hosts are added and removed, and every other byte stays. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LxcnetError } from '../../src/core/error.ts'
import { parse, print } from '../../src/inventory/document.ts'
import { addHost, inventoryOf, masked, removeHost } from '../../src/inventory/index.ts'

const scraps = [
  '[web]',
  '[web:vars]',
  '[db:children]',
  'h1',
  ' a=1',
  '=',
  '#',
  ';',
  ' ',
  '\t',
  '\r',
  '\n',
  '\r\n',
  '"',
  'é',
  '\\',
  '\0',
]
const almostInventory = fc.array(fc.constantFrom(...scraps), { maxLength: 40 }).map((parts) => parts.join(''))

const end = fc.constantFrom('\n', '\r\n')
const rows = fc.array(
  fc.constantFrom(
    '',
    '# c',
    '; c',
    '  ',
    'h1',
    'h2 a=1',
    '\th3  b="x y" # c',
    'k[1:3]',
    '[web]',
    '[db]',
    '[web:vars]\na = 1\n[db]',
    '[all:children]\nweb\n# c\n[web]',
  ),
  { maxLength: 14 },
)
/** Inventories that mean something, with either line end, some without the last one. */
const inventory = fc
  .tuple(rows, end, fc.boolean())
  .map(([lines, eol, open]) => ['[web]', '[db]', ...lines].join('\n').replaceAll('\n', eol) + (open ? '' : eol))

const refused = (code: string, act: () => unknown): void =>
  assert.throws(act, (error) => error instanceof LxcnetError && error.code === code)

const newHost = { name: 'new1', vars: new Map([['ansible_host', '192.0.2.9']]) }
const line = 'new1 ansible_host=192.0.2.9'

describe('an inventory that is edited', () => {
  it('prints back exactly what was parsed', () =>
    fc.assert(
      fc.property(almostInventory, (text) => assert.equal(print(parse(text, 'hosts')), text)),
      { numRuns: 2000 },
    ))

  it('keeps every byte when a host is added, and has it in its group', () =>
    fc.assert(
      fc.property(inventory, fc.constantFrom('web', 'db', 'fresh', undefined), (text, group) => {
        const after = addHost(text, group === undefined ? newHost : { ...newHost, group }, 'hosts')
        const at = [...text].findIndex((letter, index) => letter !== after[index])
        const from = at === -1 ? text.length : at
        assert.equal(
          after.slice(0, from) + after.slice(after.length - (text.length - from)),
          text,
          'one piece was put in',
        )
        const { hosts, groups } = inventoryOf(after, 'hosts')
        assert.ok(groups.get(group ?? 'ungrouped')?.includes('new1'))
        assert.equal(hosts.get('new1')?.target.address, '192.0.2.9')
        assert.deepEqual(
          [...hosts.keys()].filter((name) => name !== 'new1').sort(),
          [...inventoryOf(text, 'hosts').hosts.keys()].sort(),
        )
      }),
      { numRuns: 2000 },
    ))

  it('is what it was when the host is removed again, but for a section or a line end that it needed', () =>
    fc.assert(
      fc.property(inventory, fc.constantFrom('web', 'db'), (text, group) => {
        const after = removeHost(addHost(text, { ...newHost, group }, 'hosts'), 'new1', 'hosts')
        const tail = after.slice(text.length)
        assert.ok(after.startsWith(text) && /^(\r?\n)?$/.test(tail), JSON.stringify({ text, after }))
      }),
      { numRuns: 2000 },
    ))

  it('loses the lines of a removed host and no others', () =>
    fc.assert(
      fc.property(inventory, (text) => {
        if (!inventoryOf(text, 'hosts').hosts.has('h3')) return
        const after = removeHost(text, 'h3', 'hosts')
        assert.equal(after, text.replace(/\th3[^\r\n]*(\r\n|\n|$)/g, ''))
      }),
      { numRuns: 2000 },
    ))

  for (const { name, before, group, after } of [
    {
      name: 'a host is put behind the last one of its group',
      before: '[web]\nh1\n\n# next\n[db]\nh2\n',
      group: 'web',
      after: `[web]\nh1\n${line}\n\n# next\n[db]\nh2\n`,
    },
    {
      name: 'a group without hosts gets its first',
      before: '[web]\n\n[db]\n',
      group: 'web',
      after: `[web]\n${line}\n\n[db]\n`,
    },
    { name: 'a new group stands at the end', before: 'h1\n', group: 'web', after: `h1\n\n[web]\n${line}\n` },
    {
      name: 'line ends stay those of Windows',
      before: '[web]\r\nh1\r\n',
      group: 'web',
      after: `[web]\r\nh1\r\n${line}\r\n`,
    },
    { name: 'a missing line end stays missing', before: '[web]\nh1', group: 'web', after: `[web]\nh1\n${line}` },
    {
      name: 'hosts without a group stay together',
      before: '# all\nh1\n\n[web]\nh2\n',
      group: undefined,
      after: `# all\nh1\n${line}\n\n[web]\nh2\n`,
    },
    {
      name: 'a file of groups gets a section for the others',
      before: '# mine\n[web]\nh2\n',
      group: undefined,
      after: `# mine\n[web]\nh2\n\n[ungrouped]\n${line}\n`,
    },
    { name: 'comments at the top stay there', before: '# mine\n', group: undefined, after: `# mine\n${line}\n` },
    { name: 'an empty file gets a line', before: '', group: undefined, after: `${line}\n` },
    {
      name: 'the variables of the group stay behind its hosts',
      before: '[web]\nh1\n[web:vars]\na=1\n',
      group: 'web',
      after: `[web]\nh1\n${line}\n[web:vars]\na=1\n`,
    },
  ]) {
    it(name, () => assert.equal(addHost(before, group === undefined ? newHost : { ...newHost, group }, 'hosts'), after))
  }

  it('quotes what has to be quoted, so that Ansible reads it too', () => {
    const vars = new Map([
      ['ansible_ssh_common_args', '-J gw'],
      ['ansible_ssh_private_key_file', "/root/it's #1"],
    ])
    const after = addHost('', { name: 'h1', vars }, 'hosts')
    const { jump, identityFile } = inventoryOf(after, 'hosts').hosts.get('h1')?.target ?? {}
    assert.deepEqual({ jump, identityFile }, { jump: 'gw', identityFile: "/root/it's #1" })
  })

  it('takes names of other letters than those of ASCII', () => {
    const [name, group] = ['h\xc3\xa0', 'w\xc3\xa0']
    assert.deepEqual(inventoryOf(addHost('', { name, group, vars: new Map() }, 'hosts'), 'hosts').groups.get(group), [
      name,
    ])
  })

  it('takes a host once', () =>
    refused('host-exists', () => addHost('k[1:3]\n', { name: 'k2', vars: new Map() }, 'hosts')))

  for (const name of ['a b', '-x', 'a[1:2]', 'a,b', 'a:22', 'root@a', '', 'a#b', '[web]', 'a:'])
    it(`takes no host called ${JSON.stringify(name)}`, () =>
      refused('bad-target', () => addHost('', { name, vars: new Map() }, 'hosts')))

  it('takes no value that ssh could not use', () => {
    refused('bad-target', () =>
      addHost('', { name: 'h1', vars: new Map([['ansible_host', '-oProxyCommand=x']]) }, 'hosts'),
    )
    refused('bad-target', () => addHost('', { name: 'h1', vars: new Map([['ansible_user', 'a\nh2']]) }, 'hosts'))
  })

  it('is left alone when it is wrong already', () =>
    refused('bad-inventory', () => addHost('h1 a\n', newHost, 'hosts')))

  it('keeps a range whole', () => refused('host-in-range', () => removeHost('k[1:3]\n', 'k2', 'hosts')))

  it('has no host to remove that it does not name', () => refused('no-host', () => removeHost('h1\n', 'h2', 'hosts')))

  it('is shown without its secrets', () => {
    const text = 'h1 a=1 ansible_become_pass="s3 cret" b=2\n[all:vars]\n  ansible_password = s3cret # c\n'
    assert.equal(masked(text, 'hosts'), 'h1 a=1 ansible_become_pass=*** b=2\n[all:vars]\n  ansible_password=***\n')
  })
})
