/** Bridges in the files of ifupdown: made, changed and taken away on a host whose own address moves with them. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { CheckReport } from '../../src/report/check.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, lostDuring, pings, refused, start } from './live.ts'

const interfaces = `# this host
source /etc/network/interfaces.d/*

auto lo eth0
iface lo inet loopback

# the office
iface eth0 inet static
\taddress 198.18.0.11
\tnetmask 255.255.255.0
\tgateway 198.18.0.1   # no comment: ifupdown takes it as part of the value
\tup ip rule add from 198.18.0.11 lookup 100 priority 5000
\tup ip route add 198.18.7.0/24 via 198.18.0.1 dev eth0 table 100
\tdown ip rule del priority 5000

iface eth0 inet6 static
\taddress 2001:db8::11/64
`.replace(/ {3}# no comment.*/, '')

const path = '/etc/network/interfaces'

const udhcpc = `#!/bin/sh
ip -4 addr flush dev "$interface"
ip link set dev "$interface" up
[ "$1" = deconfig ] || ip addr add "$ip/$mask" dev "$interface"
`

/** All that a rollback has to bring back. */
const state = (host: LightHost): Promise<string> =>
  host.ok(`cat ${path} /etc/network/interfaces.d/* /etc/lxc/default.conf; ls -R /etc/network /etc/lxcnet 2>/dev/null
    ip -br link | sed 's/@.*//'; ip -br addr show eth0; ip route; ip route show table 100; ip rule; ip -6 route | grep -v multicast | sort
    cat /run/network/ifstate | sort; ps -eo comm= | sort | uniq -c | grep -v -e ps -e sort -e uniq -e grep -e sh -e sleep`) // the watcher of an armed change leaves a moment later

