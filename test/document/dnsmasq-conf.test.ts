/** What dnsmasq reads, without a byte lost: the program itself says what a line means. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { append, parse, print, unhide, valuesOf, withValue } from '../../src/document/dnsmasq-conf.ts'

const scraps = [
  'dhcp-host',
  'dhcp-hostsfile',
  '=',
  '#',
  ' ',
  '\t',
  '\r',
  '\n',
  '"',
  '\\',
  ',',
  '10.0.3.5',
  'é',
  '\0',
  'a',
]
const almostConf = fc.array(fc.constantFrom(...scraps), { maxLength: 30 }).map((parts) => parts.join(''))

describe('what dnsmasq reads', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lxcnet-dnsmasq-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('is printed as it was parsed', () =>
    fc.assert(
      fc.property(almostConf, fc.constantFrom(undefined, 'dhcp-host'), (text, only) => {
        assert.equal(print(parse(text, only)), text)
      }),
    ))

  it('gets a line at its end and keeps all others', () =>
    fc.assert(
      fc.property(almostConf, (text) => {
        const after = append(parse(text), 'dhcp-hostsfile=/x')
        assert.ok(print(after).startsWith(text))
        assert.equal(valuesOf(after, 'dhcp-hostsfile').at(-1), '/x')
        assert.deepEqual(parse(print(after)), after)
      }),
    ))

  it('changes in the one value that is edited, and reads back as that', () =>
    fc.assert(
      fc.property(almostConf, (text) => {
        const lines = parse(text)
        const at = lines.findIndex((line) => line.kind === 'option' && line.value !== '')
        const line = lines[at]
        const edited = line?.kind === 'option' ? withValue(line, 'b,10.0.3.6') : undefined
        if (edited === undefined) return
        assert.ok(edited.kind === 'option')
        assert.equal(edited.value, 'b,10.0.3.6')
        const after = lines.with(at, edited)
        assert.deepEqual(
          parse(print(after)).map(({ raw }) => raw),
          after.map(({ raw }) => raw),
        )
      }),
    ))

  /** Does dnsmasq refuse the options, and why? */
  const test = (text: string): string => {
    writeFileSync(join(folder, 'conf'), text, 'latin1')
    return spawnSync('dnsmasq', ['--test', `--conf-file=${join(folder, 'conf')}`], { encoding: 'latin1' }).stderr
  }

  for (const [line, value] of [
    ['server=10.0.3.5', '10.0.3.5'],
    ['  server = 10.0.3.5 \t', '10.0.3.5'],
    ['server=10.0.3.5 # why', '10.0.3.5'],
    ['server="10.0.3.5"', '10.0.3.5'],
    ['server="10.0.3"".5"', undefined],
    ['server="10.0.3.5" # why', '10.0.3.5'],
    ['server=10.0.3.5#53', '10.0.3.5#53'],
    ['server=10.0.3.5\r', '10.0.3.5'],
    ['"server"=10.0.3.5', '10.0.3.5'],
    ['#server=10.0.3.5', undefined],
    [' # server=10.0.3.5', undefined],
    ['server=10.0.3.5\0nonsense', '10.0.3.5'],
    ['server="10.0.3.5', undefined],
  ] as const) {
    it(`of ${JSON.stringify(line)} is ${value ?? 'nothing'}`, () => {
      const [read] = parse(`${line}\n`)
      assert.equal(read?.kind === 'option' ? read.value : undefined, value)
    })
  }

  it('is what dnsmasq takes for an address too: it refuses the same one twice', () => {
    const line = fc
      .array(
        fc.constantFrom(
          ' ',
          '\t',
          '"',
          '#',
          ' #',
          ',',
          '10.0.3.5',
          '10.0.3.6',
          '00:16:3e:00:53:01',
          'name',
          '12h',
          '\\"',
        ),
        { maxLength: 8 },
      )
      .map((parts) => `dhcp-host=${parts.join('')}`)
    fc.assert(
      fc.property(line, (text) => {
        const said = test(`dhcp-host=00:16:3e:00:53:99,10.0.3.5\n${text}\n`)
        const [read] = parse(text)
        const value = read?.kind === 'option' ? read.hidden : ''
        const words = value.split(',').map((word) => word.trim())
        assert.equal(read?.kind === 'malformed', /missing "/.test(said), said)
        if (/duplicate dhcp-host IP address/.test(said)) assert.ok(words.includes('10.0.3.5'), value)
        else if (/syntax check OK/.test(said)) assert.ok(!words.includes('10.0.3.5'), value)
      }),
      { numRuns: 300 },
    )
  })

  for (const [text, taken] of [
    ['dhcp-host=10.0.3.5', true],
    ['dhcp-host="10.0.3.5"', false],
    ['dhcp-host="10.0".3.5', false],
    ['dhcp-host="na"me,10.0.3.5', true],
    ['dhcp-host="name,"10.0.3.5', false],
  ] as const) {
    it(`is ${taken ? '' : 'not '}the address 10.0.3.5, for dnsmasq too: ${text}`, () => {
      assert.equal(/duplicate/.test(test(`dhcp-host=00:16:3e:00:53:99,10.0.3.5\n${text}\n`)), taken)
      const [read] = parse(text)
      assert.ok(read?.kind === 'option')
      assert.equal(read.hidden.split(',').includes('10.0.3.5'), taken)
      assert.equal(unhide(read.hidden), read.value)
      assert.match(read.value, /10\.0\.3\.5$/)
    })
  }
})
