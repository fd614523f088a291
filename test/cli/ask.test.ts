import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { asker } from '../../src/cli/ask.ts'

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
    const streams = terminal()
    const ask = asker({ yes: false, json: false, streams })
    const [confirmed] = await Promise.all([ask.confirm('Apply?'), answer(streams, 'y\r')])
    assert.equal(confirmed, true)
    const [text] = await Promise.all([ask.input('--link', 'Which link?', { default: 'lxcbr0' }), answer(streams, '\r')])
    assert.equal(text, 'lxcbr0')
    const choices = [{ value: 'veth' }, { value: 'macvlan' }]
    const [chosen] = await Promise.all([ask.select('--type', 'Which type?', choices), answer(streams, '\u001b[B\r')])
    assert.equal(chosen, 'macvlan')
  })

  it('takes Enter for no', async () => {
    const streams = terminal()
    const [confirmed] = await Promise.all([
      asker({ yes: false, json: false, streams }).confirm('?'),
      answer(streams, '\r'),
    ])
    assert.equal(confirmed, false)
  })
})
