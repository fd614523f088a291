// The proxy is as late and as broken as it is told, to the byte.

import assert from 'node:assert/strict'
import { Lab, type LightHost } from './lab/lab.ts'

/** What h1 runs: 100 000 bytes for whoever comes to port 7001, and a count of what it gets on port 7002. */
const servers = `net.createServer((s) => s.on('error', () => {}).end(Buffer.alloc(100000))).listen(7001)
net.createServer((s) => {
  let bytes = 0
  const note = (how) => fs.writeFileSync('/root/count', bytes + how)
  s.on('data', (data) => { bytes += data.length }).on('end', () => note(' and the end')).on('error', () => note(' and a reset'))
}).listen(7002)`

describe('the proxy of the lab', function () {
  this.timeout(60_000)
  this.slow(3000)
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async function () {
    this.timeout(1_800_000)
    lab = await Lab.up({ hosts: 2 })
    const [one, other] = lab.hosts
    assert(one && other)
    h1 = one
    h2 = other
    await h1.write('/root/servers.cjs', `const fs = require('fs'), net = require('net')\n${servers}`)
    await h1.ok(`/opt/node/bin/node /root/servers.cjs >/dev/null 2>&1 &
      for port in 7001 7002; do until nc -z localhost $port; do sleep 0.02; done; done; rm -f /root/count`)
  })
  after(() => lab?.down())

  const receive = async (patience = '') => Number(await h2.ok(`${patience} nc 198.18.0.1 2301 </dev/null | wc -c`))
  const send = (patience = '') => h2.sh(`head -c 20000 /dev/zero | ${patience} nc -N 198.18.0.1 2301`)
  const received = () =>
    h1.ok('for _ in $(seq 500); do [ -s /root/count ] && break; sleep 0.02; done; cat /root/count && rm /root/count')

  it('is late by the delay, each way, and changes nothing', async () => {
    const proxy = await lab.proxy('--delay-ms', '50', '2301=h1:7001', '2302=h1:22')
    const begin = performance.now()
    assert.equal(await receive(), 100_000)
    assert(performance.now() - begin >= 200, 'two round trips: the handshake, and the first bytes')
    const bulk = 'head -c 3000000 /dev/zero | ssh -p 2302 198.18.0.1 "wc -c; hostname"'
    assert.equal(await h2.ok(bulk), '3000000\nh1\n')
    await proxy.stop()
    assert.equal(await receive(), 0)
  })

  it('cuts a connection on the way down after as many bytes as it is told', async () => {
    for (const bytes of [0, 1, 65_536, 99_999]) {
      const proxy = await lab.proxy('--cut-down', `${bytes}`, '2301=h1:7001')
      assert.equal(await receive(), bytes)
      await proxy.stop()
    }
  })

  it('cuts it on the way up', async () => {
    const proxy = await lab.proxy('--cut-up', '5000', '--delay-ms', '10', '2301=h1:7002')
    await send()
    assert.equal(await received(), '5000 and the end')
    await proxy.stop()
  })

  it('goes silent on the way down, and the connection stays', async () => {
    const proxy = await lab.proxy('--silent-down', '70000', '2301=h1:7001')
    const begin = performance.now()
    assert.equal(await receive('timeout 1'), 70_000)
    assert(performance.now() - begin >= 1000)
    await proxy.stop()
  })

  it('goes silent on the way up, and tells nobody', async () => {
    const proxy = await lab.proxy('--silent-up', '5000', '2301=h1:7002')
    await send('timeout 1')
    assert.equal((await h1.sh('cat /root/count')).status, 1)
    await proxy.stop()
    assert.equal(await received(), '5000 and the end')
  })

  it('says why it does not start', async () => {
    await assert.rejects(lab.proxy('22'), /not PORT=HOST:PORT: 22/)
  })
})
