/** Each flag of `lxcnet create`: what LXC reads is what was asked, and so is what the kernel has once it runs. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, link, list, pings, read, refused, routes, show, start } from './live.ts'

const hook = `#!/bin/sh
printf '<%s>' "$@" "$LXC_HOOK_VERSION" >>/var/log/hook
echo >>/var/log/hook
`

describe('flags of create on real LXC', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost
  let count = 0

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    const [first, second] = lab.hosts
    assert.ok(first && second)
    h1 = first
    h2 = second
    await h1.ok(`ip link add br0 type bridge forward_delay 0
ip addr add 10.8.0.1/24 dev br0
ip -6 addr add fd00:8::1/64 dev br0 nodad
ip link set br0 up
ip addr add 198.18.1.11/24 dev eth1`)
    await h2.ok('ip addr add 198.18.1.12/24 dev eth1')
    await h1.write('/usr/local/bin/hook', hook, 0o755)
  })

  after(() => lab.down())

  /** A container with one NIC made with these flags, running; its name. */
  const made = async (flags: string): Promise<string> => {
    const name = `f${++count}`
    await h1.container(name)
    await change(h1, ['create', name, ...flags.split(' ')])
    await start(h1, name)
    const row = (await list(h1, name)).containers[0]
    assert.deepEqual([row?.state, row?.restart, row?.refused], ['running', 'no', false])
    return name
  }

  const veth = '--type veth --link br0'

  it('--mtu, --hwaddr, --ifname and --pair are what the NIC has', async () => {
    const name = await made(
      `${veth} --mtu 1400 --hwaddr 02:00:5E:00:53:11 --ifname lan0 --pair vf-lan0 --ipv4 10.8.0.11/24`,
    )
    const inside = await link(h1, name, 'lan0')
    assert.deepEqual([inside.mtu, inside.address], [1400, '02:00:5e:00:53:11'])
    assert.ok(inside.flags.includes('UP'))
    const outside = await link(h1, null, 'vf-lan0')
    assert.deepEqual([outside.ifindex, outside.master, outside.mtu], [inside.link_index, 'br0', 1400])
    assert.deepEqual(await read(h1, name, '0.hwaddr'), ['02:00:5e:00:53:11'])
    const detail = (await show(h1, name)).containers[0]?.nics[0]
    assert.deepEqual([detail?.live?.name, detail?.live?.hostLink, detail?.live?.mtu], ['lan0', 'vf-lan0', 1400])
    await pings({
      reached: [
        [h1, name, '10.8.0.1'],
        [h1, null, '10.8.0.11'],
      ],
    })
    await h1.stop(name)
  })

  it('--hwaddr, --flags and --ifname can be left out by "none"', async () => {
    const name = await made(`${veth} --hwaddr none --flags none`)
    assert.deepEqual(await read(h1, name, '0.hwaddr'), [])
    assert.ok(!(await link(h1, name, 'eth0')).flags.includes('UP'))
    await h1.stop(name)
  })

  it('--hwaddr is drawn from the range of this LXC when it is not said', async () => {
    const name = await made(`${veth} --ipv4 10.8.0.12/24`)
    const { address } = await link(h1, name, 'eth0')
    assert.match(address, /^00:16:3e:/)
    assert.deepEqual(await read(h1, name, '0.hwaddr'), [address])
    await h1.stop(name)
    await start(h1, name)
    assert.equal((await link(h1, name, 'eth0')).address, address, 'the same after a restart')
    await h1.stop(name)
  })

  it('--ipv4 has the broadcast address that LXC 5.0.2 alone would get wrong', async () => {
    const name = await made(`${veth} --ipv4 10.8.0.13/24 --ipv4 10.8.64.1/20 --ipv4 10.8.0.14/32`)
    const addresses = (await link(h1, name, 'eth0')).addr_info.filter(({ family }) => family === 'inet')
    assert.deepEqual(
      addresses.map(({ local, prefixlen, broadcast }) => [`${local}/${prefixlen}`, broadcast]),
      [
        ['10.8.0.13/24', '10.8.0.255'],
        ['10.8.64.1/20', '10.8.79.255'],
        ['10.8.0.14/32', undefined],
      ],
    )
    await pings({
      reached: [
        [h1, null, '10.8.0.13'],
        [h1, null, '10.8.0.14'],
      ],
    })
    await h1.stop(name)
    await h1.container('plain', [
      'lxc.net.0.type = veth',
      'lxc.net.0.link = br0',
      'lxc.net.0.ipv4.address = 10.8.0.13/24',
    ])
    await start(h1, 'plain')
    assert.equal((await link(h1, 'plain', 'eth0')).addr_info[0]?.broadcast, '0.0.0.255', 'without it, as a control')
    await h1.stop('plain')
  })

  it('--ipv4-gateway is the default route: an address, the one of the bridge, or the NIC itself', async () => {
    const given = await made(`${veth} --ipv4 10.8.0.15/24 --ipv4-gateway 10.8.0.1`)
    const auto = await made(`${veth} --ipv4 10.8.0.16/24 --ipv4-gateway auto`)
    const dev = await made(`${veth} --ipv4 10.8.0.17/24 --ipv4-gateway dev`)
    assert.ok((await routes(h1, given)).includes('default via 10.8.0.1 dev eth0'))
    assert.ok((await routes(h1, auto)).includes('default via 10.8.0.1 dev eth0'))
    assert.deepEqual((await routes(h1, dev)).slice(0, 1), ['default dev eth0'])
    assert.deepEqual(
      [await read(h1, auto, '0.ipv4.gateway'), await read(h1, dev, '0.ipv4.gateway')],
      [['auto'], ['dev']],
    )
    await pings({
      reached: [
        [h1, given, h1.address],
        [h1, auto, h1.address],
        [h1, null, '10.8.0.17'],
      ],
    })
    for (const name of [given, auto, dev]) await h1.stop(name)
  })

  it('--ipv6 and --ipv6-gateway are what the NIC has', async () => {
    const name = await made(`${veth} --ipv6 fd00:8::18/64 --ipv6 fd00:8:1::18/48 --ipv6-gateway fd00:8::1`)
    const addresses = (await link(h1, name, 'eth0')).addr_info.filter(({ scope }) => scope === 'global')
    assert.deepEqual(addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort(), [
      'fd00:8:1::18/48',
      'fd00:8::18/64',
    ])
    assert.ok((await routes(h1, name, 6)).some((route) => route.startsWith('default via fd00:8::1 dev eth0')))
    // an address may be used once the kernel has looked for duplicates
    await h1.ok(
      `for _ in $(seq 200); do
  nsenter -t "$(lxc-info -n "$1" -pH)" -n ip -6 address show tentative | grep -q inet6 || exit 0
  sleep 0.05
done; exit 1`,
      {},
      name,
    )
    await pings({
      reached: [
        [h1, name, 'fd00:8::1'],
        [h1, null, 'fd00:8::18'],
      ],
      lost: [],
    })
    await h1.stop(name)
  })

  it('--veth-ipv4-route is a route of the host as long as the container runs', async () => {
    const name = await made(
      `${veth} --ipv4 10.8.0.19/24 --veth-ipv4-route 10.77.0.0/16 --veth-ipv4-route 10.78.1.0/24 --pair vf-route`,
    )
    assert.deepEqual(await read(h1, name, '0.veth.ipv4.route'), ['10.77.0.0/16', '10.78.1.0/24'])
    assert.match(
      await h1.ok('ip route show 10.77.0.0/16; ip route show 10.78.1.0/24'),
      /^10\.77\.0\.0\/16 dev vf-route.*\n10\.78\.1\.0\/24 dev vf-route/,
    )
    await h1.stop(name)
    assert.equal(await h1.ok('ip route show 10.77.0.0/16'), '')
    const { code } = await refused(h1, 'create f1 --type veth --link br0 --veth-ipv4-route 10.77.0.1/16')
    assert.equal(code, 'route-host-bits')
  })

  it('--rxqueues and --txqueues are the queues inside, the other way round on the host', async () => {
    const name = await made(`${veth} --rxqueues 4 --txqueues 2 --pair vf-queues`)
    const inside = await link(h1, name, 'eth0')
    const outside = await link(h1, null, 'vf-queues')
    assert.deepEqual([inside.num_rx_queues, inside.num_tx_queues], [4, 2])
    assert.deepEqual([outside.num_rx_queues, outside.num_tx_queues], [2, 4])
    await h1.stop(name)
  })

  it('--script-up and --script-down run on the host with the documented arguments', async () => {
    const name = `f${++count}`
    await h1.container(name)
    const create = ['create', name, '--type', 'veth', '--link', 'br0', '--pair', 'vf-hook']
    await change(h1, [
      ...create,
      '--script-up',
      '/usr/local/bin/hook one two',
      '--script-down',
      '/usr/local/bin/hook down',
    ])
    assert.deepEqual(await read(h1, name, '0.script.up'), ['/usr/local/bin/hook one two'])
    await start(h1, name)
    await h1.stop(name)
    const [up, down] = (await h1.ok('cat /var/log/hook; rm /var/log/hook')).split('\n')
    assert.equal(up, `<one><two><${name}><net><up><veth><br0><vf-hook><0>`)
    assert.equal(down, `<down><${name}><net><down><veth><br0><vf-hook><0>`)
    await change(h1, [
      'create',
      name,
      '--type',
      'macvlan',
      '--link',
      'eth1',
      '--script-up',
      '/usr/local/bin/hook',
      '--replace',
      '0',
    ])
    await start(h1, name)
    await h1.stop(name)
    assert.equal(await h1.ok('cat /var/log/hook'), `<${name}><net><up><macvlan><eth1><0>\n`)
  })

  it('--l2proxy lets the link answer for the addresses', async () => {
    await h1.ok('echo 1 >/proc/sys/net/ipv4/conf/eth1/forwarding') // LXC asks for it
    const name = await made(
      '--type veth --mode router --link eth1 --ipv4 198.18.1.80/32 --ipv4-gateway 169.254.1.1 --l2proxy 1 --allow gateway-outside',
    )
    assert.deepEqual(await read(h1, name, '0.l2proxy'), ['1'])
    assert.match(await h1.ok('ip neigh show proxy dev eth1'), /^198\.18\.1\.80 /)
    await pings({
      reached: [
        [h2, null, '198.18.1.80'],
        [h1, name, '198.18.1.12'],
      ],
      lost: [[h2, null, '198.18.1.81']],
    })
    await h1.stop(name)
  })
})
