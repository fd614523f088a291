/**
 * How a run over many hosts goes on: on a terminal a few lines that change in place, in a pipe a line for each host
 * that was changed or failed, with --json an event for each step, on standard error.
 */
import { cursorTo, moveCursor } from 'node:readline'
import { endingLine, type FleetEvent, type HostEnding, hasFailed, resultWord } from '../report/fleet.ts'
import { readable } from '../report/table.ts'
import { decodeBytes } from './json.ts'

type Step = FleetEvent['step']

export interface Progress {
  step(host: string, step: Step, ending?: HostEnding<unknown>): void
  /** Takes the changing lines away, for a question or the result. */
  pause(): void
}

export function progressOf(hosts: number, { json, quiet }: { json: boolean; quiet: boolean }): Progress {
  if (json) return events()
  if (quiet) return { step() {}, pause() {} }
  return process.stdout.isTTY ? new Display(hosts) : lines()
}

function events(): Progress {
  return {
    step(host, step, ending) {
      const event: FleetEvent = { schema: 'lxcnet.event/1', host, step, ...(ending && { result: ending.result }) }
      process.stderr.write(`${JSON.stringify(event, decodeBytes)}\n`)
    },
    pause() {},
  }
}

function lines(): Progress {
  return {
    step(_, step, ending) {
      // what is merely planned, or needs nothing, the table at the end tells
      const isNews = ending !== undefined && !['planned', 'declined', 'unchanged'].includes(ending.result)
      if (step === 'done' && isNews) process.stdout.write(`${endingLine(ending)}\n`)
    },
    pause() {},
  }
}

const words: Record<Step, string> = {
  reading: 'reading',
  planned: 'waiting for the others',
  applying: 'applying',
  done: 'done',
}

/** Longest first: the hosts that have been at their step for long are those that a person wonders about. */
const shown = 8

class Display implements Progress {
  readonly #hosts: number
  readonly #at = new Map<string, { step: Step; since: number }>()
  readonly #ended = new Map<string, number>()
  #lines = 0
  #timer: NodeJS.Timeout | undefined

  constructor(hosts: number) {
    this.#hosts = hosts
  }

  step(host: string, step: Step, ending?: HostEnding<unknown>): void {
    if (step === 'done') {
      this.#at.delete(host)
      const word = resultWord(ending?.result ?? 'ok')
      this.#ended.set(word, (this.#ended.get(word) ?? 0) + 1)
      if (ending !== undefined && hasFailed(ending)) {
        this.#clear()
        process.stdout.write(`${endingLine(ending)}\n`)
      }
    } else this.#at.set(host, { step, since: Date.now() })
    this.#timer ??= setInterval(() => this.#draw(), 100).unref()
  }

  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#clear()
  }

  #draw(): void {
    const width = process.stdout.columns || 80
    const busy = [...this.#at].filter(([, { step }]) => step !== 'planned')
    const planned = this.#at.size - busy.length
    const counts = [...this.#ended].map(([word, count]) => `${count} ${word}`)
    if (planned > 0) counts.push(`${planned} planned`)
    const done = [...this.#ended.values()].reduce((sum, count) => sum + count, 0)
    const rows = busy
      .sort(([, a], [, b]) => a.since - b.since)
      .slice(0, shown)
      .map(([host, { step, since }]) => `  ${host}  ${words[step]}  ${Math.floor((Date.now() - since) / 1000)} s`)
    const more = busy.length > shown ? [`  … ${busy.length - shown} more`] : []
    const text = [
      `${done} of ${this.#hosts} hosts${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`,
      ...rows,
      ...more,
    ]
    this.#clear()
    process.stdout.write(text.map((line) => `${readable(line).slice(0, width - 1)}\n`).join(''))
    this.#lines = text.length
  }

  #clear(): void {
    if (this.#lines === 0) return
    moveCursor(process.stdout, 0, -this.#lines)
    cursorTo(process.stdout, 0)
    process.stdout.write('\x1b[J')
    this.#lines = 0
  }
}
