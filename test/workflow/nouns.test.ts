/** What all nouns have to keep to, so that a site file can say them. */
import assert from 'node:assert/strict'
import { codes } from '../../src/workflow/codes.ts'
import { nouns } from '../../src/workflow/nouns/index.ts'
import { patternOf } from '../../src/workflow/open-site.ts'

describe('nouns', () => {
  it('have names and sections of their own, which are no other key of a site file', () => {
    const taken = ['site', 'hosts', 'networks', 'containers']
    const sections = [...taken, ...nouns.map(({ section }) => section)]
    assert.equal(new Set(sections).size, sections.length)
    assert.equal(new Set(nouns.map(({ noun }) => noun)).size, nouns.length)
  })

  for (const { noun, name, words, check } of nouns) {
    it(`${noun}: has words that are neither hosts nor on, each once`, () => {
      const flags = words.map(({ flag }) => flag)
      assert.equal(new Set([...flags, 'hosts', 'on']).size, flags.length + 2)
    })

    it(`${noun}: takes whole names alone, and none that a key of an object could not be`, () => {
      for (const text of ['', 'a b', 'a\nb', '__proto__', '-a', '../a']) assert.ok(!name.pattern.test(text), text)
    })

    it(`${noun}: refuses wrong values of every word by a code that is documented`, () => {
      for (const { flag } of words) {
        const checked = check(flag, '/ ?')
        if (!('value' in checked)) assert.ok(codes[checked.code], `${flag}: ${checked.code}`)
        else assert.fail(`${flag} takes anything`)
      }
    })
  }
})

describe('--only', () => {
  it('means containers by words without a slash, and objects by those with one', () => {
    const only = patternOf(['web*', 'bridge/br?', 'forward/*'])
    for (const name of ['web', 'web01', 'bridge/br0', 'forward/443/tcp']) assert.ok(only(name), name)
    for (const name of ['db', 'bridge/br10', 'webs/web', 'shim/br0']) assert.ok(!only(name), name)
    assert.ok(!patternOf(['*'])('bridge/br0'))
    assert.ok(patternOf(undefined)('bridge/br0'))
  })
})
