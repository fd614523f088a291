/** The one place that words a failure: as text on stderr for people, as one document on stdout for --json. */
import { stripVTControlCharacters, styleText } from 'node:util'
import { Errors } from '@oclif/core'
import { exit, LxcnetError } from '../core/error.ts'
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
  const red = (text: string): string => styleText('red', text, { stream: process.stderr })
  const bold = (text: string): string => styleText('bold', text, { stream: process.stderr })
  const lines = [`${red('Error:')} ${visible(error.message)}`]
  const { place } = error
  if (place) {
    lines.push([place.file, place.line, place.column].filter((part) => part !== undefined).join(':'))
    if (place.text !== undefined) lines.push(visible(place.text))
    if (place.text !== undefined && place.column !== undefined) {
      const before = place.text.slice(0, place.column - 1).replace(/[^\t]/g, ' ')
      lines.push(before + red('^'.repeat(Math.max(1, place.length ?? 1))))
    }
  }
  for (const cause of causes(error)) lines.push(`Cause: ${visible(cause.message)}`)
  lines.push(`${bold('Code:')} ${error.code}`)
  const [first, ...more] = error.suggestions
  if (first !== undefined && more.length === 0) lines.push(`${bold('Try this:')} ${first}`)
  else if (first !== undefined) lines.push(bold('Try this:'), ...error.suggestions.map((one) => `* ${one}`))
  if (error.code === 'bug' && verbose) lines.push('', `Node.js ${process.version}`, stackOf(error.cause))
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
