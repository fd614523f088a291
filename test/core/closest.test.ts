import assert from 'node:assert/strict'
import { closest } from '../../src/core/closest.ts'

describe('closest', () => {
  for (const { typed, known, near } of [
    { typed: 'lsit', known: ['list', 'set', 'unset'], near: ['list'] },
    { typed: 'crate', known: ['create', 'delete'], near: ['create'] },
    { typed: 'ipv4-gatway', known: ['ipv4', 'ipv4-gateway', 'ipv6-gateway'], near: ['ipv4-gateway', 'ipv6-gateway'] },
    { typed: 'wizard', known: ['list', 'show'], near: [] },
  ]) {
    it(`finds ${near.join(', ') || 'nothing'} for ${typed}`, () => assert.deepEqual(closest(typed, known), near))
  }
})
