/** A plain user with containers of their own: veth within a quota that root grants, nothing else. */
import assert from 'node:assert/strict'
import type { Result } from './lab/lab.ts'
import { Lab, type LabHost } from './lab/lab.ts'

describe('lxcnet as a plain user', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.ok(`ip link add br0 type bridge forward_delay 0; ip link set br0 up
echo 'ada:x:1000:1000::/home/ada:/bin/sh' >>/etc/passwd; echo 'ada:x:1000:' >>/etc/group
mkdir -p /home/ada/.local/share/lxc/web01 /home/ada/.config; chown -R 1000:1000 /home/ada
printf 'lxc.uts.name = web01\\n' >/home/ada/.local/share/lxc/web01/config; chown 1000:1000 /home/ada/.local/share/lxc/web01/config
rm -f /etc/lxc/lxc-usernet
# the checkout may be closed to others
mkdir /opt/readable; cd /opt/lxcnet; cp -r bin dist templates package.json /opt/readable; chmod -R a+rX /opt/readable`)
  })

  after(() => lab.down())

  const ada = (line: string): Promise<Result> =>
    h1.run([
      'setpriv',
      '--reuid',
      '1000',
      '--regid',
      '1000',
      '--clear-groups',
      'env',
      'HOME=/home/ada',
      'USER=ada',
      '/opt/node/bin/node',
      '/opt/readable/bin/run.js',
      ...line.split(' '),
    ])
  const config = () => h1.ok('cat /home/ada/.local/share/lxc/web01/config')
  const create = 'create web01 --type veth --link br0 --ipv4 10.8.0.5/24'

  it('has no veth without a quota, and is told the line that root has to add', async () => {
    const { status, stdout } = await ada(`${create} --json`)
    const refusal = JSON.parse(stdout)
    assert.deepEqual([status, refusal.code], [65, 'usernet-quota'])
    assert.ok(
      refusal.suggestions.some((text: string) => text.includes("echo 'ada veth br0 10' >> /etc/lxc/lxc-usernet")),
      refusal.suggestions.join(),
    )
    assert.equal(await config(), 'lxc.uts.name = web01\n')
  })

  it('has one once the line is there, in a config of the same owner', async () => {
    await h1.ok("echo 'ada veth br0 10' >>/etc/lxc/lxc-usernet")
    const { status, stdout, stderr } = await ada(create)
    assert.equal(status, 0, stdout + stderr)
    assert.match(await config(), /^lxc\.net\.0\.type = veth$/m)
    assert.equal(await h1.ok('stat -c %u:%g /home/ada/.local/share/lxc/web01/config'), '1000:1000\n')
    assert.equal((await h1.sh('ls /var/lib/lxcnet')).status, 2, "root's journal is not touched")
    assert.equal(await h1.ok('ls /home/ada/.local/state/lxcnet/journal | wc -l'), '1\n')
    const read = await h1.run([
      'setpriv',
      '--reuid',
      '1000',
      '--regid',
      '1000',
      '--clear-groups',
      'env',
      'HOME=/home/ada',
      'lxc-info',
      '-n',
      'web01',
      '-H',
      '-c',
      'lxc.net.0.link',
    ])
    assert.equal(read.stdout, 'br0\n', read.stderr)
  })

  it('gets what LXC gives: one veth by lxc-user-nic, and no more than the quota', async () => {
    // lxc-user-nic is what LXC runs to plug the NIC in; the network namespace stands for the container
    const plug = `setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U -r -n sh -c 'echo $$; exec sleep 20' >/tmp/pid &
sleep 0.5
setpriv --reuid 1000 --regid 1000 --clear-groups "$(find /usr/lib* -name lxc-user-nic -print -quit)" create /home/ada/.local/share/lxc web01 "$(pgrep -u 1000 -x sleep)" veth br0 eth0`
    const { stdout, stderr, status } = await h1.sh(plug)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^eth0:\d+:veth1000_/)
    assert.match(await h1.ok('cat /run/lxc/nics'), /^ada veth br0 veth1000_/)
    await h1.ok("echo 'ada veth br0 1' >/etc/lxc/lxc-usernet")
    const { status: more, stdout: said } = await ada('create web01 --type veth --link br0 --json')
    assert.deepEqual([more, JSON.parse(said).code], [65, 'usernet-quota'], 'the one NIC is used up')
    await h1.ok('kill "$(pgrep -u 1000 -x sleep)"')
  })

  it('has neither macvlan nor phys, and hears what LXC ignores', async () => {
    await h1.ok("echo 'ada veth br0 10' >/etc/lxc/lxc-usernet")
    for (const flags of ['--type macvlan --link eth1', '--type phys --link eth1']) {
      const { status, stdout } = await ada(`create web01 ${flags} --json`)
      assert.deepEqual([status, JSON.parse(stdout).code], [65, 'unprivileged-type'], flags)
    }
    const { stdout } = await ada('set web01:0 mtu=1400 --json')
    assert.ok(
      JSON.parse(stdout).notes.some(({ code }: { code: string }) => code === 'unprivileged-key'),
      stdout,
    )
  })

  it('takes its own changes back', async () => {
    const { stdout } = await ada('history --json')
    const [first] = JSON.parse(stdout).entries
    assert.equal(first.user, 'ada')
    await ada('unset web01:0 mtu')
    const { status, stderr } = await ada(`rollback ${first.id}`)
    assert.equal(status, 0, stderr)
    assert.equal(await config(), 'lxc.uts.name = web01\n')
  })
})
