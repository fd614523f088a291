import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type EvaluateOptions, evaluate, type Source } from '../../src/document/effective.ts'
import { parse } from '../../src/document/lxc-config.ts'
import { problemCodes } from '../../src/document/problem.ts'
import { almostConfig, anyText, legacyConfig, modernConfig } from './samples.ts'

type Files = Record<string, string | string[]>

/** `files`: path → text of a file, or the paths a directory include gives. */
function see(text: string, options: Partial<EvaluateOptions> = {}, files: Files = {}) {
  const source = (file: string): Source[] => {
    const content = files[file]
    return typeof content === 'string' ? [{ file, lines: parse(content) }] : (content ?? []).flatMap(source)
  }
  return evaluate(
    { file: 'config', lines: parse(text) },
    { include: (path) => (path in files ? source(path) : undefined), ...options },
  )
}

/** `0.link=br0 1.ipv4.address=a,b`, or `L0.…` for legacy NICs. */
const summary = ({ nics }: ReturnType<typeof see>): string =>
  nics
    .map(({ index, style, keys }) =>
      [...keys]
        .map(
          ([sub, values]) =>
            `${style === 'legacy' ? 'L' : ''}${index}.${sub}=${values.map(({ value }) => value).join(',')}`,
        )
        .join(' '),
    )
    .join(' ')

const codes = ({ problems }: ReturnType<typeof see>): string[] => problems.map(({ code }) => code)

const net = (...lines: string[]): string => lines.map((line) => `lxc.net.${line}\n`).join('')
const network = (...lines: string[]): string => lines.map((line) => `lxc.network.${line}\n`).join('')

