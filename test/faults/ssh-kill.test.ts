/** The client is killed after each of its writes to the connection; the host has to be whole each time. */
import assert from 'node:assert/strict'
import { Lab, type LightHost, type Result } from '../real/lab/lab.ts'
import { Pair, type Tally } from './ssh-sweep.ts'

/** Kills its own process after so many writes to a socket, or counts them. */
const killer = `const net = require('net'), fs = require('fs')
const { KILL_AFTER, COUNT_INTO } = process.env
const { write } = net.Socket.prototype
let count = 0
net.Socket.prototype.write = function (...args) {
  const done = write.apply(this, args)
  if (this.remoteAddress === undefined) return done
  count++
  if (COUNT_INTO) fs.writeFileSync(COUNT_INTO, String(count))
  if (count === Number(KILL_AFTER)) process.kill(process.pid, 'SIGKILL')
  return done
}`

describe('a client that is killed', function () {
  this.timeout(300_000)
  let lab: Lab
  let pairs: { pair: Pair; host: LightHost }[]
  let writes = 0

  const run = (client: LightHost, words: string[], env: Record<string, string>): Promise<Result> =>
    client.lxcnet(words, { env: { NODE_OPTIONS: '--require /root/killer.cjs', ...env } })

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    const [h1, h2, h3, h4] = lab.hosts as [LightHost, LightHost, LightHost, LightHost]
    pairs = [
      { pair: new Pair(h1, h2), host: h2 },
      { pair: new Pair(h3, h4), host: h4 },
    ]
    await Promise.all(pairs.map(({ pair }) => pair.prepare()))
    for (const client of [h1, h3]) await client.write('/root/killer.cjs', killer)
    await pairs[0]?.pair.undisturbed((client, words) =>
      run(client, [...words, '-H', 'h2'], { COUNT_INTO: '/root/count' }),
    )
    writes = Number(await h1.ok('cat /root/count'))
  })

  after(() => lab?.down())

  it('after any of its writes leaves the old state or the new one', async () => {
    const tally: Tally = { old: 0, new: 0 }
    assert.ok(writes > 10, `${writes} writes are too few for a conversation of SSH`)
    await Promise.all(
      pairs.map(async ({ pair, host }, turn) => {
        for (let write = 1 + turn; write <= writes; write += pairs.length)
          await pair.ended(`killed after write ${write}`, tally, async (client, words) => {
            const result = await run(client, [...words, '-H', host.name], { KILL_AFTER: `${write}` })
            assert.equal(result.signal ?? result.status, 'SIGKILL', result.stdout + result.stderr)
            return result
          })
      }),
    )
    console.log(`      killed after each of ${writes} writes: ${tally.old} × old, ${tally.new} × new`)
    assert.ok(tally.old > 0 && tally.new > 0)
  })
})