describe('bridges kept by ifupdown', function () {
  this.timeout(200_000)
  let lab: Lab
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    host = lab.hosts[0] as LightHost
    await host.write(path, interfaces)
    await host.reboot()
  })
  after(() => lab.down())

  const objects = async (): Promise<ObjectsReport['objects']> =>
    (JSON.parse((await host.lxcnet(['bridge', 'list', '--json'])).stdout) as ObjectsReport).objects
  const findingsOf = async (name: string) =>
    (JSON.parse((await host.lxcnet(['check', '--json'])).stdout) as CheckReport).findings.filter(
      ({ object }) => object === name,
    )
  /** A change of the way to the host, which a person confirms. */
  async function keep(line: string): Promise<string> {
    const { status, stdout, stderr } = await host.lxcnet([...line.split(' '), '-y', '--json'])
    const report = JSON.parse(stdout) as ChangeReport
    assert.deepEqual([status, report.result], [2, 'awaiting'], stdout + stderr)
    const kept = await host.lxcnet(['confirm'])
    assert.equal(kept.status, 0, kept.stderr + kept.stdout)
    return report.id ?? ''
  }
  const reaches = async (): Promise<void> =>
    void assert.ok(await host.ping(null, '198.18.0.1', { waitSeconds: 4 }), 'the host reaches the LAN')
  const container = async (name: string, link: string, address: string): Promise<void> => {
    const lines = ['type = veth', `link = ${link}`, 'flags = up', `ipv4.address = ${address}`]
    await host.container(
      name,
      lines.map((line) => `lxc.net.0.${line}`),
    )
    await start(host, name)
  }

  it('moves the address of the host to a bridge, and a rollback brings all of it back', async () => {
    await reaches()
    const before = await state(host)
    const mac = await host.ok('cat /sys/class/net/eth0/address')
    const { stdout } = await host.lxcnet('bridge create br0 --uplink eth0 --dry-run --json'.split(' '))
    const impacts = (JSON.parse(stdout) as ChangeReport).changes.map(({ impact }) => impact)
    assert.ok(impacts.includes('host-path'), 'it says beforehand that it takes the way to the host')
    const pinging = lab.lan('ping -n -q -i 0.05 -c 200 -w 40 198.18.0.11', { timeoutMs: 60_000 })
    const id = await keep('bridge create br0 --uplink eth0')
    await reaches()
    const received = Number(/ (\d+) received/.exec((await pinging).stdout)?.[1])
    assert.ok(received > 100, `the host is away for a moment: ${received} of 200 pings answered`)
    assert.equal(await host.ok('cat /sys/class/net/br0/address'), mac, 'a lease would stay')
    assert.match(await host.ok('ip -br addr show br0'), /198\.18\.0\.11\/24 2001:db8::11\/64/)
    assert.doesNotMatch(await host.ok('ip -br addr show eth0'), /198\.18|2001/)
    assert.match(
      await host.ok('ip route show table 100; ip rule'),
      /198\.18\.7\.0\/24 via 198\.18\.0\.1 dev br0 .*lookup 100/s,
    )
    const [found] = await objects()
    assert.deepEqual([found?.name, found?.own, found?.settings], ['br0', true, { uplink: ['eth0'] }])
    assert.equal((await change(host, 'bridge create br0 --uplink eth0')).result, 'unchanged')
    await container('c1', 'br0', '198.18.0.101/24')
    await pings({ reached: [[host, 'c1', '198.18.0.1']], lost: [[host, 'c1', '198.18.0.99']] })
    await host.stop('c1')
    await keep(`rollback ${id}`)
    assert.equal(await state(host), before)
    await reaches()
  })

  it('has isolated networks leave by what leads out now, and by the uplink again', async () => {
    await change(host, 'nat create red --subnet 10.77.0.0/24 --isolated yes')
    const nic = ['type = veth', 'link = red', 'flags = up', 'ipv4.address = 10.77.0.5/24', 'ipv4.gateway = 10.77.0.1']
    await host.container(
      'c3',
      nic.map((line) => `lxc.net.0.${line}`),
    )
    await start(host, 'c3')
    const out = () => pings({ reached: [[host, 'c3', '198.18.0.1']] })
    await out()
    const id = await keep('bridge create br0 --uplink eth0')
    await out()
    await keep(`rollback ${id}`)
    await out()
    await host.stop('c3')
    await change(host, 'nat delete red')
  })

  it('comes back at boot, by itself, and goes with `delete` as if it had never been', async () => {
    const before = await host.ok(`cat ${path}`)
    await keep('bridge create br0 --uplink eth0 --mtu 1400')
    const links = 'ip -br link; ip -br addr; ip route; ip rule; cat /run/network/ifstate | sort'
    const up = await host.ok(links)
    await host.ok('ifdown br0; ifup br0', {})
    assert.equal(await host.ok(links), up, 'ifupdown knows of it')
    await host.reboot()
    await reaches()
    const shape = (text: string): string => text.replace(/@if\d+/g, '').replaceAll(/LL\S*|\bfe80\S*/g, '')
    assert.equal(shape(await host.ok(links)), shape(up))
    await container('c1', 'br0', '198.18.0.101/24')
    const inUse = await refused(host, 'bridge delete br0')
    assert.equal(inUse.code, 'bridge-in-use')
    assert.match(inUse.message, /^c1 runs/)
    assert.ok(await host.ping('c1', '198.18.0.1'))
    await host.stop('c1')
    await keep('bridge delete br0')
    assert.equal(await host.ok(`cat ${path}`), before)
    assert.equal((await host.sh('ls -d /etc/lxcnet /sys/class/net/br0')).stdout, '')
    await reaches()
  })

  it('makes bridges by themselves, with addresses, and with an idle NIC, without touching the way to the host', async () => {
    const before = await state(host)
    const made = [
      await change(host, 'bridge create br1 --stp on'),
      await change(host, 'bridge create br2 --address 10.0.5.1/24,2001:db8:5::1/64 --mtu 1400'),
      await change(host, 'bridge create br3 --uplink eth1 --address 198.18.1.11/24 --hwaddr 02:00:5e:00:53:01'),
    ]
    assert.match(await host.ok('ip -d link show br2; ip -d link show br1'), /mtu 1400 .*stp_state 0.*stp_state 1/s)
    assert.match(await host.ok('ip -br addr show br2'), /10\.0\.5\.1\/24 2001:db8:5::1\/64/)
    assert.match(await host.ok('ip -br link show br3'), /02:00:5e:00:53:01/)
    assert.deepEqual(
      (await objects()).map(({ name, settings }) => [name, settings]),
      [
        ['br1', { stp: ['on'] }],
        ['br2', { address: ['10.0.5.1/24', '2001:db8:5::1/64'], mtu: ['1400'] }],
        ['br3', { uplink: ['eth1'], address: ['198.18.1.11/24'], hwaddr: ['02:00:5e:00:53:01'] }],
      ],
    )
    for (const line of ['bridge create br1 --stp on', 'bridge create br3 --uplink eth1 --address 198.18.1.11/24'])
      assert.equal((await change(host, line)).result, 'unchanged')
    await container('c2', 'br2', '10.0.5.2/24')
    await pings({
      reached: [
        [host, 'c2', '10.0.5.1'],
        [host, null, '198.18.1.1'],
      ],
      lost: [[host, null, '198.18.1.99']],
    })
    await host.stop('c2')
    assert.equal((await refused(host, 'bridge create br4 --uplink eth1')).code, 'uplink-taken')
    for (const { id } of made.toReversed()) assert.equal((await host.lxcnet(['rollback', id ?? '', '-y'])).status, 0)
    assert.equal(await state(host), before)
  })

  it('changes a bridge under a running container that does not lose a packet', async () => {
    const before = await state(host)
    await change(host, 'bridge create br1 --address 10.0.5.1/24')
    await container('c1', 'br1', '10.0.5.2/24')
    const pinging = host.sh('nsenter -t "$(lxc-info -n c1 -pH)" -n ping -n -i 0.05 -c 60 10.0.5.1')
    const { id } = await change(host, 'bridge set br1 address=10.0.5.1/24,10.0.6.1/24 mtu=1400')
    assert.match((await pinging).stdout, / 60 received/)
    assert.match(
      await host.ok('ip -br addr show br1; ip -o link show br1'),
      /10\.0\.5\.1\/24 10\.0\.6\.1\/24.*mtu 1400/s,
    )
    const live = await host.ok('ip -br addr show br1')
    assert.equal((await host.lxcnet(['rollback', id ?? '', '-y'])).status, 0)
    assert.match(await host.ok('ip -br addr show br1; ip -o link show br1'), /10\.0\.5\.1\/24 fe80.*mtu 1500/s)
    await change(host, 'bridge set br1 address=10.0.5.1/24,10.0.6.1/24 mtu=1400')
    assert.equal((await change(host, 'bridge set br1 mtu=1400')).result, 'unchanged')
    await host.stop('c1')
    await host.ok('ifdown br1 && ifup br1')
    const addresses = (text: string): string[] => text.split(/\s+/).filter((word) => word.startsWith('10.'))
    assert.deepEqual(addresses(await host.ok('ip -br addr show br1')), addresses(live), 'the files say the same')
    await change(host, 'bridge delete br1')
    assert.equal(await state(host), before)
  })

  it('says live of what costs nobody a packet, here or on the LAN', async () => {
    const before = await state(host)
    await change(host, 'bridge create br1 --address 10.0.5.1/24')
    await container('c1', 'br1', '10.0.5.2/24')
    const lines = [
      'bridge create br2 --address 10.0.6.1/24 --default yes',
      'bridge create br3 --uplink eth1 --mtu 1400',
      'bridge set br1 address=10.0.5.1/24,2001:db8:5::1/64 mtu=1400',
      'bridge set br1 mtu=',
      'bridge set br3 mtu= dns=198.18.0.1',
    ]
    const act = async (): Promise<void> => {
      for (const line of lines) {
        const { changes } = await change(host, line)
        assert.deepEqual(new Set(changes.map(({ impact }) => impact)), new Set(['live']), line)
      }
    }
    let outside = 0
    const inside = await lostDuring([host, 'c1', '10.0.5.1'], async () => {
      outside = await lostDuring([host, null, '198.18.0.1'], act)
    })
    assert.deepEqual([inside, outside], [0, 0])
    assert.match(await host.ok('ip -o link show br1; ip -o link show eth1'), /mtu 1500.*mtu 1500/s)
    await host.stop('c1')
    for (const name of ['br3', 'br2', 'br1']) await change(host, `bridge delete ${name}`)
    assert.equal(await state(host), before)
  })

  it('tells by `check` what a bridge has lost, and by which command it comes back', async () => {
    const before = await state(host)
    await change(host, 'bridge create br3 --uplink eth1 --address 198.18.1.11/24')
    const findings = () => findingsOf('bridge br3')
    for (const [harm, code, word] of [
      ['ip link set eth1 nomaster', 'bridge-incomplete', 'incomplete 198.18.1.11/24'],
      ['ip addr del 198.18.1.11/24 dev br3', 'bridge-incomplete', 'incomplete'],
      ['ip link set br3 down', 'bridge-down', 'down'],
      ['ip link del br3', 'bridge-down', 'down'],
    ] as const) {
      await host.ok(harm)
      const [finding, ...others] = await findings()
      assert.deepEqual([finding?.code, others, (await objects())[0]?.state], [code, [], word], harm)
      assert.equal((await host.sh('ping -c 1 -W 1 -I 198.18.1.11 198.18.1.1')).status === 0, false, harm)
      await host.ok(finding?.fix ?? '')
      assert.deepEqual(await findings(), [], harm)
      await pings({ reached: [[host, null, '198.18.1.1']] })
    }
    await change(host, 'bridge delete br3')
    assert.equal(await state(host), before)
  })

  it('says who hears nothing when the last port of a bridge goes, and takes no bridge from who runs', async () => {
    const before = await state(host)
    const { id } = await change(host, 'bridge create br1')
    const findings = () => findingsOf('bridge br1')
    for (const [name, end] of [
      ['mv1', 1],
      ['mv2', 2],
    ] as const) {
      const lines = [
        'type = macvlan',
        'macvlan.mode = bridge',
        'link = br1',
        'flags = up',
        `ipv4.address = 10.0.5.${end}/24`,
      ]
      await host.container(
        name,
        lines.map((line) => `lxc.net.0.${line}`),
      )
    }
    const mac = () => host.ok('cat /sys/class/net/br1/address')
    const born = await mac()
    await container('c1', 'br1', '10.0.5.3/24')
    await start(host, 'mv1', 'mv2')
    const both: [LightHost, string, string][] = [
      [host, 'mv1', '10.0.5.2'],
      [host, 'c1', '10.0.5.2'],
    ]
    await pings({ reached: both })
    assert.deepEqual(await findings(), [])
    await host.stop('c1')
    // the kernel tells those who stand on a link of its carrier a second later at most: net/core/link_watch.c
    const inside = 'nsenter -t "$(lxc-info -n mv1 -pH)" -n'
    await host.ok(`until ${inside} ip -o link show eth0 | grep -q NO-CARRIER; do sleep 0.1; done`)
    assert.equal(await host.ping('mv1', '10.0.5.2'), false)
    const [finding] = await findings()
    assert.deepEqual(
      [finding?.code, finding?.message],
      ['bridge-no-carrier', 'bridge br1 has no port that is up, so mv1, mv2 hear nothing on it'],
    )
    assert.equal(await mac(), born, 'whoever talks to the host is not sent elsewhere as ports come and go')
    await start(host, 'c1')
    await host.ok(`until ${inside} ping -c 1 -W 1 10.0.5.2 >/dev/null; do sleep 0.1; done`)
    await pings({ reached: both })
    assert.deepEqual(await findings(), [])
    const { code, message, suggestions } = await refused(host, `rollback ${id}`)
    assert.deepEqual([code, message], ['link-in-use', 'br1 goes, and c1, mv1, mv2 run with a NIC on it'])
    assert.ok(suggestions.some((text) => text.endsWith('--allow link-in-use')))
    for (const name of ['c1', 'mv1', 'mv2']) await host.stop(name)
    await host.ok('ip link add tap0 type veth peer name tap1; ip link set tap0 master br1')
    const other = await refused(host, 'bridge delete br1')
    assert.deepEqual([other.code, other.message], ['bridge-in-use', "tap0 is a port of br1, and no container's"])
    await host.ok('ip link del tap0')
    const { notes } = await change(host, 'bridge delete br1')
    assert.deepEqual(
      notes.map((note) => [note.severity, note.message]),
      [['warning', 'c1, mv1, mv2 cannot start any more without br1']],
    )
    await host.ok('rm -r /var/lib/lxc/mv1 /var/lib/lxc/mv2; until ! pgrep -x lxc-start; do sleep 0.1; done')
    assert.equal(await state(host), before)
  })

  it('makes no port of a link that macvlan NICs stand on, which the kernel refuses too', async () => {
    const lines = ['type = macvlan', 'macvlan.mode = bridge', 'link = eth1', 'flags = up']
    await host.container(
      'mv1',
      lines.map((line) => `lxc.net.0.${line}`),
    )
    await start(host, 'mv1')
    const kernel = await host.sh(
      'ip link add x0 type bridge; ip link set eth1 master x0; s=$?; ip link del x0; exit "$s"',
    )
    assert.notEqual(kernel.status, 0)
    const { code, message } = await refused(host, 'bridge create br3 --uplink eth1')
    assert.equal(code, 'uplink-taken')
    assert.match(message, /^mv1 has a macvlan or ipvlan on eth1, /)
    await host.stop('mv1')
    await host.ok('rm -r /var/lib/lxc/mv1; ip link add mv0 link eth1 type macvlan')
    assert.match((await refused(host, 'bridge create br3 --uplink eth1')).message, /^mv0 has a macvlan/)
    await host.ok('ip link del mv0')
  })

  it('gives new containers the bridge with --default, and takes that back too', async () => {
    const before = (await host.read('/etc/lxc/default.conf')).toString()
    await change(host, 'bridge create br1 --default yes')
    assert.match(
      (await host.read('/etc/lxc/default.conf')).toString(),
      /type = veth\nlxc\.net\.0\.link = br1\nlxc\.net\.0\.flags = up\n/,
    )
    const [one] = await objects()
    assert.deepEqual(one?.settings, { default: ['yes'] })
    await change(host, 'bridge delete br1')
    assert.equal((await host.read('/etc/lxc/default.conf')).toString(), before)
  })

  it('edits a bridge that was made by hand where it stands, and does not take it away', async () => {
    const byHand = '/etc/network/interfaces.d/office'
    const text = `# ours since 2019\nauto vmbr0\niface vmbr0 inet static\n  address   10.0.7.1\n  netmask 255.255.255.0  \n  bridge_ports none\n  bridge-stp off\n  bridge_fd 0\n`
    await host.write(byHand, text)
    await host.ok('ifup vmbr0')
    const [found] = await objects()
    assert.deepEqual([found?.name, found?.own, found?.settings], ['vmbr0', false, { address: ['10.0.7.1/24'] }])
    assert.equal((await refused(host, 'bridge delete vmbr0')).code, 'not-ours')
    assert.equal((await refused(host, 'bridge create vmbr0 --address 10.0.8.1/24')).code, 'object-exists')
    const { id } = await change(host, 'bridge set vmbr0 address=10.0.7.9/25 mtu=1400')
    const edited = text
      .replace('10.0.7.1', '10.0.7.9')
      .replace('255.255.255.0', '25')
      .replace('static\n', 'static\n  mtu 1400\n')
    assert.equal((await host.read(byHand)).toString(), edited)
    assert.match(await host.ok('ip -br addr show vmbr0'), / 10\.0\.7\.9\/25/)
    assert.equal((await host.lxcnet(['rollback', id ?? '', '-y'])).status, 0)
    assert.equal((await host.read(byHand)).toString(), text)
    assert.match(await host.ok('ip -br addr show vmbr0'), / 10\.0\.7\.1\/24/)
    await host.ok(`ifdown vmbr0; rm ${byHand}`)
  })

  it('says no to an edited file, and to what only the kernel knows of', async () => {
    await change(host, 'bridge create br1')
    await host.ok('echo "# mine" >>/etc/network/interfaces.d/br1')
    assert.equal((await refused(host, 'bridge delete br1')).code, 'bridge-edited')
    await host.ok('sed -i "/# mine/d" /etc/network/interfaces.d/br1')
    await change(host, 'bridge delete br1')
    await host.ok('ip link add br1 type bridge; ip addr add 198.18.1.11/24 dev eth1')
    assert.equal((await refused(host, 'bridge create br1')).code, 'name-taken')
    const byHand = await refused(host, 'bridge create br2 --uplink eth1')
    assert.equal(byHand.code, 'uplink-by-hand')
    assert.doesNotMatch(byHand.suggestions.join(), /ip addr del/, 'it may be the one by which somebody is logged in')
    const [, stanza] = /interfaces, as `(.*)`$/.exec(byHand.suggestions[0] ?? '') ?? []
    const text = (await host.read(path)).toString()
    await host.write(path, `${text}\n${stanza}\n  address 198.18.1.11/24\n`)
    const way = await keep('bridge create br2 --uplink eth1')
    await pings({ reached: [[host, null, '198.18.1.1']] })
    await keep(`rollback ${way}`)
    await host.write(path, text)
    assert.equal((await refused(host, 'bridge create br2 --uplink br1')).code, 'uplink-taken')
    assert.equal((await refused(host, 'bridge create br2 --uplink eth7')).code, 'link-not-found')
    await host.ok('ip link del br1; ip addr flush dev eth1')
    const taken = await refused(host, 'bridge create br1 --address 198.18.0.77/24')
    assert.equal(taken.code, 'subnet-taken')
    assert.match(taken.message, /^bridge br1: 198\.18\.0\.77\/24 is of a subnet that eth0 has: /)
    assert.equal((await refused(host, 'bridge create br1 --address 2001:db8::77/32')).code, 'subnet-taken')
    assert.equal((await refused(host, 'bridge create br1 --backend networkd')).code, 'bridge-backend')
    const routes = await host.ok('ip route')
    const gateway = '--address 198.18.1.11/24 --gateway 198.18.1.1'
    assert.equal((await refused(host, `bridge create br3 --uplink eth1 ${gateway}`)).code, 'default-routes')
    await change(host, 'bridge create br3 --uplink eth1 --address 198.18.1.11/24')
    assert.equal((await refused(host, 'bridge set br3 gateway=198.18.1.1')).code, 'default-routes')
    const forced = 'bridge set br3 gateway=198.18.1.1 --allow default-routes -y'.split(' ')
    assert.equal((await host.lxcnet(forced)).status, 5, 'nor does it take the place of the other')
    await change(host, 'bridge delete br3')
    assert.equal(await host.ok('ip route'), routes)
    // what goes with the address is said, by the same name
    await host.ok('ip addr add 198.18.0.77/32 dev eth0')
    const { stdout } = await host.lxcnet('bridge create br0 --uplink eth0 --dry-run --json'.split(' '))
    const [note] = (JSON.parse(stdout) as ChangeReport).notes
    assert.deepEqual([note?.severity, note?.code], ['warning', 'uplink-by-hand'])
    assert.match(note?.message ?? '', /^eth0 has 198\.18\.0\.77\/32, which none/)
    await host.ok('ip addr del 198.18.0.77/32 dev eth0')
  })

  it('looks at the uplink first: Wi-Fi, no cable, several default routes', async () => {
    // what the kernel shows of a card (net/wireless/sysfs.c), on a copy of the folder
    await host.ok(`mkdir /run/net && for link in /sys/class/net/*; do ln -s "$(readlink -f "$link")" "/run/net/\${link##*/}"; done
      rm /run/net/eth1 && mkdir -p /run/net/eth1/wireless && mount --bind /run/net /sys/class/net`)
    assert.equal((await refused(host, 'bridge create br1 --uplink eth1')).code, 'uplink-wireless')
    await host.ok('umount /sys/class/net && rm -r /run/net')
    const codes = async (line: string): Promise<string[]> => {
      const { stdout } = await host.lxcnet([...line.split(' '), '--dry-run', '--json'])
      return (JSON.parse(stdout) as ChangeReport).notes.map(({ code }) => code)
    }
    assert.deepEqual(await codes('bridge create br1 --uplink eth1'), [])
    await lab.lan('ip link set v1h1 down')
    assert.deepEqual(await codes('bridge create br1 --uplink eth1'), ['uplink-no-carrier'])
    await lab.lan('ip link set v1h1 up')
    await host.ok('ip route add default dev eth1 metric 5000')
    assert.deepEqual(await codes('bridge create br1 --uplink eth0'), ['default-routes'])
    await host.ok('ip route del default dev eth1')
  })
})

