/** The connection to a host is cut, or goes silent, at places all along the conversation, in each direction. */
import assert from 'node:assert/strict'
import { Lab, type LightHost } from '../real/lab/lab.ts'
import { Pair, type Tally } from './ssh-sweep.ts'

/** Passes one connection on to a host and writes down how many bytes went up and down. */
const counter = `const net = require('net'), fs = require('fs')
net.createServer({ allowHalfOpen: true }, (client) => {
  const host = net.connect({ host: process.argv[2], port: 22, allowHalfOpen: true }).setNoDelay()
  const bytes = { up: 0, down: 0 }
  const pass = (from, to, way) => from.on('data', (data) => { bytes[way] += data.length; to.write(data) })
    .on('end', () => to.end()).on('error', () => {})
  pass(client.setNoDelay(), host, 'up')
  pass(host, client, 'down')
  host.on('close', () => fs.writeFileSync('/root/bytes', JSON.stringify(bytes)))
}).listen(2302, () => fs.writeFileSync('/root/counting', ''))`

/** So many places all along, and some where it is about to end: there the change has been sent, and answered. */
const placesIn = (bytes: number, count: number): number[] => [
  ...Array.from({ length: count }, (_, at) => Math.round(((at + 0.5) / count) * bytes)),
  ...[1000, 300, 100, 1].slice(-count).map((left) => bytes - left),
]

describe('a connection that ends somewhere', function () {
  this.timeout(300_000)
  let lab: Lab
  let pairs: { pair: Pair; host: LightHost; port: number }[]
  const bytes = { up: 0, down: 0 }

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    const [h1, h2, h3, h4] = lab.hosts as [LightHost, LightHost, LightHost, LightHost]
    pairs = [
      { pair: new Pair(h1, h2), host: h2, port: 2302 },
      { pair: new Pair(h3, h4), host: h4, port: 2304 },
    ]
    await Promise.all(pairs.map(({ pair }) => pair.prepare()))
    for (const client of [h1, h3])
      await client.ok('printf "ServerAliveInterval 1\\nServerAliveCountMax 2\\n" >/root/.ssh/config')
    await h1.write('/root/counter.cjs', counter)
    await h1.ok(`/opt/node/bin/node /root/counter.cjs h2 >/dev/null 2>&1 & echo $! >/root/counter.pid
until [ -e /root/counting ]; do sleep 0.02; done`)
    await pairs[0]?.pair.undisturbed((client, words) =>
      client.lxcnet([...words, '-H', '127.0.0.1:2302', '--host-key', 'accept-new']),
    )
    Object.assign(
      bytes,
      JSON.parse(
        await h1.ok('until [ -s /root/bytes ]; do sleep 0.02; done; cat /root/bytes; kill "$(cat /root/counter.pid)"'),
      ),
    )
  })

  after(() => lab?.down())

  for (const way of ['up', 'down'] as const) {
    for (const [kind, count] of [
      ['cut', 18],
      ['silent', 2],
    ] as const) {
      it(`on the way ${way} (${kind}) leaves the old state or the new one`, async () => {
        const tally: Tally = { old: 0, new: 0 }
        const places = placesIn(bytes[way], count)
        const one = ({ pair, host, port }: (typeof pairs)[number], place: number): Promise<void> =>
          pair.ended(`${kind} after ${place} bytes ${way}`, tally, async (client, words) => {
            const proxy = await lab.proxy(`--${kind}-${way}`, `${place}`, `${port}=${host.name}:22`)
            const answer = client.lxcnet([...words, '-H', `198.18.0.1:${port}`, '--connect-timeout', '3'])
            return answer.finally(() => proxy.stop())
          })
        await Promise.all(
          pairs.map(async (each, turn) => {
            for (const [at, place] of places.entries()) if (at % pairs.length === turn) await one(each, place)
          }),
        )
        console.log(`      ${places.length} places in ${bytes[way]} bytes: ${tally.old} × old, ${tally.new} × new`)
        assert.equal(tally.old + tally.new, places.length)
        assert.ok(tally.old > 0, 'some ended before anything was sent')
      })
    }
  }
})
