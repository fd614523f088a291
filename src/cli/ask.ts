/**
 * Questions, only where somebody can answer: a terminal on both ends, and neither --yes nor --json. Elsewhere a missing
 * answer is a usage error that names the flag. inquirer is loaded with the first question.
 */
import { exit, LxcnetError } from '../core/error.ts'

export interface Choice {
  value: string
  name?: string
  description?: string
}

export interface InputOptions {
  default?: string
  /** True, or the sentence that says what is wrong. */
  validate?: (text: string) => true | string
}

export interface Ask {
  /** Somebody is there to answer. */
  readonly interactive: boolean
  /** True at once under --yes. */
  confirm(message: string): Promise<boolean>
  /** @param flag that would have answered, as typed: `--type` */
  select(flag: string, message: string, choices: readonly Choice[]): Promise<string>
  input(flag: string, message: string, options?: InputOptions): Promise<string>
  /** A password or passphrase, not shown; also under --yes. Undefined where nobody is there. */
  secret(message: string): Promise<string | undefined>
}

export interface AskOptions {
  yes: boolean
  json: boolean
  /** The terminal's two ends; a test brings its own. */
  streams?: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream }
}

export function asker({ yes, json, streams }: AskOptions): Ask {
  const terminal = streams !== undefined || (process.stdin.isTTY && process.stdout.isTTY)
  const interactive = terminal && !yes && !json
  const prompt = async (question: object): Promise<unknown> => {
    const { createPromptModule } = await import('inquirer')
    const answers = await createPromptModule(streams)([{ ...question, name: 'answer' } as never])
    return (answers as { answer: unknown }).answer
  }
  return {
    interactive,
    async confirm(message) {
      if (yes) return true
      if (!interactive) throw missing('--yes', `nobody is here to answer: ${message}`)
      return (await prompt({ type: 'confirm', message, default: false })) === true
    },
    async select(flag, message, choices) {
      if (!interactive) throw missing(flag, `${flag} is missing: ${message}`, choices)
      return String(await prompt({ type: 'select', message, choices }))
    },
    async input(flag, message, options = {}) {
      if (!interactive) throw missing(flag, `${flag} is missing: ${message}`)
      return String(await prompt({ type: 'input', message, ...options }))
    },
    async secret(message) {
      return terminal && !json ? String(await prompt({ type: 'password', message, mask: true })) : undefined
    },
  }
}

function missing(flag: string, message: string, choices: readonly Choice[] = []): LxcnetError {
  const values = choices.length > 0 ? `: ${choices.map(({ value }) => value).join(', ')}` : ''
  return new LxcnetError('missing-answer', message, { exit: exit.usage, suggestions: [`add ${flag}${values}`] })
}