describe('effective: what LXC sees', () => {
  for (const { name, text, sees } of [
    { name: 'the last scalar', text: net('0.type = veth', '0.link = a', '0.link = b'), sees: '0.type=veth 0.link=b' },
    {
      name: 'the sum of lists',
      text: net(
        '0.type = veth',
        '0.ipv4.address = a',
        '0.ipv4.address = b',
        '0.veth.ipv4.route = c',
        '0.veth.ipv4.route = d',
      ),
      sees: '0.type=veth 0.ipv4.address=a,b 0.veth.ipv4.route=c,d',
    },
    {
      name: 'NICs by index, not by place',
      text: net('10.type = veth', '2.type = veth', '0.type = veth'),
      sees: '0.type=veth 2.type=veth 10.type=veth',
    },
    {
      name: 'leading zeros of an index as decimal',
      text: net('010.type = veth', '10.link = a'),
      sees: '10.type=veth 10.link=a',
    },
    {
      name: 'the index of a whole clear as octal',
      text: `${net('8.type = veth', '10.type = veth')}lxc.net.010 =\n`,
      sees: '10.type=veth',
    },
    {
      name: 'nothing above lxc.net =',
      text: `${net('0.type = veth')}lxc.net =\n${net('1.type = veth')}`,
      sees: '1.type=veth',
    },
    {
      name: 'an emptied list',
      text: net('0.type = veth', '0.ipv4.address = a', '0.ipv4.address =', '0.ipv4.address = b'),
      sees: '0.type=veth 0.ipv4.address=b',
    },
    {
      name: 'nothing above a second type',
      text: net('0.type = veth', '0.link = a', '0.type = macvlan'),
      sees: '0.type=macvlan',
    },
    { name: 'no type after an empty one', text: net('0.type = veth', '0.link = a', '0.type ='), sees: '' },
    {
      name: 'gateway dev, whatever follows',
      text: net('0.type = veth', '0.ipv4.gateway = dev', '0.ipv4.gateway = 192.0.2.1'),
      sees: '0.type=veth 0.ipv4.gateway=dev',
    },
    {
      name: 'gateway auto, though cleared',
      text: net('0.type = veth', '0.ipv4.gateway = auto', '0.ipv4.gateway ='),
      sees: '0.type=veth 0.ipv4.gateway=auto',
    },
    {
      name: 'a gateway address after auto',
      text: net('0.type = veth', '0.ipv4.gateway = auto', '0.ipv4.gateway = 192.0.2.1'),
      sees: '0.type=veth 0.ipv4.gateway=192.0.2.1',
    },
    {
      name: 'no gateway after an address is cleared',
      text: net('0.type = veth', '0.ipv6.gateway = 2001:db8::1', '0.ipv6.gateway ='),
      sees: '0.type=veth',
    },
    { name: 'nothing after a NUL', text: `${net('0.type = veth')}\0${net('0.link = a')}`, sees: '0.type=veth' },
    {
      name: 'legacy sections',
      text: network('type = veth', 'ipv4 = a', 'ipv4 = b', 'type = macvlan', 'link = c', '0.ipv6 = d'),
      sees: 'L0.type=veth L0.ipv4.address=a,b L0.ipv6.address=d L1.type=macvlan L1.link=c',
    },
    {
      name: 'no legacy NIC above an empty type',
      text: network('type = veth', 'type =', 'type = macvlan'),
      sees: 'L0.type=macvlan',
    },
    { name: 'no legacy NIC above lxc.network =', text: `${network('type = veth')}lxc.network =\n`, sees: '' },
  ]) {
    it(`sees ${name}`, () => assert.equal(summary(see(text)).trim(), sees))
  }

  it('keeps keys above a type before 4.0.7', () => {
    const text = net('0.link = a', '0.type = veth', '0.type = macvlan')
    assert.equal(summary(see(text, { lxcVersion: '4.0.6' })), '0.link=a 0.type=macvlan')
    assert.equal(summary(see(text, { lxcVersion: '4.0.7' })), '0.type=macvlan')
    assert.deepEqual(codes(see(text, { lxcVersion: '4.0.6' })), [])
  })

  it('reads includes in place, and says where each value stands', () => {
    const files = { '/a.conf': 'lxc.net.0.link = a\nlxc.include = /b.conf\n', '/b.conf': '# b\nlxc.net.0.mtu = 9000\n' }
    const effective = see(
      'lxc.net.0.type = veth\nlxc.net.0.link = own\nlxc.include = /a.conf\nlxc.net.0.mtu = 1400\n',
      {},
      files,
    )
    assert.equal(summary(effective), '0.type=veth 0.link=a 0.mtu=1400')
    assert.deepEqual(effective.nics[0]?.keys.get('link'), [{ value: 'a', file: '/a.conf', line: 1, inside: 'include' }])
    assert.deepEqual(effective.nics[0]?.keys.get('mtu'), [{ value: '1400', file: 'config', line: 4, inside: 'own' }])
    assert.deepEqual(effective.includes, ['/a.conf', '/b.conf'])
    assert.deepEqual(effective.overridden, [
      {
        nic: { style: 'modern', index: 0 },
        sub: 'link',
        lost: { value: 'own', file: 'config', line: 2, inside: 'own' },
        by: { file: '/a.conf', line: 1, inside: 'include' },
        how: 'value',
      },
    ])
  })

  it('tells which own values an included type and a clear defeat', () => {
    const files = { '/a.conf': net('0.type = macvlan'), '/b.conf': 'lxc.net =\n' }
    const how = (path: string) =>
      see(`${net('0.type = veth', '0.link = own')}lxc.include = ${path}\n`, {}, files).overridden.map(
        (one) => `${one.sub} ${one.how} ${one.by.file}:${one.by.line}`,
      )
    assert.deepEqual(how('/a.conf'), ['link type /a.conf:1', 'type value /a.conf:1'])
    assert.deepEqual(how('/b.conf'), ['type clear /b.conf:1', 'link clear /b.conf:1'])
  })
})

