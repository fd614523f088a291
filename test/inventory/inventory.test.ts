/** What an inventory means: Ansible is asked the same. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { LxcnetError } from '../../src/core/error.ts'
import { inventoryOf } from '../../src/inventory/index.ts'
import { differences } from './differences.ts'
import { ansible, assertSame, lxcnet, type Reading, runAnsible } from './oracle.ts'

const bytes = (text: string): string => Buffer.from(text).toString('latin1')

/** Texts with something to get wrong in each. */
const corpus: Record<string, string> = {
  'hosts before all sections': 'h1\nh2 a=1\n\n[web]\nh3\nh1\n',
  'variables in quotes': `h1 a="x y" b='x y' c=x\\ y d="a\\"b" e='a"b' f="" g=x"y z"w h="it's"\n`,
  'Python literals': `[w]\nh1 a=1 b=-2 c=1.5 d=True e=None f=0x10 g=010 h="'q q'" i=1e3 j=yes k=10.0.0.1 l="[1, 2]"\n`,
  'literals of a group': `[w]\nh1\n[w:vars]\na="x y"\nb='x' # c\nc=3 # c\nd=x # c\ne="x" y\nf='it\\'s'\ng="a\\\\b"\nh=;x\ni=a\\b\nj =  "  x "\n`,
  comments: '# one\n; two\n  # three\nh1 # four\nh2#five\n[w] # six\nh3 a=1#seven\nh4 a="#" b=\\#\n',
  ports:
    'h1:22\n10.0.0.1:2222\n[2001:db8::1]:22\n[h2.example.org]:23\n[fe80::1%eth0]:22\n2001:db8::2\nh_:22\nroot@h3:22\n',
  'a port that comes later': 'h1\nh1:22\nh2:22\nh2:23 ansible_port=24\n',
  ranges:
    'a[1:3]\nb[01:10:3]\nc[a:c]\nd[:2]\ne[x:C]\nf[1:2]-[a:b].example.org:2222\n10.0.0.[1:3]\n2001:db8::[1:3]\ng[08:11]\n',
  'hosts again': '[w]\nh1 a=1 b=1\n[d]\nh1 b=2 c=2\n[w]\nh2\n',
  'children before and after':
    '[p:children]\nc\n[c]\nh1\n[q:children]\np\n[q:vars]\na=q\nb=q\n[p:vars]\nb=p\n[c:vars]\nc=c\n',
  'deeper wins': '[z]\nh1\n[y:children]\nx\n[x:children]\nz\n[a]\nh1\n[a:vars]\nv=a\n[y:vars]\nv=y\n[x:vars]\nv=x\n',
  'the later letter wins': '[b]\nh1\n[a]\nh1\n[c]\nh1\n[c:vars]\nv=c\n[a:vars]\nv=a\n[b:vars]\nv=b\n',
  'priority wins': '[b]\nh1\n[a]\nh1\n[a:vars]\nv=a\nansible_group_priority=10\n[b:vars]\nv=b\n',
  'all and ungrouped':
    'h1\n[all]\nh2\n[w]\nh3\n[all:vars]\nv=all\nw=all\n[ungrouped:vars]\nw=un\n[ungrouped]\nh4\nh3\n',
  'a group of all': '[all:children]\nw\n[w:children]\nx\n[x]\nh1\n[w:vars]\na=w\n[all:vars]\na=all\n',
  'two ways up':
    '[d]\nh1\n[b:children]\nd\n[c:children]\nd\n[a:children]\nb\nc\n[c:vars]\nv=c\n[b:vars]\nv=b\n[a:vars]\nv=a\n',
  'odd names of groups': '[web-1]\nh1\n[1]\nh2\n[a.b]\nh3\n',
  'line ends of Windows': '[w]\r\nh1 a=1\r\n\r\n[w:vars]\r\nb=2\r\n',
  'line ends of long ago': '[w]\rh1 a=1\r[w:vars]\rb=2\r',
  'no line end at the end': '[w]\nh1\n[w:vars]\na=1',
  'letters beyond ASCII': bytes('[à]\nhost-é ä=ö\n[à:vars]\nß = "Ä Ö"\n'),
  'blanks everywhere': '  [w]  \n\t h1 \t a=1  \n[w:vars]\n  b  =  2  \n[p:children]\n  w  # c\n',
  empty: '',
  'a section and nothing else': '[w]\n',
  'an open quote': 'h1 a="x\n',
  'a backslash at the end': 'h1 a=\\\n',
  'a word behind the host': 'h1 a\n',
  'blanks in a header': '[ web ]\n',
  'an unknown kind of section': '[web:host]\n',
  'variables of no group': '[web:vars]\na=1\n',
  'children that are no group': '[web:children]\ndb\n',
  'two children in a line': '[web:children]\nx y\n[x]\n[y]\n',
  'no variable': '[web]\n[web:vars]\na\n',
  'a circle': '[a:children]\nb\n[b:children]\nc\n[c:children]\na\n',
  'a group in itself': '[a:children]\na\n',
  'all in a group': '[a:children]\nall\n',
  'no end of a range': 'h[1:]\n',
  'unlike zeros': 'h[01:100]\n',
  'half a range': 'h[1\n',
  'letters from behind': 'h[c:a]\n',
  'no host': '"" a=1\n',
  'a colon at the end': 'h1:\n',
}

