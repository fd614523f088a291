import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LxcnetError } from '../../src/core/error.ts'
import { addNic, type NicRef, removeNic, retype, setKey, unsetKey } from '../../src/document/edit.ts'
import { evaluate, type Nic } from '../../src/document/effective.ts'
import { type Line, parse, print } from '../../src/document/lxc-config.ts'
import { entry, legacyConfig, lists, modernConfig, scalars } from './samples.ts'

const seen = (text: string): Nic[] => evaluate({ file: 'config', lines: parse(text) }, { include: () => [] }).nics

const plain = (nics: readonly Nic[]) =>
  nics.map(({ index, style, keys }) => ({
    index,
    style,
    keys: Object.fromEntries([...keys].map(([sub, values]) => [sub, values.map(({ value }) => value)]).sort()),
  }))

const same = (nic: NicRef) => (one: NicRef) => one.style === nic.style && one.index === nic.index

const valuesOf = (text: string, nic: NicRef, sub: string): string[] =>
  (seen(text).find(same(nic))?.keys.get(sub) ?? []).map(({ value }) => value)

/** The lines of `text` that an edit may not touch: all but those with the key, without regard to line ends. */
const rest = (text: string, isTouched: (key: string) => boolean): string[] =>
  parse(text)
    .filter((line) => !(line.kind === 'setting' && isTouched(line.key)))
    .map((line) => (line.kind === 'unread' ? line.raw : line.raw.replace(/[\r\n]+$/, '')))
    .filter((raw) => raw.trim() !== '')

/** Without the lines that clear something: one may go when it would come to clear a NIC that does not exist yet. */
const set = (raws: string[]): string[] => raws.filter((raw) => !/=\s*$/.test(raw))

/** The result, or undefined where the edit says that it cannot be done. */
const attempt = (edit: () => Line[], ...codes: string[]): string | undefined => {
  try {
    return print(edit())
  } catch (error) {
    if (error instanceof LxcnetError && codes.includes(error.code)) return undefined
    throw error
  }
}

const isKey = ({ style, index }: NicRef, sub: string) => {
  const leaf = lists.includes(sub) ? sub.slice(0, 4) : sub
  return (key: string): boolean =>
    style === 'modern'
      ? key === `lxc.net.${index}.${sub}`
      : key === `lxc.network.${leaf}` || key === `lxc.network.${index}.${leaf}`
}

const config = fc.oneof({ weight: 3, arbitrary: modernConfig }, { weight: 1, arbitrary: legacyConfig })
const nicOf = (text: string, pick: number): NicRef | undefined => {
  const nics = seen(text)
  return nics[pick % Math.max(1, nics.length)]
}
const runs = { numRuns: 1000 }