describe('effective: problems', () => {
  const table: {
    text: string
    code: string
    options?: Partial<EvaluateOptions>
    files?: Files
    severity?: 'warning'
  }[] = [
    { text: 'lxc.net.0.link\n', code: 'malformed-line' },
    { text: 'lxc.net.x.link = a', code: 'bad-index' },
    { text: 'lxc.net.-1.link = a', code: 'bad-index' },
    { text: 'lxc.net.0x1.link = a', code: 'bad-index' },
    { text: 'lxc.net.2147483647.link = a', code: 'bad-index' },
    { text: 'lxc.net.type = veth', code: 'bad-index' },
    { text: 'lxc.net.08 =', code: 'bad-index' },
    { text: 'lxc.net.0. = a', code: 'bad-index' },
    { text: 'lxc.net.0.ipv4.address =', code: 'clear-before-define' },
    { text: 'lxc.net = x', code: 'net-with-value' },
    { text: 'lxc.net.0 = x', code: 'net-with-value' },
    { text: net('0.link = a', '0.type = veth'), code: 'type-after-keys', severity: 'warning' },
    { text: net('0.type = veth', '0.link = a', '0.type = veth'), code: 'type-wipes', severity: 'warning' },
    {
      text: net('0.type = veth', '0.ipv4.gateway = dev', '0.ipv4.gateway = 192.0.2.1'),
      code: 'gateway-sticks',
      severity: 'warning',
    },
    { text: net('1.type = veth'), code: 'index-gap', severity: 'warning' },
    { text: 'lxc.include = /no', code: 'include-missing' },
    { text: 'lxc.include = /no/', code: 'include-missing', severity: 'warning' },
    { text: 'lxc.include = /a', code: 'include-cycle', files: { '/a': 'lxc.include = /a' } },
    {
      text: 'lxc.include = /a',
      code: 'include-cycle',
      files: { '/a': 'lxc.include = /b\n', '/b': 'lxc.include = /a\n' },
    },
    { text: 'lxc.include = a', code: 'include-relative', files: { a: '' }, severity: 'warning' },
    {
      text: 'lxc.include = /d',
      code: 'include-unsorted',
      files: { '/d': ['/d/a', '/d/b', '/d/c'], '/d/a': net('0.type = veth'), '/d/b': '', '/d/c': net('1.type = veth') },
      severity: 'warning',
    },
    { text: network('type = veth'), code: 'legacy-refused' },
    { text: network('type = veth'), code: 'legacy-refused', options: { lxcVersion: '3.0.0' } },
    { text: net('0.type = veth'), code: 'modern-refused', options: { lxcVersion: '2.0.9' } },
    {
      text: `${net('0.type = veth')}${network('type = veth')}`,
      code: 'mixed-styles',
      options: { lxcVersion: '2.1.1' },
    },
    { text: network('link = a'), code: 'legacy-key-before-type', options: { lxcVersion: '2.0.9' } },
    { text: network('type = veth', '1.link = a'), code: 'legacy-no-such-nic', options: { lxcVersion: '2.0.9' } },
    { text: network('type = veth', 'ipv4 ='), code: 'legacy-clear', options: { lxcVersion: '2.0.9' } },
    { text: network('type = veth', 'veth.mode = router'), code: 'key-refused', options: { lxcVersion: '2.1.1' } },
    { text: 'lxc.utsname = a', code: 'legacy-key' },
    { text: 'lxc.limit.nofile = 1', code: 'legacy-key', options: { lxcVersion: '5.0.2' } },
    { text: 'lxc.a = b\0lxc.b = c', code: 'nul-byte' },
    { text: 'lxc.a = b\n\0\0', code: 'nul-byte', severity: 'warning' },
    { text: '\xef\xbb\xbflxc.net.0.type = veth', code: 'byte-order-mark' },
    { text: '\xef\xbb\xbf# a', code: 'byte-order-mark', severity: 'warning' },
    { text: '\xff\xfel\0x\0c\0.\0', code: 'utf-16' },
    { text: 'l\0x\0c\0.\0', code: 'utf-16' },
    { text: 'LXC.net.0.link = a', code: 'looks-like-setting', severity: 'warning' },
    { text: 'lcx.net.0.link = a', code: 'looks-like-setting', severity: 'warning' },
    { text: ' .lxc.net.0.link = a', code: 'looks-like-setting', severity: 'warning' },
    { text: '\flxc.net.0.link = a', code: 'looks-like-setting', severity: 'warning' },
    { text: '\xa0lxc.net.0.link = a', code: 'looks-like-setting', severity: 'warning' },
    { text: 'net.0.link = a', code: 'looks-like-setting', severity: 'warning' },
    { text: 'LXC_DHCP_CONFILE=/etc/lxc/dnsmasq.conf', code: 'looks-like-setting', severity: 'warning' },
    { text: net('0.type = veth', '0.link = br0 # lan'), code: 'trailing-comment' },
    { text: net('0.type = veth', '0.flags = up\t# lan'), code: 'trailing-comment', severity: 'warning' },
    { text: net('0.type = veth', '0.veth.pair = sixteen-bytes-ab'), code: 'value-truncated', severity: 'warning' },
    { text: net('0.type = macvlan', '0.veth.pair = a'), code: 'wrong-type-key' },
    { text: net('0.veth.pair = a'), code: 'wrong-type-key' },
    {
      text: net('0.type = macvlan', '0.veth.pair = a'),
      code: 'wrong-type-key',
      options: { lxcVersion: '4.0.6' },
      severity: 'warning',
    },
    {
      text: net('0.type = empty', '0.link = a'),
      code: 'wrong-type-key',
      options: { types: (sub) => (sub === 'link' ? ['veth'] : undefined) },
      severity: 'warning',
    },
    {
      text: net('0.type = veth', '0.veth.vlan.id = 5'),
      code: 'key-refused',
      options: {
        lxcVersion: '4.0.6',
        known: (sub, version) => (sub === 'veth.vlan.id' ? `not in ${version}` : undefined),
      },
    },
    { text: net('0.type = veth').replaceAll('\n', '\r\n'), code: 'carriage-return', options: { lxcVersion: '3.1.0' } },
    { text: 'arch: amd64\nmemory: 512\n', code: 'proxmox-file', severity: 'warning' },
  ]
  for (const { text, code, options, files, severity } of table) {
    it(`reports ${code} for ${JSON.stringify(text.slice(0, 60))}`, () => {
      const { problems } = see(text, options, files)
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.severity]),
        [[code, severity ?? 'error']],
      )
    })
  }

  for (const { name, text, options } of [
    {
      name: 'a plain config',
      text: net(
        '0.type = veth',
        '0.link = lxcbr0',
        '0.flags = up',
        '0.hwaddr = 00:16:3e:00:53:01',
        '1.type = macvlan',
        '1.macvlan.mode = bridge',
      ),
    },
    { name: 'CRLF', text: net('0.type = veth').replaceAll('\n', '\r\n'), options: { lxcVersion: '5.0.2' } },
    {
      name: 'a legacy config where it is read',
      text: `${network('type = veth', 'link = br0')}lxc.utsname = a\n`,
      options: { lxcVersion: '2.0.9' },
    },
    { name: 'a comment that looks like a setting', text: '# LXC.net.0.link = a\n; lxc.net.0.link = a\n[lxc]\n' },
    { name: 'a clear of what is not there', text: 'lxc.net =\nlxc.net.3 =\n' },
    { name: 'a cleared key on another type', text: net('0.type = macvlan', '0.veth.pair =') },
    {
      name: 'a # in quotes, and one without blank',
      text: `${net('0.type = veth', '0.script.up = "a # b"', '0.script.down = a#b')}`,
    },
    { name: 'the same type twice with nothing between', text: net('0.type = veth', '0.type = veth') },
  ]) {
    it(`has nothing against ${name}`, () => assert.deepEqual(codes(see(text, options)), []))
  }

  it('points at the line, the column and the text', () => {
    const [problem] = see('# a\r\n  lxc.net.0.type = veth\r\n lxc.net.0.link = br0 # lan \r\n').problems
    assert.deepEqual(problem?.place, {
      file: 'config',
      line: 3,
      column: 23,
      length: 5,
      text: ' lxc.net.0.link = br0 # lan ',
    })
  })

  it('documents every code it gives, on any text', () => {
    const texts = fc.oneof(almostConfig, anyText, modernConfig, legacyConfig)
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom(undefined, '1.0.11', '2.1.1', '3.1.0', '4.0.6', '5.0.2', '7.0.0'),
        (text, version) => {
          const { problems } = see(text, version === undefined ? {} : { lxcVersion: version })
          for (const { code, place } of problems) {
            assert.ok(code in problemCodes, code)
            assert.ok(place.line >= 1 && (place.text === undefined || text.includes(place.text)))
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('stops at includes that never end', () => {
    const { problems } = evaluate(
      { file: '0', lines: parse('lxc.include = /x') },
      { include: () => [{ file: String(Math.random()), lines: parse('lxc.include = /x') }] },
    )
    assert.ok(problems.some(({ code }) => code === 'include-cycle'))
  })
})
