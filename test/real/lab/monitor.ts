// Talking to QEMU over its two sockets: the machine protocol that saves and restores a machine, and the serial line.

import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

interface Reply {
  return?: { status?: string }
  error?: { desc: string }
}

/** Connects as soon as somebody listens. */
async function connect(path: string, alive: () => boolean): Promise<Socket> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<Socket | undefined>()
    const socket = createConnection(path)
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => resolve(undefined))
    const connected = await promise
    if (connected) return connected
    if (!alive()) throw new Error('lab: QEMU ended before it could be talked to')
    await sleep(10)
  }
}

/** The machine protocol: JSON lines, one answer to each command, and events in between. */
export class Monitor {
  readonly #socket: Socket
  readonly #waiting: ((reply: Reply) => void)[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => {
      const reply = JSON.parse(line) as Reply
      if (reply.return || reply.error) this.#waiting.shift()?.(reply)
    })
    socket.on('close', () => {
      for (const done of this.#waiting.splice(0)) done({ error: { desc: 'QEMU is gone' } })
    })
  }

  static async open(path: string, alive: () => boolean): Promise<Monitor> {
    const monitor = new Monitor(await connect(path, alive))
    await monitor.ask('qmp_capabilities')
    // The RAM is a file that saving and restoring leave alone.
    const capabilities = [{ capability: 'x-ignore-shared', state: true }]
    await monitor.ask('migrate-set-capabilities', { capabilities })
    return monitor
  }

  async ask(execute: string, args?: object): Promise<{ status?: string }> {
    const { promise, resolve } = Promise.withResolvers<Reply>()
    this.#waiting.push(resolve)
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    const { return: value, error } = await promise
    if (!value) throw new Error(`lab: QEMU: ${execute}: ${error?.desc}`)
    return value
  }

  /** Saves the state of the machine's devices to a file. */
  async save(file: string): Promise<void> {
    await this.ask('stop')
    await this.ask('migrate', { uri: `exec:cat >'${file}'` })
    await this.#migrated()
  }

  /** Restores it in a machine that was started to wait for it, and lets the machine run. */
  async restore(file: string): Promise<void> {
    await this.ask('migrate-incoming', { uri: `exec:cat '${file}'` })
    await this.#migrated()
    await this.ask('cont')
  }

  async #migrated(): Promise<void> {
    for (;;) {
      const { status } = await this.ask('query-migrate')
      if (status === 'completed') return
      if (status === 'failed') throw new Error('lab: QEMU cannot save or restore the machine')
      await sleep(10)
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Sends a line to the serial console, if there is one to send, and waits until the machine says `word`. */
export async function converse(path: string, word: string, alive: () => boolean, line?: string): Promise<void> {
  const socket = await connect(path, alive)
  let heard = ''
  const late = setTimeout(() => socket.destroy(new Error(`no ${word} on the serial line`)), 90_000)
  try {
    if (line !== undefined) socket.write(`${line}\n`)
    // The connection stays open until the answer: QEMU drops what the machine has not read when it is closed.
    for await (const chunk of socket) {
      heard += String(chunk)
      if (new RegExp(`^${word}\\b`, 'm').test(heard)) return
    }
    throw new Error(`the serial line ended before ${word}`)
  } finally {
    clearTimeout(late)
    socket.destroy()
  }
}
