/** NAT networks where systemd starts what runs: lxc-net as a unit, dnsmasq that outlives logins, and a boot. */
import assert from 'node:assert/strict'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab } from './lab/lab.ts'
import type { LightHost } from './lab/light.ts'
import { change, pings, refused, start } from './live.ts'

describe('nat: a host with systemd', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2, systemd: true })
    const [first, second] = lab.hosts
    assert.ok(first !== undefined && second !== undefined)
    h1 = first
    h2 = second
    for (const [name, bridge] of [
      ['web1', 'lxcbr0'],
      ['web2', 'blue'],
    ] as const)
      await h1.container(name, [
        'lxc.net.0.type = veth',
        `lxc.net.0.link = ${bridge}`,
        'lxc.net.0.flags = up',
        `lxc.net.0.ipv4.address = ${bridge === 'blue' ? '10.7.0.9' : '10.0.3.9'}/24`,
        'lxc.net.0.ipv4.gateway = auto',
      ])
  })

  after(() => lab.down())

  const state = async (name: string): Promise<string | undefined> => {
    const { stdout } = await h1.lxcnet(['nat', 'show', name, '--json'])
    return (JSON.parse(stdout) as ObjectsReport).objects[0]?.state
  }
  const unit = async (property: string): Promise<string> =>
    (await h1.ok(`systemctl show -P ${property} lxc-net.service`)).trim()

  it('a masked lxc-net is said to be so, and not started', async () => {
    await h1.ok('systemctl stop lxc-net.service && systemctl mask lxc-net.service')
    assert.equal(await state('lxc-net'), 'masked')
    const refusal = await refused(h1, 'nat enable')
    assert.deepEqual([refusal.code, refusal.suggestions], ['nat-masked', ['systemctl unmask lxc-net.service']])
    await h1.ok('systemctl unmask lxc-net.service')
  })

  it('a lxc-net that was masked while it was up is stopped all the same, and comes up again once it is not', async () => {
    await change(h1, 'nat enable')
    await h1.ok('systemctl mask lxc-net.service')
    const gone = '! ip link show lxcbr0 2>/dev/null && ! pgrep -x dnsmasq && [ ! -e /run/lxc/network_up ]'
    const { id } = await change(h1, 'nat disable')
    await h1.ok(gone)
    await change(h1, ['rollback', String(id)])
    assert.equal(await state('lxc-net'), 'up, masked')
    await change(h1, 'nat disable')
    await h1.ok(`${gone} && systemctl unmask lxc-net.service`)
    await change(h1, 'nat enable')
    assert.deepEqual([await state('lxc-net'), await unit('ActiveState')], ['up', 'active'])
    // as a stop of the unit without its ExecStop leaves it
    const half = "sed -i 's/^USE_LXC_BRIDGE=.*/USE_LXC_BRIDGE=false/' /etc/default/lxc-net && systemctl stop lxc-net"
    await h1.ok(`${half} && [ -e /run/lxc/network_up ] && ! pgrep -x dnsmasq`)
    const refusal = await refused(h1, 'nat set lxc-net enabled=yes subnet=10.9.0.0/24')
    assert.deepEqual([refusal.code, refusal.suggestions[0]], ['nat-runs-on', '`lxcnet nat enable` first'])
    await change(h1, 'nat enable')
    assert.equal(await state('lxc-net'), 'up')
    // systemd does not notice
    await h1.ok('/usr/libexec/lxc/lxc-net stop')
    await change(h1, 'nat enable')
    assert.deepEqual([await state('lxc-net'), await unit('ActiveState')], ['up', 'active'])
  })

  it('a disabled lxc-net comes up now and at boot, and is disabled again by the rollback', async () => {
    await h1.ok('systemctl disable --now lxc-net.service')
    const { id } = await change(h1, 'nat enable')
    assert.deepEqual(
      [await state('lxc-net'), await unit('UnitFileState'), await unit('ActiveState')],
      ['up', 'enabled', 'active'],
    )
    await change(h1, ['rollback', String(id)])
    assert.deepEqual(
      [await state('lxc-net'), await unit('UnitFileState'), await unit('ActiveState')],
      ['down', 'disabled', 'inactive'],
    )
    await change(h1, 'nat enable')
  })

  it('lxc-net is stopped with its old settings and started with the new by its unit', async () => {
    await start(h1, 'web1')
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    const { id, changes } = await change(h1, 'nat set lxc-net bridge=net0')
    const steps = changes.flatMap((step) => (step.kind === 'run' ? step.argv.join(' ') : []))
    assert.deepEqual(
      steps.filter((words) => words.includes('systemctl')),
      [
        'env LXC_BRIDGE=lxcbr0 systemctl stop lxc-net.service',
        'env LXC_BRIDGE=net0 sh -c systemctl reset-failed "$1"; exec systemctl start "$1" lxc-net lxc-net.service',
      ],
    )
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    await change(h1, ['rollback', String(id)])
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    assert.deepEqual([await unit('ActiveState'), await state('lxc-net')], ['active', 'up'])
    await h1.ok('! ip link show net0 2>/dev/null')
  })

  it('a dnsmasq that was started over SSH outlives the login, and a restart of the unit that brings it back', async () => {
    await h1.ok(
      "echo 'KillUserProcesses=yes' >>/etc/systemd/logind.conf; echo 'KillExcludeUsers=' >>/etc/systemd/logind.conf; systemctl restart systemd-logind",
    )
    await change(h2, `nat create blue --subnet 10.7.0.0/24 -H root@${h1.address}`)
    await change(h2, `nat set lxc-net domain=lxc -H root@${h1.address}`)
    const cgroups = await h1.ok(
      'for f in /run/lxc/dnsmasq.pid /run/lxcnet/dnsmasq-blue.pid; do cat "/proc/$(cat $f)/cgroup"; done',
    )
    assert.doesNotMatch(cgroups, /session|user\.slice/)
    assert.deepEqual([await state('lxc-net'), await state('blue')], ['up', 'up'])
    const pid = await h1.ok('cat /run/lxcnet/dnsmasq-blue.pid')
    await h1.ok('systemctl restart lxcnet.service')
    assert.equal(await h1.ok('cat /run/lxcnet/dnsmasq-blue.pid'), pid)
  })

  it('all of them are there after a boot', async () => {
    await h1.reboot()
    await h1.ok(
      'for n in $(seq 300); do systemctl is-active -q lxcnet.service && exit; sleep 0.1; done; systemctl status lxcnet.service; exit 1',
    )
    assert.deepEqual([await state('lxc-net'), await state('blue')], ['up', 'up'])
    await start(h1, 'web1', 'web2')
    await pings({
      reached: [
        [h1, 'web1', '198.18.0.1'],
        [h1, 'web2', '198.18.0.1'],
      ],
    })
    const { changes } = await change(h1, 'nat create blue --subnet 10.7.0.0/24')
    assert.deepEqual(changes, [])
  })

  it('under --root the files are changed, and the commands that would have run are said', async () => {
    await h1.ok(
      'mkdir -p /srv/tree/var/lib/lxc /srv/tree/etc/default /srv/tree/usr/libexec/lxc && cp /etc/default/lxc /etc/default/lxc-net /srv/tree/etc/default && cp /usr/libexec/lxc/lxc-net /srv/tree/usr/libexec/lxc',
    )
    const { leftOut } = await change(h1, 'nat set lxc-net subnet=10.9.0.0/24 --root /srv/tree')
    await change(h1, 'nat create red --subnet 10.8.0.0/24 --root /srv/tree')
    assert.deepEqual(leftOut, ['/usr/libexec/lxc/lxc-net restart: no commands run under --root'])
    assert.match(await h1.ok('cat /srv/tree/etc/default/lxc-net'), /^LXC_NETWORK="10\.9\.0\.0\/24"$/m)
    const { stdout } = await h1.lxcnet(['nat', 'list', '--root', '/srv/tree'])
    assert.match(stdout, /^lxc-net +unknown +lxcbr0 +10\.9\.0\.0\/24/m)
    assert.match(stdout, /^red +unknown +red +10\.8\.0\.0\/24/m)
    await h1.ok('! ip link show red 2>/dev/null')
    // where the distribution of the tree keeps them, as Fedora
    await h1.ok(
      `mkdir -p /srv/fedora/etc/sysconfig /srv/fedora/var/lib/lxc /srv/fedora/usr/libexec/lxc && cd /srv/fedora &&
sed 's|/etc/default|/etc/sysconfig|' /usr/libexec/lxc/lxc-net >usr/libexec/lxc/lxc-net &&
sed 's|/etc/default|/etc/sysconfig|g' /etc/default/lxc >etc/sysconfig/lxc && echo 'USE_LXC_BRIDGE=true' >etc/sysconfig/lxc-net`,
    )
    await change(h1, 'nat set lxc-net domain=lxc --root /srv/fedora')
    assert.equal(
      await h1.ok('cd /srv/fedora/etc && cat sysconfig/lxc-net && ls'),
      'USE_LXC_BRIDGE=true\nLXC_DOMAIN="lxc"\nsysconfig\n',
    )
  })
})
