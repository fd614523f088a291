/** The words of a line as Python's shlex.split(line, comments=True) cuts them: Ansible reads host lines with it. */

/** `at`: 0-based offset in the line; `length`: as written, quotes included. */
export interface Word {
  text: string
  at: number
  length: number
}

/** What is wrong with one line, and which of its characters; the document makes an error with a place of it. */
export class Fault extends Error {
  readonly at: number
  readonly length: number

  constructor(message: string, at: number, length: number) {
    super(message)
    this.at = at
    this.length = length
  }
}

/** In double quotes a backslash escapes the quote and itself, and stays before anything else. */
const part = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^ \t\r\n'"\\#]+)/sy

/** @throws {Fault} on a quote that is not closed, or a backslash at the end */
export function words(line: string): Word[] {
  const found: Word[] = []
  for (let at = 0; at < line.length; at++) {
    if (/[ \t\r\n]/.test(line[at] ?? '')) continue
    const start = at
    let text = ''
    for (part.lastIndex = at; at < line.length; at = part.lastIndex) {
      const [, single, double, escaped, plain] = part.exec(line) ?? []
      if (part.lastIndex === 0) break
      text += single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? plain ?? ''
    }
    const stop = line[at]
    if (stop === "'" || stop === '"') throw new Fault('the quote is not closed', at, line.length - at)
    if (stop === '\\') throw new Fault('a backslash ends the line', at, 1)
    if (at > start) found.push({ text, at: start, length: at - start })
    if (stop === '#') break // a comment, in the middle of a word as well
  }
  return found
}
