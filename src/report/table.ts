/** Plain columns, two blanks apart, no borders; cut to the width of the terminal where there is one. */

/**
 * @param width columns of the terminal; 0 in a pipe, where nothing is cut
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const all = [head, ...rows.map((row) => row.map(readable))]
  const widths = head.map((_, column) => all.reduce((most, row) => Math.max(most, (row[column] ?? '').length), 0))
  const total = (): number => widths.reduce((sum, one) => sum + one + 2, -2)
  while (width > 0 && total() > width) {
    // the widest column gives way, but no column below its head
    const widest = widths.reduce(
      (best, one, column) =>
        one - (head[column]?.length ?? 0) > (widths[best] ?? 0) - (head[best]?.length ?? 0) ? column : best,
      0,
    )
    if ((widths[widest] ?? 0) <= Math.max(4, head[widest]?.length ?? 0)) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return all
    .map((row) =>
      row
        .map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/**
 * Bytes of a file as a person reads them: UTF-8, and a question mark for what would steer the terminal.
 *
 * @param text latin1 view of bytes; lxcnet's own words may hold characters beyond it, and stay as they are
 */
export function readable(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one byte
  const words = /^[\x00-\xff]*$/.test(text) ? Buffer.from(text, 'latin1').toString() : text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return words.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, '?')
}
