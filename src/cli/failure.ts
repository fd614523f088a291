/** The one place that words a failure: as text on stderr for people, as one document on stdout for --json. */
import { stripVTControlCharacters, styleText } from 'node:util'
import { Errors } from '@oclif/core'
import { exit, LxcnetError, type Place } from '../core/error.ts'
import { readable } from '../report/table.ts'

/** What was thrown, as the error that lxcnet reports. */
export function asLxcnetError(thrown: unknown): LxcnetError {
  if (thrown instanceof LxcnetError) return thrown
  if (thrown instanceof Error && /^(ExitPromptError|AbortPromptError)$/.test(thrown.name)) return interrupted()
  if (thrown instanceof Errors.CLIError) return usageError(thrown)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const suggestions = ['run it again with --verbose and report what it prints: this is a bug in lxcnet']
  return new LxcnetError('bug', message, { exit: exit.failed, cause: thrown, suggestions })
}

export const interrupted = (): LxcnetError => new LxcnetError('interrupted', 'interrupted', { exit: exit.interrupted })

/** oclif throws a CLIError only for what was typed wrongly. Its own exit code, 2, means "changes pending" here. */
function usageError(error: Errors.CLIError): LxcnetError {
  // oclif's remarks about --help and about flags with several values say less than the suggestion below.
  const message = stripVTControlCharacters(error.message).replace(/\n+(See more help with --help|Note: )[\s\S]*$/, '')
  return new LxcnetError('usage', message, {
    exit: exit.usage,
    suggestions: ['add --help to see what the command takes'],
  })
}

/** The document that stands on stdout instead of the command's own. */
export const errorDocument = (error: LxcnetError): object => ({
  schema: 'lxcnet.error/1',
  code: error.code,
  message: error.message,
  place: error.place ?? null,
  suggestions: error.suggestions,
  exit: error.exit,
})

/** @param verbose adds the stack of a bug */
export function errorText(error: LxcnetError, verbose: boolean): string {
  const { code, message, place, suggestions } = error
  const text = problemText('error', { code, message, place, suggestions, causes: causes(error) }, process.stderr)
  return error.code === 'bug' && verbose ? `${text}\nNode.js ${process.version}\n${stackOf(error.cause)}\n` : text
}

/** What is wrong, as everybody words it: an error that ended the run, or one of many findings. */
export interface Problem {
  code: string
  message: string
  place?: Place | undefined
  suggestions: readonly string[]
  causes?: readonly Error[]
}

/** @param stream where it goes, which takes colours or does not */
export function problemText(severity: 'error' | 'warning', problem: Problem, stream: NodeJS.WriteStream): string {
  const { code, message, place, suggestions, causes = [] } = problem
  const colour = (text: string): string => styleText(severity === 'error' ? 'red' : 'yellow', text, { stream })
  const bold = (text: string): string => styleText('bold', text, { stream })
  const lines = [`${colour(severity === 'error' ? 'Error:' : 'Warning:')} ${visible(message)}`]
  if (place) {
    lines.push(visible([place.file, place.line, place.column].filter((part) => part !== undefined).join(':')))
    if (place.text !== undefined) lines.push(visible(place.text))
    if (place.text !== undefined && place.column !== undefined) {
      // columns count bytes, which are fewer characters on a terminal where the text is UTF-8
      const at = place.column - 1
      const before = visible(place.text.slice(0, at)).replace(/[^\t]/g, ' ')
      const marked = visible(place.text.slice(at, at + (place.length ?? 1)))
      lines.push(before + colour('^'.repeat(Math.max(1, marked.length))))
    }
  }
  for (const cause of causes) lines.push(`Cause: ${visible(cause.message)}`)
  lines.push(`${bold('Code:')} ${code}`)
  const [first, ...more] = suggestions.map(visible)
  if (first !== undefined && more.length === 0) lines.push(`${bold('Try this:')} ${first}`)
  else if (first !== undefined) lines.push(bold('Try this:'), ...[first, ...more].map((one) => `* ${one}`))
  return `${lines.join('\n')}\n`
}

function causes(error: LxcnetError): Error[] {
  const chain: Error[] = []
  if (error.code === 'bug') return chain // its cause is the bug itself
  for (let cause = error.cause; cause instanceof Error && !chain.includes(cause); cause = cause.cause) chain.push(cause)
  return chain
}

const stackOf = (thrown: unknown): string => (thrown instanceof Error && thrown.stack) || String(thrown)

/** A file's text must not steer the terminal; line breaks of a message stay. */
const visible = (text: string): string => text.split('\n').map(readable).join('\n')
