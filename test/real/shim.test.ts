/** The host's own macvlan: the host reaches its macvlan containers, also after a boot, and nothing is left when it goes. */
import assert from 'node:assert/strict'
import { answers, asks } from './forward-peer.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, lostDuring, type Ping, pings, refused, start, traces } from './live.ts'

describe('shim', () => {
  let lab: Lab
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    host = lab.hosts[0] as LightHost
    // a port that stays: a bridge that loses its last one has no carrier, and neither have the macvlans on it
    await host.ok(`ip link add lxcbr2 type bridge forward_delay 0; ip link set lxcbr2 up
ip link add port0 type veth peer name port1; ip link set port0 master lxcbr2 up; ip link set port1 up`)
    await host.container('mv')
    await change(host, 'create mv --type macvlan --mode bridge --link lxcbr2 --ipv4 10.0.5.3/24')
    await start(host, 'mv')
  })

  after(() => lab.down())

  /** The link by which the host sends to an address. */
  const way = async (to: string) => / dev (\S+)/.exec(await host.ok(`ip route get ${to}`))?.[1]

  it('lets the host reach a macvlan container, which it did not before, and goes without a trace', async () => {
    const before = await traces(host)
    await pings({ reached: [[host, null, '198.18.0.1']], lost: [[host, null, '10.0.5.3']] })
    let id: string | null = null
    const lost = await lostDuring([host, null, '198.18.0.1'], async () => {
      const made = await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')
      assert.ok(made.changes.every(({ impact }) => impact === 'live'))
      id = made.id
    })
    assert.equal(lost, 0)
    await pings({
      reached: [
        [host, null, '10.0.5.3'],
        [host, 'mv', '10.0.5.5'],
      ],
      lost: [[host, 'mv', '10.0.5.9']],
    })
    assert.equal((await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')).result, 'unchanged')
    await change(host, `rollback ${id}`)
    assert.deepEqual(await traces(host), before)
    assert.equal(await host.ok('ls -d /etc/lxcnet 2>/dev/null || echo none'), 'none\n')
  })

  it('is refused where its name or its parent is not what it takes', async () => {
    assert.equal((await refused(host, 'shim create nolink --address 10.0.5.5/24')).code, 'shim-no-parent')
    await host.ok('ip link add shim-lxcbr2 type bridge')
    assert.equal((await refused(host, 'shim create lxcbr2 --address 10.0.5.5/24')).code, 'name-taken')
    await host.ok('ip link delete shim-lxcbr2')
    assert.equal((await refused(host, 'shim create lxcbr2 --address 10.0.5.5')).code, 'bad-address')
    for (const parent of ['port0', 'lo'])
      assert.equal((await refused(host, `shim create ${parent} --address 10.0.5.5/24`)).code, 'shim-bad-parent')
    await host.container(
      'pt',
      ['type = macvlan', 'macvlan.mode = passthru', 'link = port1'].map((line) => `lxc.net.0.${line}`),
    )
    assert.equal((await refused(host, 'shim create port1 --address 10.0.5.5/24')).code, 'passthru-shared')
    await host.ok('rm -r /var/lib/lxc/pt')
    assert.equal((await refused(host, 'shim delete lxcbr2')).code, 'no-object')
  })

  it('comes with create --host-access in one plan, and goes with its rollback', async () => {
    const before = await traces(host)
    await host.container('mw')
    const { id, summary, changes } = await change(
      host,
      'create mw --type macvlan --link lxcbr2 --ipv4 10.0.5.2/24 --host-access',
    )
    assert.deepEqual(summary, [
      'mw: adds NIC 0, macvlan bridge on lxcbr2',
      'shim lxcbr2: made, shim-lxcbr2 with 10.0.5.4/24',
    ])
    assert.ok(changes.every(({ impact }) => impact === 'live'))
    await start(host, 'mw')
    await pings({
      reached: [
        [host, null, '10.0.5.2'],
        [host, null, '10.0.5.3'],
        [host, 'mw', '10.0.5.4'],
      ],
      lost: [[host, null, '10.0.5.9']],
    })
    await host.stop('mw')
    await change(host, `rollback ${id}`)
    await host.ok('rm -r /var/lib/lxc/mw')
    assert.deepEqual(await traces(host), before)
    assert.equal((await refused(host, 'create mv --type macvlan --link lxcbr2 --host-access')).code, 'host-access')
    assert.equal(
      (await refused(host, 'create mv --type veth --link lxcbr2 --host-access 10.0.5.4/24')).code,
      'host-access',
    )
    assert.equal(
      (await refused(host, 'create mv --type macvlan --link lxcbr2 --host-access 10.0.5.3/24')).code,
      'duplicate-address',
    )
  })

  it('lets a forward get to a macvlan container, which without it is warned of', async () => {
    const unreached = async () => (await host.lxcnet(['check', '--json'])).stdout.includes('"forward-unreached"')
    const { notes } = await change(host, 'forward add 8080 mv:80')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['forward-unreached'],
    )
    assert.equal(await unreached(), true)
    await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')
    const { result, notes: left } = await change(host, 'forward set 8080/tcp to=mv:80')
    assert.deepEqual([result, left], ['applied', []], '10.0.5.0/24 was not there before')
    assert.equal(await unreached(), false)
    await answers(host, 'mv', ['tcp/80'])
    assert.equal(await asks(host, null, '127.0.0.1', 'tcp/8080'), 'mv 80 10.0.5.5')
    await change(host, 'forward remove 8080')
    await change(host, 'shim delete lxcbr2')
  })

  it('leaves the subnet where the host has it, and leads to each macvlan container alone, without a packet lost', async () => {
    await host.ok('ip address add 10.0.5.1/24 dev lxcbr2')
    const before = await traces(host)
    await host.container('ve')
    await host.container('mx')
    await change(host, 'create ve --type veth --link lxcbr2 --ipv4 10.0.5.2/24')
    await change(host, 'shim create lxcbr2 --address 10.0.5.5/24,2001:db8::5/64')
    assert.equal(await way('10.0.5.2'), 'lxcbr2')
    assert.equal(await way('10.0.5.3'), 'shim-lxcbr2')
    await start(host, 've')
    const reached: Ping[] = [
      [host, null, '10.0.5.2'],
      [host, null, '10.0.5.3'],
      [host, 'mv', '10.0.5.5'],
      [host, 've', '10.0.5.1'],
    ]
    await pings({ reached, lost: [[host, null, '10.0.5.9']] })
    const pinging = host.ok('ping -n -q -i 0.02 -c 150 10.0.5.3')
    const added = await change(
      host,
      'create mx --type macvlan --link lxcbr2 --ipv4 10.0.5.8/24 --ipv6 2001:db8::8/64 --host-access',
    )
    assert.ok(added.changes.every(({ impact }) => impact === 'live'))
    assert.equal(added.summary.at(-1), 'shim lxcbr2: changed, shim-lxcbr2 with 10.0.5.5/24, 2001:db8::5/64')
    assert.match(await pinging, /150 packets transmitted, 150 received/)
    await start(host, 'mx')
    await pings({ reached: [...reached, [host, null, '10.0.5.8'], [host, null, '2001:db8::8']] })
    assert.equal(await way('10.0.5.8'), 'shim-lxcbr2')
    await change(host, `rollback ${added.id}`)
    assert.equal(await way('10.0.5.8'), 'lxcbr2')
    await pings({ reached })
    // another one, of which the shim was not told
    await change(host, 'create mx --type macvlan --link lxcbr2 --ipv4 10.0.5.8/24')
    const { stdout } = await host.lxcnet(['check', '--json'])
    assert.match(stdout, /"shim-no-route"/)
    await change(host, 'shim set lxcbr2')
    assert.equal(await way('10.0.5.8'), 'shim-lxcbr2')
    assert.equal((await change(host, 'shim set lxcbr2')).result, 'unchanged')
    // the piece is for whatever sh the host has, and may be called at any time
    const [piece = ''] = (await host.ok('ls /etc/lxcnet/net.d/*shim*')).split('\n')
    await host.ok('ip address add 10.0.5.77/24 dev shim-lxcbr2; ip route add 192.0.2.0/24 dev shim-lxcbr2')
    // Debian's busybox takes its own ip(8) before iproute2's unless it is told
    for (const shell of ['busybox sh', 'dash'])
      await host.ok(
        `for verb in up up check; do ${shell} -c 'ip() { /bin/ip "$@"; }; . "$0"' ${piece} $verb || exit; done`,
      )
    assert.equal(await host.ok('ip -o address show to 10.0.5.77; ip route show 192.0.2.0/24'), '')
    assert.equal(await way('10.0.5.8'), 'shim-lxcbr2')
    await change(host, 'shim delete lxcbr2')
    for (const name of ['ve', 'mx']) {
      await host.stop(name)
      await host.ok(`rm -r /var/lib/lxc/${name}`)
    }
    assert.deepEqual(await traces(host), before)
    await host.ok('ip address delete 10.0.5.1/24 dev lxcbr2')
  })

  it('changes its address, and is there again after a boot', async () => {
    await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')
    await change(host, 'shim set lxcbr2 address=10.0.5.6/24')
    await change(host, 'shim set lxcbr2 ifname=way')
    assert.match(
      await host.ok('ip route show 10.0.5.0/24'),
      /^10\.0\.5\.0\/24 dev way .*\n$/,
      'it alone has the subnet',
    )
    await pings({ reached: [[host, 'mv', '10.0.5.6']], lost: [[host, 'mv', '10.0.5.5']] })
    await host.write('/etc/systemd/system/br2.service', bridgeUnit)
    await host.ok('systemctl enable br2')
    await host.reboot()
    await host.ok('systemctl is-system-running --wait || systemctl is-active lxcnet')
    await start(host, 'mv')
    await pings({ reached: [[host, null, '10.0.5.3']], lost: [[host, null, '10.0.5.9']] })
    await change(host, 'shim delete lxcbr2')
    assert.equal(
      await host.ok('ls -d /etc/lxcnet /etc/systemd/system/lxcnet.service 2>/dev/null || echo none'),
      'none\n',
    )
  })
})

const bridgeUnit = `[Unit]
Before=network.target
Wants=network.target
[Service]
Type=oneshot
ExecStart=/bin/ip link add lxcbr2 type bridge forward_delay 0
ExecStart=/bin/ip link set lxcbr2 up
[Install]
WantedBy=multi-user.target
`
