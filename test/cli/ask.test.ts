import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { type Ask, asker } from '../../src/cli/ask.ts'

const terminal = () => ({ input: new PassThrough(), output: new PassThrough() })

/** Types `keys` once the question stands on the screen. */
async function answer(streams: ReturnType<typeof terminal>, keys: string): Promise<void> {
  await new Promise((resolve) => streams.output.once('data', resolve))
  setTimeout(() => streams.input.write(keys), 20)
}

describe('ask', () => {
  it('takes --yes for the confirmation', async () =>
    assert.equal(await asker({ yes: true, json: false }).confirm('Apply?'), true))

  it('names the flag where nobody can answer', async () => {
    const ask = asker({ yes: false, json: true, streams: terminal() })
    assert.equal(ask.interactive, false)
    const expected = { code: 'missing-answer', exit: 64, suggestions: ['add --type: veth, macvlan'] }
    await assert.rejects(ask.select('--type', 'Which type?', [{ value: 'veth' }, { value: 'macvlan' }]), expected)
    await assert.rejects(ask.input('--link', 'Which link?'), { code: 'missing-answer', suggestions: ['add --link'] })
    await assert.rejects(ask.confirm('Apply?'), { code: 'missing-answer', suggestions: ['add --yes'] })
  })

  it('asks on a terminal', async () => {
    const choices = [{ value: 'veth' }, { value: 'macvlan' }]
    for (const { put, keys, expected } of [
      { put: (ask: Ask) => ask.confirm('Apply?'), keys: 'y\r', expected: true },
      { put: (ask: Ask) => ask.confirm('Apply?'), keys: '\r', expected: false },
      { put: (ask: Ask) => ask.input('--link', 'Which link?', { default: 'lxcbr0' }), keys: '\r', expected: 'lxcbr0' },
      { put: (ask: Ask) => ask.select('--type', 'Which type?', choices), keys: '\u001b[B\r', expected: 'macvlan' },
    ]) {
      const streams = terminal()
      const [given] = await Promise.all([put(asker({ yes: false, json: false, streams })), answer(streams, keys)])
      assert.equal(given, expected)
    }
  })

  it('is interrupted by Ctrl-C', async () => {
    const streams = terminal()
    const asked = asker({ yes: false, json: false, streams }).confirm('Apply?')
    await Promise.all([assert.rejects(asked, { name: 'ExitPromptError' }), answer(streams, '\u0003')])
  })
})
