/** JSON is UTF-8, lxcnet's texts are bytes: names and values are decoded where they are UTF-8. */

/** A replacer for JSON.stringify. File contents (`before`, `after`) stay latin1, one character a byte, as the schema says. */
export function decodeBytes(key: string, value: unknown): unknown {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one byte
  if (typeof value !== 'string' || key === 'before' || key === 'after' || !/^[\x00-\xff]*[\x80-\xff]/.test(value))
    return value
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
