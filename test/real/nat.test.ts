/** NAT networks on a real host: lxc-net's own script, dnsmasq, nft and iptables, and containers that get leases. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { CheckReport } from '../../src/report/check.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, lostDuring, pings, refused, start } from './live.ts'

const file = '/etc/default/lxc-net'

/** What LXC's default.conf would give it, and DHCP by the host's busybox. */
const nic = (bridge: string): string[] => [
  'lxc.net.0.type = veth',
  `lxc.net.0.link = ${bridge}`,
  'lxc.net.0.flags = up',
  'lxc.net.0.name = eth0',
]

const udhcpc = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address flush dev "$interface" scope global
ip address add "$ip/$mask" dev "$interface"
ip route replace default via "$router"
`

/** Asks DHCP inside a running container. @returns its address */
async function lease(host: LabHost, name: string): Promise<string> {
  await host.write('/root/udhcpc', udhcpc, 0o755)
  const enter = 'nsenter -t "$(lxc-info -n "$1" -pH)" -n'
  await host.ok(`${enter} busybox udhcpc -i eth0 -x "hostname:$1" -n -q -t 10 -T 1 -s /root/udhcpc`, {}, name)
  return (await host.ok(`${enter} ip -o -4 address show dev eth0 | awk '{print $4}'`, {}, name)).trim()
}

/** Everything that a change may leave behind: files, links, addresses, rules without counters, what runs. */
const traces = (host: LabHost): Promise<string> =>
  host.ok(`find /etc/lxcnet /etc/init.d /etc/rc?.d 2>/dev/null | sort
cat ${file} /etc/default/lxc
ip -o link | sed 's/^[0-9]*: //; s/<[^>]*>//; s/ state .*//; s/@[^:]*//' | sort
ip -o address | awk '$4 !~ /^fe80/ { print $2, $4 }' | sort
for table in 'inet lxc' 'ip lxc' 'ip6 lxc' 'inet lxcnet'; do nft -s list table $table 2>/dev/null; done
iptables-save | grep '^-A'
cat /proc/sys/net/ipv6/conf/*/accept_ra
ps -eo args | grep '[d]nsmasq --' | sort`)

const objects = async (host: LabHost): Promise<ObjectsReport['objects']> =>
  (JSON.parse((await host.lxcnet(['nat', 'show', '--json'])).stdout) as ObjectsReport).objects

/** What `check` says of NAT networks: code and fix. */
const faults = async (host: LabHost): Promise<unknown[]> =>
  (JSON.parse((await host.lxcnet(['check', '--json'])).stdout) as CheckReport).findings
    .filter(({ code }) => code.startsWith('nat-'))
    .map(({ code, fix }) => [code, fix])

const lines = async (host: LabHost, path: string): Promise<string[]> => (await host.read(path)).toString().split('\n')

