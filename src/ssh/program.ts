/** Programs beside lxcnet that know what it does not, such as `ssh -G`: started without a shell and without input. */
import { spawn } from 'node:child_process'

export interface Answer {
  /** Bytes as latin1. */
  stdout: string
  stderr: string
  /** null when a signal ended the program. */
  status: number | null
}

/** Resolves with undefined where there is no such program. */
export function runProgram(program: string, words: readonly string[]): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const answer: Answer = { stdout: '', stderr: '', status: null }
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      answer.stdout += text
    })
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      answer.stderr += text
    })
    child.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(undefined) : reject(error)))
    child.on('close', (status) => resolve({ ...answer, status }))
  })
}