const value = fc.constantFrom(
  ...['1', 'x', '"x y"', "'x y'", 'True', '010', 'a#b', '"a # b"', 'a\\ b', '1.5', '', 'é', '"\'q\'"', '\'"d"\'', '-3'],
  ...[
    '~/k',
    '10.0.0.1',
    '+5',
    '"[1,2]"',
    'a=b',
    'None',
    'yes',
    '"a\\"b"',
    '"#"',
    'a;b',

    '\\"x\\"',
  ],
)
const key = fc.constantFrom('ansible_host', 'ansible_port', 'a', 'b', 'c.d', 'é')
const host = fc.constantFrom(
  ...['h1', 'h2', 'h3', 'h[1:3]', 'h[01:03]', 'k[a:c]', 'h1:2222', '[2001:db8::1]:22', '2001:db8::2', 'w[1:9:4].ex'],
  ...['h[1:2]-[a:b]:7', '10.0.0.1:9', 'h_:22', 'h-1.e:22', 'h[:2]', '2001:db8::[1:3]', 'é1', 'h[x:C]', 'k[8:12]:1'],
)
const groups = ['a', 'b', 'c', 'd', 'web-1']
const group = fc.constantFrom(...groups)
const blanks = fc.constantFrom('', ' ', '\t', '  ')
const comment = fc.constantFrom('', '', '', ' # c', '# d')
const assignment = fc.tuple(key, value).map(([name, text]) => ` ${name}=${text}`)
const hostLine = fc
  .tuple(blanks, host, fc.array(assignment, { maxLength: 3 }), comment)
  .map(([before, name, vars, after]) => before + name + vars.join('') + after)
const setting = fc
  .tuple(
    key,
    blanks,
    blanks,
    fc.oneof({ weight: 9, arbitrary: value }, fc.constantFrom('"a" x "b"', "'it\\'s'")),
    fc.constantFrom('', '', ' # c', '# d', ' ; e'),
  )
  .map(([name, before, after, text, tail]) => `${name}${before}=${after}${text}${tail}`)
