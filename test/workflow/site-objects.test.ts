/** Whose an object is: what a site makes, sets and gives up again. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { objectsOf, parseSite, type Site } from '../../src/site/index.ts'
import { byName } from '../../src/workflow/noun/change-noun.ts'
import { Desk } from '../../src/workflow/noun/desk.ts'
import { sectionOf, siteTable } from '../../src/workflow/site-file.ts'
import { type Task, taskOf } from '../../src/workflow/site-objects.ts'
import type { Share } from '../../src/workflow/site-record.ts'
import { ring, Table } from './ring.ts'

const table = { ...siteTable, sections: [sectionOf(ring)] }

function siteOf(rings: object): Site {
  const { site, problems } = parseSite(JSON.stringify({ hosts: { h1: {} }, rings }), 'f', table)
  assert.deepEqual(problems, [])
  assert.ok(site)
  return site
}

/** A host, and what it remembers of the site. */
class Host extends Table {
  shares: Record<string, Share> = {}

  plan(rings: object, only: (name: string) => boolean = () => true): Task & { changes: number } {
    const shares = structuredClone(this.shares)
    const reading = this.reading()
    const task = taskOf(ring, byName(ring.find(this.context, reading)), objectsOf(siteOf(rings), 'h1'), shares, only)
    const desk = new Desk(this.context, reading)
    ring.plan(desk, task.wishes)
    const draft = desk.draft()
    this.next = () => {
      this.carryOut(draft)
      this.shares = shares
    }
    return { ...task, changes: draft.changes.length }
  }

  apply(rings: object, only?: (name: string) => boolean): Task {
    const task = this.plan(rings, only)
    this.next()
    return task
  }

  private next = (): void => {}
}

const codes = ({ notes }: Task): string[] => notes.map(({ code }) => code)
const rows = ({ differences }: Task): unknown[] =>
  differences.map(({ object, key, want, have, set }) => [object, key, want.join(), have.join(), set?.join() ?? null])

const byHand = 'uplink=eth0\nmember=a\n'

describe('objects of a site', () => {
  it('are made, and the plan is then empty', () => {
    const host = new Host()
    const task = host.apply({ r1: { uplink: 'eth0', member: ['b', 'a'] } })
    assert.deepEqual(rows(task), [['ring r1', 'present', 'yes', '', null]])
    assert.equal(host.ring('r1'), '# written by lxcnet\nmember=a\nmember=b\nuplink=eth0\n')
    const again = host.plan({ r1: { uplink: 'eth0', member: ['b', 'a'] } })
    assert.deepEqual([again.changes, again.differences], [0, []])
  })

  it('go when the file has them no longer, if the site made them', () => {
    const host = new Host()
    host.apply({ r1: { uplink: 'eth0' }, r2: { uplink: 'eth1' } })
    const task = host.apply({ r2: { uplink: 'eth1' } })
    assert.deepEqual(rows(task), [['ring r1', 'present', '', 'yes', 'yes']])
    assert.equal(host.ring('r1'), undefined)
    assert.notEqual(host.ring('r2'), undefined)
    assert.deepEqual(Object.keys(host.shares), ['r2'])
  })

  it('that were there before are set, and handed back', () => {
    const host = new Host({ '/etc/rings/r1': byHand })
    const task = host.apply({ r1: { uplink: 'eth1', mode: 'shut' } })
    assert.deepEqual(rows(task), [
      ['ring r1', 'uplink', 'eth1', 'eth0', null],
      ['ring r1', 'mode', 'shut', '', null],
    ])
    assert.equal(host.ring('r1'), 'member=a\nmode=shut\nuplink=eth1\n')
    assert.deepEqual(host.apply({ r1: { uplink: 'eth1' } }).wishes.length, 1)
    assert.equal(host.ring('r1'), 'member=a\nuplink=eth1\n')
    host.apply({})
    assert.equal(host.ring('r1'), 'member=a\nuplink=eth0\n')
    assert.deepEqual(host.shares, {})
  })

  it('that were there just so are not the site’s', () => {
    const host = new Host({ '/etc/rings/r1': byHand })
    assert.equal(host.apply({ r1: { uplink: 'eth0' } }).differences.length, 0)
    assert.deepEqual(host.shares, {})
    assert.deepEqual(host.apply({}).wishes, [])
  })

  it('keep what somebody else set since', () => {
    const host = new Host({ '/etc/rings/r1': byHand })
    host.apply({ r1: { uplink: 'eth1' } })
    host.files.set('/etc/rings/r1', 'uplink=eth7\n')
    assert.deepEqual(codes(host.apply({})), ['changed-since-set'])
    assert.equal(host.ring('r1'), 'uplink=eth7\n')
    assert.deepEqual(host.shares, {})
  })

  it('that somebody else put in the place of the site’s own stay', () => {
    const host = new Host()
    host.apply({ r1: { uplink: 'eth1' } })
    host.files.set('/etc/rings/r1', byHand)
    assert.deepEqual(codes(host.apply({})), ['changed-since-set'])
    assert.equal(host.ring('r1'), byHand)
  })

  it('that somebody removed are made again, or forgotten', () => {
    const host = new Host()
    host.apply({ r1: { uplink: 'eth1' }, r2: { uplink: 'eth1' } })
    host.files.clear()
    assert.deepEqual(rows(host.apply({ r1: { uplink: 'eth1' } })), [['ring r1', 'present', 'yes', '', 'yes']])
    assert.deepEqual(Object.keys(host.shares), ['r1'])
  })

  it('lose a word that the file says no longer', () => {
    const host = new Host()
    host.apply({ r1: { uplink: 'eth1', mode: 'open' } })
    assert.deepEqual(rows(host.apply({ r1: { uplink: 'eth1' } })), [['ring r1', 'mode', '', 'open', 'open']])
    assert.equal(host.ring('r1'), '# written by lxcnet\nuplink=eth1\n')
  })

  it('that --only leaves out are not touched', () => {
    const host = new Host()
    const only = (name: string): boolean => name === 'ring/r1'
    host.apply({ r1: { uplink: 'eth1' }, r2: { uplink: 'eth1' } }, only)
    assert.equal(host.ring('r2'), undefined)
    host.apply({ r1: { uplink: 'eth1' }, r2: { uplink: 'eth1' } })
    host.apply({}, only)
    assert.equal(host.ring('r1'), undefined)
    assert.notEqual(host.ring('r2'), undefined)
  })

  it('are as the file says after each of any sequence of files, and as before the first after the last', () => {
    const settings = fc.record(
      {
        uplink: fc.constantFrom('eth0', 'eth1'),
        member: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
        mode: fc.constantFrom('open', 'shut'),
      },
      { requiredKeys: ['uplink'] },
    )
    const rings = fc.dictionary(fc.constantFrom('r1', 'r2', 'r3'), settings, { noNullPrototype: true })
    fc.assert(
      fc.property(fc.array(rings, { maxLength: 5 }), (files) => {
        const before = { '/etc/rings/r1': 'member=a\nuplink=eth0\n', '/etc/rings/r9': 'uplink=x\n' }
        const host = new Host(before)
        for (const one of files) {
          host.apply(one)
          const { changes, differences } = host.plan(one)
          assert.deepEqual([changes, differences], [0, []])
        }
        host.apply({})
        assert.deepEqual(Object.fromEntries(host.files), before)
        assert.deepEqual(host.shares, {})
      }),
      { numRuns: 300 },
    )
  })
})
