/** Changes that touch the way to the host itself, over a real sshd: a wrong one comes back, a right one is confirmed. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import { type Scope, takeSnapshot } from '../../src/host/snapshot.ts'
import { pathProbe, readPath } from '../../src/path/index.ts'
import type { Change } from '../../src/plan/plan.ts'
import { confirm, rollbackAwaiting } from '../../src/transaction/confirm.ts'
import { newId } from '../../src/transaction/id.ts'
import { carryOut, type Outcome, recover } from '../../src/transaction/transaction.ts'
import { file, run } from '../transaction/tree.ts'
import { Lab, type LightHost } from './lab/lab.ts'

const scope: Scope = { root: '', live: true, state: '/var/lib/lxcnet' }
const interfaces = '/etc/network/interfaces'
const lo = 'auto lo\niface lo inet loopback\n'
const plain = `${lo}\nauto eth0\niface eth0 inet static\n  address 198.18.0.11/24\n  gateway 198.18.0.1\n`
const bridged = `${lo}\nauto br0\niface br0 inet static\n  bridge_ports eth0\n  bridge_fd 0\n  address 198.18.0.11/24\n  gateway 198.18.0.1\n`

const shell = (text: string): string[] => ['sh', '-c', text]

/** eth0's address moves to a bridge; a wrong plan forgets to make eth0 its port, which cuts the way to the host. */
const move = (right: boolean): Change[] => [
  file(interfaces, plain, bridged),
  run(
    shell('ip link add br0 address 02:1b:00:00:00:01 type bridge && ip link set br0 up'),
    shell('ip link del br0 2>/dev/null; true'),
  ),
  ...(right ? [run(['ip', 'link', 'set', 'eth0', 'master', 'br0'], ['ip', 'link', 'set', 'eth0', 'nomaster'])] : []),
  run(
    shell(
      'ip addr del 198.18.0.11/24 dev eth0; ip addr add 198.18.0.11/24 dev br0; ip route replace default via 198.18.0.1',
    ),
    shell(
      'ip addr flush dev br0 2>/dev/null; ip addr replace 198.18.0.11/24 dev eth0; ip route replace default via 198.18.0.1',
    ),
  ),
]

/** What the kernel and the files say of the way to the host. */
const path = `ip -br link show br0 2>/dev/null; ip -4 -o addr show dev eth0 | sed 's/ brd [^ ]*//'; ip route show default; cat ${interfaces}`

/** All that an armed change brings along while it waits. */
const traces = `ls -A /var/lib/lxcnet | grep -vx journal
ls /etc/systemd/system/lxcnet* /etc/systemd/system/*.wants/lxcnet* /etc/init.d/lxcnet* /etc/rc?.d/*lxcnet* 2>/dev/null
find /etc -name '.lxcnet*'
systemctl list-units --all --no-legend 'lxcnet*' 2>/dev/null
pgrep -af 'watch[.]sh|recover[.]sh'
true`