const priority = fc.integer({ min: 0, max: 3 }).map((number) => `ansible_group_priority=${number}`)
const section = (kind: string, line: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc
    .tuple(group, comment, fc.array(line, { maxLength: 4 }))
    .map(([name, tail, lines]) => [`[${name}${kind}]${tail}`, ...lines])
/** A group further on in the list, so that there are no circles. */
const children = fc
  .tuple(group, group)
  .map(([one, other]) => (one < other ? [`[${one}:children]`, other] : one > other ? [`[${other}:children]`, one] : []))
const block = fc.oneof(
  { weight: 3, arbitrary: section('', hostLine) },
  { weight: 3, arbitrary: section(':vars', fc.oneof({ weight: 6, arbitrary: setting }, priority)) },
  { weight: 2, arbitrary: children },
  { weight: 1, arbitrary: fc.array(hostLine, { maxLength: 2 }).map((lines) => ['[all]', ...lines]) },
  { weight: 1, arbitrary: fc.array(setting, { maxLength: 2 }).map((lines) => ['[all:vars]', ...lines]) },
)
const declarations = groups.map((name) => `[${name}]`)
const inventory = fc
  .tuple(fc.array(hostLine, { maxLength: 2 }), fc.array(block, { maxLength: 8 }), fc.boolean())
  .map(([lead, blocks, first]) => (first ? [lead, declarations, ...blocks] : [lead, ...blocks, declarations]).flat())
  .map((lines) => bytes(lines.map((line) => `${line}\n`).join('')))
const letters = ['a', 'h1', '=', "'", '"', '\\', '#', ' ', '\t', '[', ']', ':', '1', ';', ',']
const scraps = fc.array(fc.constantFrom(...letters), { maxLength: 14 }).map((parts) => `h1 ${parts.join('')}\n`)

describe('an inventory', function () {
  this.timeout(120_000)

  describe('means what Ansible makes of it:', () => {
    const names = Object.keys(corpus)
    let theirs: (Reading | null)[]
    before(() => {
      theirs = ansible(Object.values(corpus))
    })
    for (const [at, name] of names.entries())
      it(name, () => assertSame(lxcnet(corpus[name] ?? ''), theirs[at] ?? null, corpus[name] ?? ''))

    it('random inventories, each of which Ansible takes', () => {
      const texts = fc.sample(inventory, 600)
      for (const [at, reading] of ansible(texts).entries()) {
        assert.ok(reading, texts[at])
        assertSame(lxcnet(texts[at] ?? ''), reading, texts[at] ?? '')
      }
    })

    it('random host lines, most of which Ansible refuses', () => {
      // four quotes of a kind can be Python's concatenation, which differences.ts has
      const texts = fc.sample(scraps, 2000).filter((text) => !/('[^']*){4}|("[^"]*){4}/.test(text))
      for (const [at, reading] of ansible(texts).entries()) {
        const hasNameless = Object.values(reading?.hosts ?? {}).some((vars) => '' in vars)
        assertSame(lxcnet(texts[at] ?? ''), hasNameless ? null : reading, texts[at] ?? '')
      }
    })

    it('as the command ansible-inventory says too', () => {
      const folder = mkdtempSync(join(tmpdir(), 'lxcnet-inventory-'))
      try {
        for (const name of ['deeper wins', 'literals of a group', 'ports']) {
          const file = join(folder, 'hosts')
          writeFileSync(file, corpus[name] ?? '', 'latin1')
          const said = JSON.parse(runAnsible(['/usr/bin/ansible-inventory', '--list', '-i', file], '')) as {
            _meta: { hostvars: Reading['hosts'] }
          }
          const ours = Object.entries(theirs[names.indexOf(name)]?.hosts ?? {}).filter(
            ([, vars]) => Object.keys(vars).length > 0, // the command leaves out hosts without any
          )
          assert.deepEqual(said._meta.hostvars, Object.fromEntries(ours))
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })

  describe('is read differently from Ansible on purpose:', () => {
    let theirs: (Reading | null)[]
    before(() => {
      theirs = ansible(differences.map(({ text }) => text))
    })
    for (const [at, { text, ours, reason }] of differences.entries()) {
      it(reason, () => {
        const reading = lxcnet(text)
        assert.deepEqual(ours === null ? reading : reading?.hosts, ours)
        assert.throws(
          () => assertSame(reading, theirs[at] ?? null, text),
          'this is no difference any more: take it out',
        )
      })
    }
  })

  it('says all that is wrong with it at once, with line, column and caret', () => {
    const text = 'h1 a\n[web]\nh2 b="x\n[web:children]\nnosuch\n'
    assert.throws(
      () => inventoryOf(text, 'hosts'),
      (error) => {
        assert.ok(error instanceof LxcnetError)
        assert.equal(error.code, 'bad-inventory')
        assert.deepEqual(error.place, { file: 'hosts', line: 1, column: 4, length: 1, text: 'h1 a' })
        const [, ...others] = error.message.split('\n')
        assert.deepEqual(
          others.map((line) => line.split(': ')[0]),
          ['hosts:3:6', 'hosts:5:1'],
        )
        return true
      },
    )
  })

  it('refuses a variable in its own corner that it does not know', () => {
    assert.throws(() => inventoryOf('h1 lxcnet_lxcpaht=/x\n', 'hosts'), /lxcnet_lxcpaht: lxcnet knows lxcnet_transport/)
  })
})
