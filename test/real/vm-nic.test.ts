/** The types of NICs that need a kernel with VLANs and ipvlan: two virtual machines, lxcnet on both. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, check, codes, link, list, type Ping, pings, read, refused, show, start } from './live.ts'

describe('vlan and ipvlan on virtual machines', function () {
  this.timeout(240_000)
  let lab: Lab
  let a: LabHost
  let b: LabHost

  before(async function () {
    this.timeout(900_000)
    lab = await Lab.up({ vms: 2 })
    const [first, second] = lab.vms
    assert.ok(first && second)
    a = first
    b = second
    await Promise.all([a.ok('ip addr add 198.18.1.11/24 dev eth1'), b.ok('ip addr add 198.18.1.12/24 dev eth1')])
  })

  after(() => lab.down())

  const make = async (host: LabHost, name: string, flags: string): Promise<void> => {
    await host.container(name)
    await change(host, `create ${name} ${flags}`)
    await start(host, name)
  }
  const both = <T>(one: (host: LabHost) => Promise<T>) => Promise.all([one(a), one(b)])

  it('vlan: the same id on two hosts is one network, another id is not', async () => {
    await Promise.all([
      (async () => {
        await make(a, 'v10', '--type vlan --link eth1 --vlan-id 10 --ipv4 10.10.0.1/24')
        await make(a, 'v20', '--type vlan --link eth1 --vlan-id 20 --ipv4 10.10.0.3/24')
      })(),
      (async () => {
        await make(b, 'v10', '--type vlan --link eth1 --vlan-id 10 --ipv4 10.10.0.2/24')
        await make(b, 'v20', '--type vlan --link eth1 --vlan-id 20 --ipv4 10.10.0.4/24')
      })(),
    ])
    assert.deepEqual([await read(a, 'v10', '0.vlan.id'), await read(a, 'v10', '0.type')], [['10'], ['vlan']])
    const inside = await link(a, 'v10', 'eth0')
    assert.deepEqual([inside.linkinfo?.info_kind, inside.linkinfo?.info_data?.id], ['vlan', 10])
    assert.deepEqual(await read(a, 'v10', '0.hwaddr'), [inside.address])
    assert.deepEqual(
      (await list(a)).containers.map(({ restart }) => restart),
      ['no', 'no'],
    )
    const lost: Ping[] = [
      [a, 'v10', '10.10.0.4'],
      [a, 'v20', '10.10.0.2'],
    ]
    await pings({
      reached: [
        [a, 'v10', '10.10.0.2'],
        [a, 'v20', '10.10.0.4'],
        [b, 'v10', '10.10.0.1'],
      ],
      lost,
    })
    // what is on the wire has the tag
    const wire = lab.lan('timeout 20 tcpdump -nn -e -i lab1 -c 1 "vlan 10 and icmp" 2>/dev/null', { timeoutMs: 30_000 })
    const [frame] = await Promise.all([wire, a.ping('v10', '10.10.0.2', { count: 4, waitSeconds: 4 })])
    assert.match(frame.stdout, /ethertype 802\.1Q.*vlan 10,.*10\.10\.0\.[12] > 10\.10\.0\.[12]/)
  })

  it('vlan: an id that the parent has already is refused by lxcnet, and by the kernel', async () => {
    await a.container('again')
    const line = 'create again --type vlan --link eth1 --vlan-id 10'
    const { code, exit } = await refused(a, line)
    assert.deepEqual([code, exit], ['vlan-taken', 65])
    await change(a, `${line} --allow vlan-taken`)
    assert.notEqual((await a.start('again')).status, 0)
    assert.ok(codes(await check(a, 'again'), 'again').includes('error vlan-taken'))
    await a.ok('ip link add link eth1 name eth1.30 type vlan id 30')
    assert.equal((await refused(a, 'set again:0 vlan.id=30')).code, 'vlan-taken', "the host's own link")
    await a.ok('ip link del eth1.30')
    const report = await change(a, 'set again:0 vlan.id=30')
    assert.equal(report.result, 'applied')
    await start(a, 'again')
    await a.stop('again')
  })

  it('vlan: a restart by lxcnet gets the id back from the kernel in time', async () => {
    const report = await change(a, 'set v20:0 mtu=1400 --restart')
    assert.deepEqual([report.result, report.pending], ['applied', []])
    assert.equal((await link(a, 'v20', 'eth0')).mtu, 1400)
    const moved = await change(a, 'set v20:0 vlan.id=10 --allow vlan-taken')
    assert.deepEqual(moved.pending, ['v20'])
    assert.deepEqual((await show(a, 'v20')).containers[0]?.restart, ['NIC 0 (eth0): VLAN 20 becomes 10'])
    await both(async (host) => {
      await host.stop('v10')
      await host.stop('v20')
    })
  })

  for (const [at, mode] of ['l2', 'l3', 'l3s'].entries()) {
    it(`ipvlan in mode ${mode} reaches its sibling and the other host's, with the MAC of the parent`, async () => {
      const address = (end: number) => `198.18.1.${40 + 10 * at + end}`
      await Promise.all([
        (async () => {
          await make(a, `i${at}x`, `--type ipvlan --mode ${mode} --link eth1 --ipv4 ${address(1)}/24`)
          await make(a, `i${at}y`, `--type ipvlan --mode ${mode} --link eth1 --ipv4 ${address(2)}/24`)
        })(),
        make(b, `i${at}z`, `--type ipvlan --mode ${mode} --link eth1 --ipv4 ${address(3)}/24`),
      ])
      const [x, y, z] = [`i${at}x`, `i${at}y`, `i${at}z`]
      assert.deepEqual([await read(a, x, '0.ipvlan.mode'), await read(a, x, '0.hwaddr')], [[mode], []])
      const [inside, parent] = [await link(a, x, 'eth0'), await link(a, null, 'eth1')]
      assert.deepEqual(
        [inside.linkinfo?.info_kind, inside.linkinfo?.info_data?.mode, inside.address],
        ['ipvlan', mode, parent.address],
      )
      assert.equal((await list(a, x)).containers[0]?.restart, 'no')
      // in the routed modes nobody asks for neighbours: the LAN answers for the addresses by the parent's MAC
      await pings({
        reached: [
          [a, x, address(2)],
          [a, y, address(1)],
        ],
        lost: [
          [a, x, '198.18.1.11'],
          [a, x, address(9)],
        ],
      })
      if (mode === 'l2')
        await pings({
          reached: [
            [a, x, address(3)],
            [b, z, address(2)],
            [a, x, '198.18.1.1'],
          ],
        })
      else {
        const [macA, macB] = [parent.address, (await link(b, null, 'eth1')).address]
        await lab.lan(
          `ip neigh replace ${address(1)} lladdr ${macA} dev lab1; ip neigh replace ${address(3)} lladdr ${macB} dev lab1`,
        )
        const fromStation = await lab.lan(`ping -n -q -c 1 -W 4 ${address(1)}; ping -n -q -c 1 -W 4 ${address(3)}`)
        assert.match(fromStation.stdout, / 1 received.* 1 received/s)
      }
      await Promise.all([
        (async () => {
          await a.stop(x)
          await a.stop(y)
        })(),
        b.stop(z),
      ])
    })
  }

  it('ipvlan: the kernel does not give it a MAC of its own, so lxcnet takes none', async () => {
    await a.container('mac')
    const { code } = await refused(a, 'create mac --type ipvlan --mode l2 --link eth1 --hwaddr 02:00:5e:00:53:20')
    assert.equal(code, 'wrong-type-key')
    const lines = ['type = ipvlan', 'link = eth1', 'ipvlan.mode = l2', 'flags = up', 'hwaddr = 02:00:5e:00:53:20']
    await a.container(
      'mac',
      lines.map((line) => `lxc.net.0.${line}`),
    )
    const { status, stderr } = await a.start('mac')
    assert.notEqual(status, 0, 'LXC reads the key, the kernel refuses it')
    assert.match(stderr, /Operation not supported - Failed to setup hw address/)
    await change(a, 'unset mac:0 hwaddr')
    await start(a, 'mac')
    await a.stop('mac')
  })

  it('veth: VLAN ids of a bridge that filters are those of the port', async () => {
    await a.ok('ip link add br0 type bridge forward_delay 0; ip link set br0 up')
    await a.container('p10')
    assert.equal((await refused(a, 'create p10 --type veth --link br0 --vlan-id 10')).code, 'bridge-no-vlans')
    await a.ok('ip link set br0 type bridge vlan_filtering 1')
    await make(a, 'p10', '--type veth --link br0 --vlan-id 10 --vlan-tagged-id 30 --pair vp10 --ipv4 10.11.0.1/24')
    await make(a, 'q10', '--type veth --link br0 --vlan-id 10 --ipv4 10.11.0.2/24')
    await make(a, 'p20', '--type veth --link br0 --vlan-id 20 --ipv4 10.11.0.3/24')
    await make(a, 'q20', '--type veth --link br0 --vlan-id 20 --ipv4 10.11.0.4/24')
    assert.deepEqual(
      [await read(a, 'p10', '0.veth.vlan.id'), await read(a, 'p10', '0.veth.vlan.tagged.id')],
      [['10'], ['30']],
    )
    const port = JSON.parse(await a.ok('bridge -j vlan show dev vp10')) as {
      vlans: { vlan: number; flags?: string[] }[]
    }[]
    assert.deepEqual(
      port[0]?.vlans.map(({ vlan, flags = [] }) => [vlan, flags.join()]),
      [
        [10, 'PVID,Egress Untagged'],
        [30, ''],
      ],
    )
    await pings({
      reached: [
        [a, 'p10', '10.11.0.2'],
        [a, 'p20', '10.11.0.4'],
      ],
      lost: [
        [a, 'p10', '10.11.0.3'],
        [a, 'q20', '10.11.0.2'],
      ],
    })
    for (const name of ['p10', 'q10', 'p20', 'q20']) await a.stop(name)
  })
})
