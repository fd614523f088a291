/** One line of a key that is not about NICs: put in, seen by LXC, taken out, and not a byte of anything else. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Line, parse, print } from '../../src/document/lxc-config.ts'
import { addSetting, hasSetting, removeSetting } from '../../src/document/setting.ts'

const key = 'lxc.hook.start-host'
const hook = '/etc/lxcnet/hooks/gateway'
const add = (text: string): string => print(addSetting(parse(text), key, hook))
const remove = (text: string): string => print(removeSetting(parse(text), key, hook))

const piece = fc.constantFrom(
  'lxc.uts.name = web\n',
  '# a comment\n',
  '\n',
  'prose\n',
  `${key} = /root/mine\n`,
  `${key} =\n`,
  'lxc.hook =\n',
  'lxc.net.0.type=veth\r\n',
  '  lxc.hook.stop = /bin/true\n',
)
const config = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))

/** What LXC runs: confile.c, set_config_hooks() and clr_config_hooks(). */
function runs(lines: readonly Line[]): string[] {
  let hooks: string[] = []
  for (const line of lines) {
    if (line.kind !== 'setting') continue
    if (line.key === 'lxc.hook' || (line.key === key && line.value === '')) hooks = []
    else if (line.key === key) hooks.push(line.value)
  }
  return hooks
}

describe('a setting that may stand on several lines', () => {
  it('is run by LXC once it is added, and everything else that was run still is', () =>
    fc.assert(
      fc.property(config, (text) => {
        const lines = addSetting(parse(text), key, hook)
        assert.deepEqual(runs(lines).sort(), [...runs(parse(text)), hook].sort())
        assert.ok(hasSetting(lines, key, hook))
      }),
    ))

  it('goes again and leaves the bytes that were there', () =>
    fc.assert(fc.property(config, (text) => assert.equal(remove(add(text)), text))))

  it('is added once', () => fc.assert(fc.property(config, (text) => assert.equal(add(add(text)), add(text)))))

  for (const { name, before, after } of [
    { name: 'stands at the end', before: 'lxc.uts.name = a\n', after: `lxc.uts.name = a\n${key} = ${hook}\n` },
    { name: 'imitates the spacing of the file', before: 'lxc.uts.name=a\n', after: `lxc.uts.name=a\n${key}=${hook}\n` },
    {
      name: 'stands behind the others of its key',
      before: `${key} = /root/mine\nlxc.uts.name = a\n`,
      after: `${key} = /root/mine\n${key} = ${hook}\nlxc.uts.name = a\n`,
    },
    {
      name: 'stands behind a line that forgets hooks',
      before: `${key} = ${hook}\nlxc.hook =\n# end\n`,
      after: `${key} = ${hook}\nlxc.hook =\n${key} = ${hook}\n# end\n`,
    },
    {
      name: 'keeps a last line without an end',
      before: 'lxc.uts.name = a',
      after: `lxc.uts.name = a\n${key} = ${hook}`,
    },
  ])
    it(name, () => assert.equal(add(before), after))
})