for (const systemd of [false, true]) {
  describe(`an armed change of the way to a host with ${systemd ? 'systemd' : 'busybox init'}`, function () {
    this.timeout(240_000)
    let lab: Lab
    let h1: LightHost

    before(async () => {
      lab = await Lab.up({ hosts: 1, systemd })
      const [first] = lab.hosts
      assert.ok(first)
      h1 = first
      await h1.write(interfaces, plain)
    })
    after(() => lab.down())

    /** A connection from the networks' namespace, as a controller makes one; `wrap` stands in front of ssh. */
    const ssh = (...wrap: string[]): LocalHost => {
      const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=2', '-o', 'ControlPath=none']
      return new LocalHost([
        ...(lab.lanCommand([...wrap, 'ssh', ...options, h1.address, 'exec sh -s -- "$SSH_CONNECTION"']).argv as [
          string,
        ]),
      ])
    }

    const arm = (
      host: LocalHost,
      changes: Change[],
      confirmSeconds: number,
      id = newId(new Date()),
    ): Promise<Outcome> =>
      carryOut(
        host,
        { host: 'h1', changes, notes: [], reads: '-' },
        { scope, reads: [], fresh: [], meta: { id, at: '', user: 'tester', command: 'lxcnet test' }, confirmSeconds },
      )

    /** Arms, over a connection that the change itself may end. */
    const armCut = async (host: LocalHost, changes: Change[], confirmSeconds: number): Promise<string> => {
      const id = newId(new Date())
      await arm(host, changes, confirmSeconds, id).catch((error: unknown) => {
        assert.ok(error instanceof LxcnetError && /^(unreachable|interrupted)$/.test(error.code), String(error))
      })
      return id
    }

    const stateOf = async (id: string): Promise<string | undefined> => {
      const local = new LocalHost(h1.command(['sh', '-s']).argv as [string])
      return (await takeSnapshot(local, scope, [], { journal: [] })).entries.get(id)
    }

    const until = async (met: () => Promise<boolean>, what: string, seconds = 90): Promise<void> => {
      for (const end = Date.now() + seconds * 1000; !(await met()); await sleep(100))
        assert.ok(Date.now() < end, `waited ${seconds} s until ${what}`)
    }

    const reached = async (): Promise<boolean> => (await ssh().exec('echo here')).stdout.toString() === 'here\n'
    const nothingLeft = async (besides = ''): Promise<void> => {
      let left = ''
      const met = async (): Promise<boolean> => {
        left = await h1.ok(traces)
        return left === besides
      }
      await until(met, 'nothing is left of it', 30).catch(() => assert.equal(left, besides))
    }

    it('is one of the links that carry the connection, or that of whoever is logged in', async () => {
      const anyone = new LocalHost(lab.lanCommand(['ssh', h1.address, 'exec sh -s -- ""']).argv as [string])
      const nobody = new LocalHost(h1.command(['sh', '-s']).argv as [string])
      const wayOf = async (host: LocalHost) => readPath(await takeSnapshot(host, scope, [pathProbe]))
      for (const host of [ssh(), anyone]) assert.deepEqual(await wayOf(host), { known: true, links: new Set(['eth0']) })
      assert.deepEqual(await wayOf(nobody), { known: false, links: new Set(['eth0']) })
      const { id } = await arm(ssh(), move(true), 120)
      for (const host of [ssh(), anyone])
        assert.deepEqual(await wayOf(host), { known: true, links: new Set(['br0', 'eth0']) })
      assert.equal((await rollbackAwaiting(ssh(), scope, id)).result, 'undone')
    })

    it('comes back by itself when it was wrong', async () => {
      const old = await h1.ok(path)
      assert.ok(await reached())
      const began = Date.now()
      const arming = armCut(ssh(), move(false), 4)
      await until(async () => (await h1.ok(path)).includes('br0'), 'the bridge is there')
      assert.equal(await reached(), false, 'the change cuts the way')
      const id = await arming
      await until(reached, 'the way is back')
      console.log(`      back ${((Date.now() - began) / 1000).toFixed(1)} s after it began, with 4 s to confirm`)
      assert.equal(await h1.ok(path), old)
      assert.equal(await stateOf(id), 'undone')
      assert.equal((await confirm(ssh(), scope, id)).result, 'undone')
      await nothingLeft()
    })

    it('comes back by itself when its client is killed as well', async () => {
      const old = await h1.ok(path)
      const id = await armCut(ssh('timeout', '-s', 'KILL', '2'), move(false), 4)
      await until(reached, 'the way is back')
      await until(async () => (await stateOf(id)) === 'undone', 'it is taken back')
      assert.equal(await h1.ok(path), old)
      await nothingLeft()
    })

    it('stays when it was right and a new connection confirms it', async () => {
      const old = await h1.ok(path)
      const { id, result, notes } = await arm(ssh(), move(true), 120)
      assert.deepEqual([result, notes], ['awaiting', []])
      assert.match(await h1.ok(traces), /recover/)
      await assert.rejects(arm(ssh(), [file('/etc/another', null, 'x')], 120), { code: 'awaiting', exit: 75 })
      assert.deepEqual(await recover(ssh(), scope), [])
      assert.equal((await confirm(ssh(), scope, id)).result, 'confirmed')
      assert.equal((await confirm(ssh(), scope, id)).result, 'confirmed')
      await nothingLeft()
      assert.match(await h1.ok(path), /^br0 +UP/)
      assert.equal(await stateOf(id), 'committed')
      await h1.ok(
        'ip addr flush dev br0; ip link del br0; ip addr add 198.18.0.11/24 dev eth0; ip route add default via 198.18.0.1',
      )
      await h1.write(interfaces, plain)
      assert.equal(await h1.ok(path), old)
    })

    it('is taken back at once when that is asked for', async () => {
      const old = await h1.ok(path)
      const { id } = await arm(ssh(), move(true), 120)
      assert.equal((await rollbackAwaiting(ssh(), scope, id)).result, 'undone')
      assert.equal(await h1.ok(path), old)
      await nothingLeft()
    })

    it('keeps its watcher when the session, the sshd and its shell are gone', async () => {
      const old = await h1.ok(path)
      const { id } = await arm(ssh(), move(true), 12)
      if (systemd) {
        const cgroup = await h1.ok(`cat /proc/$(pgrep -f 'watch[.]sh watch ${id}')/cgroup`)
        assert.match(cgroup, new RegExp(`/system\\.slice/lxcnet-${id}\\.service\\n$`))
        await h1.ok('systemctl restart ssh systemd-logind')
      }
      await h1.ok('pkill -KILL sshd; true')
      if (systemd) await h1.ok('systemctl restart ssh')
      await until(reached, 'sshd is back')
      assert.equal(await stateOf(id), 'awaiting')
      assert.match(await h1.ok(path), /^br0 +UP/)
      await until(async () => (await stateOf(id)) === 'undone', 'its time is up')
      assert.equal(await h1.ok(path), old)
      await nothingLeft()
    })

    it('is taken back when its shell is killed in the middle', async () => {
      const old = await h1.ok(path)
      const arming = armCut(ssh(), [...move(false), run(['sleep', '200'], ['true'])], 120)
      await until(async () => (await h1.sh("pgrep -x -f 'sleep 200'")).status === 0, 'it is at its last step')
      await h1.ok("kill -9 $(pgrep -f '^sh -s -- 198') $(pgrep -x -f 'sleep 200')")
      const id = await arming
      await until(async () => (await stateOf(id)) === 'undone', 'it is taken back')
      assert.equal(await h1.ok(path), old)
      assert.ok(await reached())
      await nothingLeft()
    })

    it('is taken back on a full disk too', async () => {
      await h1.ok('mkdir -p /var/lib/lxcnet /mnt/small && mount -t tmpfs -o size=2m tmpfs /var/lib/lxcnet')
      const old = await h1.ok(path)
      const { id } = await arm(ssh(), move(true), 4)
      const full = await h1.sh('cat /dev/zero >/var/lib/lxcnet/full')
      assert.match(full.stderr, /No space left/)
      await until(async () => (await stateOf(id)) === 'undone', 'its time is up')
      assert.equal(await h1.ok(path), old)
      await nothingLeft('full\n')
      await h1.ok('umount /var/lib/lxcnet')
    })

    if (systemd) {
      it('keeps its watcher where logind ends all processes of a session', async () => {
        await h1.write(
          '/etc/systemd/logind.conf.d/kill.conf',
          '[Login]\nKillUserProcesses=yes\nKillExcludeUsers=nobody\n',
        )
        await h1.ok('systemctl restart systemd-logind')
        const { stdout } = await ssh().exec('setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $!')
        await until(
          async () => (await h1.sh('kill -0 "$1"', {}, stdout.toString().trim())).status !== 0,
          'logind kills',
        )
        const { id } = await arm(ssh(), move(true), 120)
        await sleep(2000)
        assert.equal(await stateOf(id), 'awaiting')
        assert.equal((await rollbackAwaiting(ssh(), scope, id)).result, 'undone')
        await h1.ok('rm /etc/systemd/logind.conf.d/kill.conf; systemctl restart systemd-logind')
        await nothingLeft()
      })

      for (const hard of [true, false]) {
        it(`is taken back by a reboot before anybody confirms it, ${hard ? 'after a power cut' : 'an orderly one'}`, async () => {
          const old = await h1.ok(path)
          // a bridge that the next boot would find again, in the database of Open vSwitch
          const ovs = run(['ovs-vsctl', 'add-br', 'ovs9'], ['ovs-vsctl', '--if-exists', 'del-br', 'ovs9'])
          const { id, result } = await arm(ssh(), [ovs, ...move(true)], 600)
          assert.equal(result, 'awaiting')
          await h1.ok('ovs-vsctl br-exists ovs9')
          const began = Date.now()
          await h1.reboot({ hard })
          console.log(`      up again after ${((Date.now() - began) / 1000).toFixed(1)} s`)
          await until(reached, 'the host is reached')
          assert.match(
            await h1.ok('journalctl -b -u lxcnet-recover -o cat'),
            new RegExp(`change ${id} was not confirmed`),
          )
          const at = async (unit: string, event: string): Promise<number> =>
            Number(await h1.ok(`systemctl show --value -p ${event}Monotonic ${unit}`))
          assert.ok(
            (await at('lxcnet-recover', 'InactiveEnterTimestamp')) <= (await at('networking', 'InactiveExitTimestamp')),
            'the files are back before the network is brought up',
          )
          await until(async () => (await stateOf(id)) === 'undone', 'its commands are taken back')
          assert.notEqual((await h1.sh('ovs-vsctl br-exists ovs9')).status, 0)
          assert.equal(await h1.ok(path), old)
          assert.equal((await confirm(ssh(), scope, id)).result, 'undone')
          await nothingLeft()
        })
      }
    } else {
      it('is taken back by a reboot, by the script that a sysv boot runs', async () => {
        const inittab = await h1.ok('cat /etc/inittab')
        const rc = "::sysinit:/bin/sh -c 'for s in /etc/rcS.d/S??lxcnet-recover; do $s start; done'\n"
        await h1.write('/etc/inittab', rc + inittab)
        const { id } = await arm(ssh(), move(true), 600)
        await h1.reboot()
        await until(reached, 'the host is reached')
        assert.equal(await h1.ok(`cat ${interfaces}`), plain)
        // its commands have a minute's time
        assert.equal((await rollbackAwaiting(ssh(), scope, id)).result, 'undone')
        await h1.ok('pkill -f "recover[.]sh"; pkill -x -f "sleep 60"; true')
        await nothingLeft()
      })
    }
  })
}
