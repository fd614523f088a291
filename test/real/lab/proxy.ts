// A long or a broken line between two hosts: takes TCP connections and passes them on, late, or only so far.
//
//   node proxy.ts [--delay-ms N] [--cut-up N | --silent-up N] [--cut-down N | --silent-down N] PORT=HOST:PORT...
//     --delay-ms    how long everything takes in one direction; half of a round trip
//     --cut-...     after so many bytes of a connection, up (from who connects) or down, whom they are for has these
//                   and then the end, and whom they are from a reset
//     --silent-...  after so many bytes nothing is passed on in either direction, and nobody is told
//
// Prints `ready` when it listens on all ports, and runs until it is killed.

import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { parseArgs } from 'node:util'

interface Fault {
  kind: 'cut' | 'silent'
  afterBytes: number
}

interface Line {
  delayMs: number
  up: Fault | undefined
  down: Fault | undefined
}

class Connection {
  readonly #delayMs: number
  #silent = false

  constructor(client: Socket, server: Socket, connect: () => void, { delayMs, up, down }: Line) {
    this.#delayMs = delayMs
    // TCP's handshake is answered by this machine, at once: what may come after it waits for the round trip that it
    // takes on a line of that length, and the other side hears of it one way later.
    setTimeout(() => {
      this.#forward(client, server, up)
      this.#forward(server, client, down)
      this.#later(connect)
    }, 2 * delayMs)
  }

  #forward(from: Socket, to: Socket, fault: Fault | undefined): void {
    let room = fault?.afterBytes ?? Number.POSITIVE_INFINITY
    let whole = true
    from.setNoDelay()
    from.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, room)
      room -= part.length
      if (part.length > 0) this.#later(() => this.#write(from, to, part))
      if (whole && room === 0) this.#later(() => this.#break(from, to, fault))
      whole = room > 0
    })
    from.on('end', () => this.#later(() => to.end()))
    from.on('error', () => this.#later(() => to.resetAndDestroy()))
  }

  /** Timers of one duration fire in the order in which they were set, so that nothing overtakes. */
  #later(act: () => void): void {
    setTimeout(() => {
      if (!this.#silent) act()
    }, this.#delayMs)
  }

  #write(from: Socket, to: Socket, part: Buffer): void {
    if (to.destroyed || to.write(part)) return
    from.pause()
    to.once('drain', () => from.resume())
  }

  #break(from: Socket, to: Socket, fault: Fault | undefined): void {
    if (fault?.kind === 'cut') {
      from.resetAndDestroy()
      to.destroySoon()
    } else {
      this.#silent = true
      from.pause()
      to.pause()
    }
  }
}

const number = { type: 'string', default: '' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'delay-ms': number, 'cut-up': number, 'cut-down': number, 'silent-up': number, 'silent-down': number },
})
const fault = (way: 'up' | 'down'): Fault | undefined => {
  const kind = (['cut', 'silent'] as const).find((kind) => values[`${kind}-${way}`] !== '')
  return kind && { kind, afterBytes: Number(values[`${kind}-${way}`]) }
}
const line = { delayMs: Number(values['delay-ms']), up: fault('up'), down: fault('down') }
const listening = positionals.map((route) => {
  const [, port, host, targetPort] = /^(\d+)=(.+):(\d+)$/.exec(route) ?? []
  if (host === undefined) throw new Error(`not PORT=HOST:PORT: ${route}`)
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = new Socket({ allowHalfOpen: true })
    new Connection(client, target, () => target.connect(Number(targetPort), host), line)
  })
  return once(server.listen(Number(port)), 'listening')
})
await Promise.all(listening)
console.log('ready')