describe('bridges kept by ifupdown, over the SSH that they move', function () {
  this.timeout(200_000)
  let lab: Lab
  let controller: LightHost
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    ;[controller, host] = lab.hosts as [LightHost, LightHost]
    const text =
      'auto lo eth0\niface lo inet loopback\niface eth0 inet static\n  address 198.18.0.12/24\n  gateway 198.18.0.1\n'
    await host.write(path, text)
    await host.reboot()
  })
  after(() => lab.down())

  const run = async (line: string) => {
    const words = [...line.split(' '), '-H', 'h2', '-y', '--json', '--connect-timeout', '3']
    const { status, stdout, stderr } = await controller.lxcnet(words, { timeoutMs: 180_000 })
    return { status, report: JSON.parse(stdout) as ChangeReport, stderr }
  }

  it('keeps one that a new login comes through, with the connection that was open', async () => {
    const open = controller.sh('ssh h2 "sleep 1; echo before; sleep 8; echo after"')
    const { status, report, stderr } = await run('bridge create br0 --uplink eth0')
    assert.deepEqual([status, report.result], [0, 'applied'], JSON.stringify(report) + stderr)
    assert.equal((await open).stdout, 'before\nafter\n')
    assert.match(await host.ok('ip -br addr show br0'), /198\.18\.0\.12\/24/)
    // the gateway came along with the uplink, and stays with a further address
    const set = await run('bridge set br0 address=198.18.0.12/24,198.18.0.44/24')
    assert.deepEqual([set.status, set.report.result], [0, 'applied'], JSON.stringify(set.report) + set.stderr)
    const live = 'ip -o -4 addr show br0 | grep -o "inet .* scope global"; ip route'
    const now = await host.ok(live)
    assert.match(now, /\.12\/24 brd .*\.44\/24 brd 198\.18\.0\.255 .*default via 198\.18\.0\.1 dev br0/s)
    await host.ok('ifdown br0 && ifup br0')
    assert.equal((await host.ok(live)).replaceAll(' onlink', ''), now.replaceAll(' onlink', ''), 'as a boot has it')
    const lost = await run('bridge set br0 address=203.0.113.7/24')
    assert.equal((lost.report as unknown as { code: string }).code, 'gateway-lost')
    const gone = await run('bridge delete br0')
    assert.deepEqual([gone.status, gone.report.result], [0, 'applied'])
  })

  it('keeps one that moves the host to another address, where its own key answers', async () => {
    const line = 'bridge create br0 --uplink eth0 --address 198.18.0.222/24 --gateway 198.18.0.1'
    const { status, report, stderr } = await run(line)
    assert.deepEqual([status, report.result], [0, 'applied'], JSON.stringify(report) + stderr)
    assert.match(await host.ok('ip -br addr show br0'), / 198\.18\.0\.222\/24/)
    assert.doesNotMatch(await host.ok('ip -br addr'), /198\.18\.0\.12\//)
    const words = ['rollback', report.id ?? '', '-y', '--json']
    assert.equal((await host.lxcnet(words)).status, 2)
    assert.equal((await host.lxcnet(['confirm'])).status, 0)
    assert.match(await host.ok('ip -br addr show eth0'), / 198\.18\.0\.12\/24/)
  })

  it('keeps the lease of an uplink that asks DHCP, and its address by SLAAC', async () => {
    const dhcp = 'dnsmasq --port=0 --interface=eth1 --bind-interfaces --dhcp-range=10.77.0.50,10.77.0.99,1h'
    await controller.ok(`ip addr add 10.77.0.1/24 dev eth1; ip addr add fd77::1/64 dev eth1 nodad
      ${dhcp} --enable-ra --dhcp-range=fd77::,ra-only --pid-file=/run/dhcp.pid --dhcp-leasefile=/run/dhcp.leases`)
    // the package udhcpc: a link to busybox, and a script
    await host.write('/etc/udhcpc/default.script', udhcpc, 0o755)
    await host.ok('[ -e /sbin/dhclient ] || ln -s "$(command -v busybox)" /sbin/udhcpc')
    const text = (await host.read(path)).toString()
    await host.write(path, `${text}auto eth1\niface eth1 inet dhcp\niface eth1 inet6 auto\n`)
    await host.ok('ifup eth1 >/dev/null 2>&1 </dev/null') // the client stays
    /** Waits for both: a router may let a few seconds pass before it advertises. */
    const addresses = async (link: string): Promise<string> => {
      const found = `ip -o addr show ${link} | grep -o -e '10\\.77\\.0\\.[0-9]*' -e 'fd77:[^/]*'`
      return host.ok(`until [ "$(${found} | wc -l)" = 2 ]; do sleep 0.1; done; ${found}`, { timeoutMs: 30_000 })
    }
    const leased = await addresses('eth1')
    assert.equal((await run('bridge create br1 --uplink eth1')).report.result, 'applied')
    assert.equal(await addresses('br1'), leased)
    assert.doesNotMatch(await host.ok('ip -o addr show eth1'), /10\.77|fd77/)
    await pings({
      reached: leased
        .trim()
        .split('\n')
        .map((to) => [controller, null, to]),
    })
    assert.equal((await run('bridge delete br1')).report.result, 'applied')
    assert.equal(await addresses('eth1'), leased)
    assert.equal((await controller.ok('wc -l </run/dhcp.leases')).trim(), '1')
    await host.ok('ifdown eth1; ip link set eth1 up')
    await host.write(path, text)
  })

  it('takes one back by itself after which the host cannot be reached', async () => {
    const before = (await host.read(path)).toString()
    const { status, report } = await run('bridge create br0 --uplink eth0 --address 192.0.2.7/24 --gateway 192.0.2.1')
    assert.deepEqual([status, report.result], [5, 'rolled-back'], JSON.stringify(report))
    assert.equal((await host.read(path)).toString(), before)
    assert.match(await host.ok('ip -br addr show eth0'), /198\.18\.0\.12\/24/)
    assert.equal((await host.sh('ls -d /sys/class/net/br0 /etc/lxcnet')).stdout, '')
    assert.equal((await controller.lxcnet(['bridge', 'list', '-H', 'h2'])).status, 0)
  })
})
