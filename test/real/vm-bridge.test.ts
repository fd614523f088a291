/** One bridge for each VLAN of an uplink, which needs a kernel with VLANs: two virtual machines, lxcnet on both. */
import assert from 'node:assert/strict'
import { Lab, type VmHost } from './lab/lab.ts'
import { change, pings, refused, start } from './live.ts'

const main = '/etc/network/interfaces'

describe('bridges of VLANs on virtual machines', function () {
  this.timeout(400_000)
  let lab: Lab
  let a: VmHost
  let b: VmHost

  before(async function () {
    this.timeout(900_000)
    lab = await Lab.up({ vms: 2 })
    ;[a, b] = lab.vms as [VmHost, VmHost]
  })
  after(() => lab.down())

  const both = (one: (host: VmHost, number: number) => Promise<unknown>) => Promise.all([one(a, 1), one(b, 2)])

  async function container(host: VmHost, name: string, link: string, address: string): Promise<void> {
    const lines = ['type = veth', `link = ${link}`, 'flags = up', `ipv4.address = ${address}/24`]
    await host.container(
      name,
      lines.map((line) => `lxc.net.0.${line}`),
    )
    await start(host, name)
  }

  const containers = () =>
    both(async (host, number) => {
      await container(host, 'c100', 'br100', `10.10.0.${number}`)
      await container(host, 'c200', 'br200', `10.10.0.${number + 10}`)
    })

  const reached = () =>
    pings({
      reached: [
        [a, 'c100', '10.10.0.2'],
        [b, 'c200', '10.10.0.11'],
      ],
      lost: [
        [a, 'c100', '10.10.0.12'],
        [b, 'c200', '10.10.0.1'],
      ],
    })

  it('joins containers of two hosts within a VLAN, and not across', async () => {
    await both(async (host) => {
      await change(host, 'bridge create br100 --uplink eth1 --vlan-id 100')
      await change(host, 'bridge create br200 --uplink eth1 --vlan-id 200')
    })
    assert.match(await a.ok('ip -d link show eth1.100'), /master br100 .*vlan protocol 802\.1Q id 100/s)
    await containers()
    await reached()
    const again = await change(a, 'bridge create br100 --uplink eth1 --vlan-id 100')
    assert.equal(again.result, 'unchanged')
  })

  it('comes back on a fresh kernel by the files alone', async () => {
    // the machine keeps /data and nothing else when it is started anew
    await both(async (host) => {
      const save = `cp ${main} /data/interfaces; mkdir -p /data/d; cp /etc/network/interfaces.d/* /data/d 2>/dev/null; umount /data`
      await host.ok(`mount /data && ${save}`)
      await host.restart()
      const restore = `cp /data/interfaces ${main}; cp /data/d/* /etc/network/interfaces.d/ 2>/dev/null; umount /data`
      await host.ok(`mount /data && { ${restore}; mkdir -p /run/network; ifup -a; }`)
    })
    await containers()
    await reached()
  })

  it('takes bridge and VLAN away and leaves the uplink as it was', async () => {
    const links = 'ip -o link | sed "s/^[0-9]*: //"'
    const fresh = await a.ok(links)
    await change(a, 'bridge create br300 --uplink eth1 --vlan-id 300 --address 10.30.0.1/24')
    assert.match(await a.ok('ip -br addr show br300'), /10\.30\.0\.1\/24/)
    await change(a, 'bridge delete br300')
    assert.equal(await a.ok(links), fresh)
  })

  it('says of an uplink in a bond that the bond is the one', async () => {
    for (const name of ['c100', 'c200']) await a.stop(name)
    await a.ok('ifdown br100 br200 eth1.100 eth1.200')
    await a.ok('modprobe bonding max_bonds=0; ip link add bond0 type bond; ip link set eth1 down master bond0')
    const { code, suggestions } = await refused(a, 'bridge create br300 --uplink eth1')
    assert.deepEqual([code, suggestions], ['uplink-taken', ['--uplink bond0, or another link']])
    await change(a, 'bridge create br300 --uplink bond0 --address 10.30.0.1/24')
    await b.ok('ip addr add 10.30.0.2/24 dev eth1')
    await pings({ reached: [[b, null, '10.30.0.1']] })
  })
})
