/** What a reboot finds of an armed change: files are put back before the network comes up, commands are taken back after. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { LocalHost } from '../../src/host/local.ts'
import { takeSnapshot } from '../../src/host/snapshot.ts'
import type { Change } from '../../src/plan/plan.ts'
import { confirm, rollbackAwaiting } from '../../src/transaction/confirm.ts'
import { newId } from '../../src/transaction/id.ts'
import { type Outcome, recover } from '../../src/transaction/transaction.ts'
import { file, hostOn, processesWith, run, shells, type Tree, until, withTree } from './tree.ts'

const changes: Change[] = [
  file('/etc/lxc/a', 'old\n', 'new\n'),
  run(['mkdir', 'made'], ['rm', '-rf', 'made']),
  file('/etc/lxc/b', null, 'b\n'),
]

/** A host that systemd has booted, as far as files tell; the machine's own systemd is left alone. */
const systemd = { 'systemd-run': 'exit 1', systemctl: 'echo "$@" >>"$LXCNET_TRACE/systemctl"' }
const unit = '/etc/systemd/system/lxcnet-recover.service'
const wanted = '/etc/systemd/system/sysinit.target.wants/lxcnet-recover.service'
const script = '/etc/init.d/lxcnet-recover'
const recovery = '/var/lib/lxcnet/recover.sh'

const arm = (tree: Tree, host: LocalHost, plan = changes): Promise<Outcome> =>
  tree.change(host, plan, '-', newId(new Date()), { confirmSeconds: 600 })

const gone = (tree: Tree): Promise<void> =>
  until(() => processesWith(tree.root).length === 0, 'its processes have ended')

/** Every process of the host dies. */
async function cutPower(tree: Tree): Promise<void> {
  for (const pid of processesWith(tree.root)) process.kill(Number(pid), 'SIGKILL')
  await gone(tree)
}

/** What the host runs at boot. */
function boot(tree: Tree, argv: string[]): string {
  const env = { ...process.env, PATH: `${tree.root}/.stubs:${process.env['PATH']}`, LXCNET_TRACE: tree.root }
  const [command = '', ...rest] = argv
  const { status, stderr } = spawnSync(command, rest, { env, encoding: 'latin1', stdio: ['ignore', 'ignore', 'pipe'] })
  assert.equal(status, 0, stderr)
  return stderr
}

const nothingLeft = (tree: Tree): void => {
  for (const path of [
    unit,
    wanted,
    script,
    recovery,
    '/etc/rcS.d/S02lxcnet-recover',
    '/etc/runlevels/boot/lxcnet-recover',
  ])
    assert.ok(!fs.existsSync(tree.at(path)), path)
}

