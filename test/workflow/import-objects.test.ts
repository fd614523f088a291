/** Objects of several hosts as one section of a site file, which is read back as what every one of them has. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { objectsOf, parseSite, printSite } from '../../src/site/index.ts'
import { importObjects } from '../../src/workflow/import-objects.ts'
import { sectionOf, siteTable } from '../../src/workflow/site-file.ts'
import { ring, Table } from './ring.ts'

const table = { ...siteTable, sections: [sectionOf(ring)] }

/** @param hosts host → ring → its file */
function imported(hosts: Record<string, Record<string, string>>): { text: string; leftOut: string[] } {
  const readings = Object.entries(hosts).map(([name, rings]) => {
    const files = Object.entries(rings).map(([ring, text]) => [`/etc/rings/${ring}`, text])
    const host = new Table(Object.fromEntries(files), { name })
    return { context: host.context, reading: host.reading() }
  })
  const leftOut: string[] = []
  const sections = importObjects(readings, [ring], (what) => leftOut.push(what))
  const names = new Map(Object.keys(hosts).map((name) => [name, new Map()]))
  return { text: printSite({ head: [], hosts: names, networks: new Map(), sections, containers: [] }, table), leftOut }
}

const section = (text: string): string => text.slice(text.indexOf('rings:'))

const left: [what: string, file: string, reason: RegExp][] = [
  ['what lacks a word that it has to have', 'member=a\n', /^ring r1 on h1: it has no uplink$/],
  ['what has a word twice', 'uplink=a\nuplink=b\n', /^ring r1 on h1: it has more uplink than lxcnet can say$/],
  [
    'what has a word that lxcnet has not',
    'uplink=a\nspeed=b\n',
    /^ring r1 on h1: it has more speed than lxcnet can say$/,
  ],
  [
    'a value that lxcnet does not write',
    'uplink=a?\n',
    /^ring r1 on h1: uplink a\? is not a value that lxcnet writes$/,
  ],
  [
    'what lxcnet would change',
    'uplink=a\nmember=b\n',
    /^ring r1 on h1: it is not as lxcnet would have it, .*: ring r1$/,
  ],
  ['what lxcnet would refuse', 'uplink=nolink\n', /^ring r1 on h1: ring r1: there is no link nolink$/],
  ['a noun that cannot be read', 'garbage', /^rings on h1: \/etc\/rings\/r1 is not a ring$/],
]

describe('objects of several hosts', () => {
  it('are one entry where they are alike, and say for single hosts what is otherwise there', () => {
    const { text, leftOut } = imported({
      h1: { r1: 'uplink=eth1\n', r2: 'member=a\nmember=b\nuplink=x\n' },
      h2: { r1: 'uplink=ens33\n' },
      h3: { r1: 'mode=shut\nuplink=eth1\n', r2: 'member=a\nmember=b\nuplink=x\n' },
    })
    assert.deepEqual(leftOut, [])
    assert.equal(
      section(text),
      `rings:
  r1:  # /etc/rings/r1
    uplink: eth1
    on:
      h2:
        uplink: ens33
      h3:
        mode: shut
  r2:  # /etc/rings/r2
    hosts:
      - h1
      - h3
    uplink: x
    member:
      - a
      - b
`,
    )
  })

  for (const [what, file, reason] of left)
    it(`leave out ${what}, and say so`, () => {
      const { text, leftOut } = imported({ h1: { r1: file }, h2: { r1: 'uplink=a\n' } })
      assert.match(leftOut.join('\n'), reason)
      assert.match(section(text), /^rings:\n {2}r1: .*\n {4}hosts:\n {6}- h2\n {4}uplink: a\n$/)
    })

  it('leave out only the one that is wrong', () => {
    const { text, leftOut } = imported({ h1: { r1: 'uplink=a\nmember=b\n', r2: 'uplink=a\n' } })
    assert.equal(leftOut.length, 1)
    assert.equal(section(text), 'rings:\n  r2:  # /etc/rings/r2\n    uplink: a\n')
  })

  it('say nothing for a plain user, who can change none of it', () => {
    const { context, ...host } = new Table({ '/etc/rings/r1': 'uplink=a\n' })
    const reading = new Table(Object.fromEntries(host.files)).reading()
    assert.deepEqual(
      importObjects([{ context: { ...context, unprivileged: true }, reading }], [ring], assert.fail),
      new Map(),
    )
  })

  it('are read back as what each host has', () => {
    const value = fc.constantFrom('a', 'b', 'c', 'yes', '010', '#x', '"')
    const settings = fc.record(
      { uplink: value, member: fc.uniqueArray(value, { minLength: 1 }), mode: fc.constantFrom('open', 'shut') },
      { requiredKeys: ['uplink'] },
    )
    const rings = fc.dictionary(fc.constantFrom('r1', 'r2'), settings, { noNullPrototype: true })
    const linesOf = (words: object): string =>
      Object.entries(words as Record<string, string | string[]>)
        .flatMap(([flag, texts]) => [texts].flat().map((text) => `${flag}=${text}\n`))
        .sort()
        .join('')
    fc.assert(
      fc.property(fc.tuple(rings, rings, rings), (all) => {
        const files = all.map((one) => Object.entries(one).map(([name, words]) => [name, linesOf(words)]))
        const hosts = Object.fromEntries(files.map((one, at) => [`h${at + 1}`, Object.fromEntries(one)]))
        const { text, leftOut } = imported(hosts)
        assert.deepEqual(leftOut, [])
        const { site, problems } = parseSite(text, 'f', table)
        assert.deepEqual(problems, [])
        assert.ok(site)
        for (const [host, rings] of Object.entries(hosts)) {
          const back: [string, string][] = objectsOf(site, host).map(({ name, given }) => [
            name,
            linesOf(Object.fromEntries([...given].map(([flag, { values }]) => [flag, values]))),
          ])
          assert.deepEqual(Object.fromEntries(back), rings)
        }
      }),
      { numRuns: 300 },
    )
  })
})