describe('edit: on random files', function () {
  this.timeout(60_000)

  it('sets a scalar so that LXC sees it, and nothing else changes', () => {
    let defeated = 0
    fc.assert(
      fc.property(config, fc.nat(5), entry, (text, pick, [sub, value]) => {
        const nic = nicOf(text, pick)
        if (nic === undefined) return
        const after = attempt(() => setKey(parse(text), nic, sub, [value]), 'edit-defeated')
        if (after === undefined) return void defeated++
        assert.deepEqual(valuesOf(after, nic, sub), [value])
        assert.deepEqual(set(rest(after, isKey(nic, sub))), set(rest(text, isKey(nic, sub))))
        const others = (source: string) =>
          plain(seen(source)).map((one) => (same(nic)(one) ? { ...one, keys: { ...one.keys, [sub]: undefined } } : one))
        assert.deepEqual(others(after), others(text))
        assert.equal(print(setKey(parse(after), nic, sub, [value])), after, 'a second time changes nothing')
      }),
      runs,
    )
    assert.ok(defeated < 40, `${defeated} of ${runs.numRuns} refused`)
  })

  it('sets a list to exactly the values asked for, in order, and keeps the lines of those that stay', () => {
    const address = fc.constantFrom('192.0.2.5/24', '192.0.2.6/24', '192.0.2.7/24', '192.0.2.8/24')
    fc.assert(
      fc.property(config, fc.nat(5), fc.array(address, { minLength: 1, maxLength: 5 }), (text, pick, values) => {
        const nic = nicOf(text, pick)
        if (nic === undefined) return
        const sub = 'ipv4.address'
        const after = attempt(() => setKey(parse(text), nic, sub, values), 'edit-defeated')
        if (after === undefined) return
        assert.deepEqual(valuesOf(after, nic, sub), values)
        assert.deepEqual(set(rest(after, isKey(nic, sub))), set(rest(text, isKey(nic, sub))))
        assert.equal(print(setKey(parse(after), nic, sub, values)), after)
      }),
      runs,
    )
  })

  it('leaves a file as it is when it is asked for what stands there', () => {
    fc.assert(
      fc.property(config, fc.nat(5), fc.constantFrom(...scalars, ...lists, 'type'), (text, pick, sub) => {
        const nic = nicOf(text, pick)
        const values = nic && valuesOf(text, nic, sub)
        if (
          nic !== undefined &&
          values !== undefined &&
          values.length > 0 &&
          values.every((value) => !/^["']|["']$/.test(value))
        ) {
          assert.equal(print(setKey(parse(text), nic, sub, values)), text)
        }
      }),
      runs,
    )
  })

  it('unsets a key and nothing else', () => {
    fc.assert(
      fc.property(config, fc.nat(5), fc.constantFrom(...scalars, ...lists), (text, pick, sub) => {
        const nic = nicOf(text, pick)
        if (nic === undefined) return
        const after = attempt(() => unsetKey(parse(text), nic, sub), 'edit-defeated')
        if (after === undefined) return
        assert.deepEqual(valuesOf(after, nic, sub), [])
        assert.deepEqual(set(rest(after, isKey(nic, sub))), set(rest(text, isKey(nic, sub))))
        const fatal = (source: string) =>
          evaluate({ file: '', lines: parse(source) }, { include: () => [] }).problems.filter(
            ({ code }) => code === 'clear-before-define',
          ).length
        assert.ok(fatal(after) <= fatal(text), 'no line comes to clear what does not exist')
      }),
      runs,
    )
  })

  it('adds a NIC that reads as asked, and takes it out again', () => {
    fc.assert(
      fc.property(config, fc.uniqueArray(entry, { maxLength: 5, selector: ([sub]) => sub }), (text, entries) => {
        const style = seen(text).some((nic) => nic.style === 'legacy') ? 'legacy' : 'modern'
        const nic: NicRef = { style, index: style === 'legacy' ? seen(text).length : 7 }
        const wanted = [['type', 'veth'] as const, ...entries.filter(([sub]) => sub !== 'type')]
        const after = attempt(() => addNic(parse(text), nic, wanted.toReversed()), 'mixed-styles')
        if (after === undefined) return
        for (const [sub, value] of wanted) assert.deepEqual(valuesOf(after, nic, sub), [value])
        assert.deepEqual(
          plain(seen(after)).filter((one) => !same(nic)(one)),
          plain(seen(text)),
        )
        const before = rest(text, () => false)
        const left = rest(after, (key) => style === 'modern' && key.startsWith('lxc.net.7.'))
        if (style === 'modern') assert.deepEqual(left, before)
        else assert.equal(left.length, before.length + wanted.length)
        const back = print(removeNic(parse(after), nic))
        assert.deepEqual(
          rest(back, () => false),
          before,
        )
        assert.deepEqual(plain(seen(back)), plain(seen(text)))
      }),
      runs,
    )
  })

  it('removes a NIC, all of it and nothing else', () => {
    fc.assert(
      fc.property(config, fc.nat(5), (text, pick) => {
        const nic = nicOf(text, pick)
        if (nic === undefined) return
        const after = print(removeNic(parse(text), nic))
        const moved = plain(seen(text))
          .filter((one) => !same(nic)(one))
          .map((one) => (one.style === 'legacy' && one.index > nic.index ? { ...one, index: one.index - 1 } : one))
        assert.deepEqual(plain(seen(after)), moved)
        if (nic.style === 'modern') {
          const ofNic = (key: string) =>
            key.startsWith(`lxc.net.${nic.index}.`) ||
            key === `lxc.net.${nic.index}` ||
            (nic.index === 10 && key === 'lxc.net.012')
          assert.deepEqual(rest(after, ofNic), rest(text, ofNic))
        }
        const blanks = (source: string) => print(parse(source)).split(/\r\n|\r|\n/).length
        assert.ok(blanks(after) <= blanks(text))
      }),
      runs,
    )
  })

  it('gives a NIC another type, first of its lines, without the keys that go', () => {
    fc.assert(
      fc.property(config, fc.nat(5), (text, pick) => {
        const nic = nicOf(text, pick)
        if (nic === undefined) return
        const after = print(retype(parse(text), nic, 'ipvlan', (sub) => sub !== 'hwaddr'))
        assert.deepEqual(valuesOf(after, nic, 'type'), ['ipvlan'])
        assert.deepEqual(valuesOf(after, nic, 'hwaddr'), [])
        assert.deepEqual(
          plain(seen(after)).filter((one) => !same(nic)(one)),
          plain(seen(text)).filter((one) => !same(nic)(one)),
        )
        assert.equal(print(retype(parse(after), nic, 'ipvlan', () => true)), after)
        const untouched = (key: string) => key.startsWith(`lxc.net.${nic.index}.`) || key.startsWith('lxc.network.')
        assert.deepEqual(rest(after, untouched), rest(text, untouched))
      }),
      runs,
    )
  })
})
