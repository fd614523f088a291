/** YAML read from js-yaml's events: against the other library, on what people write and on what nobody does. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { dump } from 'js-yaml'
import { parseAllDocuments, stringify } from 'yaml'
import type { Say, Span } from '../../src/site/model.ts'
import { decode, type Source, toBytes } from '../../src/site/source.ts'
import { parseTree, plain } from '../../src/site/tree.ts'

interface Read {
  value: unknown
  errors: { span: Span; code: string }[]
  source: Source
}

function read(text: string): Read {
  const source = decode(toBytes(text), 'lxcnet.yaml')
  assert.ok('text' in source)
  const errors: Read['errors'] = []
  const say: Say = { error: (span, code) => void errors.push({ span, code }), warning: () => assert.fail() }
  const tree = parseTree(source, say)
  return { value: tree === undefined ? undefined : plain(tree), errors, source }
}

/** As `yaml` reads it with every scalar a text; undefined where it refuses. */
function readByYaml(text: string): unknown {
  const documents = parseAllDocuments(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'silent' })
  if (documents.length > 1 || documents.some(({ errors, warnings }) => errors.length + warnings.length > 0))
    return undefined
  try {
    return [...documents][0]?.toJS()
  } catch {
    return undefined // an alias without its anchor
  }
}

/** Texts as bytes, and no difference between nothing and the texts that mean it. */
const alike = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (_, one: unknown) =>
      typeof one === 'string' ? (/^(~|null|Null|NULL|)$/.test(one) ? null : one) : one,
    ),
  )

function decoded(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value, 'latin1').toString()
  if (Array.isArray(value)) return value.map(decoded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [decoded(key), decoded(one)]))
}

const words = fc.oneof(
  fc.constantFrom(
    'yes',
    '010',
    '1:30',
    '0x1f',
    '1e3',
    '~',
    'null',
    '<<',
    '=',
    '2026-11-21',
    '- a',
    '# b',
    'c: d',
    ' e',
  ),
  fc.constantFrom(
    '00:16:3e:00:00:01',
    '10:20:30:40:50:58',
    '10.0.5.3/24',
    '2001:db8::1',
    'next:10.0.0.0/8',
    '{',
    '*a',
    '!b',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
const name = words.filter((word) => word !== '' && word !== '__proto__' && word !== '<<' && !/^(~|null)$/i.test(word))
const { node: document } = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    words,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(name, tie('node'), { maxKeys: 4 }),
  ),
}))

describe('YAML of a site file', () => {
  it('is read as it was written, by either library and in any style', () =>
    fc.assert(
      fc.property(document, fc.boolean(), fc.constantFrom('single', 'double'), (value, flow, quoteStyle) => {
        const written = dump(value, { flowLevel: flow ? 0 : -1, quoteStyle: quoteStyle as 'single' | 'double' })
        const other = stringify(value, {
          singleQuote: quoteStyle === 'single',
          collectionStyle: flow ? 'flow' : 'block',
        })
        for (const text of [written, other]) {
          const { value: back, errors } = read(text)
          assert.deepEqual(errors, [], text)
          assert.deepEqual(decoded(back), JSON.parse(JSON.stringify(value)), text)
        }
      }),
    ))

  it('means the same to both libraries wherever both take it for YAML', () => {
    const scraps = [
      'a',
      'b: ',
      'c:',
      '- ',
      '\n',
      '\n',
      '\n  ',
      '\n    ',
      ' ',
      ': ',
      '"x"',
      "'y'",
      '[',
      ']',
      '{',
      '}',
      ', ',
      '#z',
    ]
    const odd = ['&p ', '*p', '|', '>', '\t', '~', '010', 'yes', '1:30', '\\', '@', '\r\n', 'é', '00:16:3e:00:00:01']
    const almostYaml = fc
      .array(fc.constantFrom(...scraps, ...odd), { maxLength: 14 })
      .map((parts) => `k: ${parts.join('')}`)
    let agreed = 0
    fc.assert(
      fc.property(almostYaml, (text) => {
        const { value, errors } = read(text)
        const other = readByYaml(text)
        if (errors.length > 0 || other === undefined) return
        assert.deepEqual(alike(decoded(value)), alike(other), text)
        agreed++
      }),
      { numRuns: 3000 },
    )
    assert.ok(agreed > 500, `${agreed} documents were YAML to both`)
  })

  it('never ends in anything but a value or a problem with a place inside the text', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const { value, errors, source } = read(text.toWellFormed())
        assert.ok(value !== undefined || errors.length > 0)
        const lines = source.text.split(/\r\n|\n|\r/)
        for (const { span } of errors) {
          const { line, column = 0 } = source.place(span)
          assert.ok(line <= lines.length && column <= toBytes(lines[line - 1] ?? '').length + 1, `${line}:${column}`)
        }
      }),
      { numRuns: 1000 },
    ))

  it('stays small when aliases of aliases stand for millions of values', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`)
    const { value, errors } = read(`a0: &a0 [x]\n${levels.join('')}`)
    assert.deepEqual(errors, [])
    assert.equal(Object.keys(value as object).length, 31)
  })

  it('places by bytes, as every place inside lxcnet, and by the three line breaks of YAML', () => {
    const { source } = read('é: "ü"\r\nb: ö x\rc: y\n')
    assert.deepEqual(source.place({ at: 4, end: 5 }), {
      file: 'lxcnet.yaml',
      line: 1,
      column: 6,
      length: 2,
      text: 'Ã©: "Ã¼"',
    })
    assert.deepEqual(source.place({ at: 13, end: 14 }), {
      file: 'lxcnet.yaml',
      line: 2,
      column: 7,
      length: 1,
      text: 'b: Ã¶ x',
    })
    assert.deepEqual(source.place({ at: 15, end: 16 }), {
      file: 'lxcnet.yaml',
      line: 3,
      column: 1,
      length: 1,
      text: 'c: y',
    })
  })

  it('is UTF-8, and the first byte that is not is pointed at', () => {
    const place = { file: 'f', line: 2, column: 6, length: 1, text: 'b: Ã©\xe9x' }
    assert.deepEqual(decode('a: b\nb: Ã©\xe9x\n', 'f'), { file: 'f', invalid: place })
    const cut = decode('a: \xe2\x82\n', 'f')
    assert.deepEqual('invalid' in cut && [cut.invalid.line, cut.invalid.column], [1, 4])
    const wide = decode('\xff\xfea\0', 'f')
    assert.deepEqual('invalid' in wide && [wide.invalid.line, wide.invalid.column], [1, 1])
  })
})
