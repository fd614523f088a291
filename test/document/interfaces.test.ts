/** What files of ifupdown say, byte for byte. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parse, print, stanzas } from '../../src/document/interfaces.ts'

const scraps = [
  'iface eth0 inet static',
  'auto',
  'source',
  'mapping',
  'address',
  '#',
  '\\',
  ' ',
  '\t',
  '\n',
  '\r',
  'é',
  '\0',
]
const almostInterfaces = fc.array(fc.constantFrom(...scraps)).map((parts) => parts.join(''))

describe('interfaces', () => {
  it('prints back exactly what it parsed', () =>
    fc.assert(fc.property(almostInterfaces, (text) => assert.equal(print(parse(text)), text))))

  it('finds every stanza with its options, and leaves comments and other keywords out', () => {
    const text = `auto lo eth0
iface lo inet loopback

iface eth0 inet static
  # ours
  address 192.0.2.7/24
  gateway \\
    192.0.2.1
allow-hotplug eth1
iface eth0 inet6 auto inherits base more
  up echo iface
# the end
`
    const found = stanzas(parse(text)).map(({ name, family, method, inherits, options }) => [
      name,
      family,
      method,
      inherits,
      options.map(({ key, value }) => `${key} ${value}`),
    ])
    assert.deepEqual(found, [
      ['lo', 'inet', 'loopback', [], []],
      ['eth0', 'inet', 'static', [], ['address 192.0.2.7/24', 'gateway 192.0.2.1']],
      ['eth0', 'inet6', 'auto', ['base', 'more'], ['up echo iface']],
    ])
  })
})