for (const shell of shells) {
  describe(`an armed change under ${shell.name} and a reboot`, () => {
    const fill = (tree: Tree): void => tree.write('/etc/lxc/a', 'old\n')

    it('has a unit before its first step, which goes with it', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.dir('/run/systemd/system')
        const host = hostOn(tree, shell.argv, systemd)
        const look = run(['sh', '-c', `test -L .${wanted} && cat .${wanted} >seen`], ['rm', 'seen'])
        const { id, result, notes } = await arm(tree, host, [look, ...changes])
        assert.deepEqual([result, notes], ['awaiting', []])
        const text = tree.read('/seen')
        assert.equal(tree.read(unit), text)
        assert.match(text, /^# Written by lxcnet .* lost\.\n/)
        assert.equal(fs.readlinkSync(tree.at(wanted)), '../lxcnet-recover.service')
        assert.equal(tree.stat(unit).mode & 0o777, 0o644)
        const path = `${tree.root}${recovery}`
        for (const line of [
          `ConditionPathExists=${path}`,
          `ExecStart=/bin/sh ${path} boot`,
          'Before=network-pre.target sysinit.target shutdown.target',
        ])
          assert.ok(text.split('\n').includes(line), text)
        const verified = spawnSync('systemd-analyze', ['verify', '--man=no', `${tree.root}${unit}`], {
          encoding: 'utf8',
        })
        assert.equal(
          verified.stderr
            .split('\n')
            .filter((line) => line.includes('lxcnet'))
            .join('\n'),
          '',
        )
        assert.equal((await confirm(host, tree.scope, id)).result, 'confirmed')
        nothingLeft(tree)
        await gone(tree)
      }))

    it('has its files put back by the boot, and its commands taken back once the host is up', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.dir('/run/systemd/system')
        const host = hostOn(tree, shell.argv, systemd)
        const before = tree.look()
        const { id } = await arm(tree, host)
        await cutPower(tree)
        // the command of the way back waits, so that one sees what the boot itself does
        hostOn(tree, [], {
          rm: `case $* in *made*) while [ ! -e "${tree.root}/up" ]; do sleep 0.1; done ;; esac; exec /bin/rm "$@"`,
        })
        const said = boot(tree, ['sh', `${tree.root}${recovery}`, 'boot'])
        assert.match(said, new RegExp(`change ${id} was not confirmed before the reboot`))
        assert.equal(tree.read('/systemctl'), 'daemon-reload\n')
        assert.deepEqual([tree.read('/etc/lxc/a'), tree.has('/etc/lxc/b'), tree.has('/made')], ['old\n', false, true])
        assert.ok(tree.has(unit) && tree.has(recovery), 'a second reboot is seen to')
        // it is decided: a confirmation comes too late
        assert.match((await confirm(host, tree.scope, id)).result, /^(running|undone)$/)
        tree.write('/up', '')
        await gone(tree)
        for (const path of ['/up', '/systemctl']) fs.rmSync(tree.at(path))
        for (const path of ['/etc/systemd/system/sysinit.target.wants', '/etc/systemd/system', '/etc/systemd'])
          fs.rmdirSync(tree.at(path))
        assert.deepEqual(tree.look(), before)
        tree.assertTidy()
        nothingLeft(tree)
        const { entries } = await takeSnapshot(host, tree.scope, [], { journal: [] })
        assert.deepEqual([...entries], [[id, 'undone']])
      }))

    it('is left alone by that unit while its watcher lives', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.dir('/run/systemd/system')
        const host = hostOn(tree, shell.argv, systemd)
        const { id } = await arm(tree, host)
        const waiting = tree.look()
        assert.equal(boot(tree, ['sh', `${tree.root}${recovery}`, 'boot']), '')
        assert.deepEqual(tree.look(), waiting)
        assert.equal((await rollbackAwaiting(host, tree.scope, id)).result, 'undone')
        await gone(tree)
      }))

    it('stays when it was confirmed, and only the tidying up was left', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.dir('/run/systemd/system')
        const host = hostOn(tree, shell.argv, systemd)
        const { id } = await arm(tree, host)
        await cutPower(tree)
        const entry = join(tree.journal, id)
        fs.renameSync(join(entry, 'marks/decide'), join(entry, 'committed'))
        boot(tree, ['sh', `${tree.root}${recovery}`, 'boot'])
        await gone(tree)
        assert.deepEqual([tree.read('/etc/lxc/a'), tree.has('/etc/lxc/b'), tree.has('/made')], ['new\n', true, true])
        tree.assertTidy()
        nothingLeft(tree)
      }))

    it('has a script in the order of a sysv boot', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.write('/etc/init.d/networking', '')
        tree.dir('/etc/rcS.d')
        for (const [link, name] of [
          ['S01mountall', 'mountall'],
          ['S02networking', 'networking'],
        ] as const)
          fs.symlinkSync(`../init.d/${name}`, tree.at(`/etc/rcS.d/${link}`))
        const host = hostOn(tree, shell.argv)
        const before = tree.look()
        const { notes } = await arm(tree, host)
        assert.deepEqual(notes, [])
        assert.deepEqual(fs.readdirSync(tree.at('/etc/rcS.d')).sort(), [
          'S01mountall',
          'S02lxcnet-recover',
          'S02networking',
        ])
        assert.match(tree.read(script), /^#!\/bin\/sh\n# Written by lxcnet .* lost\.\n### BEGIN INIT INFO\n/)
        assert.match(tree.read(script), /\$local_fs\n.*X-Start-Before: +networking\n/s)
        await cutPower(tree)
        for (const verb of ['stop', 'status']) boot(tree, [`${tree.root}${script}`, verb])
        assert.equal(tree.read('/etc/lxc/a'), 'new\n')
        hostOn(tree, [], { sleep: 'exec /bin/sleep 0.1' })
        boot(tree, [`${tree.root}/etc/rcS.d/S02lxcnet-recover`, 'start'])
        assert.deepEqual([tree.read('/etc/lxc/a'), tree.has('/etc/lxc/b')], ['old\n', false])
        // the minute that it gives the host is an applet of busybox, which is not stood in for
        for (const pid of processesWith(tree.root))
          if (fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1') === 'sleep\x0060\x00') process.kill(Number(pid))
        await gone(tree)
        assert.deepEqual(tree.look(), before)
        nothingLeft(tree)
      }))

    it('is told to insserv where that orders the boot, and taken from it', () =>
      withTree(async (tree) => {
        fill(tree)
        for (const path of ['/etc/init.d', '/etc/rcS.d']) tree.dir(path)
        const host = hostOn(tree, shell.argv, { insserv: 'echo "$@" >>"$LXCNET_TRACE/insserv"' })
        const { id } = await arm(tree, host)
        assert.equal((await confirm(host, tree.scope, id)).result, 'confirmed')
        const at = `-p ${tree.root}/etc/init.d lxcnet-recover\n`
        assert.equal(tree.read('/insserv'), `${at}-r ${at}`)
        nothingLeft(tree)
        await gone(tree)
      }))

    it('has a service in the boot runlevel of OpenRC', () =>
      withTree(async (tree) => {
        fill(tree)
        for (const path of ['/etc/init.d', '/etc/runlevels/boot']) tree.dir(path)
        tree.write('/sbin/openrc-run', '', 0o755)
        const host = hostOn(tree, shell.argv)
        const { id, notes } = await arm(tree, host)
        assert.deepEqual(notes, [])
        assert.match(tree.read(script), /^#!\/sbin\/openrc-run\n# Written by lxcnet .*need localmount\n +before net\n/s)
        assert.equal(fs.readlinkSync(tree.at('/etc/runlevels/boot/lxcnet-recover')), script)
        assert.equal((await rollbackAwaiting(host, tree.scope, id)).result, 'undone')
        nothingLeft(tree)
        await gone(tree)
      }))

    it('says so where nothing could start it, or no file can be written there', () =>
      withTree(async (tree) => {
        fill(tree)
        const told = async (): Promise<void> => {
          const host = hostOn(tree, shell.argv, systemd)
          const { id, result, notes } = await arm(tree, host)
          assert.deepEqual([result, notes.map(({ code }) => code)], ['awaiting', ['no-boot-recovery']])
          assert.equal((await rollbackAwaiting(host, tree.scope, id)).result, 'undone')
          await gone(tree)
          nothingLeft(tree)
        }
        await told()
        tree.dir('/run/systemd/system')
        tree.write('/etc/systemd', 'in the way')
        await told()
      }))

    it('is not guarded when it needs no confirmation', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.dir('/run/systemd/system')
        const host = hostOn(tree, shell.argv, systemd)
        assert.equal((await tree.change(host, changes)).result, 'committed')
        assert.ok(!tree.has('/etc/systemd'))
        assert.deepEqual(await recover(host, tree.scope), [])
      }))
  })
}
