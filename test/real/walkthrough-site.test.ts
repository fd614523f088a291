/**
 * Where the walkthrough leads, as one site file on three hosts at once: made by one apply over SSH, there again after
 * each of them was rebooted, and taken away without a trace.
 *
 * The hosts are virtual machines, for their kernel has VLANs and the datapath of Open vSwitch.
 */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import type { VmHost } from './lab/vm.ts'
import { type Ping, pings, start, traces } from './live.ts'

const names = ['vm1', 'vm2', 'vm3']
const inner = ['mail', 'web', 'one', 'two', 'app', 'db', 'dmz', 'card']

/** What a boot does of itself: the machine's hardware, and init scripts in the order that their headers ask for. */
const inittab = `::sysinit:/bin/sh /root/hardware
${['lxcnet-recover', 'networking', 'openvswitch-switch', 'lxc-net', 'lxcnet']
  .map((name) => `::sysinit:/bin/sh -c '[ ! -e /etc/init.d/${name} ] || /etc/init.d/${name} start'\n`)
  .join('')}::once:/bin/touch /run/booted
`
const hardware =
  'ip link add card0 type veth peer name card1; ip address add 10.9.9.1/24 dev card1; ip link set card1 up\n'

const perHost = (text: (name: string, number: number) => string): string =>
  names.map((name, at) => text(name, at + 1)).join('')

const site = `site: three
hosts: { ${names.map((name) => `${name}: {}`).join(', ')} }
nat:
  lxc-net: { enabled: yes, subnet: 10.0.3.0/24 }
reservations:
  mail: { address: 10.0.3.16, network: lxc-net }
  web: { address: 10.0.3.17, network: lxc-net }
forwards:
  587/tcp: { to: mail:587 }
bridges:
  lxcbr1:
    uplink: eth1
    address: 198.18.1.231/24
    on: { vm2: { uplink: eth1, address: 198.18.1.232/24 }, vm3: { uplink: eth1, address: 198.18.1.233/24 } }
  lxcbr2: {}
switches:
  switch0: { address: 192.168.100.1/24 }
gateways:
  dmz:
    uplink: lxcbr1
    inside: lxcbr2
    subnet: 10.0.5.0/24
    outside-address: 198.18.1.61/24
    members: [app, db]
    on:
      vm2: { uplink: lxcbr1, inside: lxcbr2, subnet: 10.0.5.0/24, outside-address: 198.18.1.62/24, members: [app, db] }
      vm3: { uplink: lxcbr1, inside: lxcbr2, subnet: 10.0.5.0/24, outside-address: 198.18.1.63/24, members: [app, db] }
shims:
  lxcbr2: { address: 10.0.5.5/24 }
containers:
${perHost(
  (name, number) => `  mail@${name}: { nics: { 0: { type: veth, link: lxcbr0, ifname: eth0 } } }
  web@${name}: { nics: { 0: { type: veth, link: lxcbr0, ifname: eth0 } } }
  public${number}: { host: ${name}, nics: { 0: { type: veth, link: lxcbr1, ipv4: 198.18.1.5${number}/24 } } }
  one@${name}: { nics: { 0: { type: veth, link: switch0, ipv4: 192.168.100.11/24 } } }
  two@${name}: { nics: { 0: { type: veth, link: switch0, ipv4: 192.168.100.12/24 } } }
  app@${name}: { nics: { 0: { type: macvlan, mode: bridge, link: lxcbr2, ipv4: 10.0.5.11/24 } } }
  db@${name}: { nics: { 0: { type: macvlan, mode: bridge, link: lxcbr2, ipv4: 10.0.5.12/24 } } }
  dmz@${name}: {}
  tagged${number}: { host: ${name}, nics: { 0: { type: vlan, link: lxcbr1, vlan-id: 10, ipv4: 10.10.0.${number}/24 } } }
  card@${name}: { nics: { 0: { type: phys, link: card0, ipv4: 10.9.9.2/24 } } }
`,
)}`

describe('the walkthrough as a site file, on three hosts', function () {
  this.timeout(600_000)
  let lab: Lab
  let client: LabHost
  let hosts: VmHost[]
  let bare: string[][]

  before(async function () {
    this.timeout(900_000)
    lab = await Lab.up({ hosts: 1, vms: names.length })
    client = lab.hosts[0] as LabHost
    hosts = lab.vms
    await client.write('/root/lxcnet.yaml', site)
    await each(async (host, number) => {
      await host.write('/etc/inittab', inittab)
      await host.write('/etc/default/lxc-net', 'USE_LXC_BRIDGE="false"\n')
      await host.write('/root/hardware', hardware)
      for (const name of [...inner, `public${number}`, `tagged${number}`]) await host.container(name)
      await host.ok('sh /root/hardware; /etc/init.d/openvswitch-switch start', { timeoutMs: 180_000 })
    })
    bare = await each(traces)
  })

  after(() => lab?.down())

  const each = <T>(work: (host: VmHost, number: number) => Promise<T>): Promise<T[]> =>
    Promise.all(hosts.map((host, at) => work(host, at + 1)))

  const run = async (line: string): Promise<string> => {
    const { status, stdout, stderr } = await client.lxcnet([...line.split(' '), '-f', '/root/lxcnet.yaml'], {
      timeoutMs: 400_000,
    })
    assert.equal(status, 0, `lxcnet ${line}: ${stdout.slice(-4000)}${stderr.slice(-2000)}`)
    return stdout
  }

  /** Everybody is started, reaches whom they should, and is stopped again. */
  async function works(): Promise<void> {
    await each(async (host, number) => {
      const all = [...inner, `public${number}`, `tagged${number}`]
      await start(host, ...all)
      const ask = `nsenter -t "$(lxc-info -n mail -pH)" -n busybox udhcpc -i eth0 -n -q -t 10 -T 2 -s /bin/true 2>&1`
      assert.match(await host.ok(ask, { timeoutMs: 60_000 }), /lease of 10\.0\.3\.16 obtained/)
      const next = (number % names.length) + 1
      const reached: Ping[] = [
        [host, null, '10.0.3.1'],
        [host, `public${number}`, `198.18.1.5${next}`],
        [host, null, `198.18.1.23${next}`],
        [host, 'one', '192.168.100.12'],
        [host, 'two', '192.168.100.1'],
        [host, 'app', '10.0.5.12'],
        [host, 'app', `198.18.1.23${next}`], // behind the gateway
        [host, null, '10.0.5.11'], // by the shim
        [host, `tagged${number}`, `10.10.0.${next}`],
        [host, 'card', '10.9.9.1'],
      ]
      await pings({ reached, lost: [[host, 'one', '192.168.100.13']] })
      for (const name of all) await host.stop(name)
      await host.ok('i=0; until ip link show card0 >/dev/null 2>&1; do [ $((i += 1)) -lt 100 ]; sleep 0.1; done')
    })
  }

  it('is there after one apply, and works', async () => {
    await run('apply --yes')
    await run('diff')
    await works()
    await run('diff')
  })

  it('is there again after all of them were rebooted, and works', async () => {
    await each(async (host) => {
      await host.reboot()
      await host.ok('until [ -e /run/booted ]; do sleep 0.5; done', { timeoutMs: 180_000 })
    })
    await run('diff')
    await run('check')
    await works()
    await run('diff')
  })

  it('is gone without a trace after destroy', async () => {
    await run('destroy --yes')
    assert.deepEqual(await each(traces), bare)
  })
})
