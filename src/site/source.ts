/** The text of a site file: decoded once, and told by line and column. */
import type { Place } from '../core/error.ts'
import type { Span } from './model.ts'

export interface Source {
  file: string
  text: string
  place(span: Span): Place
}

/**
 * @param bytes latin1 view of the file
 * @returns the place of the first byte that is not UTF-8, if there is one
 */
export function decode(bytes: string, file: string): Source | { file: string; invalid: Place } {
  let text: string
  try {
    text = decodeUtf8(bytes)
  } catch {
    return { file, invalid: firstInvalid(bytes, file) }
  }
  let starts: number[] | undefined
  const place = ({ at, end }: Span): Place => {
    starts ??= lineStarts(text)
    const line = lineAt(starts, at)
    const start = starts[line] ?? 0
    const whole = /^[^\r\n]*/.exec(text.slice(start, starts[line + 1]))?.[0] ?? ''
    const before = toBytes(whole.slice(0, at - start))
    const marked = toBytes(whole.slice(at - start, end - start))
    return { file, line: line + 1, column: before.length + 1, length: Math.max(1, marked.length), text: toBytes(whole) }
  }
  return { file, text, place }
}

/** Back to the form of all other texts inside lxcnet. */
export const toBytes = (text: string): string => (isAscii(text) ? text : Buffer.from(text).toString('latin1'))

/** @throws {TypeError} where `bytes` is not UTF-8 */
export const decodeUtf8 = (bytes: string): string =>
  isAscii(bytes)
    ? bytes
    : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'))

const isAscii = (text: string): boolean => !/[\x80-\uffff]/.test(text)

/** Offset of each line; YAML 1.2.2 section 5.4 has three line breaks. */
const lineStarts = (text: string): number[] => [
  0,
  ...text.matchAll(/\r\n|\n|\r/g).map(({ index, 0: end }) => index + end.length),
]

/** The last line that starts at or before `at`, 0-based. */
function lineAt(starts: readonly number[], at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}

/** Line breaks are ASCII, and no byte of a longer character is: each line stands for itself. */
function firstInvalid(bytes: string, file: string): Place {
  const lines = bytes.split(/\r\n|\n|\r/)
  const line = lines.findIndex((one) => !isUtf8(one))
  const text = lines[line] ?? ''
  let valid = 0
  for (let end = 1; end <= valid + longestCharacter; end++) if (isUtf8(text.slice(valid, end))) valid = end
  return { file, line: line + 1, column: valid + 1, length: 1, text }
}

/** RFC 3629, section 3. */
const longestCharacter = 4

function isUtf8(bytes: string): boolean {
  try {
    decodeUtf8(bytes)
    return true
  } catch {
    return false
  }
}
