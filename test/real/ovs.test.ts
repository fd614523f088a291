/** Switches of Open vSwitch on light hosts, in user space: made, changed, taken back, and the NICs on them. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { CheckReport } from '../../src/report/check.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, check, list, lostDuring, pings, read, refused, show, start } from './live.ts'

/** Also what the package's own unit does at boot; without a monitor, which would bring back what a test has killed. */
const startOvs = `mkdir -p /run/openvswitch
/usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor 2>/dev/null`

const switches = async (host: LightHost): Promise<ObjectsReport['objects']> => {
  const { stdout } = await host.lxcnet(['ovs', 'list', '--json'])
  return (JSON.parse(stdout) as ObjectsReport).objects
}

/** Codes of what `lxcnet check` says of the host and all its containers. */
const found = async (host: LightHost): Promise<string[]> => {
  const { stdout } = await host.lxcnet(['check', '--json'])
  return (JSON.parse(stdout) as CheckReport).findings.map(({ code }) => code)
}

/** What a change may alter, and a rollback has to bring back. */
const traces = (host: LightHost): Promise<string> =>
  host.ok(`find /etc -type f -newer /run/lab-since ! -path '/etc/openvswitch/*' -exec sha256sum {} + | sort -k 2
ls -R /etc/lxcnet 2>&1
ip -j -d link show | sed 's/"\\(operstate\\|ifindex\\|link_index\\)":[^,]*,//g'
ip -j address show scope global | sed 's/"\\(operstate\\|ifindex\\|link_index\\|valid_life_time\\|preferred_life_time\\)":[^,}]*//g'
ip -j route show
ovs-vsctl --columns=name,datapath_type,stp_enable,external_ids,ports list Bridge
ovs-vsctl --columns=name,tag,trunks,vlan_mode,external_ids list Port
ovs-vsctl --columns=name,type,options,mtu_request list Interface
ps -e -o comm= | grep -v -e sleep -e sshd -e '^ps$' -e '^sh$' -e grep -e '^sort$' | sort`)

/** Bytes that arrive over TCP from one container at another. */
const tcp = async (host: LightHost, from: string, to: string, address: string): Promise<number> => {
  const inside = (name: string): string => `nsenter -t "$(lxc-info -n ${name} -pH)" -n`
  const script = `{ ${inside(to)} timeout 15 nc -l -p 9009 | wc -c; } &
until ${inside(to)} ss -Htln | grep -q :9009; do sleep 0.05; done
head -c 300000 /dev/zero | ${inside(from)} timeout 5 nc -N ${address} 9009
${inside(to)} sh -c 'for p in $(ss -Htlnp | sed -n "s/.*:9009 .*pid=\\([0-9]*\\).*/\\1/p"); do kill "$p"; done'
wait`
  return Number(await host.ok(script))
}

/** As a crash: neither monitor nor container get to do anything. */
const kill = (host: LightHost, name: string): Promise<string> =>
  host.ok(
    `init=$(lxc-info -n "$1" -pH)
kill -9 "$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$init/status")" "$init"
for _ in $(seq 200); do lxc-info -n "$1" -sH 2>/dev/null | grep -q STOPPED && break; sleep 0.05; done
for _ in $(seq 200); do [ -e "/proc/$init" ] || break; sleep 0.05; done
sleep 0.3`,
    {},
    name,
  )

