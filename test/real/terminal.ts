/** A shell on a host of the lab in a terminal of 80 columns, and what a person sees there. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quoteAll } from '../../src/core/shell.ts'
import * as ground from './lab/ground.ts'
import type { Lab, LabHost } from './lab/lab.ts'
import { must, within } from './lab/machine.ts'

/** The number of the command, so that the next prompt is told from the last one. */
const prompt = /^(\d+)\$$/

export class Terminal {
  readonly #cgroup: string
  readonly #socket: string

  private constructor({ id }: Lab) {
    this.#cgroup = ground.member(id, 'terminal')
    this.#socket = join(ground.folder(id), 'tmux')
  }

  /** It ends with the lab. */
  static async open(lab: Lab, host: LabHost): Promise<Terminal> {
    const terminal = new Terminal(lab)
    const shell = host.command(['env', '-C', '/root', 'bash', '--norc'], { PS1: '\\#$ ', TERM: 'screen' })
    // higher than any transcript, so that nothing scrolls away
    await terminal.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '1000', quoteAll(shell.argv))
    await terminal.#settled(1)
    return terminal
  }

  /** Types a line, says yes to every question, and returns what came after it, trailing blanks cut. */
  async type(line: string): Promise<string> {
    const before = await this.#screen()
    const [, number] = prompt.exec(before.at(-1) ?? '') ?? []
    assert.ok(number !== undefined, `there is no prompt:\n${before.join('\n')}`)
    await this.#tmux('send-keys', '-l', line)
    await this.#tmux('send-keys', 'Enter')
    const after = await this.#settled(Number(number) + 1)
    return after
      .slice(before.length, -1)
      .map((row) => `${row}\n`)
      .join('')
  }

  async #settled(number: number): Promise<string[]> {
    for (const end = Date.now() + 120_000; ; await sleep(30)) {
      const rows = await this.#screen()
      if (prompt.exec(rows.at(-1) ?? '')?.[1] === String(number)) return rows
      if (rows.at(-1)?.endsWith('(y/N)')) {
        await this.#tmux('send-keys', 'y', 'Enter')
        while ((await this.#screen()).at(-1)?.endsWith('(y/N)')) await sleep(30)
      }
      assert.ok(Date.now() < end, `no prompt after two minutes:\n${rows.join('\n')}`)
    }
  }

  /** The rows above the last one that is not empty, and that one. */
  async #screen(): Promise<string[]> {
    return (await this.#tmux('capture-pane', '-p', '-J'))
      .trimEnd()
      .split('\n')
      .map((row) => row.trimEnd())
  }

  #tmux(...words: string[]): Promise<string> {
    const tmux = ['env', 'LC_ALL=C.UTF-8', 'tmux', '-S', this.#socket, ...words]
    return must(within(this.#cgroup, tmux))
  }
}
