import assert from 'node:assert/strict'
import fc from 'fast-check'
import { expandHosts } from '../../src/inventory/names.ts'
import { folded, listed, wrapped } from '../../src/report/host-names.ts'

const numbered = fc
  .record({
    head: fc.constantFrom('lxc', 'rack1-', '198.18.0.', 'a'),
    tail: fc.constantFrom('', '.example.org', '-eth0', '.dc2.example.org'),
    first: fc.nat(200),
    count: fc.integer({ min: 1, max: 30 }),
    digits: fc.constantFrom(0, 2, 3),
  })
  .map(({ head, tail, first, count, digits }) =>
    Array.from({ length: count }, (_, at) => head + String(first + at).padStart(digits, '0') + tail),
  )

describe('names of hosts', () => {
  it('are ranges that an inventory and -H take back', () => {
    const lists = fc.array(numbered).map((series) => series.flat())
    fc.assert(
      fc.property(lists, (names) => {
        const back = folded(names).flatMap((name) => (name.includes('[') ? expandHosts(name).names : [name]))
        assert.deepEqual(back, names)
      }),
    )
  })

  for (const { names, text } of [
    { names: 'lxc01 lxc02 lxc03 lxc04', text: 'lxc[01:04]' },
    { names: 'lxc08 lxc09 lxc10', text: 'lxc[08:10]' },
    { names: 'lxc8 lxc9 lxc10 lxc11', text: 'lxc[8:11]' },
    { names: 'lxc98 lxc99 lxc0 lxc1', text: 'lxc98, lxc99, lxc0, lxc1' },
    { names: 'a01 a02 b1 a03 a04 a05', text: 'a01, a02, b1, a[03:05]' },
    { names: 'r1n1 r1n2 r1n3 r2n1 r2n2 r2n3', text: 'r1n[1:3], r2n[1:3]' },
    { names: 'n1.a2.example n2.a2.example n3.a2.example', text: 'n[1:3].a2.example' },
    { names: '2001:db8::1 2001:db8::2 2001:db8::3', text: '2001:db8::1, 2001:db8::2, 2001:db8::3' },
  ])
    it(`${names} are told as ${text}`, () => assert.equal(listed(names.split(' ')), text))

  it('of a long list are the first ones and the last', () => {
    const names = [...'abcdefghijklmnop']
    assert.equal(listed(names), 'a, b, c, d, e, f, g, h, i, j, … p')
  })
})

describe('a line that is too long for the terminal', () => {
  it('breaks between words and goes on under its column', () =>
    assert.equal(wrapped('9  applied  lxc01, lxc02, lxc03', 12, 24), '9  applied  lxc01,\n            lxc02, lxc03'))

  it('keeps a word that is longer than the line', () =>
    assert.equal(wrapped('a /var/lib/lxc/web01/config b', 2, 10), 'a\n  /var/lib/lxc/web01/config\n  b'))

  it('stays as it is in a pipe', () => assert.equal(wrapped('one two three', 2, 0), 'one two three'))
})
