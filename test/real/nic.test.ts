/** Each type of NIC, made by `lxcnet create` and started by LXC: who reaches whom is what the type and mode promise. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, check, codes, link, links, list, type Ping, pings, read, refused, show, start } from './live.ts'

const station = '198.18.1.1'

describe('types of NICs on real LXC', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    const [first, second] = lab.hosts
    assert.ok(first && second)
    h1 = first
    h2 = second
    await h1.ok(
      'ip addr add 198.18.1.11/24 dev eth1; ip link add br0 type bridge forward_delay 0; ip addr add 10.8.0.1/24 dev br0; ip link set br0 up',
    )
    await h2.ok('ip addr add 198.18.1.12/24 dev eth1')
  })

  after(() => lab.down())

  const fresh = async (host: LabHost, ...names: string[]): Promise<void> => {
    for (const name of names) await host.container(name)
  }

  it('empty has the loopback alone, and it is up', async () => {
    await fresh(h1, 'em')
    await change(h1, 'create em --type empty')
    assert.deepEqual(await read(h1, 'em', '0.type'), ['empty'])
    await start(h1, 'em')
    const all = await links(h1, 'em')
    assert.deepEqual(
      all.map(({ ifname }) => ifname),
      ['lo'],
    )
    assert.ok(all[0]?.flags.includes('UP'))
    assert.equal((await list(h1, 'em')).containers[0]?.restart, 'no')
    await h1.stop('em')
  })

  it('none shares the network of the host', async () => {
    await fresh(h1, 'no')
    await change(h1, 'create no --type none')
    await start(h1, 'no')
    const inode = await h1.ok('readlink /proc/self/ns/net; readlink "/proc/$(lxc-info -n no -pH)/ns/net"')
    const [own, its] = inode.trim().split('\n')
    assert.equal(its, own)
    const row = (await list(h1, 'no')).containers[0]
    assert.deepEqual([row?.nics[0]?.type, row?.restart], ['none', 'no'])
    await h1.stop('no')
  })

  it('a veth on a bridge reaches the host and its neighbour, both ways', async () => {
    await fresh(h1, 'v1', 'v2')
    await change(h1, 'create v1 --type veth --link br0 --ipv4 10.8.0.2/24')
    await change(h1, 'create v2 --type veth --link br0 --ipv4 next:10.8.0.0/24')
    assert.deepEqual(
      await read(h1, 'v2', '0.ipv4.address'),
      ['10.8.0.3/24'],
      'the lowest that no config and no link has',
    )
    await start(h1, 'v1', 'v2')
    await pings({
      reached: [
        [h1, 'v1', '10.8.0.1'],
        [h1, 'v1', '10.8.0.3'],
        [h1, 'v2', '10.8.0.2'],
        [h1, null, '10.8.0.2'],
        [h1, null, '10.8.0.3'],
      ],
      lost: [[h1, 'v1', '10.8.0.9']],
    })
    const inside = await link(h1, 'v1', 'eth0')
    const outside = (await links(h1, null)).find(({ ifindex }) => ifindex === inside.link_index)
    assert.equal(outside?.master, 'br0')
    const live = (await show(h1, 'v1')).containers[0]?.nics[0]?.live
    assert.deepEqual([live?.name, live?.hostLink, live?.bridge], ['eth0', outside?.ifname, 'br0'])
    assert.deepEqual(
      (await list(h1, 'v*')).containers.map(({ restart }) => restart),
      ['no', 'no'],
    )
    await h1.stop('v1')
    await h1.stop('v2')
  })

  it('a veth in mode router is reached by a route of the host, without a bridge', async () => {
    await fresh(h1, 'ro')
    await change(
      h1,
      'create ro --type veth --mode router --link eth0 --ipv4 10.9.0.5/32 --ipv4-gateway 169.254.1.1 --allow gateway-outside',
    )
    assert.deepEqual(await read(h1, 'ro', '0.veth.mode'), ['router'])
    await start(h1, 'ro')
    assert.match(await h1.ok('ip route show 10.9.0.5'), /^10\.9\.0\.5 dev veth/)
    await pings({
      reached: [
        [h1, null, '10.9.0.5'],
        [h1, 'ro', h1.address],
      ],
    })
    // the rest of the LAN knows no route back: the way out is proved with one
    await h2.ok(`ip route add 10.9.0.5 via ${h1.address}; echo 1 >/proc/sys/net/ipv4/ip_forward`)
    await h1.ok('echo 1 >/proc/sys/net/ipv4/ip_forward')
    await pings({
      reached: [
        [h1, 'ro', h2.address],
        [h2, null, '10.9.0.5'],
      ],
    })
    assert.equal((await list(h1, 'ro')).containers[0]?.restart, 'no')
    await h1.stop('ro')
    assert.equal(await h1.ok('ip route show 10.9.0.5'), '')
  })

  describe('macvlan', () => {
    before(async () => {
      await h2.container('far')
      await change(h2, 'create far --type macvlan --mode bridge --link eth1 --ipv4 198.18.1.50/24')
      await start(h2, 'far')
    })
    after(() => h2.stop('far'))

    // addresses of their own for each mode: the others on the LAN remember the MACs of the ones before
    let one = ''
    let other = ''
    const two = async (mode: string, end: number): Promise<void> => {
      one = `198.18.1.${end}`
      other = `198.18.1.${end + 1}`
      await fresh(h1, 'm1', 'm2')
      await change(h1, `create m1 --type macvlan --mode ${mode} --link eth1 --ipv4 ${one}/24`)
      await change(h1, `create m2 --type macvlan --mode ${mode} --link eth1 --ipv4 ${other}/24`)
      for (const name of ['m1', 'm2']) assert.deepEqual(await read(h1, name, '0.macvlan.mode'), [mode])
      await start(h1, 'm1', 'm2')
      assert.equal((await link(h1, 'm1', 'eth0')).linkinfo?.info_data?.mode, mode)
      const rows = (await list(h1, 'm?')).containers
      assert.deepEqual(
        rows.map(({ restart, nics }) => [restart, nics[0]?.mode]),
        [
          ['no', mode],
          ['no', mode],
        ],
      )
    }
    /** Waits until the kernel has taken the macvlans of stopped containers away; that goes on for a moment. */
    const free = (parent: string) =>
      h1.ok(
        `for _ in $(seq 100); do ip link add probe link "$1" type macvlan mode passthru 2>/dev/null && ip link del probe && exit; sleep 0.02; done; exit 1`,
        {},
        parent,
      )
    const hairpin = (on: boolean) => lab.lan(`bridge link set dev v1h1 hairpin ${on ? 'on' : 'off'}`)
    const between = (): Ping[] => [
      [h1, 'm1', other],
      [h1, 'm2', one],
    ]
    /** Whatever the mode: the LAN and its other hosts are reached, the own host is not. */
    const expect = async (sibling: boolean): Promise<void> => {
      const around = ['m1', 'm2'].flatMap((name): Ping[] => [
        [h1, name, station],
        [h1, name, '198.18.1.50'],
      ])
      await pings({
        reached: [
          ...around,
          [h2, 'far', one],
          [h2, 'far', other],
          [h2, null, '198.18.1.11'],
          ...(sibling ? between() : []),
        ],
        lost: [[h1, 'm1', '198.18.1.11'], [h1, null, one], ...(sibling ? [] : between())],
      })
    }
    afterEach(async () => {
      await hairpin(false)
      await h1.stop('m1')
      await h1.stop('m2')
    })

    it('in mode bridge reaches its sibling and the LAN, never the host', async () => {
      await two('bridge', 31)
      await expect(true)
    })

    it('in mode vepa reaches its sibling only when the switch sends the frames back', async () => {
      await two('vepa', 33)
      await expect(false)
      await hairpin(true)
      await pings({ reached: [...between(), [h1, 'm1', station]] })
    })

    it('in mode private does not reach its sibling even by way of the switch', async () => {
      await two('private', 35)
      await expect(false)
      await hairpin(true)
      await pings({
        reached: [
          [h1, 'm1', station],
          [h1, 'm2', station],
        ],
        lost: between(),
      })
    })

    it('in mode passthru has the parent for itself; lxcnet refuses a second one, and so does the kernel', async () => {
      await fresh(h1, 'm1', 'm2')
      await free('eth1')
      await change(h1, 'create m1 --type macvlan --mode passthru --link eth1 --ipv4 198.18.1.41/24')
      const parentMac = (await link(h1, null, 'eth1')).address
      const atEase = 'create m2 --type macvlan --mode passthru --link eth1 --ipv4 198.18.1.42/24'
      const { status: planned, stdout: plan } = await h1.lxcnet([...atEase.split(' '), '--dry-run'])
      assert.equal(planned, 2)
      assert.match(plan, /Warning: .*m1:0.*\(stopped\) \[passthru-shared\]/)
      await start(h1, 'm1')
      const config = await h1.read('/var/lib/lxc/m2/config')
      for (const mode of ['passthru', 'bridge']) {
        const { code, exit, suggestions } = await refused(h1, atEase.replace('passthru', mode))
        assert.deepEqual([code, exit], ['passthru-shared', 65])
        assert.ok(suggestions.some((text) => text.includes('--allow passthru-shared')))
      }
      assert.deepEqual(await h1.read('/var/lib/lxc/m2/config'), config)
      await pings({
        reached: [
          [h1, 'm1', station],
          [h1, 'm1', '198.18.1.50'],
          [h2, 'far', '198.18.1.41'],
        ],
        lost: [[h1, 'm1', '198.18.1.11']],
      })
      await change(h1, `${atEase} --allow passthru-shared`)
      const { status, stderr } = await h1.start('m2')
      assert.notEqual(status, 0)
      assert.match(stderr, /Invalid argument - Failed to create macvlan interface/)
      assert.deepEqual(codes(await check(h1), 'm2'), ['error passthru-shared'])
      await h1.stop('m1')
      await free('eth1')
      assert.equal((await link(h1, null, 'eth1')).address, parentMac, 'the parent has its MAC back')
    })

    it('in mode passthru has the parent back in time for a restart by lxcnet', async () => {
      await fresh(h1, 'm1', 'm2')
      await free('eth1')
      await change(h1, 'create m1 --type macvlan --mode passthru --link eth1 --ipv4 198.18.1.41/24')
      await start(h1, 'm1')
      for (const mtu of ['1400', '1450', '1480']) {
        const report = await change(h1, `set m1:0 mtu=${mtu} --restart`)
        assert.deepEqual([report.result, report.pending], ['applied', []])
        assert.equal((await link(h1, 'm1', 'eth0')).mtu, Number(mtu))
      }
    })
  })

  describe('phys', () => {
    before(() => h1.ok('ip link add px0 type veth peer name px1; ip addr add 10.7.0.1/24 dev px1; ip link set px1 up'))

    it('moves into the container and comes back when it stops', async () => {
      await fresh(h1, 'ph')
      await change(h1, 'create ph --type phys --link px0 --ipv4 10.7.0.2/24 --mtu 1400')
      assert.deepEqual(await read(h1, 'ph', '0.hwaddr'), [], 'a phys keeps its own MAC')
      const name = (await list(h1, 'ph')).containers[0]?.nics[0]?.name
      assert.equal(name, 'px0', 'LXC keeps the name of the link')
      await start(h1, 'ph')
      assert.ok(!(await links(h1, null)).some(({ ifname }) => ifname === 'px0'), 'gone on the host')
      assert.equal((await link(h1, 'ph', 'px0')).mtu, 1400)
      await pings({
        reached: [
          [h1, 'ph', '10.7.0.1'],
          [h1, null, '10.7.0.2'],
        ],
      })
      const after = await list(h1, 'ph')
      assert.equal(after.containers[0]?.restart, 'no')
      assert.deepEqual(codes(await check(h1), 'ph'), [], 'a link that is inside its container is not missing')
      const again = await change(h1, 'set ph:0 mtu=1300')
      assert.deepEqual([again.result, again.pending], ['applied', ['ph']])
      await change(h1, 'set ph:0 mtu=1400')
      await h1.stop('ph')
      assert.equal((await link(h1, null, 'px0')).mtu, 1500)
    })

    it('comes back in time for a restart by lxcnet', async () => {
      await start(h1, 'ph')
      const report = await change(h1, 'set ph:0 mtu=1350 --restart')
      assert.deepEqual([report.result, report.pending], ['applied', []])
      assert.equal((await link(h1, 'ph', 'px0')).mtu, 1350)
      await h1.stop('ph')
    })

    it('is refused on the link of the default route, and nothing is changed', async () => {
      await fresh(h1, 'cut')
      const before = await h1.ok('cat /var/lib/lxc/cut/config; ls -R /var/lib/lxcnet')
      const { code, exit } = await refused(h1, 'create cut --type phys --link eth0')
      assert.deepEqual([code, exit], ['phys-default-route', 65])
      assert.equal(await h1.ok('cat /var/lib/lxc/cut/config; ls -R /var/lib/lxcnet'), before)
      assert.equal((await refused(h1, 'create cut --type phys --link br0')).code, 'phys-immovable')
    })
  })

  describe('several NICs', () => {
    it('have the names that list and show promise', async () => {
      await fresh(h1, 'tw')
      await change(h1, 'create tw --type veth --link br0 --ipv4 10.8.0.10/24')
      await change(h1, 'create tw --type macvlan --link eth1 --ipv4 198.18.1.60/24')
      const promised = (await list(h1, 'tw')).containers[0]?.nics.map(({ name, addresses }) => [name, addresses[0]])
      assert.deepEqual(promised, [
        ['eth0', '10.8.0.10/24'],
        ['eth1', '198.18.1.60/24'],
      ])
      await start(h1, 'tw')
      for (const [name, address] of promised ?? []) {
        const { addr_info } = await link(h1, 'tw', String(name))
        assert.ok(addr_info.some(({ local }) => address === `${local}/24`))
      }
      const { nics } = (await show(h1, 'tw')).containers[0] ?? {}
      assert.deepEqual(
        nics?.map(({ live }) => live?.name),
        ['eth0', 'eth1'],
      )
      await pings({
        reached: [
          [h1, 'tw', '10.8.0.1'],
          [h1, 'tw', station],
        ],
      })
      await h1.stop('tw')
    })

    it('keep their indexes when the middle one is deleted', async () => {
      await fresh(h1, 'th')
      for (const end of [21, 22, 23]) await change(h1, `create th --type veth --link br0 --ipv4 10.8.0.${end}/24`)
      await start(h1, 'th')
      const before = await list(h1, 'th')
      const report = await change(h1, 'delete th:1 --restart')
      assert.deepEqual([report.result, report.pending], ['applied', []])
      const kept = before.containers[0]?.nics.filter(({ index }) => index !== 1)
      assert.deepEqual((await list(h1, 'th')).containers[0]?.nics, kept, 'indexes, names and MACs of the others stay')
      const inside = (await links(h1, 'th')).flatMap(({ ifname, addr_info }) =>
        addr_info.filter(({ family }) => family === 'inet').map(({ local }) => `${ifname} ${local}`),
      )
      assert.deepEqual(
        inside.slice(1).sort(),
        kept?.map(({ name, addresses }) => `${name} ${addresses[0]?.replace('/24', '')}`).sort(),
      )
      await pings({
        reached: [
          [h1, null, '10.8.0.21'],
          [h1, null, '10.8.0.23'],
        ],
        lost: [[h1, null, '10.8.0.22']],
      })
      // the hole is the next one to be filled
      await change(h1, 'create th --type empty')
      assert.deepEqual(
        (await list(h1, 'th')).containers[0]?.nics.map(({ index, type }) => `${index} ${type}`),
        ['0 veth', '1 empty', '2 veth'],
      )
      await h1.stop('th')
      await start(h1, 'th')
      await h1.stop('th')
    })

    it('are replaced in place, with the MAC of the old one', async () => {
      await fresh(h1, 're')
      await change(h1, 'create re --type veth --link br0 --ipv4 10.8.0.30/24 --pair re-old')
      await start(h1, 're')
      const mac = await read(h1, 're', '0.hwaddr')
      const report = await change(
        h1,
        'create re --type macvlan --link eth1 --ipv4 198.18.1.70/24 --replace 0 --restart',
      )
      assert.deepEqual([report.result, report.pending], ['applied', []])
      assert.deepEqual(await read(h1, 're', '0.hwaddr'), mac)
      assert.deepEqual(await read(h1, 're', '0.type'), ['macvlan'])
      const live = await link(h1, 're', 'eth0')
      assert.deepEqual([live.linkinfo?.info_kind, live.address], ['macvlan', mac[0]])
      assert.ok(!(await links(h1, null)).some(({ ifname }) => ifname === 're-old'))
      await pings({ reached: [[h1, 're', station]] })
      assert.equal((await refused(h1, 'create re --type empty --replace 3')).code, 'no-nic')
      await h1.stop('re')
    })
  })
})
