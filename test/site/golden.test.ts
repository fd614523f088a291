/** Files of golden/: what is said of each, whole. NAME.in is read, NAME.txt is what comes of it. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseSite, siteCodes } from '../../src/site/index.ts'
import { codes } from '../../src/workflow/codes.ts'
import { table } from './table.ts'

const folder = join(import.meta.dirname, 'golden')
const read = (file: string): string => readFileSync(join(folder, file), 'latin1')

/** A problem as text: place, what the caret stands below, and the words. */
function problemsOf(file: string): string {
  const { site, problems } = parseSite(read(file), file, table)
  const said = problems.map(({ severity, code, message, fix, place }) => {
    const { line, column = 0, length = 0, text = '' } = place
    const caret = ' '.repeat(column - 1) + '^'.repeat(length)
    return `${line}:${column} ${severity} [${code}] ${message}\n| ${text}\n| ${caret}\n= ${fix}\n`
  })
  const broken = problems.some(({ severity }) => severity === 'error')
  assert.equal(site === undefined, broken, 'there is a site where there are no errors, and only there')
  for (const { code } of problems) assert.ok(codes[code], `${code} is documented`)
  return said.join('\n')
}

describe('site files', () => {
  const files = globSync('*.in', { cwd: folder }).map((file) => basename(file))
  it('are there', () => assert.ok(files.length > 10))

  it('show every code that the room can give', () => {
    const shown = files.flatMap((file) => [...read(file.replace(/in$/, 'txt')).matchAll(/^\d\S* \w+ \[(.*?)\]/gm)])
    const elsewhere = ['no-site-file', 'not-utf-8'] // of no file, and of one that is not text
    const known = new Set([...shown.map(([, code]) => code), ...elsewhere])
    assert.deepEqual(
      Object.keys(siteCodes).filter((code) => !known.has(code)),
      [],
    )
  })

  for (const file of files.sort())
    it(`${file}: everything that is wrong is said at once`, () =>
      assert.equal(problemsOf(file), read(file.replace(/in$/, 'txt'))))
})