describe('nat: LXC has one network of its own', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.container('web1', nic('lxcbr0'))
  })

  after(() => lab.down())

  it('which is found as its files have it, and brought up', async () => {
    const [own] = await objects(h1)
    assert.deepEqual(own, {
      name: 'lxc-net',
      state: 'down',
      from: file,
      own: false,
      settings: {
        subnet: ['10.0.3.0/24'],
        bridge: ['lxcbr0'],
        address: ['10.0.3.1'],
        range: ['10.0.3.2,10.0.3.254'],
        firewall: ['nft'],
      },
    })
    const clean = await traces(h1)
    const report = await change(h1, 'nat enable')
    assert.deepEqual(report.summary, ['lxc-net: enabled in part becomes yes'])
    assert.equal((await objects(h1))[0]?.state, 'up')
    assert.equal((await change(h1, 'nat enable')).result, 'unchanged')
    await change(h1, ['rollback', String(report.id)])
    assert.equal(await traces(h1), clean)
    await change(h1, 'nat enable')
    await start(h1, 'web1')
    assert.match(await lease(h1, 'web1'), /^10\.0\.3\.\d+\/24$/)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })

  it('gets another domain and range without the loss of one packet', async () => {
    const before = await traces(h1)
    let id = ''
    const lost = await lostDuring([h1, 'web1', '198.18.0.1'], async () => {
      const report = await change(h1, 'nat set lxc-net domain=lxc range=10.0.3.100,10.0.3.120')
      assert.deepEqual(
        report.changes.map(({ impact }) => impact),
        ['live', 'reconnect'],
      )
      id = String(report.id)
    })
    assert.ok(lost <= 0, `${lost} packets lost`)
    assert.match(await lease(h1, 'web1'), /^10\.0\.3\.1[012]\d\/24$/)
    const server = (await h1.ok('tr "\\0" " " <"/proc/$(cat /run/lxc/dnsmasq.pid)/cmdline"')).trim()
    await h1.ok('/usr/libexec/lxc/lxc-net restart')
    assert.equal((await h1.ok('tr "\\0" " " <"/proc/$(cat /run/lxc/dnsmasq.pid)/cmdline"')).trim(), server)
    assert.equal((await change(h1, 'nat set lxc-net domain=lxc')).result, 'unchanged')
    await change(h1, ['rollback', id])
    assert.equal(await traces(h1), before)
  })

  it('is said to have another gateway when its subnet stays', async () => {
    const moved = await refused(h1, 'nat set lxc-net address=10.0.3.254')
    assert.match(moved.message, /^web1 runs on lxcbr0, and its gateway 10\.0\.3\.1 becomes 10\.0\.3\.254$/)
    const said = async (word: string): Promise<string[]> =>
      (
        JSON.parse(
          (await h1.lxcnet(['nat', 'set', 'lxc-net', word, '--dry-run', '--json', '--allow', 'nat-drops-containers']))
            .stdout,
        ) as ChangeReport
      ).summary
    assert.deepEqual(await said('address=10.0.3.254'), ['lxc-net: address 10.0.3.1 becomes 10.0.3.254'])
    assert.deepEqual(await said('range=10.0.3.9,10.0.3.20'), [
      'lxc-net: range 10.0.3.2,10.0.3.254 becomes 10.0.3.9,10.0.3.20',
    ])
  })

  it('moves to another subnet as one whole, when that may cut off who is there', async () => {
    const before = await traces(h1)
    const refusal = await refused(h1, 'nat set lxc-net subnet=10.9.0.0/16')
    assert.equal(refusal.code, 'nat-drops-containers')
    assert.match(refusal.message, /^web1 runs on lxcbr0, and 10\.0\.3\.0\/24 becomes 10\.9\.0\.0\/16$/)
    assert.equal(await traces(h1), before)
    const report = await change(h1, 'nat set lxc-net subnet=10.9.0.0/16 --allow nat-drops-containers')
    assert.deepEqual((await lines(h1, file)).slice(-6), [
      'LXC_ADDR="10.9.0.1"',
      'LXC_NETMASK="255.255.0.0"',
      'LXC_NETWORK="10.9.0.0/16"',
      'LXC_DHCP_RANGE="10.9.0.2,10.9.255.254"',
      'LXC_DHCP_MAX="65533"',
      '',
    ])
    assert.match(await lease(h1, 'web1'), /^10\.9\.\d+\.\d+\/16$/)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']], lost: [[h1, null, '10.0.3.1']] })
    assert.deepEqual((await objects(h1))[0]?.settings['subnet'], ['10.9.0.0/16'])
    await change(h1, ['rollback', String(report.id)])
    assert.equal(await traces(h1), before)
    await lease(h1, 'web1')
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })

  it('takes the NICs of running containers along to a bridge of another name', async () => {
    const before = await traces(h1)
    let report: ChangeReport | undefined
    const lost = await lostDuring([h1, 'web1', '198.18.0.1'], async () => {
      report = await change(h1, 'nat set lxc-net bridge=net0')
    })
    assert.deepEqual(
      report?.notes.map(({ code }) => code),
      ['nat-bridge-renamed'],
    )
    assert.ok(lost < 250 && report.changes.some(({ impact }) => impact === 'reconnect'), `${lost} packets lost`)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    await h1.ok('! ip link show lxcbr0 2>/dev/null && ls /sys/class/net/net0/brif | grep -q .')
    await change(h1, ['rollback', String(report.id)])
    assert.equal(await traces(h1), before)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })

  it('changes from nft to iptables, and leaves no rule of the other behind', async () => {
    const before = await traces(h1)
    const report = await change(h1, 'nat set lxc-net firewall=iptables')
    await h1.ok('! nft list table ip lxc 2>/dev/null && iptables-save -t nat | grep -q "10.0.3.0/24.*MASQUERADE"')
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    await change(h1, ['rollback', String(report.id)])
    assert.equal(await traces(h1), before)
  })

  it('gives IPv6 addresses by router advertisements', async () => {
    const before = await traces(h1)
    const odd = JSON.parse((await h1.lxcnet(['nat', 'set', 'lxc-net', 'ipv6=fd07::/80', '--dry-run', '--json'])).stdout)
    assert.equal((odd as ChangeReport).notes[0]?.code, 'nat-ipv6-prefix')
    const report = await change(h1, 'nat set lxc-net ipv6=fd07::/64 ipv6-nat=on')
    const inside = 'nsenter -t "$(lxc-info -n web1 -pH)" -n ip -6 address show dev eth0'
    await h1.ok(
      `for n in $(seq 100); do ${inside} | grep -q 'inet6 fd07::' && exit; sleep 0.1; done; ${inside}; exit 1`,
    )
    await pings({ reached: [[h1, 'web1', 'fd07::1']] })
    assert.deepEqual((await objects(h1))[0]?.settings['ipv6'], ['fd07::/64'])
    await change(h1, ['rollback', String(report.id)])
    assert.equal(await traces(h1), before)
  })

  it('is stopped for good only with consent while containers run on it', async () => {
    const before = await traces(h1)
    assert.equal((await refused(h1, 'nat disable')).code, 'nat-drops-containers')
    const report = await change(h1, 'nat disable --allow nat-drops-containers')
    assert.equal((await lines(h1, file))[0], 'USE_LXC_BRIDGE="false"')
    assert.equal((await objects(h1))[0]?.state, 'off')
    await h1.ok('! ps -eo args | grep -q "^dnsmasq --" && ! nft list table ip lxc 2>/dev/null')
    await change(h1, ['rollback', String(report.id)])
    assert.equal(await traces(h1), before)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })

  it('is disabled for good also while it is down, and enabled only where nobody else has its subnet', async () => {
    const before = await traces(h1)
    await h1.ok('/usr/libexec/lxc/lxc-net stop')
    assert.deepEqual(await faults(h1), [['nat-down', 'lxcnet nat enable']])
    const { id } = await change(h1, 'nat disable')
    assert.deepEqual([(await objects(h1))[0]?.state, (await faults(h1)).length], ['off', 0])
    await change(h1, ['rollback', String(id)])
    await h1.ok('ip link add other type bridge; ip address add 10.0.3.200/24 dev other; ip link set other up')
    const taken = await refused(h1, 'nat enable')
    assert.deepEqual([taken.code, taken.suggestions[0]], ['nat-subnet-taken', '10.0.4.0/24 is free'])
    await h1.ok('ip link delete other')
    await change(h1, 'nat enable')
    assert.equal(await traces(h1), before)
    // by hand its own stop is made to do nothing
    await h1.ok(`sed -i 's/^USE_LXC_BRIDGE=.*/USE_LXC_BRIDGE="false"/' ${file}`)
    assert.equal((await objects(h1))[0]?.state, 'up, off at boot')
    assert.equal((await refused(h1, 'nat disable --allow nat-drops-containers')).code, 'nat-runs-on')
    await change(h1, 'nat enable')
    assert.equal(await traces(h1), before)
  })

  it('gets addresses that go together again by the command that check names', async () => {
    const before = await traces(h1)
    const old = await h1.read(file)
    await h1.ok(`printf 'LXC_NETWORK="10.9.9.0/24"\nLXC_DHCP_RANGE=10.0.4.5,10.0.4.9\n' >>${file}`)
    const fix = 'lxcnet nat set lxc-net subnet=10.0.3.0/24'
    const wrong = ['nat-contradiction', fix]
    assert.deepEqual(await faults(h1), [wrong, wrong])
    await change(h1, fix.replace('lxcnet ', ''))
    assert.deepEqual(await faults(h1), [])
    assert.equal((await change(h1, fix.replace('lxcnet ', ''))).result, 'unchanged')
    await h1.ok('nft list table ip lxc | grep -q "saddr 10.0.3.0/24"')
    await h1.write(file, old)
    assert.equal(await traces(h1), before)
  })

  it('is not touched where the host lacks what it needs', async () => {
    const before = await traces(h1)
    const without = async (tools: string, line: string): Promise<string> => {
      await h1.ok(`cd /usr/sbin && for t in ${tools}; do mv $t $t.off; done`)
      try {
        return (await refused(h1, line)).code
      } finally {
        await h1.ok(`cd /usr/sbin && for t in ${tools}; do mv $t.off $t; done`)
      }
    }
    assert.equal(await without('dnsmasq', 'nat set lxc-net bridge=net0'), 'nat-no-dnsmasq')
    assert.equal(await without('dnsmasq', 'nat create blue --subnet 10.7.0.0/24'), 'nat-no-dnsmasq')
    assert.equal(await without('nft iptables', 'nat set lxc-net bridge=net0'), 'nat-no-firewall')
    assert.equal(await traces(h1), before)
  })

  it('is edited in place: quotes, comments and all else stay', async () => {
    const old = await h1.read(file)
    await h1.write(
      file,
      `USE_LXC_BRIDGE='true'  # on\nexport LXC_DOMAIN=old # mine\n#LXC_DHCP_RANGE="10.0.3.2,10.0.3.254"\nprefix=10.0.3\nLXC_ADDR="\${prefix}.7"\n`,
    )
    await change(h1, 'nat set lxc-net domain=new')
    assert.equal((await lines(h1, file))[1], 'export LXC_DOMAIN=new # mine')
    const refusal = await refused(h1, 'nat set lxc-net subnet=10.9.0.0/24 --allow nat-drops-containers')
    assert.equal(refusal.code, 'nat-not-plain')
    assert.match(refusal.message, /LXC_ADDR is built from another variable \(now 10\.0\.3\.7\)/)
    assert.deepEqual((await objects(h1))[0]?.settings['address'], ['10.0.3.7'], 'what it comes to is shown')
    assert.equal((await refused(h1, 'nat set lxc-net range=10.0.3.5,10.0.3.9')).code, 'nat-outside')
    await change(h1, 'nat set lxc-net range=10.0.3.8,10.0.3.12')
    assert.deepEqual((await lines(h1, file)).slice(2, 5), [
      'LXC_DHCP_RANGE="10.0.3.8,10.0.3.12"',
      'prefix=10.0.3',
      `LXC_ADDR="\${prefix}.7"`,
    ])
    await h1.write(file, old)
    await h1.ok('/usr/libexec/lxc/lxc-net restart')
  })

  it('says which subnet is free when the one asked for is routed already', async () => {
    const refusal = await refused(h1, 'nat set lxc-net subnet=198.18.0.0/25 --allow nat-drops-containers')
    assert.equal(refusal.code, 'nat-subnet-taken')
    assert.match(refusal.message, /198\.18\.0\.0\/25 is taken: the link eth0 has 198\.18\.0\.0\/24/)
    assert.equal(refusal.suggestions[0], '10.0.4.0/25 is free, or keep 10.0.3.0/24')
  })

  it('with a dnsmasq that died is told apart, and brought back by the next change', async () => {
    const dead = 'kill -9 "$(cat /run/lxc/dnsmasq.pid)"'
    await h1.ok(dead)
    assert.equal((await objects(h1))[0]?.state, 'no dnsmasq')
    await change(h1, 'nat set lxc-net domain=lxc')
    assert.equal((await objects(h1))[0]?.state, 'up')
    await change(h1, 'nat set lxc-net domain=')
    await h1.ok(dead)
    assert.deepEqual(await faults(h1), [['nat-down', 'lxcnet nat enable']])
    await change(h1, 'nat enable')
    assert.deepEqual([(await objects(h1))[0]?.state, await faults(h1)], ['up', []])
  })

  it('is no object to delete or to make', async () => {
    assert.equal((await refused(h1, 'nat delete lxc-net')).code, 'nat-keep-lxc-net')
    assert.equal((await refused(h1, 'nat create lxc-net --subnet 10.9.0.0/24')).code, 'object-exists')
    assert.equal((await refused(h1, 'nat set lxc-net masquerade=off')).code, 'nat-word')
  })

  it('keeps the old network when the new one does not come up', async () => {
    const before = await traces(h1)
    await h1.ok(
      'mv /usr/sbin/dnsmasq /usr/sbin/dnsmasq.real; printf "#!/bin/sh\\ncase \\$* in *10.66*) exit 3;; esac\\nexec -a dnsmasq /usr/sbin/dnsmasq.real \\"\\$@\\"\\n" | sed "s/#!.bin.sh/#!\\/bin\\/bash/" >/usr/sbin/dnsmasq; chmod +x /usr/sbin/dnsmasq',
    )
    const { status, stdout } = await h1.lxcnet(
      'nat set lxc-net subnet=10.66.0.0/24 --allow nat-drops-containers --json'.split(' '),
    )
    assert.deepEqual([status, (JSON.parse(stdout) as { result: string }).result], [5, 'rolled-back'])
    await h1.ok('mv /usr/sbin/dnsmasq.real /usr/sbin/dnsmasq; /usr/libexec/lxc/lxc-net restart')
    assert.equal(await traces(h1), before)
    // nor when a NIC of a container is not in its bridge afterwards
    const script = '/usr/libexec/lxc/lxc-net'
    const [real, port] = [await h1.read(script), (await h1.ok('ls /sys/class/net/lxcbr0/brif')).trim()]
    const losing = `[ "$1 $LXC_ADDR" != "start 10.66.0.1" ] || ip link set ${port} nomaster\nexit $?`
    await h1.write(
      script,
      real.toString('latin1').replace(/^exit \$\?$/m, () => losing),
      0o755,
    )
    const lost = await h1.lxcnet('nat set lxc-net subnet=10.66.0.0/24 --allow nat-drops-containers -y'.split(' '))
    assert.equal(lost.status, 5)
    assert.ok(lost.stdout.includes(`${port} is not in lxcbr0`), lost.stdout)
    await h1.write(script, real, 0o755)
    await h1.ok(`ip link set ${port} master lxcbr0`)
    assert.equal(await traces(h1), before)
    await lease(h1, 'web1')
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })
})

