/** Bridges on hosts that systemd starts: kept by ifupdown's networking.service, by systemd-networkd and by netplan. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { CheckReport } from '../../src/report/check.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, lostDuring, pings, refused, start } from './live.ts'

const uplink =
  '[Match]\nName=eth0\n\n[Network]\n# the office\nAddress=198.18.0.11/24\nGateway=198.18.0.1\nIPv6AcceptRA=no\n'

const netplan = `# the office
network:
  version: 2
  ethernets:
    eth0:
      addresses: [198.18.0.11/24] # since 2019
      routes:
        - to: default
          via: 198.18.0.1
      accept-ra: false
`

for (const { backend, path, text, also } of [
  { backend: 'networkd', path: '/etc/systemd/network/20-eth0.network', text: uplink, also: [] },
  { backend: 'netplan', path: '/etc/netplan/50-office.yaml', text: netplan, also: ['chmod 600 /etc/netplan/*'] },
]) {
  describe(`bridges kept by ${backend}`, function () {
    this.timeout(300_000)
    let lab: Lab
    let host: LightHost

    before(async () => {
      lab = await Lab.up({ hosts: 1, systemd: true })
      host = lab.hosts[0] as LightHost
      await host.write(path, text)
      // the lab has no udevd: networkd waits for none where it sees sysfs read-only, as in a container (udev_available())
      await host.write('/etc/systemd/system/systemd-networkd.service.d/lab.conf', '[Service]\nReadOnlyPaths=/sys\n')
      await host.ok(['systemctl enable systemd-networkd', ...also].join(' && '))
      await host.reboot()
    })
    after(() => lab.down())

    const state = (): Promise<string> =>
      host.ok(`find /etc/systemd/network /etc/netplan /etc/lxcnet -type f 2>/dev/null | xargs md5sum; ip -br link | sed 's/@.*//'
        ip -br addr show eth0 | sed 's/@if[0-9]*//; s/fe80.*//'; ip route`)
    const objects = async (): Promise<ObjectsReport['objects']> =>
      (JSON.parse((await host.lxcnet(['bridge', 'list', '--json'])).stdout) as ObjectsReport).objects
    async function keep(line: string): Promise<string> {
      const { status, stdout, stderr } = await host.lxcnet([...line.split(' '), '-y', '--json'])
      const report = JSON.parse(stdout) as ChangeReport
      assert.deepEqual([status, report.result], [2, 'awaiting'], stdout + stderr)
      const kept = await host.lxcnet(['confirm'])
      assert.equal(kept.status, 0, kept.stderr + kept.stdout)
      return report.id ?? ''
    }
    const reaches = async (): Promise<void> =>
      void assert.ok(await host.ping(null, '198.18.0.1', { waitSeconds: 4, count: 3 }), 'the host reaches the LAN')

    it('moves the address of the host to a bridge, which is there after a boot, and a rollback brings all back', async () => {
      await reaches()
      const before = await state()
      const mac = await host.ok('cat /sys/class/net/eth0/address')
      const id = await keep('bridge create br0 --uplink eth0')
      await reaches()
      assert.equal(await host.ok('cat /sys/class/net/br0/address'), mac, 'a lease would stay')
      const [found] = await objects()
      assert.deepEqual([found?.name, found?.own, found?.settings], ['br0', true, { uplink: ['eth0'] }])
      assert.equal((await change(host, 'bridge create br0 --uplink eth0')).result, 'unchanged')
      await host.reboot()
      await reaches()
      assert.match(await host.ok('ip -br addr show br0'), /198\.18\.0\.11\/24/)
      assert.doesNotMatch(await host.ok('ip -br addr show eth0'), /198\.18/)
      const set = await keep('bridge set br0 address=198.18.0.11/24,198.18.0.44/24')
      assert.match(
        await host.ok('ip -br addr show br0; ip route'),
        /\.11\/24.*\.44\/24.*default via 198\.18\.0\.1 dev br0/s,
      )
      await reaches()
      await keep(`rollback ${set}`)
      await keep(`rollback ${id}`)
      await reaches()
      assert.equal(await state(), before)
    })

    it('takes it away as if it had never been', async () => {
      const before = await state()
      await keep('bridge create br0 --uplink eth0 --mtu 1400')
      assert.match(await host.ok('ip -o link show br0; ip -o link show eth0'), /mtu 1400.*mtu 1400/s)
      const lines = ['type = veth', 'link = br0', 'flags = up', 'ipv4.address = 198.18.0.101/24']
      await host.container(
        'c1',
        lines.map((line) => `lxc.net.0.${line}`),
      )
      await start(host, 'c1')
      await pings({ reached: [[host, 'c1', '198.18.0.1']], lost: [[host, 'c1', '198.18.0.99']] })
      assert.equal((await refused(host, 'bridge delete br0')).code, 'bridge-in-use')
      await host.stop('c1')
      await keep('bridge delete br0')
      await reaches()
      assert.equal((await host.read(path)).toString(), text)
      assert.deepEqual((await state()).replace(/mtu.*/g, ''), before)
    })

    if (backend === 'netplan')
      it('is refused where NetworkManager carries it out', async () => {
        await host.write(path, text.replace('  version: 2', '  version: 2\n  renderer: NetworkManager'))
        const { code, message } = await refused(host, 'bridge create br0 --uplink eth0')
        assert.equal(code, 'network-manager')
        assert.match(message, /NetworkManager, not to networkd/)
        await host.write(path, text)
      })

    it('makes a bridge with an address, and changes it live', async () => {
      const before = await state()
      const made = await keep('bridge create br1 --address 10.0.5.1/24')
      assert.match(await host.ok('ip -br addr show br1'), /10\.0\.5\.1\/24/)
      await host.ok('ip link del br1')
      const { findings } = JSON.parse((await host.lxcnet(['check', '--json'])).stdout) as CheckReport
      const finding = findings.find(({ object }) => object === 'bridge br1')
      assert.equal(finding?.code, 'bridge-down')
      await host.ok(finding?.fix ?? '')
      const there = 'until ip -br addr show br1 2>/dev/null | grep -q 10.0.5.1; do sleep 0.1; done'
      await host.ok(there, { timeoutMs: 20_000 })
      const set = await keep('bridge set br1 address=10.0.6.1/24')
      assert.match(await host.ok('ip -br addr show br1'), / 10\.0\.6\.1\/24/)
      assert.doesNotMatch(await host.ok('ip -br addr show br1'), /10\.0\.5\.1/)
      await keep(`rollback ${set}`)
      assert.match(await host.ok('ip -br addr show br1'), / 10\.0\.5\.1\/24/)
      const lines = ['type = veth', 'link = br1', 'flags = up', 'ipv4.address = 10.0.5.2/24']
      await host.container(
        'c2',
        lines.map((line) => `lxc.net.0.${line}`),
      )
      await start(host, 'c2')
      let other = ''
      let outside = 0
      const inside = await lostDuring([host, 'c2', '10.0.5.1'], async () => {
        outside = await lostDuring([host, null, '198.18.0.1'], async () => {
          other = await keep('bridge create br2 --address 10.0.7.1/24')
        })
      })
      // netplan has every link configured anew, and says so; networkd leaves those alone whose files are as they were
      const plan = await host.lxcnet('bridge create br3 --address 10.0.8.1/24 --dry-run --json'.split(' '))
      const impacts = (JSON.parse(plan.stdout) as ChangeReport).changes.map(({ impact }) => impact)
      assert.equal(impacts.includes('host-path'), backend === 'netplan')
      const most = backend === 'netplan' ? 50 : 0
      assert.ok(inside <= most && outside <= most, `${inside} and ${outside} packets lost`)
      await keep(`rollback ${other}`)
      await host.stop('c2')
      await host.ok('rm -r /var/lib/lxc/c2')
      await keep(`rollback ${made}`)
      assert.equal(await state(), before)
    })
  })
}

describe('bridges kept by ifupdown under systemd', function () {
  this.timeout(300_000)
  const path = '/etc/network/interfaces'
  const text =
    'auto lo eth0\niface lo inet loopback\niface eth0 inet static\n  address 198.18.0.11/24\n  gateway 198.18.0.1\n'
  let lab: Lab
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    host = lab.hosts[0] as LightHost
    await host.write(path, text)
    // the lab leaves networking.service out, as most of its hosts get their addresses from it
    await host.ok('rm -f /etc/systemd/system/networking.service; systemctl daemon-reload; systemctl enable networking')
    await host.reboot()
  })
  after(() => lab.down())

  it('are brought up by networking.service at boot', async () => {
    const { status, stdout } = await host.lxcnet(['bridge', 'create', 'br0', '--uplink', 'eth0', '-y', '--json'])
    assert.equal(status, 2, stdout)
    assert.equal((await host.lxcnet(['confirm'])).status, 0)
    await host.reboot()
    assert.equal((await host.ok('systemctl is-active networking')).trim(), 'active')
    assert.match(await host.ok('ip -br addr show br0'), /198\.18\.0\.11\/24/)
    assert.ok(await host.ping(null, '198.18.0.1', { waitSeconds: 4 }))
  })

  it("take the place of LXC's own network, which comes back when they go", async () => {
    const states =
      'systemctl is-active lxc-net; systemctl is-enabled lxc-net; ls /sys/class/net; cat /etc/lxc/default.conf /etc/default/lxc-net 2>/dev/null || :'
    const before = await host.ok(states)
    assert.match(before, /lxcbr0/)
    const line = 'bridge create lxcbr0 --address 10.0.9.1/24 --default yes --lxc-net off'
    const { id } = await change(host, line)
    assert.match(await host.ok('ip -br addr show lxcbr0'), / 10\.0\.9\.1\/24/)
    assert.equal((await change(host, line)).result, 'unchanged')
    assert.equal((await host.sh('pgrep dnsmasq')).stdout, '')
    assert.equal((await host.lxcnet(['rollback', id ?? '', '-y'])).status, 0)
    assert.equal(await host.ok(states), before)
    assert.match(await host.ok('ip -br addr show lxcbr0'), / 10\.0\.3\.1\/24/)
  })
})

describe('a bridge and the lease of its uplink', function () {
  this.timeout(300_000)
  let lab: Lab
  let host: LightHost
  let server: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2, systemd: true })
    ;[host, server] = lab.hosts as [LightHost, LightHost]
    await host.write('/etc/systemd/network/30-eth1.network', '[Match]\nName=eth1\n\n[Network]\nDHCP=ipv4\n')
    await host.write('/etc/systemd/system/systemd-networkd.service.d/lab.conf', '[Service]\nReadOnlyPaths=/sys\n')
    const dhcp = 'dnsmasq --port=0 --interface=eth1 --bind-interfaces --dhcp-range=10.77.0.50,10.77.0.99,1h --pid-file='
    await server.ok(`ip addr add 10.77.0.1/24 dev eth1 && ${dhcp}/run/dhcp.pid --dhcp-leasefile=/run/dhcp.leases`)
    await host.ok('systemctl enable --now systemd-networkd')
  })
  after(() => lab.down())

  const address = (link: string): Promise<string> =>
    host.ok(
      `for _ in $(seq 150); do ip -4 -o addr show ${link} | grep -o '10\\.77\\.0\\.[0-9]*/' && exit; sleep 0.1; done; exit 1`,
    )

  it('is the same before, with it, and after', async () => {
    const before = await address('eth1')
    const keep = async (line: string): Promise<string> => {
      const { status, stdout } = await host.lxcnet([...line.split(' '), '-y', '--json'])
      assert.equal(status, 2, stdout)
      assert.equal((await host.lxcnet(['confirm'])).status, 0)
      return (JSON.parse(stdout) as ChangeReport).id ?? ''
    }
    await keep('bridge create br1 --uplink eth1')
    assert.equal(await address('br1'), before)
    assert.equal((await server.ok('wc -l </run/dhcp.leases')).trim(), '1')
    assert.equal((await host.sh('ip -4 -o addr show eth1')).stdout, '')
    await pings({ reached: [[host, null, '10.77.0.1']], lost: [[host, null, '10.77.0.200']] })
    await keep('bridge delete br1')
    assert.equal(await address('eth1'), before)
  })
})