describe('ovs on light hosts', function () {
  this.timeout(120_000)
  let lab: Lab
  let h1: LightHost
  let made: ChangeReport

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.ok(`${startOvs}; touch /run/lab-since`)
  })

  after(() => lab.down())

  it('makes a switch, finds it so, and takes it back without a trace', async () => {
    const before = await traces(h1)
    const line =
      'ovs create sw0 --datapath netdev --address 10.9.0.1/24 --address fd00:9::1/64 --uplink eth1 --mtu 1450'
    await h1.ok('ip link set eth1 down')
    const cold = await traces(h1)
    const made = await change(h1, line)
    assert.equal(made.result, 'applied')
    assert.equal((await change(h1, line)).result, 'unchanged', 'the same command twice')
    const [row, ...others] = await switches(h1)
    assert.deepEqual(others, [])
    assert.deepEqual(row, {
      name: 'sw0',
      state: 'up',
      from: '/etc/lxcnet/net.d/20-ovs-sw0',
      own: true,
      settings: {
        address: ['10.9.0.1/24', 'fd00:9::1/64'],
        uplink: ['eth1'],
        datapath: ['netdev'],
        mtu: ['1450'],
      },
    })
    assert.match(await h1.ok('ip -br link show eth1; ip -d link show sw0'), /^eth1.*UP.*\n.*mtu 1450/s)
    assert.equal(await h1.ok('ovs-vsctl list-ports sw0'), 'eth1\n')
    await h1.ok('sh /etc/lxcnet/boot && sh /etc/lxcnet/boot')
    assert.equal((await h1.lxcnet(['rollback', made.id ?? ''])).status, 0)
    assert.equal(await traces(h1), cold)
    await h1.ok('ip link set eth1 up')
    assert.equal(await traces(h1), before)
  })

  it('containers on it reach each other and the host, by TCP too', async () => {
    made = await change(h1, 'ovs create sw0 --datapath netdev --address 10.9.0.1/24')
    for (const [name, address] of [
      ['a', '10.9.0.11/24'],
      ['b', '10.9.0.12/24'],
      ['c', '10.9.0.13/24'],
    ] as const) {
      await h1.container(name)
      const vlan = name === 'c' ? ' --vlan-id 10' : ''
      await change(h1, `create ${name} --type veth --link sw0 --ipv4 ${address} --ipv4-gateway auto${vlan}`)
    }
    assert.deepEqual(await read(h1, 'c', '0.script.up'), ['/etc/lxcnet/hooks/ovs-up sw0 --access 10'])
    assert.deepEqual(await read(h1, 'a', '0.link'), [])
    assert.deepEqual(await read(h1, 'a', '0.ipv4.gateway'), ['10.9.0.1'])
    await start(h1, 'a', 'b', 'c')
    await pings({
      reached: [
        [h1, 'a', '10.9.0.12'],
        [h1, 'b', '10.9.0.11'],
        [h1, null, '10.9.0.11'],
        [h1, 'a', '10.9.0.1'],
      ],
      lost: [[h1, 'c', '10.9.0.12']],
    })
    assert.equal(await tcp(h1, 'a', 'b', '10.9.0.12'), 300000)
    const rows = (await list(h1)).containers
    assert.deepEqual(
      rows.map(({ name, restart, nics }) => [name, restart, nics[0]?.link, nics[0]?.vlanId]),
      [
        ['a', 'no', 'sw0', null],
        ['b', 'no', 'sw0', null],
        ['c', 'no', 'sw0', '10'],
      ],
    )
    assert.equal((await show(h1, 'a')).containers[0]?.nics[0]?.live?.bridge, 'sw0')
    const findings = (await check(h1)).findings.filter(({ severity }) => severity === 'error')
    assert.deepEqual(findings, [])
  })

  it('a NIC that LXC alone plugs in there has ping and no TCP, as a control', async () => {
    const nic = ['type = veth', 'link = sw0', 'flags = up', 'ipv4.address = 10.9.0.14/24']
    await h1.container(
      'd',
      nic.map((line) => `lxc.net.0.${line}`),
    )
    await start(h1, 'd')
    await pings({ reached: [[h1, 'd', '10.9.0.12']] })
    assert.equal(await tcp(h1, 'd', 'b', '10.9.0.12'), 0)
    assert.equal((await list(h1, 'd')).containers[0]?.restart, 'no', 'the kernel does not name the switch, OVS does')
    await h1.stop('d')
    const report = await change(h1, 'set d:0 link=sw0 vlan-id=none vlan-tagged-id+=20 vlan-tagged-id+=30')
    assert.equal(report.result, 'applied')
    assert.deepEqual(await read(h1, 'd', '0.script.up'), ['/etc/lxcnet/hooks/ovs-up sw0 --trunk 20,30'])
    assert.equal((await change(h1, 'set d:0 link=sw0 vlan-tagged-id+=30')).result, 'unchanged')
    await start(h1, 'd')
    const ports = await h1.ok(
      `ovs-vsctl --bare --columns=trunks,vlan_mode find Port 'external_ids:lxc-container="d"'; ovs-vsctl list-ports sw0 | wc -l`,
    )
    assert.equal(ports, '20 30\ntrunk\n4\n')
    await h1.stop('d')
    assert.equal(await h1.ok('ovs-vsctl list-ports sw0 | wc -l'), '3\n')
    await h1.ok('rm -r /var/lib/lxc/d')
  })

  it('hook version 1, and the words of LXC 2.1 without a link, reach the same port', async () => {
    await h1.ok('echo lxc.hook.version = 1 >>/var/lib/lxc/c/config')
    await h1.stop('c')
    await start(h1, 'c')
    const port = () => h1.ok(`ovs-vsctl --bare --columns=tag,vlan_mode find Port 'external_ids:lxc-container="c"'`)
    assert.equal(await port(), '10\naccess\n')
    await h1.ok('ip link add vx0 type veth peer name vx1')
    for (const words of ['e net up veth vx0', 'e net up veth sw0 vx0', 'veth sw0 vx0', 'veth vx0']) {
      for (let round = 0; round < 2; round++)
        await h1.ok(`LXC_NAME=e sh /etc/lxcnet/hooks/ovs-up sw0 --access 7 ${words}`)
      assert.equal(await h1.ok('ovs-vsctl get Port vx0 tag; ethtool -k vx1 | grep -c "tx-checksumming: off"'), '7\n1\n')
      await h1.ok(
        `busybox sh /etc/lxcnet/hooks/ovs-down sw0 ${words}; busybox sh /etc/lxcnet/hooks/ovs-down sw0 ${words}`,
      )
      assert.notEqual((await h1.sh('ovs-vsctl port-to-br vx0')).status, 0)
      await h1.ok('ethtool -K vx1 tx on')
    }
    await h1.ok('ip link del vx0')
  })

  it('changes what was asked for and nothing else, and goes back', async () => {
    const cold = await traces(h1)
    const more =
      'ovs set sw0 address=10.9.0.1/24,10.9.9.1/24 uplink=eth1 tunnel=vxlan:198.18.0.99:42,gre:198.18.0.99:5 mtu=1450 stp=off'
    let id: string | null = null
    let up = 0
    const lost = await lostDuring([h1, 'a', '10.9.0.12'], async () => {
      up = await lostDuring([h1, 'b', '10.9.0.1'], async () => {
        const made = await change(h1, more)
        assert.deepEqual(new Set(made.changes.map(({ impact }) => impact)), new Set(['live']))
        id = made.id
        await change(h1, 'ovs create sw1 --datapath netdev --address 10.9.1.1/24')
        await change(h1, 'ovs delete sw1')
        await change(h1, 'ovs gc')
      })
    })
    assert.deepEqual([lost, up], [0, 0])
    assert.equal((await h1.ok('ovs-vsctl list-ports sw0 | grep -c -e eth1 -e tun-')).trim(), '3')
    await pings({
      reached: [
        [h1, 'a', '10.9.0.12'],
        [h1, 'a', '10.9.0.1'],
      ],
    })
    const less = await change(h1, 'ovs set sw0 uplink= tunnel=gre:198.18.0.99:5 address=10.9.9.1/24')
    assert.equal((await h1.ok('ovs-vsctl list-ports sw0 | grep -c -e eth1 -e tun-')).trim(), '1')
    assert.match(await h1.ok('ip -br address show sw0'), /10\.9\.9\.1/)
    assert.doesNotMatch(await h1.ok('ip -br address show sw0'), /10\.9\.0\.1/)
    assert.equal((await h1.lxcnet(['rollback', less.id ?? ''])).status, 0)
    assert.equal((await h1.ok('ovs-vsctl list-ports sw0 | grep -c -e eth1 -e tun-')).trim(), '3')
    assert.equal((await h1.lxcnet(['rollback', id ?? ''])).status, 0)
    assert.equal(await traces(h1), cold)
    await pings({
      reached: [
        [h1, 'a', '10.9.0.12'],
        [h1, 'a', '10.9.0.1'],
      ],
    })
  })

  it('brings back what somebody took away, when it is told so again', async () => {
    await h1.ok('ip address flush dev sw0')
    assert.equal((await switches(h1))[0]?.state, 'incomplete')
    assert.ok((await found(h1)).includes('switch-incomplete'))
    assert.equal((await change(h1, 'ovs create sw0 --datapath netdev --address 10.9.0.1/24')).result, 'applied')
    assert.equal((await switches(h1))[0]?.state, 'up')
    assert.equal((await change(h1, 'ovs create sw0 --datapath netdev --address 10.9.0.1/24')).result, 'unchanged')
  })

  it('does not cut off running containers unasked; a rollback plugs them in again', async () => {
    const { code, suggestions } = await refused(h1, 'ovs delete sw0')
    assert.equal(code, 'switch-in-use')
    assert.ok(suggestions.some((text) => text.includes('--allow switch-in-use')))
    const old = await refused(h1, `rollback ${made.id}`)
    assert.equal(old.code, 'changed-since')
    assert.match(old.message, new RegExp(`a/config lives by /etc/lxcnet/hooks/.* came with ${made.id}$`))
    const gone = await change(h1, 'ovs delete sw0 --allow switch-in-use')
    assert.deepEqual(await switches(h1), [])
    assert.equal(await h1.ping('a', '10.9.0.12'), false)
    assert.equal((await h1.lxcnet(['rollback', gone.id ?? ''])).status, 0)
    await pings({
      reached: [
        [h1, 'a', '10.9.0.12'],
        [h1, 'b', '10.9.0.11'],
        [h1, null, '10.9.0.11'],
      ],
      lost: [[h1, 'c', '10.9.0.12']],
    })
    assert.equal(await tcp(h1, 'a', 'b', '10.9.0.12'), 300000)
  })

  it('a container that was killed starts again, also with a fixed name, and leaves no dead port', async () => {
    await change(h1, 'set b:0 pair=p-b')
    await h1.stop('b')
    await start(h1, 'b')
    await kill(h1, 'b')
    assert.match(
      await h1.ok('ovs-vsctl list-ports sw0; ip -br link show'),
      /^p-b$(?![\s\S]*^p-b@)/m,
      'a port without a link',
    )
    await start(h1, 'b')
    await pings({ reached: [[h1, 'a', '10.9.0.12']] })
    await kill(h1, 'a')
    assert.equal(
      await h1.ok(`ovs-vsctl --bare --columns=name find Port 'external_ids:lxc-container="a"' | wc -l`),
      '1\n',
    )
    assert.ok((await found(h1)).includes('ovs-dead-port'))
    const collected = await change(h1, 'ovs gc')
    assert.deepEqual(
      collected.changes.map((step) => step.kind),
      ['run'],
    )
    assert.equal((await change(h1, 'ovs gc')).result, 'unchanged')
    await start(h1, 'a')
    await pings({ reached: [[h1, 'a', '10.9.0.12']] })
  })

  it('ovs gc takes out what keeps a container of LXC alone from its start, and nothing else', async () => {
    const nic = ['type = veth', 'link = sw0', 'flags = up', 'veth.pair = p-d', 'ipv4.address = 10.9.0.14/24']
    await h1.container(
      'd',
      nic.map((line) => `lxc.net.0.${line}`),
    )
    await start(h1, 'd')
    await h1.ok('ovs-vsctl add-port sw0 eth9 2>/dev/null')
    await kill(h1, 'd')
    assert.notEqual((await h1.start('d')).status, 0, 'as a control')
    const collected = await change(h1, 'ovs gc')
    assert.equal(collected.changes.length, 1)
    assert.equal((await h1.lxcnet(['rollback', collected.id ?? ''])).status, 0)
    assert.notEqual((await h1.start('d')).status, 0)
    await change(h1, 'ovs gc')
    await start(h1, 'd')
    assert.match(await h1.ok('ovs-vsctl list-ports sw0'), /^eth9$/m)
    await h1.stop('d')
    await h1.ok('rm -r /var/lib/lxc/d; ovs-vsctl del-port eth9')
  })

  it('finds a switch made by hand, adds to it, and never takes it away', async () => {
    await h1.ok(
      'ovs-vsctl add-br hand -- set bridge hand datapath_type=netdev && ip address add 10.7.0.1/24 dev hand && ip link set hand up',
    )
    const hand = (await switches(h1)).find(({ name }) => name === 'hand')
    assert.deepEqual(
      [hand?.own, hand?.state, hand?.settings],
      [false, 'up', { address: ['10.7.0.1/24'], datapath: ['netdev'] }],
    )
    const said = 'ovs create hand --address 10.7.0.1/24 --datapath netdev'
    assert.equal((await change(h1, said)).result, 'unchanged', 'what was found is so already')
    const cold = await traces(h1)
    assert.equal((await refused(h1, 'ovs delete hand')).code, 'not-ours')
    assert.equal((await refused(h1, 'ovs set hand address=10.7.0.2/24')).code, 'not-ours')
    const made = await change(h1, 'ovs set hand uplink=eth1 tunnel=gre:198.18.0.99:5 stp=on mtu=1400')
    assert.equal(made.result, 'applied')
    const settings = (await switches(h1)).find(({ name }) => name === 'hand')?.settings
    assert.deepEqual(settings, {
      address: ['10.7.0.1/24'],
      uplink: ['eth1'],
      tunnel: ['gre:198.18.0.99:5'],
      datapath: ['netdev'],
      mtu: ['1400'],
      stp: ['on'],
    })
    assert.equal((await refused(h1, 'ovs set hand uplink=')).code, 'not-ours')
    assert.equal((await h1.lxcnet(['rollback', made.id ?? ''])).status, 0)
    assert.equal(await traces(h1), cold)
    await h1.ok('ovs-vsctl del-br hand')
  })

  it('refuses an uplink that carries something', async () => {
    await h1.ok('ip link add br0 type bridge && ip link add m0 link eth1 type macvlan')
    const { code, message, suggestions } = await refused(h1, 'ovs create sw1 --uplink eth0')
    assert.equal(code, 'uplink-busy')
    assert.match(message, /198\.18\.0\.11/)
    assert.ok(suggestions.some((text) => text.includes('lxcnet bridge create')))
    assert.match((await refused(h1, 'ovs create sw1 --uplink eth1')).message, /parent of m0/)
    await h1.ok('ip link del m0 && ip link set eth1 master br0')
    assert.match((await refused(h1, 'ovs create sw1 --uplink eth1')).message, /port of br0/)
    await h1.ok('ip link del br0')
    assert.equal((await refused(h1, 'ovs create sw1 --uplink eth7')).code, 'link-not-found')
    assert.equal((await refused(h1, 'ovs create eth1')).code, 'name-taken')
    assert.equal((await refused(h1, 'ovs create sw1 --address 198.18.0.77/24')).code, 'subnet-taken')
  })

  it('says what to do where the kernel has no datapath, and leaves nothing', async () => {
    const cold = await traces(h1)
    const { code, suggestions } = await refused(h1, 'ovs create sw1')
    assert.deepEqual([code, suggestions], ['ovs-no-datapath', ['--datapath netdev needs none']])
    assert.equal(await traces(h1), cold)
  })

  it('is refused in time where Open vSwitch does not answer, and says what is missing', async () => {
    const daemon = (signal: string) => h1.ok(`kill -${signal} $(cat /run/openvswitch/ovs-vswitchd.pid)`)
    await daemon('STOP')
    try {
      assert.equal((await refused(h1, 'ovs create sw1')).code, 'ovs-down')
      assert.equal((await refused(h1, 'ovs gc')).code, 'ovs-down')
      assert.equal((await switches(h1))[0]?.state, 'down')
      await h1.stop('a')
      const start = await h1.start('a')
      assert.notEqual(start.status, 0, 'a hook that hangs would keep lxc-start for ever')
    } finally {
      await daemon('CONT')
    }
    assert.doesNotMatch(await h1.ok('ovs-vsctl --bare --columns=external_ids list Port'), /lxc-container=a/)
    await start(h1, 'a')
    const server = (signal: string) => h1.ok(`kill -${signal} $(cat /run/openvswitch/ovsdb-server.pid)`)
    await server('STOP')
    try {
      const { code, message } = await refused(h1, 'ovs create sw1')
      assert.equal(code, 'ovs-down')
      assert.match(message, /database/)
    } finally {
      await server('CONT')
    }
    await h1.ok('mv /usr/bin/ovs-vsctl /usr/bin/not-ovs-vsctl')
    const { code, suggestions } = await refused(h1, 'ovs create sw1')
    await h1.ok('mv /usr/bin/not-ovs-vsctl /usr/bin/ovs-vsctl')
    assert.equal(code, 'ovs-missing')
    assert.deepEqual(suggestions, ['apt-get install openvswitch-switch'])
  })

  it('the hooks go with the last NIC and the last switch that need them', async () => {
    for (const name of ['a', 'b', 'c']) await h1.stop(name)
    await change(h1, 'ovs delete sw0')
    await h1.ok('test -x /etc/lxcnet/hooks/ovs-up')
    await change(h1, 'delete a:0')
    await change(h1, 'set b:0 link=eth1 type=macvlan')
    assert.deepEqual(await read(h1, 'b', '0.script.up'), [])
    await h1.ok('test -x /etc/lxcnet/hooks/ovs-up')
    await change(h1, 'delete c:0')
    assert.equal(await h1.ok('ls /etc/lxcnet 2>/dev/null; ovs-vsctl list-br'), '')
  })
})
