import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LxcnetError } from '../../src/core/error.ts'
import { batches } from '../../src/fleet/batches.ts'

const sizes = (count: number, words: string[]): number[] =>
  batches(Array.from({ length: count }), words).map((batch) => batch.length)

describe('batches', () => {
  it('is one batch when nothing is said', () => assert.deepEqual(sizes(7, []), [7]))
  it('begins with a canary, then a quarter of all, then the rest', () =>
    assert.deepEqual(sizes(20, ['1', '25%', '100%']), [1, 5, 14]))
  it('repeats the last size', () => assert.deepEqual(sizes(10, ['1', '4']), [1, 4, 4, 1]))
  it('rounds a percentage up, so that a batch is never empty', () => assert.deepEqual(sizes(3, ['1%']), [1, 1, 1]))
  it('cuts nothing into nothing', () => assert.deepEqual(sizes(0, ['1']), []))

  for (const word of ['0', '-1', '1.5', '101%', 'all', '', '%', '1 '])
    it(`refuses "${word}"`, () =>
      assert.throws(
        () => batches([1], [word]),
        (error) => error instanceof LxcnetError && error.code === 'usage',
      ))

  it('loses no host and keeps their order', () => {
    const word = fc.oneof(
      fc.integer({ min: 1, max: 50 }).map(String),
      fc.integer({ min: 1, max: 100 }).map((n) => `${n}%`),
    )
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.array(word), (hosts, words) =>
        assert.deepEqual(batches(hosts, words).flat(), hosts),
      ),
    )
  })
})
