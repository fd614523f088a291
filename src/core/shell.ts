/** Text that a POSIX shell reads back as exactly these words. */

/** One word in single quotes; plain words stay as they are, for people who read journals and plans. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ')
}
