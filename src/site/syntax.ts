/**
 * What is wrong with a text that is not YAML, all of it.
 *
 * js-yaml stops at the first fault and words it for itself; `yaml` goes on and says more, at ten times the cost. It is
 * asked only when there is something to tell.
 */
import type { YAMLException } from 'js-yaml'
import { type Document, parseAllDocuments, visit, type YAMLParseError } from 'yaml'
import type { Say } from './model.ts'
import { toBytes } from './source.ts'

/** The way out of what people do most, by the codes of `yaml`. */
const fixes: Record<string, string> = {
  BAD_DQ_ESCAPE: 'in double quotes a backslash is written \\\\; in single quotes it is a backslash',
  BAD_INDENT: 'keys of one mapping stand at the same column; close what was opened with [ or {',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value with ": " in it in quotes; indent what belongs below a key',
  MISSING_CHAR:
    'a blank stands behind the colon of a key and behind the dash of a list; quotes and brackets are closed',
  MULTILINE_IMPLICIT_KEY: 'behind a key stand a colon and a blank, as in `host: lxc1`',
  TAB_AS_INDENT: 'indent with blanks',
}

const otherwise = 'put values with special characters in quotes; see `man lxcnet.yaml` for an example'

export function sayWhyNotYaml(text: string, thrown: YAMLException, say: Say): void {
  const options = { prettyErrors: false, logLevel: 'silent', schema: 'failsafe', uniqueKeys: false } as const
  const documents: readonly Document.Parsed[] = [...parseAllDocuments(text, options)]
  const errors = documents.flatMap((document) => document.errors)
  const wrong = (at: number, end: number, message: string, fix: string): void => {
    const words = message.charAt(0).toLowerCase() + message.slice(1).replaceAll('\n', ' ')
    say.error({ at, end }, 'yaml-syntax', `not YAML: ${toBytes(words)}`, fix)
  }
  if (errors.length === 0) {
    const at = Math.min(thrown.mark?.position ?? 0, text.length)
    wrong(at, at + 1, thrown.reason, otherwise)
  }
  for (const { message, code, pos } of withoutEchoes(text, errors)) {
    const opened = message.startsWith('Missing closing') ? quoteThatEndsAt(documents, pos[0]) : undefined
    if (opened === undefined) wrong(...pos, message, fixes[code] ?? otherwise)
    else wrong(opened, opened + 1, 'this quote is never closed', 'close it at the end of the value')
  }
}

/** A missing quote is found at the end of the file, and to be looked for where the text began. */
function quoteThatEndsAt(documents: readonly Document.Parsed[], end: number): number | undefined {
  let start: number | undefined
  for (const document of documents)
    visit(document, {
      Scalar(_, { range }) {
        if (range?.[1] === end) start = range[0]
      },
    })
  return start
}

/** Once it is lost, `yaml` complains of each word that follows; and often twice of one spot. */
function withoutEchoes(text: string, errors: readonly YAMLParseError[]): YAMLParseError[] {
  const lines = new Set<number>()
  return errors.filter(({ message, pos: [at] }, index) => {
    if (index > 0 && message.includes('token in YAML stream')) return false
    const line = text.lastIndexOf('\n', at - 1)
    if (lines.has(line)) return false
    lines.add(line)
    return true
  })
}