describe('nat: further networks', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.container('web1', nic('blue'))
    await h1.container('web2', nic('red'))
    await change(h1, 'nat enable')
  })

  after(() => lab.down())

  it('give leases, names and a way out, and are gone without a trace', async () => {
    const clean = await traces(h1)
    const forwarding = 'cat /proc/sys/net/ipv6/conf/all/forwarding; ls /run/lxcnet 2>/dev/null | grep sysctls'
    assert.equal((await h1.run(['sh', '-c', forwarding])).stdout, '0\n')
    const made = await change(h1, 'nat create blue --subnet 10.7.0.0/24 --domain blue --ipv6 fd07::/64')
    assert.ok(made.changes.some(({ kind, why }) => kind === 'run' && why.includes('net.ipv6.conf.all.forwarding=1')))
    assert.equal((await h1.run(['sh', '-c', forwarding])).stdout, '1\nnat.sysctls\n')
    assert.equal(
      (await change(h1, 'nat create blue --subnet 10.7.0.0/24 --domain blue --ipv6 fd07::/64')).result,
      'unchanged',
    )
    const [, blue] = await objects(h1)
    assert.deepEqual(
      [blue?.state, blue?.own, blue?.settings],
      [
        'up',
        true,
        {
          subnet: ['10.7.0.0/24'],
          bridge: ['blue'],
          address: ['10.7.0.1'],
          range: ['10.7.0.2,10.7.0.254'],
          domain: ['blue'],
          ipv6: ['fd07::/64'],
        },
      ],
    )
    await start(h1, 'web1')
    const address = await lease(h1, 'web1')
    assert.match(address, /^10\.7\.0\.\d+\/24$/)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    const named = await h1.ok('busybox nslookup web1.blue 10.7.0.1')
    assert.ok(named.includes(address.replace(/\/.*/, '')), named)
    await h1.stop('web1')
    await change(h1, ['rollback', String(made.id)])
    assert.equal(await traces(h1), clean)
    assert.equal((await h1.run(['sh', '-c', forwarding])).stdout, '0\n', 'lxc-net is up, and has no IPv6')
    await change(h1, 'nat create blue --subnet 10.7.0.0/24 --domain blue')
    await change(h1, 'forward add 587 10.7.0.9')
    const told = async (line: string): Promise<unknown[]> => {
      const { id, notes } = await change(h1, line)
      if (line.startsWith('nat set')) await change(h1, ['rollback', String(id)])
      return notes.map(({ code, message, fix }) => [code, message, fix])
    }
    const again = '`lxcnet forward set 587/tcp to=ADDRESS` once it has its new address'
    const lost = 'forward 587/tcp leads to 10.7.0.9, which'
    assert.deepEqual(await told('nat set blue subnet=10.17.0.0/24'), [
      ['nat-forwarded', `${lost} is not in the network any more`, again],
    ])
    assert.deepEqual(await told('nat delete blue'), [
      ['nat-named', 'web1 cannot start any more without blue', 'lxcnet set web1 link=LINK'],
      ['nat-forwarded', `${lost} goes`, 'lxcnet forward delete 587/tcp'],
    ])
    await change(h1, 'forward delete 587')
    assert.equal(await traces(h1), clean)
  })

  it('are changed while containers run on them, and lose nothing', async () => {
    await change(h1, 'nat create blue --subnet 10.7.0.0/24')
    await start(h1, 'web1')
    await lease(h1, 'web1')
    const before = await traces(h1)
    let id = ''
    const lost = await lostDuring([h1, 'web1', '198.18.0.1'], async () => {
      const report = await change(h1, 'nat set blue domain=blue range=10.7.0.100,10.7.0.120 ipv6=fd07::/64')
      // of dnsmasq, which is started anew
      assert.ok(report.changes.some(({ kind, impact }) => kind === 'run' && impact === 'reconnect'))
      id = String(report.id)
    })
    assert.ok(lost <= 0, `${lost} packets lost`)
    assert.match(await lease(h1, 'web1'), /^10\.7\.0\.1[012]\d\/24$/)
    await change(h1, ['rollback', id])
    assert.equal(await traces(h1), before)
    const renamed = await change(h1, 'nat set blue bridge=blue1')
    assert.deepEqual(
      renamed.notes.map(({ code, fix }) => [code, fix]),
      [['nat-bridge-renamed', 'lxcnet set web1:0 link=blue1']],
    )
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
    await change(h1, ['rollback', String(renamed.id)])
    assert.equal(await traces(h1), before)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })

  it('go with their containers only with consent, and come back with them', async () => {
    const before = await traces(h1)
    assert.equal((await refused(h1, 'nat delete blue')).code, 'nat-drops-containers')
    const gone = await change(h1, 'nat delete blue --allow nat-drops-containers')
    assert.equal(await h1.ping('web1', '10.7.0.1'), false)
    await change(h1, ['rollback', String(gone.id)])
    assert.equal(await traces(h1), before)
    await pings({ reached: [[h1, 'web1', '198.18.0.1']] })
  })

  it('are isolated from each other on request, and from nobody else', async () => {
    await change(h1, 'nat create red --subnet 10.8.0.0/24')
    await start(h1, 'web2')
    const to = (await lease(h1, 'web2')).replace(/\/.*/, '')
    await pings({ reached: [[h1, 'web1', to]] })
    const report = await change(h1, 'nat set red isolated=yes')
    await pings({
      reached: [
        [h1, 'web2', '198.18.0.1'],
        [h1, null, to],
      ],
      lost: [[h1, 'web1', to]],
    })
    await change(h1, ['rollback', String(report.id)])
    await pings({ reached: [[h1, 'web1', to]] })
  })

  it('leave by the address that was asked for, or as they are', async () => {
    await h1.ok('ip address add 198.18.0.111/24 dev eth0')
    const seen = async (): Promise<string> => {
      let line = ''
      const watching = lab
        .lan('timeout 30 tcpdump -n -l -c 1 -i lab0 icmp and dst host 198.18.0.1 2>/dev/null')
        .then(({ stdout }) => {
          line = stdout || 'nothing'
        })
      while (line === '') await h1.ping('web2', '198.18.0.1')
      await watching
      return line
    }
    const { changes } = await change(h1, 'nat set red masquerade=198.18.0.111')
    assert.ok(changes.every(({ impact }) => impact === 'live'))
    assert.match(await seen(), /IP 198\.18\.0\.111 >/)
    await change(h1, 'nat set red masquerade=off')
    assert.match(await seen(), /IP 10\.8\.0\.\d+ >/)
    await change(h1, 'nat set red masquerade=')
    assert.match(await seen(), /IP 198\.18\.0\.11 >/)
  })

  it("are let through by Docker's own door where Docker drops what the host forwards, as that of LXC is", async () => {
    await h1.ok(
      'iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; iptables -A FORWARD -j DOCKER-USER',
    )
    assert.deepEqual(
      (await change(h1, 'nat set red domain=red')).notes.map(({ code }) => code),
      ['docker-drops'],
    )
    await pings({ reached: [[h1, 'web2', '10.8.0.1']], lost: [[h1, 'web2', '198.18.0.1']] })
    assert.deepEqual((await change(h1, 'nat set red through=docker')).notes, [])
    const { summary, notes } = await change(h1, 'nat set lxc-net through=docker')
    assert.deepEqual([summary, notes], [['lxc-net: through none becomes docker'], []])
    assert.deepEqual(
      (await objects(h1)).flatMap(({ name, settings }) => (settings['through']?.[0] === 'docker' ? name : [])),
      ['lxc-net', 'red'],
    )
    await pings({ reached: [[h1, 'web2', '198.18.0.1']] })
    assert.match(await h1.ok('iptables -S LXCNET-DOCKER'), /-i lxcbr0 -j ACCEPT/)
    assert.equal((await change(h1, 'nat set red through=docker')).result, 'unchanged')
    for (const name of ['red', 'lxc-net']) await change(h1, `nat set ${name} through=`)
    assert.equal(await h1.ok('iptables -S DOCKER-USER'), '-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n')
    await h1.ok('iptables -P FORWARD ACCEPT; iptables -F FORWARD; iptables -F DOCKER-USER; iptables -X DOCKER-USER')
  })

  it('are refused where a link of the name is there already, made by somebody else', async () => {
    await h1.ok('ip link add green type bridge')
    assert.equal((await refused(h1, 'nat create green --subnet 10.6.0.0/24')).code, 'nat-bridge-taken')
    await change(h1, 'nat create green --subnet 10.6.0.0/24 --bridge green1 --mtu 1400')
    await h1.ok('ip link show green && [ "$(cat /sys/class/net/green1/mtu)" = 1400 ]')
    await change(h1, 'nat delete green')
    await h1.ok('ip link show green && ip link delete green')
  })

  it('of one subnet are made once, by whichever of two commands is first', async () => {
    const made = await Promise.all(
      ['one', 'two'].map((name) => h1.lxcnet(['nat', 'create', name, '--subnet', '10.5.0.0/24', '--json'])),
    )
    assert.equal(made.filter(({ status }) => status === 0).length, 1)
    const [other] = made.filter(({ status }) => status !== 0)
    assert.match(other?.stdout ?? '', /"(nat-subnet-taken|locked)"/)
    const [left, ...none] = (await objects(h1)).filter(({ settings }) => settings['subnet']?.[0] === '10.5.0.0/24')
    assert.deepEqual([left?.state, none], ['up', []])
    await change(h1, `nat delete ${left?.name}`)
  })

  it('show that they are down, and come back by the boot script', async () => {
    await h1.ok('read -r p </run/lxcnet/dnsmasq-red.pid; kill "$p"; while [ -e /proc/$p ]; do sleep 0.1; done')
    assert.equal((await objects(h1)).find(({ name }) => name === 'red')?.state, 'down')
    await h1.ok('ip link delete red; sh /etc/lxcnet/boot')
    assert.equal((await objects(h1)).find(({ name }) => name === 'red')?.state, 'up')
  })
})
