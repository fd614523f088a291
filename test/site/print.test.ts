/** What is printed is read back, whatever stands in it. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parse } from 'yaml'
import { LxcnetError } from '../../src/core/error.ts'
import { containersOf, type Draft, type DraftEntries, parseSite, printSite } from '../../src/site/index.ts'
import { decode } from '../../src/site/source.ts'
import { parseTree, plain } from '../../src/site/tree.ts'
import { table } from './table.ts'

const said = (entries: Record<string, string | string[]>, from?: string): DraftEntries =>
  new Map(Object.entries(entries).map(([key, value]) => [key, from === undefined ? { value } : { value, from }]))

function back(text: string): unknown {
  const source = decode(text, 'lxcnet.yaml')
  assert.ok('text' in source)
  const refuse = (_: object, code: string, message: string): never => assert.fail(`${code}: ${message}\n${text}`)
  const tree = parseTree(source, { error: refuse, warning: refuse })
  return tree === undefined ? undefined : plain(tree)
}

const draft: Draft = {
  head: ['Written by lxcnet import.', 'second line\nsite: evil'],
  name: 'lab',
  hosts: new Map([
    ['lxc2', said({ address: 'root@203.0.113.5:2222', port: '2222' })],
    ['lxc1', new Map()],
  ]),
  networks: new Map([
    [
      'dmz',
      new Map<string, { value: string | Map<string, string> }>([
        [
          'links',
          {
            value: new Map([
              ['lxc2', 'ens33'],
              ['lxc1', 'ens35'],
            ]),
          },
        ],
        ['subnet', { value: '10.0.5.0/24' }],
        ['link', { value: 'ens35' }],
        ['type', { value: 'macvlan' }],
      ]),
    ],
  ]),
  containers: [
    { name: 'web02', host: 'lxc1', nics: new Map() },
    {
      name: 'web01',
      host: 'lxc2',
      from: '/var/lib/lxc/web01/config',
      nics: new Map([
        [10, said({ type: 'empty' })],
        [
          2,
          said({ ipv4: ['10.0.5.3/24', '10.0.5.4/24'], network: 'dmz', mtu: '1450' }, '/var/lib/lxc/web01/config:12'),
        ],
      ]),
    },
    { name: 'web02', host: 'lxc2', nics: new Map() },
  ],
}

describe('printSite', () => {
  it('sorts, comments and quotes where YAML needs it', () =>
    assert.equal(
      printSite(draft, table),
      `# Written by lxcnet import.
# second line?site: evil

site: lab

hosts:
  lxc1: {}
  lxc2:
    address: root@203.0.113.5:2222
    port: 2222

networks:
  dmz:
    type: macvlan
    link: ens35
    links:
      lxc1: ens35
      lxc2: ens33
    subnet: 10.0.5.0/24

containers:
  web01:  # /var/lib/lxc/web01/config
    host: lxc2
    nics:
      2:
        network: dmz  # /var/lib/lxc/web01/config:12
        mtu: 1450  # /var/lib/lxc/web01/config:12
        ipv4:  # /var/lib/lxc/web01/config:12
          - 10.0.5.3/24
          - 10.0.5.4/24
      10:
        type: empty
  web02@lxc1:
    nics: {}
  web02@lxc2:
    nics: {}
`,
    ))

  it('is a site file that has nothing wrong with it but what it tells', () => {
    const { site, problems } = parseSite(printSite(draft, table), 'lxcnet.yaml', table)
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['container-twice'],
    )
    assert.ok(site)
    assert.deepEqual(
      containersOf(site, 'lxc2').map(({ name }) => name),
      ['web01', 'web02'],
    )
  })

  it('does not depend on the order in which things were found', () => {
    const turned = {
      ...draft,
      hosts: new Map([...draft.hosts].reverse()),
      networks: new Map([...draft.networks].map(([name, entries]) => [name, new Map([...entries].reverse())])),
      containers: draft.containers.toReversed(),
    }
    assert.equal(printSite(turned, table), printSite(draft, table))
  })

  it('gives every text back, to lxcnet and to any reader of YAML 1.2', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }).map((one) => one.toWellFormed()),
      fc.constantFrom(
        'yes',
        'no',
        'on',
        '~',
        'null',
        'Null',
        '',
        ' ',
        '010',
        '0x1f',
        '1:30',
        '1e3',
        '.inf',
        '<<',
        '=',
        '---',
        '...',
      ),
      fc.constantFrom(
        '10:20:30:40:50:58',
        '2026-11-21',
        '- a',
        'a: b',
        'a #b',
        '#',
        '&a',
        '*a',
        '!a',
        '%a',
        '@a',
        '`a',
        '{',
        '[',
        ',',
        '?',
      ),
      fc.constantFrom(
        'a\n',
        '\na',
        'a\n\n b',
        'a\r\nb',
        '\u0085',
        '\u2028',
        '\ufeff',
        '\u0007',
        '\t',
        'a\\',
        '"',
        "'",
        'x'.repeat(200),
      ),
    )
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), text, text, (list, one, from) => {
        const bytes = (word: string): string => Buffer.from(word).toString('latin1')
        const entries: DraftEntries = new Map([
          ['script-up', { value: bytes(one), from: bytes(from) }],
          ['ipv4', { value: list.map(bytes), from: bytes(from) }],
        ])
        const hosts = new Map([['lxc1', new Map()]])
        const containers = [{ name: 'web01', host: 'lxc1', from: bytes(from), nics: new Map([[0, entries]]) }]
        const printed = printSite({ head: [bytes(from)], hosts, networks: new Map(), containers }, table)
        const nic = { 'script-up': bytes(one), ipv4: list.map(bytes) }
        const whole = (nic: object) => ({
          hosts: { lxc1: {} },
          containers: { web01: { host: 'lxc1', nics: { 0: nic } } },
        })
        assert.deepEqual(back(printed), whole(nic))
        const other = parse(Buffer.from(printed, 'latin1').toString(), { intAsBigInt: true }) as ReturnType<
          typeof whole
        >
        const asText = JSON.parse(
          JSON.stringify(other, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        )
        assert.deepEqual(asText, whole({ 'script-up': one, ipv4: list }))
      }),
      { numRuns: 1500 },
    )
  })

  it('refuses bytes that YAML cannot hold', () =>
    assert.throws(
      () => printSite({ ...draft, containers: [{ name: 'a\xff', host: 'lxc1', nics: new Map() }] }, table),
      (error) => error instanceof LxcnetError && error.code === 'not-utf-8',
    ))
})
