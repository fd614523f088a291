/** Open vSwitch with the datapath of the kernel, which the light hosts' kernel lacks: a virtual machine, LXC's own VLANs. */
import assert from 'node:assert/strict'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LabHost, type VmHost } from './lab/lab.ts'
import { change, list, type Ping, pings, read, show, start } from './live.ts'

const startOvs = `mkdir -p /run/openvswitch
/usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor`

describe('ovs on virtual machines', function () {
  this.timeout(600_000)
  let lab: Lab
  let a: VmHost
  let b: LabHost

  before(async function () {
    this.timeout(900_000)
    lab = await Lab.up({ vms: 2 })
    const [first, second] = lab.vms
    assert.ok(first && second)
    a = first
    b = second
    await Promise.all([a.ok(startOvs), b.ok(startOvs)])
  })

  after(() => lab.down())

  const make = async (host: LabHost, name: string, flags: string): Promise<void> => {
    await host.container(name)
    await change(host, `create ${name} --type veth --link sw0 ${flags}`)
    await start(host, name)
  }

  it('one switch on two hosts: access and trunk ports are LXC’s own, and each VLAN is a network of its own', async () => {
    await Promise.all([
      (async () => {
        await change(a, 'ovs create sw0 --uplink eth1 --address 10.9.0.1/24 --vlan-id 10')
        await make(a, 'v10', '--vlan-id 10 --ipv4 10.9.0.11/24')
        await make(a, 'v20', '--vlan-id 20 --ipv4 10.9.0.21/24')
      })(),
      (async () => {
        await change(b, 'ovs create sw0 --uplink eth1')
        await make(b, 'v10', '--vlan-id 10 --ipv4 10.9.0.12/24')
        await make(b, 't', '--vlan-id none --vlan-tagged-id 20 --vlan-tagged-id 30')
        await b.ok(`nsenter -t "$(lxc-info -n t -pH)" -n sh -c '
ip link add link eth0 name eth0.20 type vlan id 20 && ip address add 10.9.0.22/24 dev eth0.20 && ip link set eth0.20 up'`)
      })(),
    ])
    assert.deepEqual([await read(a, 'v10', '0.link'), await read(a, 'v10', '0.script.up')], [['sw0'], []])
    assert.deepEqual(
      (await list(a)).containers.map(({ restart }) => restart),
      ['no', 'no'],
    )
    assert.equal((await show(a, 'v10')).containers[0]?.nics[0]?.live?.bridge, 'sw0', 'the kernel says ovs-system')
    const lost: Ping[] = [
      [a, 'v10', '10.9.0.22'],
      [a, 'v20', '10.9.0.12'],
      [a, 'v20', '10.9.0.1'],
    ]
    await pings({
      reached: [
        [a, 'v10', '10.9.0.12'],
        [b, 'v10', '10.9.0.1'],
        [a, 'v20', '10.9.0.22'],
        [b, 't', '10.9.0.21'],
      ],
      lost,
    })
  })

  it('a fixed veth name takes the hook, which needs no ethtool here, and passes TCP', async () => {
    const report = await change(a, 'set v10:0 pair=p-v10 --restart')
    assert.equal(report.result, 'applied')
    assert.deepEqual(await read(a, 'v10', '0.script.up'), ['/etc/lxcnet/hooks/ovs-up sw0 --access 10'])
    assert.equal(await a.ok('ovs-vsctl get Port p-v10 tag vlan_mode'), '10\naccess\n')
    await b.ok('nsenter -t "$(lxc-info -n v10 -pH)" -n timeout 90 nc -l -p 9 >/tmp/got 2>/dev/null </dev/null &')
    await a.ok(
      `sleep 2; head -c 300000 /dev/zero | nsenter -t "$(lxc-info -n v10 -pH)" -n timeout 60 nc -N 10.9.0.12 9`,
    )
    const got = await b.ok(
      'for _ in $(seq 100); do [ "$(wc -c </tmp/got)" = 300000 ] && break; sleep 0.1; done; wc -c </tmp/got',
    )
    assert.equal(got, '300000\n')
  })

  it('comes back on a fresh kernel, without the ports of containers that the power cut has ended', async () => {
    // the machine keeps /data and nothing else when it is started anew
    const kept = 'etc/openvswitch var/lib/openvswitch etc/lxcnet var/lib/lxc'
    assert.equal(await a.ok('ovs-vsctl list-ports sw0 | wc -l'), '3\n')
    await a.ok(`mount /data && tar -cf /data/host.tar -C / ${kept} && umount /data`)
    await a.restart()
    await a.ok(`mount /data && tar -xf /data/host.tar -C / && umount /data; ${startOvs}; sh /etc/lxcnet/boot`)
    assert.equal(await a.ok('ovs-vsctl list-ports sw0'), 'eth1\n')
    await start(a, 'v10', 'v20')
    await pings({
      reached: [
        [a, 'v10', '10.9.0.12'],
        [b, 'v10', '10.9.0.1'],
        [a, 'v20', '10.9.0.22'],
      ],
      lost: [[a, 'v20', '10.9.0.12']],
    })
  })

  it('is deleted with its datapath when nothing runs on it', async () => {
    for (const name of ['v10', 'v20']) await a.stop(name)
    await change(a, 'ovs delete sw0')
    const { stdout } = await a.lxcnet(['ovs', 'list', '--json'])
    assert.deepEqual((JSON.parse(stdout) as ObjectsReport).objects, [])
    assert.doesNotMatch(await a.ok('ip -br link'), /^sw0/m)
    await a.ok('ip address add 198.18.1.21/24 dev eth1')
  })
})
