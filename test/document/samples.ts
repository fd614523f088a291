/** Random texts and configs for the tests of documents. */
import fc from 'fast-check'

const scraps = [
  'lxc.net.0.link',
  'lxc.net.1.type',
  'lxc.',
  'lxc',
  '=',
  '#',
  ' ',
  '\t',
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\f',
  '"',
  "'",
  'br0',
  '\xe9',
  '\xef\xbb\xbf',
  ' = ',
  '\n\n',
]

/** Latin1 texts made of what the grammar is made of. */
export const almostConfig = fc.array(fc.constantFrom(...scraps), { maxLength: 40 }).map((parts) => parts.join(''))

export const anyText = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })
  .map((bytes) => String.fromCharCode(...bytes))

export const scalars = ['link', 'name', 'flags', 'mtu', 'hwaddr', 'script.up', 'ipv4.gateway', 'ipv6.gateway']
export const lists = ['ipv4.address', 'ipv6.address']

const valueFor = (sub: string): fc.Arbitrary<string> => {
  if (sub === 'type') return fc.constantFrom('veth', 'macvlan', 'vlan', 'phys', 'empty')
  if (sub.endsWith('.gateway')) return fc.constantFrom('192.0.2.1', '192.0.2.2', 'auto', 'dev')
  if (sub === 'ipv4.address') return fc.constantFrom('192.0.2.5/24', '192.0.2.6/24', '192.0.2.7/24 192.0.2.255')
  return fc.constantFrom('br0', 'br1', 'a b', 'x=y', '"q" # c', 'up')
}

/** A value and its key. */
export const entry = fc
  .constantFrom('type', ...scalars, ...lists)
  .chain((sub) => valueFor(sub).map((value) => [sub, value] as const))

const indent = fc.constantFrom('', '', '', '  ', '\t')
const sign = fc.constantFrom(' = ', ' = ', '=', '  =\t', ' =')
const quoted = (value: string): fc.Arbitrary<string> => fc.constantFrom(value, value, value, `"${value}"`, `'${value}'`)

const other = fc.constantFrom(
  '',
  '',
  '# a comment',
  '#lxc.net.0.link = off',
  'prose',
  'lxc.uts.name = c1',
  '  ',
  'lxc.mount.entry = a b',
  'lxc.network-like = x',
  'LXC.net.0.link = br9',
)

const index = fc.constantFrom('0', '1', '1', '10', '2')

const modernLine = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(indent, index, entry, sign)
      .chain(([blank, n, [sub, value], eq]) => quoted(value).map((text) => `${blank}lxc.net.${n}.${sub}${eq}${text}`)),
  },
  { weight: 2, arbitrary: fc.tuple(index, entry).map(([n, [sub]]) => `lxc.net.${n}.${sub} =`) },
  { weight: 1, arbitrary: fc.constantFrom('lxc.net =', 'lxc.net.1 =', 'lxc.net.012 =', 'lxc.net.0 =') },
  { weight: 5, arbitrary: other },
)

const legacyLeaf = (sub: string): string => (lists.includes(sub) ? sub.slice(0, 4) : sub)

const legacyLine = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(indent, fc.constantFrom('veth', 'macvlan'), sign)
      .map(([blank, type, eq]) => `${blank}lxc.network.type${eq}${type}`),
  },
  {
    weight: 9,
    arbitrary: fc
      .tuple(indent, entry, sign)
      .filter(([, [sub]]) => sub !== 'type')
      .chain(([blank, [sub, value], eq]) =>
        quoted(value).map((text) => `${blank}lxc.network.${legacyLeaf(sub)}${eq}${text}`),
      ),
  },
  {
    weight: 1,
    arbitrary: entry
      .filter(([sub]) => sub !== 'type')
      .map(([sub, value]) => `lxc.network.0.${legacyLeaf(sub)} = ${value}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('lxc.network =', 'lxc.network.type =', 'lxc.network.link =') },
  { weight: 5, arbitrary: other },
)

const joined = (line: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(line, { maxLength: 16 }),
      fc.constantFrom('\n', '\n', '\r\n', '\r'),
      fc.boolean(),
      fc.constantFrom('', '', '', '\0junk\nlxc.net.0.link = x\n'),
    )
    .map(([lines, end, closed, tail]) => lines.join(end) + (closed ? end : '') + tail)

export const modernConfig = joined(modernLine)
export const legacyConfig = joined(legacyLine).map((text) =>
  text.replace(/^((?!lxc\.network)[^\r\n]*)/, 'lxc.network.type = veth\n$1'),
)
