// The lab of real hosts does what the tests on it take for granted, and leaves nothing behind.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as ground from './lab/ground.ts'
import { Lab, type LabHost, type VmHost } from './lab/lab.ts'
import { startTime } from './lab/machine.ts'

const veth = (address: string) => ['type = veth', 'link = br0', 'flags = up', `ipv4.address = ${address}/24`].map(nic)
const vlan = (id: number, address: string) =>
  ['type = vlan', `vlan.id = ${id}`, 'link = eth1', 'flags = up', `ipv4.address = ${address}/24`].map(nic)
const nic = (line: string) => `lxc.net.0.${line}`

function pair<T>(hosts: T[]): [T, T] {
  const [one, other] = hosts
  assert(one && other)
  return [one, other]
}

const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))
const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process has ended meanwhile
  }
}
const network = (pid: string) => {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return ''
  }
}

/** The processes of a lab, and the network namespaces they are in. */
function census(id: string) {
  const pids = processes().filter((pid) => read(`/proc/${pid}/cgroup`).includes(`/lxcnet-lab/${id}/`))
  const started = pids.map((pid) => [Number(pid), startTime(Number(pid))] as const).filter(([, start]) => start)
  return { pids: started, networks: new Set(pids.map(network).filter(Boolean)) }
}

function assertNothingLeft(id: string, { pids, networks }: ReturnType<typeof census>): void {
  assert(pids.length > 0)
  assert.deepEqual(
    pids.filter(([pid, start]) => startTime(pid) === start),
    [],
    'processes',
  )
  assert.deepEqual(
    processes().filter((pid) => networks.has(network(pid))),
    [],
    'network namespaces',
  )
  assert.deepEqual(
    processes().filter((pid) => read(`/proc/${pid}/mountinfo`).includes(id)),
    [],
    'mounts',
  )
  assert(!existsSync(ground.cgroup(id)), 'cgroup')
  assert(!existsSync(ground.folder(id)), 'folder')
}

/** A lab in a process of its own, for ending that process in one way or another. */
async function elsewhere(): Promise<{ runner: ChildProcess; id: string }> {
  const argv = [join(import.meta.dirname, 'lab/main.ts'), 'hold', '1']
  const runner = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: runner.stdout })) {
    const id = /^lab (\S+) is up$/.exec(line)?.[1]
    if (id !== undefined) return { runner, id }
  }
  throw new Error('the lab of the other process did not come up')
}

