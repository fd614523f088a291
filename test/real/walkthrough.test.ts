/**
 * From a bare host to all that lxcnet sets up on one, by its commands alone and over SSH, each proved by who reaches whom;
 * and the way back, step by step, until the host is what it was.
 *
 * The host is a virtual machine, for its kernel has VLANs and the datapath of Open vSwitch; another one is its neighbour.
 */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, type Ping, pings, start, traces } from './live.ts'

/** An address that DHCP gave, on the NIC that asked for it: what udhcpc(8) runs. */
const bound = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address replace "$ip/24" dev "$interface"
ip route replace default via "$router"
`

interface Step {
  title: string
  lines: string[]
  /** Containers that are started when the lines are through. */
  started?: string[]
  /** What only a running container can do for itself. */
  inside?(): Promise<unknown>
  reached: Ping[]
  lost?: Ping[]
}

describe('the walkthrough', function () {
  this.timeout(600_000)
  let lab: Lab
  let client: LabHost
  let host: LabHost
  let neighbour: LabHost
  let bare: string[]
  const ids: string[] = []
  const running: string[] = []

  before(async function () {
    this.timeout(900_000)
    lab = await Lab.up({ hosts: 1, vms: 2 })
    client = lab.hosts[0] as LabHost
    host = lab.vms[0] as LabHost
    neighbour = lab.vms[1] as LabHost
    await host.write('/root/bound', bound, 0o755)
    for (const name of ['mail', 'web', 'public', 'one', 'two', 'app', 'db', 'dmz', 'tagged', 'card'])
      await host.container(name)
    await host.ok(
      'ip link add card0 type veth peer name card1; ip address add 10.9.9.1/24 dev card1; ip link set card1 up',
    )
    await host.ok(
      'modprobe -a openvswitch 8021q macvlan 2>/dev/null; /usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor',
      { timeoutMs: 120_000 },
    )
    await neighbour.ok(
      'ip address add 198.18.1.232/24 dev eth1; ip link add link eth1 name eth1.10 type vlan id 10; ip address add 10.10.0.2/24 dev eth1.10; ip link set eth1.10 up',
    )
    bare = await traces(host)
  })

  after(() => lab.down())

  /** On the host, from the machine that administers it. */
  const lxcnet = async (line: string): Promise<void> => {
    const report = await change(client, `${line} -H ${host.name}`)
    assert.equal(report.result, 'applied', `${line}: ${JSON.stringify(report)}`)
    assert.ok(report.id)
    ids.push(report.id)
  }

  const within = 'nsenter -t "$(lxc-info -n "$1" -pH)" -n'
  const ask = (name: string): Promise<string> =>
    host.ok(`${within} busybox udhcpc -i eth0 -n -q -t 10 -T 2 -s /root/bound`, { timeoutMs: 60_000 }, name)
  const fromLan = async (script: string): Promise<string> => (await lab.lan(script, { timeoutMs: 30_000 })).stdout

  const steps = (): Step[] => [
    {
      title: 'NAT with lxcbr0',
      lines: ['nat enable'],
      reached: [[host, null, '10.0.3.1']],
      lost: [[host, null, '10.0.3.16']],
    },
    {
      title: 'static DHCP names',
      lines: [
        'create mail --type veth --link lxcbr0 --ifname eth0',
        'create web --type veth --link lxcbr0 --ifname eth0',
        'dhcp reserve mail 10.0.3.16',
        'dhcp reserve web 10.0.3.17',
      ],
      started: ['mail', 'web'],
      inside: async () => {
        await ask('mail')
        await ask('web')
      },
      reached: [
        [host, null, '10.0.3.16'],
        [host, null, '10.0.3.17'],
        [host, 'mail', '10.0.3.17'],
        [host, 'web', '10.0.3.16'],
        [host, 'mail', '198.18.0.1'], // masqueraded
      ],
      lost: [[host, 'mail', '10.0.3.99']],
    },
    {
      title: 'a forwarded port 587',
      lines: ['forward add 587 mail:587'],
      inside: async () => {
        await host.ok(
          `${within} setsid busybox nc -ll -p 587 -e /bin/echo it is mail </dev/null >/dev/null 2>&1 &`,
          {},
          'mail',
        )
        await host.ok(`until ${within} ss -ltn | grep -q :587; do sleep 0.2; done`, { timeoutMs: 30_000 }, 'mail')
        assert.equal(await fromLan(`sleep 5 | timeout 10 busybox nc ${host.address} 587`), 'it is mail\n')
        assert.equal(await fromLan(`timeout 10 busybox nc -w 3 ${host.address} 588 </dev/null`), '')
      },
      reached: [[host, null, '10.0.3.16']],
    },
    {
      title: 'the public bridge lxcbr1 over the uplink',
      lines: [
        'bridge create lxcbr1 --uplink eth1 --address 198.18.1.231/24',
        'create public --type veth --link lxcbr1 --ipv4 198.18.1.51/24',
      ],
      started: ['public'],
      reached: [
        [host, null, '198.18.1.232'],
        [host, 'public', '198.18.1.232'],
        [neighbour, null, '198.18.1.51'],
        [neighbour, null, '198.18.1.231'],
      ],
      lost: [[neighbour, null, '198.18.1.52']],
    },
    {
      title: 'the OVS switch switch0 with two containers',
      lines: [
        'ovs create switch0 --address 192.168.100.1/24',
        'create one --type veth --link switch0 --ipv4 192.168.100.11/24',
        'create two --type veth --link switch0 --ipv4 192.168.100.12/24',
      ],
      started: ['one', 'two'],
      reached: [
        [host, null, '192.168.100.11'],
        [host, 'one', '192.168.100.12'],
        [host, 'two', '192.168.100.11'],
        [host, 'two', '192.168.100.1'],
      ],
      lost: [[host, 'one', '192.168.100.13']],
    },
    {
      title: 'the macvlan bridge lxcbr2',
      lines: [
        'bridge create lxcbr2',
        'create app --type macvlan --mode bridge --link lxcbr2 --ipv4 10.0.5.11/24',
        'create db --type macvlan --mode bridge --link lxcbr2 --ipv4 10.0.5.12/24',
      ],
      started: ['app', 'db'],
      reached: [
        [host, 'app', '10.0.5.12'],
        [host, 'db', '10.0.5.11'],
      ],
      lost: [[host, null, '10.0.5.11']],
    },
    {
      title: 'the DMZ gateway with masquerade',
      lines: [
        'gateway create dmz --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.5.0/24 --outside-address 198.18.1.60/24 --members app,db --restart',
      ],
      started: ['dmz'],
      reached: [
        [host, 'app', '10.0.5.1'],
        [host, 'app', '198.18.1.232'], // which knows no way to 10.0.5.0/24
        [host, 'db', '198.18.1.232'],
        [host, 'dmz', '10.0.5.12'],
      ],
      lost: [[neighbour, null, '10.0.5.11']],
    },
    {
      title: 'the host shim 10.0.5.5',
      lines: ['shim create lxcbr2 --address 10.0.5.5/24'],
      reached: [
        [host, null, '10.0.5.11'],
        [host, null, '10.0.5.1'],
        [host, 'app', '10.0.5.5'],
      ],
      lost: [[host, null, '10.0.5.13']],
    },
    {
      title: 'VLAN 10',
      lines: ['create tagged --type vlan --link lxcbr1 --vlan-id 10 --ipv4 10.10.0.1/24'],
      started: ['tagged'],
      reached: [
        [host, 'tagged', '10.10.0.2'],
        [neighbour, null, '10.10.0.1'],
      ],
      lost: [[host, 'tagged', '10.10.0.3']],
    },
    {
      title: 'phys, and back',
      lines: ['create card --type phys --link card0 --ipv4 10.9.9.2/24'],
      started: ['card'],
      inside: async () => assert.notEqual((await host.sh('ip link show card0')).status, 0),
      reached: [
        [host, null, '10.9.9.2'],
        [host, 'card', '10.9.9.1'],
      ],
      lost: [[host, 'card', '10.9.9.3']],
    },
  ]

  it('goes there by commands alone, and each has the effect that it is for', async () => {
    for (const { title, lines, started = [], inside, reached, lost = [] } of steps()) {
      for (const line of lines) await lxcnet(line)
      if (started.length > 0) await start(host, ...started)
      running.push(...started)
      await inside?.()
      await pings({ reached, lost }).catch((error: unknown) => {
        throw new Error(title, { cause: error })
      })
    }
    const { status, stdout } = await client.lxcnet(['check', '-H', host.name])
    assert.equal(status, 0, stdout)
  })

  it('goes back step by step to the bare host', async () => {
    for (const name of running.toReversed()) await host.stop(name)
    await host.ok('i=0; until ip link show card0 >/dev/null 2>&1; do [ $((i += 1)) -lt 100 ]; sleep 0.1; done')
    for (const id of ids.toReversed()) {
      const report = await change(client, `rollback ${id} -H ${host.name}`)
      assert.equal(report.result, 'applied', JSON.stringify(report))
    }
    assert.deepEqual(await traces(host), bare)
    assert.equal((await host.ok('ps -eo args')).includes('dnsmasq --'), false)
  })
})
