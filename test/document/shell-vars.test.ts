/** Files that a shell sources: nothing lost, a shell as the judge of what they say, and edits that touch one line. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { assign, evaluate, parse, print, type ShellValues } from '../../src/document/shell-vars.ts'

const names = ['A', 'B', 'LXC_ADDR']

const word = fc.constantFrom(
  'x',
  '10.0.3.1',
  '"x y"',
  "'x'",
  '',
  '""',
  '"$A"',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's
  '${A}.1',
  'x#y',
  "'it is'\\''s'",
  '"a\\"b\\n"',
  'a\\ b',
  '$(echo x)',
  '"`echo x`"',
  '"two\nlines"',
  'a"b"\'c\'',
  "'$A'",
  '\r',
  '\\',
)
const assignment = fc.tuple(fc.constantFrom('', ' ', 'export ', '#', '# ', '\t'), fc.constantFrom(...names), word)
const line = fc.oneof(
  assignment.chain(([head, name, value]) =>
    fc.constantFrom('', '  # why', ';', ' B=2', '; B=3', ' || A=4').map((tail) => `${head}${name}=${value}${tail}`),
  ),
  fc.constantFrom(
    '',
    '# a comment, it is',
    'if true; then A=6; fi',
    'if [ -n "$A" ]; then',
    '  A=7',
    'fi',
    'case $A in x)',
    '  B=8 ;;',
    'esac',
    'f() {',
    '}',
    'f',
    'cat <<X >/dev/null',
    'A=5',
    'X',
    '[ -n "$A" ] && B=9',
    'unset A',
    'A=1 true',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    ': "${A:=6}"',
    'return 0',
    'eval "A=7"',
    '( A=8',
    ')',
    'B+=x',
    'for A in 1 2; do :; done',
    'read A <<X',
    'export A B',
    ". '/dev/null'",
    'while false',
    'do A=1',
    'done',
    '{ A=9',
    'echo "it',
    'alias x=y',
  ),
)
const file = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('', '\n'))
  .map(([lines, end]) => lines.join('\n') + end)

describe('a file of settings that a shell sources', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lxcnet-shell-vars-'))
  })

  after(() => rmSync(folder, { recursive: true }))

  /** What a real shell knows afterwards; undefined for a file that it refuses, or that ends it. */
  const sourced = (text: string): Map<string, string> | undefined => {
    writeFileSync(join(folder, 'settings'), text)
    const ask = names.map((name) => `printf '%s=%s\\0' ${name} "$${name}"`).join('; ')
    const script = `${names.map((name) => `${name}=`).join(' ')}; . ./settings >/dev/null 2>&1; ${ask}; printf end`
    const { stdout } = spawnSync('sh', ['-c', script], {
      cwd: folder,
      env: { PATH: '/bin' },
      encoding: 'latin1',
      input: '',
    })
    const answers = stdout.split('\0')
    if (answers.at(-1) !== 'end') return undefined
    return new Map(answers.slice(0, -1).map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]))
  }

  const known = (text: string): ShellValues | undefined => {
    const values: ShellValues = new Map(names.map((name) => [name, '']))
    return evaluate(parse(text), values, () => undefined) ? values : undefined
  }

  it('is printed as it was read, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(file, fc.string({ unit: 'binary' })), (text) => assert.equal(print(parse(text)), text)),
    )
  })

  it('means what a shell makes of it, as far as lxcnet says that it knows', () => {
    let certain = 0
    fc.assert(
      fc.property(file, (text) => {
        const real = sourced(text)
        const values = known(text)
        if (real === undefined || values === undefined) return
        for (const [name, value] of values) {
          if (value === undefined) continue
          certain++
          assert.equal(value, real.get(name), `${name} in ${JSON.stringify(text)}`)
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(certain > 100, `only ${certain} values were certain`)
  })

  it('is edited so that a shell sees the new value, and no other byte changes', () => {
    let edited = 0
    fc.assert(
      fc.property(file, fc.constantFrom(...names), fc.constantFrom('10.9.0.1', '', 'a,b'), (text, name, value) => {
        const lines = parse(text)
        const result = assign(lines, name, value)
        if (typeof result === 'string') return
        const now = print(result)
        assert.equal(print(parse(now)), now)
        const old = lines.map(({ raw }) => raw)
        const kept = result.map(({ raw }) => raw).filter((raw) => old.includes(raw))
        assert.ok(kept.length >= old.length - 1, 'one line at most is another')
        if (known(text) === undefined || sourced(text) === undefined) return
        const after = known(now)
        if (after?.get(name) === undefined) return
        edited++
        assert.equal(after.get(name), value)
        assert.equal(sourced(now)?.get(name), value, JSON.stringify(now))
      }),
      { numRuns: 300 },
    )
    assert.ok(edited > 30, `only ${edited} edits were judged`)
  })

  for (const [what, before, name, value, after] of [
    ['keeps quotes and a comment behind', `A='x' # why\n`, 'A', 'y', `A='y' # why\n`],
    ['keeps a bare value bare', 'export A=x\n', 'A', 'y', 'export A=y\n'],
    ['quotes what needs it', 'A=x\n', 'A', 'y z', 'A="y z"\n'],
    ['changes the last of several', 'A=1\nA=2\n', 'A', '3', 'A=1\nA=3\n'],
    [
      'switches a commented default on where it stands',
      '# the domain\n#A="x"\nB=1\n',
      'A',
      'y',
      '# the domain\nA="y"\nB=1\n',
    ],
    ['adds a line at the end', 'B=1\n', 'A', 'y', 'B=1\nA="y"\n'],
    ['closes the last line before', 'B=1', 'A', 'y', 'B=1\nA="y"\n'],
    ['starts an empty file', '', 'A', 'y', 'A="y"\n'],
    ['empties a value', 'A="x"\n', 'A', '', 'A=""\n'],
  ] as const) {
    it(what, () => {
      const result = assign(parse(before), name, value)
      assert.ok(typeof result !== 'string')
      assert.equal(print(result), after)
    })
  }

  it('is left alone where the value is built or a command sets it', () => {
    assert.equal(assign(parse('P=10\nA="$P.1"\n'), 'A', 'x'), 'built')
    assert.equal(assign(parse('A=1\nif true; then A=2; fi\n'), 'A', 'x'), 'command')
    assert.equal(assign(parse('if true; then\n  A=2\nfi\n'), 'A', 'x'), 'command')
    assert.equal(assign(parse('A=$(hostname)\n'), 'A', 'x'), 'command')
    assert.equal(assign(parse('A="x\ny"\n'), 'A', 'x'), 'command')
  })
})
