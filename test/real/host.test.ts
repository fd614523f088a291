/** `lxcnet host` between real hosts: what each runs and lacks, who is down, and an inventory from nothing. */
import assert from 'node:assert/strict'
import type { HostCheckReport, HostFactsRow } from '../../src/report/host.ts'
import { fitting } from '../commands/schema.ts'
import { Lab, type LabHost, type Result } from './lab/lab.ts'

const hasAll = (text: string, ...patterns: RegExp[]): void => {
  for (const pattern of patterns) assert.match(text, pattern)
}

describe('lxcnet host', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost
  let h3: LabHost
  let h4: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    const [first, second, third, fourth] = lab.hosts
    assert.ok(first && second && third && fourth)
    h1 = first
    h2 = second
    h3 = third
    h4 = fourth
    // host keys are checked: the lab's own ssh settings would not
    await h1.ok('rm /root/.ssh/config; echo "* $(ssh-keygen -y -f /etc/lab/hostkey)" >/root/.ssh/known_hosts')
  })
  after(() => lab.down())

  const lxcnet = (...args: string[]): Promise<Result> => h1.lxcnet(['host', ...args])
  const check = async (...args: string[]): Promise<{ status: number | null; rows: HostCheckReport['hosts'] }> => {
    const { status, stdout, stderr } = await lxcnet('check', ...args, '--json', '--connect-timeout', '5')
    assert.equal(stderr, '')
    return { status, rows: fitting<HostCheckReport>(stdout).hosts }
  }
  const factsOf = async (host: string): Promise<HostFactsRow> => {
    const { rows } = await check(host)
    assert.ok(rows[0]?.facts, JSON.stringify(rows))
    return rows[0].facts
  }
  const lacks = ({ missing }: HostFactsRow): string[] => missing.map(({ what }) => what)

  it('looks at this machine as long as there is no inventory', async () => {
    assert.match((await lxcnet('list')).stdout, /There is no inventory; `lxcnet host add/)
    const { status, rows } = await check()
    assert.deepEqual([status, rows.map(({ host, reached }) => [host, reached])], [0, [['localhost', true]]])
  })

  it('makes an inventory of the first host that is added', async () => {
    const added = await lxcnet('add', 'h2', '--user', 'admin', '-g', 'fleet')
    assert.match(
      added.stdout,
      /^\/root\/\.config\/lxcnet\/hosts \(new\)\n {2}\+\[fleet\]\n {2}\+h2 ansible_user=admin\nDone/,
    )
    for (const name of ['h3', 'h4']) assert.equal((await lxcnet('add', name, '-g', 'fleet')).status, 0)
    assert.equal(await h1.ok('cat /root/.config/lxcnet/hosts'), '[fleet]\nh2 ansible_user=admin\nh3\nh4\n')
    assert.equal(await h1.ok('stat -c %a /root/.config/lxcnet /root/.config/lxcnet/hosts'), '700\n600\n')
  })

  it('says what a host runs, reached by a user with sudo', async () => {
    const version = (await h2.ok('lxc-start --version')).trim()
    const facts = await factsOf('h2')
    assert.deepEqual(
      { ...facts, missing: [], kernel: '' },
      {
        lxcVersion: version,
        lxcpath: '/var/lib/lxc',
        distribution: `Debian ${(await h2.ok('. /etc/os-release; echo "$VERSION_ID"')).trim()}`,
        kernel: '',
        init: 'busybox',
        network: ['ifupdown'],
        ovs: 'stopped',
        nft: /v(\S+)/.exec(await h2.ok('nft --version'))?.[1],
        iptables: 'nft',
        missing: [],
        files: [],
      },
    )
    assert.equal(facts.kernel, (await h2.ok('uname -r')).trim())
    assert.ok(facts.missing.every(({ vital }) => !vital))
  })

  it('says which types of links the kernel has', async () => {
    // the kernel itself is asked, in a network namespace that goes with the command
    const made = (type: string): Promise<boolean> =>
      h2
        .sh('unshare -n ip link add x0 type "$1" $2', {}, type, type === 'vxlan' ? 'id 1' : '')
        .then(({ stderr }) => !/Unknown device type|not supported/i.test(stderr))
    const missing = lacks(await factsOf('h2'))
    for (const [type, module] of [
      ['veth', 'veth'],
      ['bridge', 'bridge'],
      ['vlan', '8021q'],
      ['ipvlan', 'ipvlan'],
      ['macvlan', 'macvlan'],
    ] as const)
      assert.equal(missing.includes(`${module} in the kernel`), !(await made(type)), type)
  })

  it('sees Open vSwitch run, and what lxcnet has put there', async () => {
    await h2.ok(
      'mkdir -p /run/openvswitch; /usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor',
    )
    await h2.container('web01')
    const created = await h2.lxcnet(['create', 'web01', '--type', 'empty'])
    assert.equal(created.status, 0, created.stderr + created.stdout)
    const { ovs, files } = await factsOf('h2')
    assert.equal(ovs, /(\d+\.\d+\.\d+)/.exec(await h2.ok('ovs-vsctl --version'))?.[1])
    assert.deepEqual(files, ['/var/lib/lxcnet'])
    await h2.ok('/usr/share/openvswitch/scripts/ovs-ctl stop')
  })

  it('says what is missing and for what, on a host with the tools of busybox', async () => {
    await h3.ok(`rm -f /usr/sbin/nft /usr/sbin/iptables /usr/bin/flock
for tool in tar ip grep sed; do rm -f "/usr/sbin/$tool"; ln -sf /bin/busybox "/usr/bin/$tool"; done
printf 'lxc.lxcpath = /srv/lxc\\n' >/etc/lxc/lxc.conf
touch /tmp/mark; sleep 0.1`)
    const facts = await factsOf('h3')
    assert.equal(facts.lxcpath, '/srv/lxc')
    assert.deepEqual([facts.nft, facts.iptables], [null, null])
    assert.deepEqual(
      facts.missing.filter(({ package: name }) => name !== null),
      [
        { what: 'flock', feature: 'no change is possible', package: 'util-linux', vital: true },
        { what: 'nft or iptables', feature: 'forwards and gateways need it', package: 'nftables', vital: false },
        { what: 'ip -json', feature: 'live NICs and links are not seen', package: 'iproute2', vital: false },
      ],
    )
    assert.equal(await h3.ok('find / -xdev -newer /tmp/mark -type f ! -path "/proc/*" ! -path "/var/log/*"'), '')
  })

  it('says even that there is no tar and no xargs', async () => {
    await h3.ok('rm -f /usr/bin/tar /bin/tar /usr/bin/xargs')
    assert.deepEqual(lacks(await factsOf('h3')).slice(0, 2), ['tar', 'xargs'])
  })

  it('has a row for a host that is down, and exits 3', async () => {
    await h4.ok('ip link set eth0 down')
    const { status, rows } = await check()
    assert.equal(status, 3)
    assert.deepEqual(
      rows.map(({ host, reached }) => [host, reached]),
      [
        ['h2', true],
        ['h3', true],
        ['h4', false],
      ],
    )
    assert.match(rows[2]?.reason ?? '', /h4/)
    assert.ok(rows[2]?.code)
    const { stdout, status: again } = await lxcnet('check', '--connect-timeout', '5')
    assert.equal(again, 3)
    hasAll(
      stdout,
      /^HOST +STATE +LXC +DISTRIBUTION +INIT +NETWORK +OVS +FIREWALL +LXCPATH\n/,
      /^h2 +ok +\d\S+ +Debian \d+ +busybox +ifupdown +stopped +nft\+iptables-nft +\/var\/lib\/lxc$/m,
      /^h3 +lacks +.* - +\/srv\/lxc$/m,
      /^h4 +down( +-)+$/m,
      /^h4: /m,
      /^h3: no flock: no change is possible \(package util-linux\)$/m,
      /^lxcnet's own files:\n {2}\/var\/lib\/lxcnet: h2$/m,
    )
  })

  it('exits 4 when no host can be reached', async () => {
    const { status, rows } = await check('h4')
    assert.deepEqual([status, rows[0]?.facts], [4, null])
  })

  it('takes a host that no inventory knows', async () => {
    const { status, rows } = await check('root@198.18.0.12:22')
    assert.deepEqual([status, rows.map(({ host, reached }) => [host, reached])], [0, [['198.18.0.12', true]]])
  })

  it('names who brings up the network of a host with systemd', async () => {
    const other = await Lab.up({ hosts: 1, systemd: true })
    try {
      const [host] = other.hosts
      assert.ok(host)
      const facts = async (): Promise<HostFactsRow | null | undefined> =>
        (JSON.parse((await host.lxcnet(['host', 'check', '--json'])).stdout) as HostCheckReport).hosts[0]?.facts
      const before = await facts()
      assert.deepEqual([before?.init, before?.network], ['systemd', ['ifupdown']])
      await host.ok('systemctl start systemd-networkd; mkdir -p /etc/netplan; : >/etc/netplan/50-lab.yaml')
      assert.deepEqual((await facts())?.network, ['netplan', 'systemd-networkd', 'ifupdown'])
    } finally {
      await other.down()
    }
  })
})
