// The lab of real hosts does what the tests on it take for granted, and leaves nothing behind.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import * as ground from './lab/ground.ts'
import { Lab, type LabHost, type LightHost, type VmHost } from './lab/lab.ts'
import { cache, must, startTime } from './lab/machine.ts'

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

    it('lets a plain user have namespaces', async () => {
      const script = 'unshare -U -r -p -f -m --mount-proc readlink /proc/self'
      assert.equal(await h1.ok(`setpriv --reuid plain --regid plain --clear-groups ${script}`), '1\n')
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

  for (const systemd of [false, true]) {
    describe(`with hosts that lose their power under ${systemd ? 'systemd' : 'busybox init'}`, () => {
      let lab: Lab
      let h1: LightHost
      let h2: LightHost

      before(async () => {
        lab = await Lab.up({ hosts: 2, systemd })
        ;[h1, h2] = pair(lab.hosts)
      })
      after(() => lab?.down())

      const places = ['/etc', '/root', '/var/lib', '/var/lib/lxc', '/run', '/tmp', '/dev/shm']
      const survivors = () => h1.ok(`for place in ${places.join(' ')}; do cat $place/mark 2>/dev/null || :; done`)
      const bootId = () => h1.ok('cat /proc/sys/kernel/random/boot_id')
      const macs = () => h1.ok('cat /sys/class/net/eth[01]/address')

      for (const hard of [true, false]) {
        it(`keeps the disk, the cables and the name, and nothing else, over a ${hard ? 'power cut' : 'reboot'}`, async () => {
          await h1.ok(`for place in ${places.join(' ')}; do echo $place >$place/mark; done
            ip link add br0 type bridge; echo h1.example >/etc/hostname; sleep 4321 >/dev/null 2>&1 &`)
          const [before, wired] = [await bootId(), await macs()]
          await h1.reboot({ hard })
          assert.deepEqual((await survivors()).trim().split('\n'), places.slice(0, 4))
          assert.equal(
            await h1.ok('hostname; ip link show br0 2>&1; pgrep -xf "sleep 4321" || :'),
            'h1.example\nDevice "br0" does not exist.\n',
          )
          assert.notEqual(await bootId(), before)
          assert.equal(await macs(), wired)
          assert(await h2.ping(null, h1.address))
          assert.equal(await h2.ok('ssh h1 hostname'), 'h1.example\n')
        })
      }

      it('runs what shuts a host down when it is rebooted, and nothing in a power cut', async () => {
        if (systemd)
          await h1.ok(`printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStop=touch /root/shut-down\\n' \
            >/etc/systemd/system/last.service; systemctl daemon-reload; systemctl start last.service`)
        else await h1.ok("echo '::shutdown:touch /root/shut-down' >>/etc/inittab; kill -HUP 1; sleep 0.2")
        await h1.reboot()
        assert.equal((await h1.sh('rm /root/shut-down')).status, 1)
        if (systemd) await h1.ok('systemctl start last.service')
        await h1.reboot({ hard: false })
        assert.equal((await h1.sh('rm /root/shut-down')).status, 0)
      })

      it('leaves a NIC alone that the host itself configures, and cables it before the host looks', async () => {
        await h1.write(
          '/etc/network/interfaces',
          `auto lo br0
iface lo inet loopback
iface br0 inet static
  bridge_ports eth0
  bridge_fd 0
  address ${h1.address}/24
`,
        )
        await h1.reboot()
        assert.equal(await h1.ok('ip -4 addr show eth0; ls /sys/class/net/br0/brif'), 'eth0\n')
        assert(await h2.ping(null, h1.address))
      })

      it('is silent while a host is off, and leaves nothing behind then', async () => {
        const alive = census(lab.id)
        await h2.kill()
        assert.equal(await h1.ping(null, h2.address), false)
        await assert.rejects(async () => h2.run(['true']), /h2 is not running/)
        await h2.reboot()
        assert(await h1.ping(null, h2.address))
        await h2.kill()
        await lab.down()
        assertNothingLeft(lab.id, alive)
      })
    })
  }

  describe('with systemd on its hosts', () => {
    let lab: Lab
    let h1: LightHost
    let h2: LightHost

    before(async () => {
      lab = await Lab.up({ hosts: 2, systemd: true })
      ;[h1, h2] = pair(lab.hosts)
    })
    after(() => lab?.down())

    it('has started all of it', async () => {
      assert.equal(await h1.ok('systemctl is-system-running'), 'running\n')
    })

    it('gives a login a session of logind, which takes its processes along when it is told to', async () => {
      const login = `ssh admin@h2 'sleep 4322 >/dev/null 2>&1 & cat /proc/self/cgroup'`
      assert.match(await h1.ok(login), /^0::\/user\.slice\/user-2001\.slice\/session-\d+\.scope$/m)
      await h2.ok('loginctl list-sessions --no-legend | grep admin; pkill -xf "sleep 4322"')
      await h2.write('/etc/systemd/logind.conf.d/kill.conf', '[Login]\nKillUserProcesses=yes\n')
      await h2.ok('systemctl restart systemd-logind')
      await h1.ok(login)
      await h2.ok('for _ in $(seq 500); do pgrep -xf "sleep 4322" || exit 0; sleep 0.02; done; exit 1')
    })
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

  it('removes what older hosts were built of only when no other lab is there', async () => {
    const script = join(import.meta.dirname, 'lab/rootfs.sh')
    const [rootfs = ''] = (await must(['sh', script, cache, 'none'])).split('\n')
    const other = mkdtempSync(join(tmpdir(), 'lxcnet-lab-'))
    try {
      for (const folder of ['run/mine', 'run/another', 'rootfs-0', 'layer-0'])
        mkdirSync(join(other, folder), { recursive: true })
      symlinkSync(rootfs, join(other, basename(rootfs)))
      const old = () => ['rootfs-0', 'layer-0'].filter((folder) => existsSync(join(other, folder)))
      const [, layer = ''] = (await must(['sh', script, other, 'mine'])).split('\n')
      assert.deepEqual(old(), ['rootfs-0', 'layer-0'])
      rmSync(join(other, 'run/another'), { recursive: true })
      rmSync(layer, { recursive: true })
      await must(['sh', script, other, 'mine'])
      assert.deepEqual(old(), [])
      assert(existsSync(layer))
    } finally {
      rmSync(other, { recursive: true })
    }
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
