import assert from 'node:assert/strict'
import { Errors } from '@oclif/core'
import { asLxcnetError, errorDocument, errorText } from '../../src/cli/failure.ts'
import { LxcnetError } from '../../src/core/error.ts'

const place = {
  file: '/var/lib/lxc/web1/config',
  line: 14,
  column: 26,
  length: 4,
  text: 'lxc.net.1.veth.vlan.id = 4095',
}
const suggestions = ['use an id from 1 to 4094, or "none" to leave the default untagged VLAN']
const badValue = new LxcnetError('bad-value', 'lxc.net.1.veth.vlan.id: VLAN id 4095 is not in 1 to 4094', {
  place,
  suggestions,
})

describe('failure', () => {
  it('says what, where, the line itself, the code and a way out', () =>
    assert.equal(
      errorText(badValue, false),
      `Error: lxc.net.1.veth.vlan.id: VLAN id 4095 is not in 1 to 4094
/var/lib/lxc/web1/config:14:26
lxc.net.1.veth.vlan.id = 4095
                         ^^^^
Code: bad-value
Try this: use an id from 1 to 4094, or "none" to leave the default untagged VLAN
`,
    ))

  it('keeps the carets under the value behind a tab', () => {
    const tabbed = { ...place, text: '\tlink = x', column: 9, length: 1 }
    const lines = errorText(new LxcnetError('bad-value', 'm', { place: tabbed }), false).split('\n')
    assert.deepEqual(lines.slice(2, 4), ['\tlink = x', '\t       ^'])
  })

  it('lists several ways out and the causes', () => {
    const cause = new Error('connect failed', { cause: new Error('no route') })
    const text = errorText(new LxcnetError('unreachable', 'm', { cause, suggestions: ['one', 'two'] }), false)
    assert.equal(text, 'Error: m\nCause: connect failed\nCause: no route\nCode: unreachable\nTry this:\n* one\n* two\n')
  })

  it("does not let a file's text steer the terminal", () => {
    const text = errorText(
      new LxcnetError('bad-value', 'x\x1b[2J', { place: { ...place, text: 'a\x1b]0;b\x07' } }),
      false,
    )
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
  })

  it('is one document with --json', () =>
    assert.deepEqual(JSON.parse(JSON.stringify(errorDocument(badValue))), {
      schema: 'lxcnet.error/1',
      code: 'bad-value',
      message: 'lxc.net.1.veth.vlan.id: VLAN id 4095 is not in 1 to 4094',
      place,
      suggestions,
      exit: 65,
    }))

  it('shows the stack of a bug only when asked', () => {
    const bug = asLxcnetError(new TypeError('undefined is not a function'))
    assert.equal(bug.exit, 1)
    assert.doesNotMatch(errorText(bug, false), /\n +at /)
    assert.match(errorText(bug, false), /report/)
    assert.match(errorText(bug, true), /TypeError: undefined is not a function\n +at /)
  })

  it('gives usage errors of oclif the exit code of usage', () => {
    const error = asLxcnetError(new Errors.CLIError('Missing 1 required arg:\nx\nSee more help with --help'))
    assert.deepEqual([error.code, error.exit, error.message], ['usage', 64, 'Missing 1 required arg:\nx'])
  })

  it('takes an aborted prompt for an interruption', () => {
    const aborted = Object.assign(new Error('User force closed the prompt'), { name: 'ExitPromptError' })
    assert.equal(asLxcnetError(aborted).exit, 130)
  })
})