describe('the lab of real hosts', function () {
  this.timeout(60_000)
  this.slow(3000)

  it('can be had on this machine', async () => {
    assert.equal(await Lab.canHost(), null)
  })

  describe('with light hosts', () => {
    let lab: Lab
    let h1: LabHost
    let h2: LabHost

    before(async function () {
      this.timeout(1_800_000)
      lab = await Lab.up({ hosts: 2 })
      ;[h1, h2] = pair(lab.hosts)
    })
    after(() => lab?.down())

    it('runs commands in the namespaces and the root of a host', async () => {
      assert.deepEqual(await h1.run(['hostname']), { status: 0, signal: null, stdout: 'h1\n', stderr: '' })
      assert.equal(await h2.ok('echo "$WORD" "$0" "$1"', { env: { WORD: 'a b' } }, "it's"), "a b sh it's\n")
      assert.equal(await h1.ok('cat', { input: 'käse' }), 'käse')
      assert.equal((await h1.sh('exit 3')).status, 3)
      assert.equal((await h1.sh('kill -9 $$')).signal, 'SIGKILL')
      await assert.rejects(h1.ok('echo why >&2; exit 4'), /h1: status 4 of\necho why.*\nwhy/s)
    })

    it('ends a command that takes too long', async () => {
      const { status, signal, stderr } = await h1.sh('sleep 87 & sleep 86', { timeoutMs: 300 })
      assert.deepEqual([status, signal], [null, 'SIGKILL'])
      assert.match(stderr, /killed after 300 ms/)
      assert.equal(await h1.ok('pgrep -f "sleep 8[67]" || echo none'), 'none\n')
    })

    it('does not wait for a daemon that a command leaves behind', async () => {
      const begin = performance.now()
      assert.equal(await h1.ok('sleep 5 & echo done'), 'done\n')
      assert(performance.now() - begin < 2000)
    })

    it('writes and reads files byte by byte', async () => {
      const data = Buffer.from([0, 255, 10, 128])
      await h1.write('/etc/made/up', data, 0o640)
      assert.deepEqual(await h1.read('/etc/made/up'), data)
      assert.equal(await h1.ok('stat -c %a /etc/made/up'), '640\n')
      assert.equal((await h2.sh('ls /etc/made')).status, 2)
      await assert.rejects(h2.read('/etc/made/up'), /No such file/)
    })

    it('shows every host the project and Node.js, which it cannot change', async () => {
      assert.equal(await h1.ok('/opt/node/bin/node --version'), `${process.version}\n`)
      assert.match(await h1.ok('cat /opt/lxcnet/package.json'), /"name": "lxcnet"/)
      assert.match((await h1.sh('echo >/opt/lxcnet/test/real/made-up')).stderr, /Read-only file system/)
    })

    it('lets two hosts reach each other on both networks', async () => {
      assert(await h1.ping(null, h2.address))
      await Promise.all([h1, h2].map((host, index) => host.ok(`ip addr add 198.18.1.${index + 11}/24 dev eth1`)))
      assert(await h1.ping(null, '198.18.1.12'))
      assert.equal(await h1.ok('ssh h2 hostname'), 'h2\n')
      assert.equal(await h1.ping(null, '198.18.0.99'), false)
      assert.equal((await lab.lan(`ping -c 1 -W 1 ${h1.address}`)).status, 0)
    })

    it('starts a container with a veth on a bridge, from where the host answers', async () => {
      await h1.ok('ip link add br0 type bridge forward_delay 0; ip addr add 10.8.0.254/24 dev br0; ip link set br0 up')
      await h1.container('c1', veth('10.8.0.1'))
      assert.deepEqual(await h1.start('c1'), { status: 0, signal: null, stdout: '', stderr: '' })
      assert(await h1.ping('c1', '10.8.0.254'))
      assert.equal(await h1.ping('c1', '10.8.0.77'), false)
      assert.match((await h1.inside('c1', ['ip', 'addr', 'show', 'eth0'])).stdout, /inet 10\.8\.0\.1\/24/)
      await h1.stop('c1')
      assert.equal(await h1.ok('ls /sys/class/net/br0/brif'), '')
      await h1.stop('c1')
    })

    it("says in LXC's words why a container does not start", async () => {
      await h1.container(
        'c2',
        veth('10.8.0.2').map((line) => line.replace('br0', 'br9')),
      )
      const { status, stderr } = await h1.start('c2')
      assert.equal(status, 1)
      assert.match(stderr, /bridge "br9", bridge interface doesn't exist/)
    })

    it('leaves nothing behind when it is taken down, also with a container running', async () => {
      assert.equal((await h1.start('c1')).status, 0)
      const alive = census(lab.id)
      await lab.down()
      assertNothingLeft(lab.id, alive)
      await lab.down()
      await assert.rejects(async () => h1.run(['true']), /not running/)
    })
  })

  it('can have systemd on its hosts', async () => {
    const lab = await Lab.up({ hosts: 1, systemd: true })
    try {
      assert.equal(await lab.hosts[0]?.ok('systemctl is-system-running'), 'running\n')
    } finally {
      await lab.down()
    }
  })

  it('ends with the process that runs it', async () => {
    const { runner, id } = await elsewhere()
    const alive = census(id)
    runner.kill('SIGTERM')
    assert.deepEqual(await once(runner, 'exit'), [null, 'SIGTERM'])
    assertNothingLeft(id, alive)
  })

  it('is swept away when its runner was killed', async () => {
    const { runner, id } = await elsewhere()
    assert(!Lab.sweep().includes(id))
    const alive = census(id)
    runner.kill('SIGKILL')
    await once(runner, 'exit')
    assert(Lab.sweep().includes(id))
    assertNothingLeft(id, alive)
  })

  describe('with virtual machines', () => {
    let lab: Lab
    let vm1: VmHost
    let vm2: VmHost

    before(async function () {
      this.timeout(1_800_000)
      lab = await Lab.up({ hosts: 1, vms: 2 })
      ;[vm1, vm2] = pair(lab.vms)
    })
    after(() => lab?.down())

    it('runs commands on a machine and reaches the light hosts', async () => {
      assert.deepEqual(await vm1.run(['hostname']), { status: 0, signal: null, stdout: 'vm1\n', stderr: '' })
      assert.equal(await vm2.ok('echo "$WORD" "$0" "$1"', { env: { WORD: 'a b' } }, "it's"), "a b sh it's\n")
      assert.equal(await vm1.ok('cat', { input: 'käse' }), 'käse')
      assert.equal((await vm1.sh('exit 3')).status, 3)
      assert(await vm1.ping(null, 'h1', { waitSeconds: 3 }))
    })

    it('makes machines of one template that are not the same', async () => {
      const random = 'cat /etc/machine-id /sys/class/net/eth1/address; ip link add m0 link eth1 type macvlan; '
      const told = await Promise.all([vm1, vm2].map((vm) => vm.ok(`${random} cat /sys/class/net/m0/address`)))
      const [one, other] = pair(told.map((text) => text.trim().split('\n')))
      assert.equal(one.length, 3)
      for (const [index, line] of one.entries()) assert.notEqual(line, other[index])
    })

    it('has the kernel modules, Node.js and the project', async () => {
      await vm1.ok('for name in 8021q ipvlan bridge veth macvlan; do modprobe $name || exit; done')
      assert.equal(await vm1.ok('/opt/node/bin/node --version'), `${process.version}\n`)
      assert.match(await vm1.ok('cat /opt/lxcnet/package.json'), /"name": "lxcnet"/)
    })

    it('starts containers on VLANs, which reach each other only with the same id', async () => {
      await vm1.container('ten', vlan(10, '10.10.0.1'))
      await vm2.container('ten', vlan(10, '10.10.0.2'))
      await vm2.container('eleven', vlan(11, '10.10.0.3'))
      const started = [await vm1.start('ten'), await vm2.start('ten'), await vm2.start('eleven')]
      assert.deepEqual(
        started.map(({ status, stderr }) => [status, stderr]),
        Array(3).fill([0, '']),
      )
      assert(await vm1.ping('ten', '10.10.0.2', { count: 2, waitSeconds: 3 }))
      assert.equal(await vm1.ping('ten', '10.10.0.3'), false)
      await vm1.stop('ten')
    })

    it('keeps what was synced to /data when a machine loses its power', async () => {
      await vm1.ok('mount /data && echo kept >/data/synced && sync')
      vm1.kill()
      await assert.rejects(vm1.ok('true'), /vm1 is not running/)
      await vm1.restart()
      assert.equal(await vm1.ok('mount /data && cat /data/synced'), 'kept\n')
    })

    it('leaves nothing behind when it is taken down', async () => {
      const alive = census(lab.id)
      await lab.down()
      assertNothingLeft(lab.id, alive)
    })
  })
})
