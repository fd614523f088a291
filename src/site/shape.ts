/**
 * The structure of a site file: which keys there are, and whether a value, a list or a mapping stands behind them.
 *
 * One definition for the check, for the JSON schema and for the manual. What a text says is not zod's business here:
 * patterns, words and ranges are in the schema for editors, and checked where they are read.
 */
import * as z from 'zod/mini'
import type { Word } from '../core/word.ts'

/** zod hands what a schema's metadata says on to the JSON schema. */
type Words = Record<string, unknown> & { description: string }

/** Any scalar: `link: 1` is a text as well, though an editor takes it for a number. */
export const text = (words: Words) => z.string().check(z.meta({ type: ['string', 'number', 'boolean'], ...words }))

/** A text of a certain form. */
export const matching = (pattern: RegExp, words: Words) =>
  z.string().check(z.meta({ type: 'string', pattern: pattern.source, ...words }))

/** A name in front of a colon. */
export const named = (pattern: RegExp) => z.string().check(z.meta({ type: 'string', pattern: pattern.source }))

export const number = (least: number, most: number, words: Words & { word?: string }) => {
  const { word, ...rest } = words
  const pattern = word === undefined ? '^[0-9]+$' : `^([0-9]+|${word})$`
  return z.string().check(z.meta({ type: ['integer', 'string'], minimum: least, maximum: most, pattern, ...rest }))
}

/** What stands behind one of the words of a NIC or an object. */
export const wordValue = ({ value, list }: Word, description: string) => {
  const one =
    value.kind === 'choice'
      ? z.string().check(z.meta({ enum: value.of.flatMap(asEditors), type: ['string', 'integer'], description }))
      : value.kind === 'number'
        ? number(value.least, value.most, { description, ...(value.word === undefined ? {} : { word: value.word }) })
        : text({ description })
  return list ? z.union([one, z.array(one).check(z.minLength(1))]).check(z.meta({ description })) : one
}

/** `0` without quotes is a number to an editor. */
const asEditors = (word: string): (string | number)[] => (/^\d+$/.test(word) ? [word, Number(word)] : [word])
