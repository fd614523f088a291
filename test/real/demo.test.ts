/** `npm run demo` itself: it works, it notices a broken wire, and it makes do with a tree where no LXC can run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

const demo = resolve(import.meta.dirname, 'demo.ts')

describe('the demo', () => {
  it('makes two hosts what the site file says, and shows who reaches whom and nothing else', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [demo], { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /h1\$ lxcnet validate\nlxcnet\.yaml: .*3 containers, 3 NICs; nothing is wrong\n/)
    assert.match(stdout, /h1\$ lxcnet plan\nh2:\n.*\nh3:\n.*\nHOSTS {2}RESULT {8}WHICH\n2 {6}would change {2}h2, h3\n/s)
    assert.match(stdout, /h1\$ lxcnet apply --quiet\nHOSTS {2}RESULT {3}WHICH\n2 {6}applied {2}h2, h3\n/)
    assert.match(stdout, /web01 on h2 {2}web02 on h3 {2}reached {6}yes/)
    assert.match(stdout, /db01 on h2 {3}h2 {11}reached {6}yes/)
    assert.match(stdout, /h1\$ lxcnet plan\nHOSTS {2}RESULT {5}WHICH\n2 {6}unchanged {2}h2, h3\n/)
    assert.match(stdout, /web02:0 {2}link {2}eth1 {7}eth0 {2}not lxcnet\n/)
    assert.match(stdout, /All as it should be\.\n$/)
  })

  it('fails when one wire is broken, and says what does not reach what', () => {
    const { status, stdout } = spawnSync(process.execPath, [demo, '--break'], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.match(stdout, /web01 on h2 {2}web02 on h3 {2}not reached {2}NO/)
    assert.match(stdout, /\nNot as it should be:\n {2}from web01 on h2 to web02 on h3\n/)
  })

  it('works on a tree and says why where it may not make hosts', () => {
    // nobody in particular, who may read the checkout wherever it lies
    const nobody =
      '--reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search'
    const words = [...nobody.split(' '), process.execPath, demo]
    const { status, stdout, stderr } = spawnSync('setpriv', words, { encoding: 'utf8', env: { HOME: '/nonexistent' } })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /lxc\.net\.0\.macvlan\.mode = bridge/)
    assert.match(stdout, /Left out: the LXC hosts.*root/)
  })
})
