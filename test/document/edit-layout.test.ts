import assert from 'node:assert/strict'
import { LxcnetError } from '../../src/core/error.ts'
import { addNic, type NicRef, removeNic, retype, setKey, unsetKey } from '../../src/document/edit.ts'
import { type Line, parse, print } from '../../src/document/lxc-config.ts'

type Edit = (lines: Line[]) => Line[]

const modern = (index: number): NicRef => ({ style: 'modern', index })
const legacy = (index: number): NicRef => ({ style: 'legacy', index })
const set =
  (sub: string, ...values: string[]): Edit =>
  (lines) =>
    setKey(lines, modern(0), sub, values)
const setLegacy =
  (index: number, sub: string, ...values: string[]): Edit =>
  (lines) =>
    setKey(lines, legacy(index), sub, values)
const veth = [
  ['type', 'veth'],
  ['link', 'br0'],
] as const
const type = 'lxc.net.0.type = veth\n'

describe('edit: to the byte', () => {
  const table: { name: string; edit: Edit; before: string; after: string }[] = [
    {
      name: 'keeps odd spacing',
      edit: set('link', 'br0'),
      before: `${type}\tlxc.net.0.link  =lxcbr0 \n`,
      after: `${type}\tlxc.net.0.link  =br0 \n`,
    },
    {
      name: 'keeps quotes',
      edit: set('link', 'br0'),
      before: `${type}lxc.net.0.link = "lxcbr0"\n`,
      after: `${type}lxc.net.0.link = "br0"\n`,
    },
    {
      name: 'keeps a missing newline at the end',
      edit: set('link', 'br0'),
      before: `${type}lxc.net.0.link = x`,
      after: `${type}lxc.net.0.link = br0`,
    },
    {
      name: 'keeps CRLF',
      edit: set('link', 'br0'),
      before: 'lxc.net.0.type = veth\r\nlxc.net.0.link = x\r\n',
      after: 'lxc.net.0.type = veth\r\nlxc.net.0.link = br0\r\n',
    },
    {
      name: 'fills an empty value',
      edit: set('link', 'br0'),
      before: `${type}lxc.net.0.link =\n`,
      after: `${type}lxc.net.0.link = br0\n`,
    },
    {
      name: 'fills an empty value without blanks',
      edit: set('link', 'br0'),
      before: `${type}lxc.net.0.link=\n`,
      after: `${type}lxc.net.0.link=br0\n`,
    },
    {
      name: 'changes the last of repeated lines, which wins',
      edit: set('link', 'c'),
      before: `${type}lxc.net.0.link = a\nlxc.net.0.link = b\n`,
      after: `${type}lxc.net.0.link = a\nlxc.net.0.link = c\n`,
    },
    {
      name: 'adds a key below the last of its NIC',
      edit: set('mtu', '1400'),
      before: `${type}lxc.net.0.link = br0\n\n# next\nlxc.net.1.type = veth\n`,
      after: `${type}lxc.net.0.link = br0\nlxc.net.0.mtu = 1400\n\n# next\nlxc.net.1.type = veth\n`,
    },
    {
      name: 'adds a key in the manner of its NIC',
      edit: set('mtu', '1400'),
      before: '  lxc.net.0.type=veth\r\nlxc.a = b\r\n',
      after: '  lxc.net.0.type=veth\r\n  lxc.net.0.mtu=1400\r\nlxc.a = b\r\n',
    },
    {
      name: 'adds a key aligned with the others',
      edit: set('ipv4.gateway', '192.0.2.1'),
      before: 'lxc.net.0.type         = veth\nlxc.net.0.ipv4.address = 192.0.2.2/24\n',
      after:
        'lxc.net.0.type         = veth\nlxc.net.0.ipv4.address = 192.0.2.2/24\nlxc.net.0.ipv4.gateway = 192.0.2.1\n',
    },
    {
      name: 'adds a key to a file without final newline',
      edit: set('mtu', '1400'),
      before: 'lxc.net.0.type = veth',
      after: 'lxc.net.0.type = veth\nlxc.net.0.mtu = 1400',
    },
    {
      name: 'adds a key before a NUL byte',
      edit: set('mtu', '1400'),
      before: 'lxc.net.0.type = veth\0lxc.net.0.mtu = 1\n',
      after: 'lxc.net.0.type = veth\nlxc.net.0.mtu = 1400\0lxc.net.0.mtu = 1\n',
    },
    {
      name: 'adds a key below the type though others stand above it',
      edit: set('mtu', '1400'),
      before: `lxc.net.0.mtu = 1\n${type}`,
      after: `lxc.net.0.mtu = 1\n${type}lxc.net.0.mtu = 1400\n`,
    },
    {
      name: 'takes out an earlier gateway that would stick',
      edit: set('ipv4.gateway', '192.0.2.1'),
      before: `${type}lxc.net.0.ipv4.gateway = dev\nlxc.net.0.ipv4.gateway = auto\n`,
      after: `${type}lxc.net.0.ipv4.gateway = 192.0.2.1\n`,
    },
    {
      name: 'sets a missing type above the keys',
      edit: set('type', 'veth'),
      before: 'lxc.net.0.link = br0\n',
      after: 'lxc.net.0.type = veth\nlxc.net.0.link = br0\n',
    },
    {
      name: 'keeps the addresses that stay where they are',
      edit: set('ipv4.address', 'b', 'c', 'd'),
      before: `${type}lxc.net.0.ipv4.address = a\n# b\nlxc.net.0.ipv4.address  =  "b"\nlxc.net.0.ipv4.address = c\n`,
      after: `${type}# b\nlxc.net.0.ipv4.address  =  "b"\nlxc.net.0.ipv4.address = c\nlxc.net.0.ipv4.address = d\n`,
    },
    {
      name: 'changes an address in place',
      edit: set('ipv4.address', 'a', 'x', 'c'),
      before: `${type}lxc.net.0.ipv4.address = a\nlxc.net.0.ipv4.address=b\nlxc.net.0.ipv4.address = c\n`,
      after: `${type}lxc.net.0.ipv4.address = a\nlxc.net.0.ipv4.address=x\nlxc.net.0.ipv4.address = c\n`,
    },
    {
      name: 'unsets all lines of a key',
      edit: (lines) => unsetKey(lines, modern(0), 'mtu'),
      before: `lxc.net.0.mtu = 1\n${type}lxc.net.0.mtu = 2\nlxc.net.0.mtu =\nlxc.net.10.mtu = 3\n`,
      after: `${type}lxc.net.10.mtu = 3\n`,
    },
    {
      name: 'sets a key of an included NIC below the include',
      edit: set('link', 'br0'),
      before: 'lxc.include = /a\nlxc.uts.name = c\n',
      after: 'lxc.include = /a\nlxc.uts.name = c\nlxc.net.0.link = br0\n',
    },
    {
      name: 'sets a legacy key in its section',
      edit: setLegacy(0, 'ipv4.address', 'a', 'b'),
      before: 'lxc.network.type = veth\nlxc.network.ipv4 = a\nlxc.network.type = veth\nlxc.network.ipv4 = c\n',
      after:
        'lxc.network.type = veth\nlxc.network.ipv4 = a\nlxc.network.ipv4 = b\nlxc.network.type = veth\nlxc.network.ipv4 = c\n',
    },
    {
      name: 'changes an indexed legacy key where it stands',
      edit: setLegacy(0, 'link', 'b'),
      before: 'lxc.network.type = veth\nlxc.network.type = veth\nlxc.network.0.link = a\n',
      after: 'lxc.network.type = veth\nlxc.network.type = veth\nlxc.network.0.link = b\n',
    },
    {
      name: 'adds a NIC to an empty file',
      edit: (lines) => addNic(lines, modern(0), veth),
      before: '',
      after: 'lxc.net.0.type = veth\nlxc.net.0.link = br0\n',
    },
    {
      name: 'adds a NIC with the type first',
      edit: (lines) => addNic(lines, modern(0), veth.toReversed()),
      before: 'lxc.a = b\n',
      after: 'lxc.a = b\nlxc.net.0.type = veth\nlxc.net.0.link = br0\n',
    },
    {
      name: 'adds a NIC below the last one',
      edit: (lines) => addNic(lines, modern(1), veth),
      before: `${type}lxc.a = b\n`,
      after: `${type}lxc.net.1.type = veth\nlxc.net.1.link = br0\nlxc.a = b\n`,
    },
    {
      name: 'adds a NIC with a blank line where NICs have one',
      edit: (lines) => addNic(lines, modern(1), veth),
      before: `# c\n\n# lan\n${type}\nlxc.a = b\n`,
      after: `# c\n\n# lan\n${type}\nlxc.net.1.type = veth\nlxc.net.1.link = br0\n\nlxc.a = b\n`,
    },
    {
      name: 'adds a NIC without final newline',
      edit: (lines) => addNic(lines, modern(0), veth),
      before: 'lxc.a = b\r\n\r\nlxc.c = d',
      after: 'lxc.a = b\r\n\r\nlxc.c = d\r\n\r\nlxc.net.0.type = veth\r\nlxc.net.0.link = br0',
    },
    {
      name: 'adds a NIC below a later clear',
      edit: (lines) => addNic(lines, modern(0), veth),
      before: `${type}lxc.net =\nlxc.a = b\n`,
      after: `${type}lxc.net =\nlxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.a = b\n`,
    },
    {
      name: 'adds a NIC below a later include',
      edit: (lines) => addNic(lines, modern(1), veth),
      before: `${type}lxc.include = /a\nlxc.a = b\n`,
      after: `${type}lxc.include = /a\nlxc.a = b\nlxc.net.1.type = veth\nlxc.net.1.link = br0\n`,
    },
    {
      name: 'adds a legacy NIC',
      edit: (lines) => addNic(lines, legacy(1), [...veth, ['ipv4.address', 'a']]),
      before: 'lxc.network.type=veth\nlxc.a = b\n',
      after: 'lxc.network.type=veth\nlxc.network.type=veth\nlxc.network.link=br0\nlxc.network.ipv4=a\nlxc.a = b\n',
    },
    {
      name: 'puts a legacy NIC before another, whose number moves',
      edit: (lines) => addNic(lines, legacy(0), veth),
      before: '# lan\nlxc.network.type = veth\nlxc.network.0.mtu = 1\n',
      after: 'lxc.network.type = veth\nlxc.network.link = br0\n# lan\nlxc.network.type = veth\nlxc.network.1.mtu = 1\n',
    },
    {
      name: 'removes a NIC but never one whose index starts alike',
      edit: (lines) => removeNic(lines, modern(1)),
      before: 'lxc.net.1.type = veth\n lxc.net.01.link = a\nlxc.net.10.type = veth\nlxc.net.1 =\n',
      after: 'lxc.net.10.type = veth\n',
    },
    {
      name: 'removes a NIC, not its comments, and folds the blank lines',
      edit: (lines) => removeNic(lines, modern(0)),
      before: `lxc.a = b\n\n${type}\nlxc.c = d\n`,
      after: 'lxc.a = b\n\nlxc.c = d\n',
    },
    {
      name: 'keeps comments of a NIC that goes',
      edit: (lines) => removeNic(lines, modern(0)),
      before: `# lan\n${type}# mtu\nlxc.net.0.mtu = 1\n\n# b\n`,
      after: '# lan\n# mtu\n\n# b\n',
    },
    {
      name: 'removes the last NIC with its blank line',
      edit: (lines) => removeNic(lines, modern(0)),
      before: `lxc.a = b\n\n${type}`,
      after: 'lxc.a = b\n',
    },
    {
      name: 'keeps the clear of an included NIC',
      edit: (lines) => removeNic(lines, modern(0)),
      before: `lxc.include = /a\nlxc.net.0 =\n${type}`,
      after: 'lxc.include = /a\nlxc.net.0 =\n',
    },
    {
      name: 'removes a legacy section, and the numbers of others follow',
      edit: (lines) => removeNic(lines, legacy(0)),
      before: 'lxc.network.type = veth\nlxc.network.type = macvlan\nlxc.network.0.link = a\nlxc.network.1.link = b\n',
      after: 'lxc.network.type = macvlan\nlxc.network.0.link = b\n',
    },
    {
      name: 'changes a type in place, without the keys that go',
      edit: (lines) => retype(lines, modern(0), 'macvlan', (sub) => !sub.startsWith('veth.')),
      before: `${type}lxc.net.0.veth.pair = a\nlxc.net.0.link = b\n`,
      after: 'lxc.net.0.type = macvlan\nlxc.net.0.link = b\n',
    },
    {
      name: 'puts keys from above the type below it',
      edit: (lines) => retype(lines, modern(0), 'macvlan', () => true),
      before: '# a\n  lxc.net.0.link = b\nlxc.net.0.mtu = 1\nlxc.net.0.type = veth',
      after: '# a\nlxc.net.0.type = macvlan\n  lxc.net.0.link = b\nlxc.net.0.mtu = 1',
    },
  ]
  for (const { name, edit, before, after } of table) {
    it(name, () => assert.equal(print(edit(parse(before))), after))
  }

  const refusals: { name: string; code: string; edit: Edit; text: string }[] = [
    { name: 'a value of two lines', code: 'bad-value', edit: set('link', 'a\nlxc.net ='), text: type },
    { name: 'a value with a CR', code: 'bad-value', edit: set('link', 'a\r'), text: type },
    { name: 'a value with a NUL', code: 'bad-value', edit: set('link', 'a\0'), text: type },
    { name: 'a value that LXC would trim', code: 'bad-value', edit: set('link', ' a'), text: type },
    { name: 'a value whose quotes LXC would strip', code: 'bad-value', edit: set('link', '"a"'), text: type },
    { name: 'an empty value', code: 'bad-value', edit: set('link', ''), text: type },
    { name: 'two values of a scalar', code: 'bad-value', edit: set('link', 'a', 'b'), text: type },
    { name: 'a NIC without type', code: 'bad-value', edit: (lines) => unsetKey(lines, modern(0), 'type'), text: type },
    {
      name: 'a key of a NIC that is not there',
      code: 'no-such-nic',
      edit: set('link', 'a'),
      text: 'lxc.net.00 =\nlxc.net.1.type = veth\n',
    },
    { name: 'a NIC that was cleared', code: 'no-such-nic', edit: set('link', 'a'), text: `${type}lxc.net =\n` },
    {
      name: 'the removal of a NIC that is not there',
      code: 'no-such-nic',
      edit: (lines) => removeNic(lines, modern(1)),
      text: 'lxc.net.10.type = veth\n',
    },
    {
      name: 'the type of a NIC that is not there',
      code: 'no-such-nic',
      edit: (lines) => retype(lines, modern(1), 'veth', () => true),
      text: type,
    },
    { name: 'a NIC twice', code: 'nic-exists', edit: (lines) => addNic(lines, modern(0), veth), text: type },
    {
      name: 'a legacy NIC behind a gap',
      code: 'bad-index',
      edit: (lines) => addNic(lines, legacy(2), veth),
      text: 'lxc.network.type = veth\n',
    },
    {
      name: 'a modern NIC in a legacy file',
      code: 'mixed-styles',
      edit: (lines) => addNic(lines, modern(1), veth),
      text: 'lxc.network.type = veth\n',
    },
    {
      name: 'a file of both styles',
      code: 'mixed-styles',
      edit: set('link', 'a'),
      text: `${type}lxc.network.type = veth\n`,
    },
    {
      name: "Proxmox's file",
      code: 'proxmox-file',
      edit: set('link', 'a'),
      text: 'arch: amd64\nnet0: name=eth0,bridge=vmbr0\n',
    },
  ]
  for (const { name, code, edit, text } of refusals) {
    it(`refuses ${name}`, () =>
      assert.throws(
        () => edit(parse(text)),
        (error) => error instanceof LxcnetError && error.code === code,
      ))
  }

  it('leaves the lines it was given as they were', () => {
    const lines = parse(`${type}lxc.net.0.link = a`)
    const before = structuredClone(lines)
    setKey(lines, modern(0), 'mtu', ['1400'])
    addNic(lines, modern(1), veth)
    removeNic(lines, modern(0))
    assert.deepEqual(lines, before)
  })
})
