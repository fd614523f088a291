/** `npm run demo` itself: it works, it notices a broken wire, and it makes do with a tree where no LXC can run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

const demo = resolve(import.meta.dirname, 'demo.ts')

describe('the demo', () => {
  it('shows two hosts whose containers reach what they should, and nothing else', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [demo], { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /web01 on h1 {2}web02 on h2 {2}reached {6}yes/)
    assert.match(stdout, /All as it should be\./)
  })

  it('fails when one wire is broken', () => {
    const { status, stdout } = spawnSync(process.execPath, [demo, '--break'], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.match(stdout, /web01 on h1 {2}web02 on h2 {2}not reached {2}NO/)
  })

  it('works on a tree and says why where it may not make hosts', () => {
    // nobody in particular, who may read the checkout wherever it lies
    const nobody =
      '--reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search'
    const words = [...nobody.split(' '), process.execPath, demo]
    const { status, stdout, stderr } = spawnSync('setpriv', words, { encoding: 'utf8', env: { HOME: '/nonexistent' } })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /lxc\.net\.0\.macvlan\.mode = bridge/)
    assert.match(stdout, /Left out: two LXC hosts.*root/)
  })
})
