/**
 * The power goes in the middle of a change: what the disk of a virtual machine holds afterwards is the old config or
 * the new one, and the next change settles the rest.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lab, type VmHost } from './lab/lab.ts'

const config = '/data/var/lib/lxc/web01/config'
const text = (mtu: number): string =>
  `lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.flags = up\nlxc.net.0.mtu = ${mtu}\n`

describe('a power cut', function () {
  this.timeout(600_000)
  let lab: Lab
  let vm: VmHost

  before(async function () {
    this.timeout(1_800_000)
    lab = await Lab.up({ vms: 1 })
    vm = lab.vms[0] as VmHost
    await vm.ok('mount /data && mkdir -p /data/var/lib/lxc/web01 /data/var/lib/lxc/web02 && sync')
    await vm.write(config, text(1000))
    await vm.write(config.replace('web01', 'web02'), text(1000))
    await vm.ok('sync')
  })
  after(() => lab?.down())

  it('loses a config at no instant of a change', async () => {
    const ends = { old: 0, new: 0 }
    // how long a change takes here; the cuts are spread over that time
    const started = Date.now()
    assert.equal((await vm.lxcnet(['set', 'web01:0', 'mtu=1001', '--root', '/data'])).status, 0)
    const whole = Date.now() - started
    let mtu = 1001
    for (let cut = 0; cut < 6; cut++) {
      const running = vm.lxcnet(['set', 'web01:0', `mtu=${mtu + 1}`, '--root', '/data']).catch(() => undefined)
      await sleep((whole * (cut + 3)) / 9)
      vm.kill()
      await running
      await vm.restart()
      await vm.ok('mount /data')
      const found = (await vm.read(config)).toString()
      assert.ok(found === text(mtu) || found === text(mtu + 1), `neither old nor new: ${JSON.stringify(found)}`)
      const next = await vm.lxcnet(['set', 'web02:0', `mtu=${1100 + cut}`, '--root', '/data'])
      assert.equal(next.status, 0, next.stdout + next.stderr)
      const settled = (await vm.read(config)).toString()
      assert.ok(settled === text(mtu) || settled === text(mtu + 1), 'still old or new once it is settled')
      assert.equal((await vm.ok('find /data -name ".lxcnet-*"; find /data -name ".new-*"')).trim(), '')
      ends[settled === text(mtu + 1) ? 'new' : 'old']++
      if (settled === text(mtu + 1)) mtu++
      await vm.ok('umount /data && mount /data')
    }
    console.log(`      6 cuts: ${ends.old} × old, ${ends.new} × new`)
  })
})
