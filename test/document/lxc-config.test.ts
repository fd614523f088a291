import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isProxmox, parse, parseNumber, print, readsBack } from '../../src/document/lxc-config.ts'
import { almostConfig, anyText } from './samples.ts'

const only = (text: string) => {
  const [line, more] = parse(text)
  assert.ok(line?.kind === 'setting' && more === undefined, `${JSON.stringify(text)} is one setting`)
  return line
}

describe('lxc-config', () => {
  it('prints back exactly what it parsed', () => {
    fc.assert(
      fc.property(fc.oneof(almostConfig, anyText), (text) => assert.equal(print(parse(text)), text)),
      { numRuns: 2000 },
    )
  })

  it('reads the same lines again from what it printed, and ends each where LXC does', () => {
    fc.assert(
      fc.property(almostConfig, (text) => {
        const lines = parse(text)
        assert.deepEqual(parse(print(lines)), lines)
        const read = text.split('\0', 1)[0] ?? ''
        const asLxc = read.split(/[\r\n]+/).filter((part) => part !== '')
        const ours = lines
          .filter(({ kind }) => kind !== 'unread')
          .map(({ raw }) => raw.replace(/[\r\n]+$/, ''))
          .filter((part) => part !== '')
        assert.deepEqual(ours, asLxc)
      }),
      { numRuns: 2000 },
    )
  })

  it('finds the written value at its offset, with nothing but blanks around it', () => {
    fc.assert(
      fc.property(almostConfig, (text) => {
        for (const line of parse(text)) {
          if (line.kind !== 'setting') continue
          assert.equal(line.raw.slice(line.at, line.at + line.written.length), line.written)
          assert.match(line.raw.slice(line.at + line.written.length), /^[ \t]*(\r\n|\n|\r|)$/)
          assert.match(line.raw.slice(0, line.at), /^[ \t]*lxc\.[^=]*=[ \t]*$/)
        }
      }),
    )
  })

  for (const { name, text, kinds } of [
    { name: 'nothing', text: '', kinds: [] },
    {
      name: 'LF, CRLF and lone CR as line ends',
      text: '#\n#\r\n#\r#',
      kinds: ['comment', 'comment', 'comment', 'comment'],
    },
    { name: 'CR before LF only as one end', text: '\n\r\n\r\r\n', kinds: ['blank', 'blank', 'blank', 'blank'] },
    { name: 'a form feed as text', text: '\f\n \t\n\xa0\n', kinds: ['foreign', 'blank', 'foreign'] },
    {
      name: 'a semicolon, a section and prose as foreign',
      text: ';x\n[a]\nLXC.net = 1\nlxc',
      kinds: ['foreign', 'foreign', 'foreign', 'foreign'],
    },
    {
      name: 'a byte order mark as the start of a foreign line',
      text: '\xef\xbb\xbflxc.a = b\nlxc.a = b',
      kinds: ['foreign', 'setting'],
    },
    { name: 'lxc. without = as malformed', text: 'lxc.net.0.link\n lxc.\n', kinds: ['malformed', 'malformed'] },
    { name: 'everything from a NUL on as unread', text: 'lxc.a = b\0c\nlxc.a = d\n', kinds: ['setting', 'unread'] },
    { name: 'a NUL as the first byte', text: '\0', kinds: ['unread'] },
    { name: 'a CR directly before a NUL', text: 'lxc.a = b\r\0', kinds: ['setting', 'unread'] },
    { name: '# only as the first non-blank', text: '\t # a\nlxc.a = # b\n', kinds: ['comment', 'setting'] },
  ]) {
    it(`takes ${name}`, () =>
      assert.deepEqual(
        parse(text).map(({ kind }) => kind),
        kinds,
      ))
  }

  for (const { text, key, value } of [
    { text: '\tlxc.net.0.link  =lxcbr0 \n', key: 'lxc.net.0.link', value: 'lxcbr0' },
    { text: 'lxc.a = b = c', key: 'lxc.a', value: 'b = c' },
    { text: 'lxc.a=', key: 'lxc.a', value: '' },
    { text: 'lxc.a = "b c"', key: 'lxc.a', value: 'b c' },
    { text: 'lxc.a = " b "', key: 'lxc.a', value: ' b ' },
    { text: 'lxc.a = \'b"', key: 'lxc.a', value: '\'b"' },
    { text: 'lxc.a = "b" # c', key: 'lxc.a', value: '"b" # c' },
    { text: 'lxc.a = "', key: 'lxc.a', value: '"' },
    { text: 'lxc.a = ""b""', key: 'lxc.a', value: '"b"' },
    { text: 'lxc.a = b\\\n', key: 'lxc.a', value: 'b\\' },
    { text: 'lxc.a = b\f\r\n', key: 'lxc.a', value: 'b\f' },
    { text: 'lxc. = x', key: 'lxc.', value: 'x' },
  ]) {
    it(`reads ${JSON.stringify(text)} as LXC does`, () => {
      const line = only(text)
      assert.deepEqual({ key: line.key, value: line.value }, { key, value })
    })
  }

  it('knows which values read back', () => {
    fc.assert(
      fc.property(fc.oneof(almostConfig, anyText), (value) => {
        const [line, more] = parse(`lxc.a = ${value}\n`)
        const same = line?.kind === 'setting' && more === undefined && line.value === value
        assert.equal(readsBack(value), same)
      }),
      { numRuns: 1000 },
    )
  })

  for (const [text, number] of [
    ['24', 24],
    ['0x18', 24],
    ['0X18', 24],
    ['030', 24],
    ['+24', 24],
    [' \t24', 24],
    ['0', 0],
    ['00', 0],
    ['4294967295', 4294967295],
    ['08', undefined],
    ['-1', undefined],
    ['4294967296', undefined],
    ['0x', undefined],
    ['24 ', undefined],
    ['', undefined],
    ['1e3', undefined],
    ['+ 1', undefined],
  ] as const) {
    it(`reads the number ${JSON.stringify(text)}`, () => assert.equal(parseNumber(text), number))
  }

  it('knows a Proxmox file from an LXC one', () => {
    assert.equal(isProxmox(parse('arch: amd64\nhostname: a\nnet0: name=eth0,bridge=vmbr0\n')), true)
    assert.equal(isProxmox(parse('#note\nnet0: name=eth0,bridge=vmbr0\nlxc.idmap: u 0 100000 65536\n')), true)
    assert.equal(isProxmox(parse('lxc.arch = amd64\nmemory: this is prose\nlxc.net.0.type = veth\n')), false)
    assert.equal(isProxmox(parse('')), false)
  })

  it('parses 10,000 files in well under a second, and long lines in linear time', function () {
    this.timeout(20_000)
    const text = Array.from({ length: 60 }, (_, n) =>
      n % 6 === 0 ? '# a comment\n' : `lxc.net.${n % 4}.ipv4.address = 192.0.2.${n}/24\n`,
    ).join('')
    const timeMs = (work: () => void): number => {
      const start = performance.now()
      work()
      return performance.now() - start
    }
    assert.ok(
      timeMs(() => {
        for (let n = 0; n < 10_000; n++) parse(text)
      }) < 2000,
    )
    const million = 1_000_000
    for (const long of [
      `lxc.a = ${'x '.repeat(5 * million)}`,
      '\r'.repeat(million),
      ' '.repeat(10 * million),
      `lxc.${'='.repeat(10 * million)}`,
      'a\r'.repeat(million),
    ]) {
      assert.ok(
        timeMs(() => {
          parse(long)
        }) < 3000,
      )
    }
  })
})
