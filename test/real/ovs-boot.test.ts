/** A switch over a boot, with systemd: Open vSwitch's own unit, then lxcnet's. */
import assert from 'node:assert/strict'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, pings, start } from './live.ts'

describe('ovs over a boot', function () {
  this.timeout(240_000)
  let lab: Lab
  let h1: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
  })

  after(() => lab.down())

  it('comes back with its address, without the ports of containers that the power cut has ended', async () => {
    await change(h1, 'ovs create sw0 --datapath netdev --address 10.9.0.1/24 --uplink eth1')
    for (const [name, end] of [
      ['a', 11],
      ['b', 12],
    ] as const) {
      await h1.container(name)
      await change(h1, `create ${name} --type veth --link sw0 --ipv4 10.9.0.${end}/24`)
    }
    const nic = ['type = veth', 'link = sw0', 'flags = up', 'veth.pair = p-d', 'ipv4.address = 10.9.0.14/24']
    await h1.container(
      'd',
      nic.map((line) => `lxc.net.0.${line}`),
    )
    await start(h1, 'a', 'b', 'd')
    assert.equal(await h1.ok('ovs-vsctl list-ports sw0 | wc -l'), '4\n')
    await h1.reboot({ hard: true })
    await h1.ok('systemctl is-system-running --wait >/dev/null; systemctl is-active lxcnet ovs-vswitchd')
    assert.equal(await h1.ok('ovs-vsctl list-ports sw0'), 'eth1\n')
    const { stdout } = await h1.lxcnet(['ovs', 'list', '--json'])
    assert.deepEqual(
      (JSON.parse(stdout) as ObjectsReport).objects.map(({ name, state }) => [name, state]),
      [['sw0', 'up']],
    )
    await start(h1, 'a', 'b', 'd')
    await pings({
      reached: [
        [h1, 'a', '10.9.0.12'],
        [h1, null, '10.9.0.11'],
        [h1, 'd', '10.9.0.1'],
      ],
    })
  })
})
