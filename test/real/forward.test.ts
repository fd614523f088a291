/** Ports of a host that lead to containers: real connections from everywhere, and nothing left when they go. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import { answers, asks, traces } from './forward-peer.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, lostDuring, refused, start } from './live.ts'

const veth = (link: string, address: string, gateway: string): string[] =>
  ['type = veth', `link = ${link}`, 'flags = up', `ipv4.address = ${address}`, `ipv4.gateway = ${gateway}`].map(
    (line) => `lxc.net.0.${line}`,
  )

describe('forward', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    ;[h1, h2] = lab.hosts as [LightHost, LightHost]
    await h1.ok(`for n in 1 2; do
      ip link add br$n type bridge forward_delay 0; ip addr add 10.$n.0.1/24 dev br$n; ip link set br$n up
    done`)
    await h1.container('web', veth('br1', '10.1.0.5/24', '10.1.0.1'))
    await h1.container('near', veth('br1', '10.1.0.6/24', '10.1.0.1'))
    await h1.container('far', veth('br2', '10.2.0.7/24', '10.2.0.1'))
    await start(h1, 'web', 'near', 'far')
    await answers(h1, 'web', ['udp/53', 'tcp/80', 'tcp/81', 'tcp/8443'])
  })

  after(() => lab.down())

  it('leads TCP and UDP to a container, from everywhere, and goes without a trace', async () => {
    const before = await traces(h1)
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/443'), undefined)
    let id: string | null = null
    const lost = await lostDuring([h1, 'web', '198.18.0.11'], async () => {
      const made = await change(h1, 'forward add 443 web:8443')
      assert.ok(made.changes.every(({ impact }) => impact === 'live'))
      id = made.id
    })
    assert.equal(lost, 0)
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/443'), 'web 8443 198.18.0.12', 'the client is seen')
    assert.equal(await asks(h1, null, '198.18.0.11', 'tcp/443'), 'web 8443 198.18.0.11')
    assert.equal(await asks(h1, null, '127.0.0.1', 'tcp/443'), 'web 8443 10.1.0.1')
    assert.equal(await asks(h1, 'near', '198.18.0.11', 'tcp/443'), 'web 8443 10.1.0.1', 'hairpin')
    assert.equal(await asks(h1, 'near', '10.1.0.1', 'tcp/443'), 'web 8443 10.1.0.1')
    assert.equal(await asks(h1, 'web', '198.18.0.11', 'tcp/443'), 'web 8443 10.1.0.1', 'itself')
    assert.equal(await asks(h1, 'far', '198.18.0.11', 'tcp/443'), 'web 8443 10.2.0.7')
    const udp = await change(h1, 'forward add 5353 web:53 --protocol udp')
    assert.equal(await asks(h2, null, '198.18.0.11', 'udp/5353'), 'web 53 198.18.0.12')
    assert.equal(await asks(h1, 'near', '198.18.0.11', 'udp/5353'), 'web 53 10.1.0.1')
    assert.equal((await change(h1, 'forward add 443 web:8443')).result, 'unchanged')
    await change(h1, `rollback ${udp.id}`)
    await change(h1, `rollback ${id}`)
    assert.deepEqual(await traces(h1), before)
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/443'), undefined)
  })

  it('takes a range, an address to listen on, and clients it is open to', async () => {
    await change(h1, 'forward create 198.18.0.11:8080-8081/tcp --to web:80 --source 198.18.0.12')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/8080'), 'web 80 198.18.0.12')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/8081'), 'web 81 198.18.0.12')
    assert.equal(await asks(h1, 'far', '198.18.0.11', 'tcp/8080'), undefined, 'not for others')
    await change(h1, 'forward set 198.18.0.11:8080-8081/tcp source=10.2.0.0/24,198.18.0.12')
    assert.equal(await asks(h1, 'far', '198.18.0.11', 'tcp/8080'), 'web 80 10.2.0.7')
    assert.equal(await asks(h1, 'far', '10.2.0.1', 'tcp/8080'), undefined, 'not at another address')
    const { stdout } = await h1.lxcnet(['forward', 'list', '--json'])
    assert.deepEqual(JSON.parse(stdout).objects, [
      {
        name: '198.18.0.11:8080-8081/tcp',
        state: 'up',
        from: '/etc/lxcnet/net.d/50-firewall',
        own: true,
        settings: { to: ['web:80'], source: ['10.2.0.0/24', '198.18.0.12'] },
      },
    ])
    await change(h1, 'forward remove 198.18.0.11:8080-8081')
  })

  it('leads IPv6 to IPv6 beside a forward of the same port for IPv4, and forwards it only as long', async () => {
    const forwarding = '/proc/sys/net/ipv6/conf/all/forwarding'
    await h1.ok(`ip address add fd18::11/64 dev eth0 nodad; ip address add fd01::1/64 dev br1 nodad
      nsenter -t "$(lxc-info -n web -pH)" -n sh -c '
        ip address add fd01::5/64 dev eth0 nodad; ip route add default via fd01::1'
      echo 0 >${forwarding}; ip -6 route add fd99::/64 dev eth0 proto ra`)
    const hears = () => h1.ok('cat /proc/sys/net/ipv6/conf/eth0/accept_ra')
    assert.equal(await hears(), '1\n')
    await h2.ok('ip address add fd18::12/64 dev eth0 nodad')
    const before = await traces(h1)
    const four = await change(h1, 'forward add 80 web')
    const six = await change(h1, ['forward', 'add', '[fd18::11]:80', '[fd01::5]:8443'])
    assert.equal(await h1.ok(`cat ${forwarding}`), '1\n')
    assert.equal(await hears(), '2\n', 'a router that lives by router advertisements goes on to')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'web 80 198.18.0.12')
    assert.equal(await asks(h2, null, 'fd18::11', 'tcp/80'), 'web 8443 fd18::12')
    assert.equal(await asks(h1, null, 'fd18::11', 'tcp/80'), 'web 8443 fd18::11')
    assert.equal(await asks(h1, 'web', 'fd18::11', 'tcp/80'), 'web 8443 fd01::1', 'itself')
    const name = '[fd18::11]:80/tcp'
    assert.equal((await refused(h1, ['forward', 'add', '[fd18::11]:70-90', '[fd01::5]:80'])).code, 'forward-overlaps')
    assert.equal((await refused(h1, ['forward', 'set', name, 'to=10.1.0.5:80'])).code, 'bad-target')
    await h1.ok(`echo 0 >${forwarding}`)
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/)
    await h1.ok('sh /etc/lxcnet/boot')
    assert.equal(await asks(h2, null, 'fd18::11', 'tcp/80'), 'web 8443 fd18::12')
    await change(h1, `rollback ${six.id}`)
    assert.deepEqual([await h1.ok(`cat ${forwarding}`), await hears()], ['0\n', '1\n'])
    await h1.ok('ip -6 route delete fd99::/64 dev eth0')
    await change(h1, `rollback ${four.id}`)
    assert.deepEqual(await traces(h1), before)
  })

  it('is added by several commands at once: whoever comes too late is told, and nothing gets lost', async () => {
    const before = await traces(h1)
    const ports = [1001, 1002, 1003]
    const add = (port: number) => h1.lxcnet(['forward', 'add', `${port}`, 'web:80', '--yes'])
    const ends = (await Promise.all(ports.map(add))).map(({ status }) => status)
    assert.ok(ends.includes(0) && ends.every((status) => status === 0 || status === 75), ends.join())
    for (const port of ports) assert.equal((await add(port)).status, 0)
    for (const port of ports) assert.equal(await asks(h2, null, '198.18.0.11', `tcp/${port}`), 'web 80 198.18.0.12')
    for (const port of ports) await change(h1, `forward remove ${port}`)
    assert.deepEqual(await traces(h1), before)
  })

  it('is refused where the port is taken, or the target not there', async () => {
    const taken = await refused(h1, 'forward add 22 web')
    assert.equal(taken.code, 'port-taken')
    assert.match(taken.suggestions.join(), /`ss -lntp sport = :22` .*192\.0\.2\.1:22\/tcp/)
    assert.equal((await refused(h1, 'forward add 80 nobody')).code, 'forward-no-target')
    await change(h1, 'forward add 80 web')
    assert.equal((await refused(h1, 'forward add 70-90 near')).code, 'forward-overlaps')
    assert.equal((await refused(h1, 'forward add 198.18.0.11:80 near')).code, 'forward-overlaps')
    assert.equal((await refused(h1, 'forward add 80 near')).code, 'object-exists')
    await change(h1, 'forward remove 80')
    await h1.ok(`nft -f - <<'E'
table ip other { chain c { type nat hook prerouting priority -100; tcp dport 80 dnat to 10.1.0.6; }; }
E`)
    assert.equal((await refused(h1, 'forward add 80 web')).code, 'forward-overlaps')
    await h1.ok('nft delete table ip other; nft add table inet lxcnet')
    assert.equal((await refused(h1, 'forward add 80 web')).code, 'table-taken')
    await h1.ok('nft delete table inet lxcnet')
    for (const line of [
      ['forward', 'add', '80', 'web; reboot'],
      ['forward', 'add', '80', '$(reboot)'],
      ['forward', 'add', '80', 'web:80', '--source', '1.2.3.4 }'],
      ['forward', 'add', '80 }', 'web'],
      ['forward', 'add', '0', 'web'],
      ['forward', 'add', '80-70', 'web'],
      ['forward', 'add', '0.0.0.0:80', 'web'],
    ])
      assert.match((await refused(h1, line)).code, /^bad-/, line.join(' '))
  })

  it('is armed where it takes the port by which the host is administered, and told of where nobody near is led to', async () => {
    const plan = async (...words: string[]): Promise<ChangeReport> => {
      const { stdout } = await h1.lxcnet(['forward', 'add', ...words, '--allow', 'port-taken', '--dry-run', '--json'])
      return JSON.parse(stdout) as ChangeReport
    }
    const impacts = ({ changes }: ChangeReport) => changes.map(({ impact }) => impact)
    assert.ok(impacts(await plan('22', 'web')).includes('host-path'))
    assert.ok(impacts(await plan('20-30', 'web')).includes('host-path'))
    for (const words of ['22 web --protocol udp', '23 web:22'])
      assert.ok(
        impacts(await plan(...words.split(' '))).every((impact) => impact === 'live'),
        words,
      )
    const codes = async (to: string) => (await plan('8080', to)).notes.map(({ code }) => code)
    assert.deepEqual(await codes('203.0.113.9:80'), ['forward-far'])
    assert.deepEqual(await codes('10.2.0.200'), [])
  })

  it('ends flows of UDP to an old target, or says that they go on', async () => {
    await change(h1, 'forward add 5353 web:53 --protocol udp')
    await h1.ok('[ ! -e /usr/sbin/conntrack ] || mv /usr/sbin/conntrack /usr/sbin/conntrack.away')
    const { id, notes } = await change(h1, 'forward set 5353/udp to=near:53')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['forward-old-flows'],
    )
    await change(h1, `rollback ${id}`)
    await h1.write('/usr/sbin/conntrack', '#!/bin/sh\necho "$*" >>/root/conntrack.log\n', 0o755)
    const told = () => h1.ok('cat /root/conntrack.log; : >/root/conntrack.log')
    assert.deepEqual((await change(h1, 'forward set 5353/udp to=near:53')).notes, [])
    assert.equal(await told(), '-D -p udp -g 10.1.0.5\n')
    await change(h1, 'forward add 80 web')
    await change(h1, 'forward remove 5353/udp')
    assert.equal(await told(), '-D -p udp -g 10.1.0.6\n')
    await change(h1, 'forward add 5353 far:53 --protocol udp')
    await change(h1, 'forward remove 80')
    assert.equal(await told(), '')
    await change(h1, 'forward remove 5353/udp')
    assert.equal(await told(), '-D -p udp -g 10.2.0.7\n', 'also with the last of all rules')
    await h1.ok('rm /root/conntrack.log /usr/sbin/conntrack')
    await h1.ok('[ ! -e /usr/sbin/conntrack.away ] || mv /usr/sbin/conntrack.away /usr/sbin/conntrack')
  })

  it('leads 127.0.0.1 to a macvlan container by the shim, and is not changed by one that comes later', async () => {
    const before = await traces(h1)
    await h1.container('dmz', [
      'lxc.net.0.type = macvlan',
      'lxc.net.0.macvlan.mode = bridge',
      ...veth('br1', '10.1.0.9/24', '10.1.0.3').slice(1),
    ])
    await start(h1, 'dmz')
    await answers(h1, 'dmz', ['tcp/80'])
    const { notes } = await change(h1, 'forward add 9000 dmz:80')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['forward-unreached'],
    )
    await change(h1, 'forward add 80 web')
    await change(h1, 'shim create br1 --address 10.1.0.3/24 --allow subnet-taken')
    const imported = await h1.lxcnet(['import'])
    assert.match(imported.stdout, /9000\/tcp/, imported.stderr)
    assert.match(imported.stdout, /80\/tcp/)
    await change(h1, 'forward set 9000/tcp to=dmz:80')
    assert.equal(await asks(h1, null, '127.0.0.1', 'tcp/9000'), 'dmz 80 10.1.0.3')
    assert.equal(await asks(h1, null, '127.0.0.1', 'tcp/80'), 'web 80 10.1.0.1')
    assert.equal((await change(h1, 'forward set 9000/tcp to=dmz:80')).result, 'unchanged')
    await change(h1, 'forward remove 9000')
    await change(h1, 'forward remove 80')
    await change(h1, 'shim delete br1')
    await h1.ok('lxc-stop -n dmz -k && rm -r /var/lib/lxc/dmz')
    assert.deepEqual(await traces(h1), before)
  })

  it('is told of when its rules are gone, and comes back', async () => {
    await change(h1, 'forward add 80 web')
    await h1.ok('nft flush ruleset')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), undefined)
    const { stdout } = await h1.lxcnet(['check', '--json'])
    assert.match(stdout, /"firewall-down"/)
    await h1.ok('sh /etc/lxcnet/boot')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'web 80 198.18.0.12')
    assert.doesNotMatch((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/)
    await h1.ok('nft flush chain inet lxcnet forwards')
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/)
    await change(h1, 'forward remove 80')
  })

  it('leaves forwarding on where somebody else has come to need it', async () => {
    const forwarding = '/proc/sys/net/ipv4/ip_forward'
    await h1.ok(`echo 0 >${forwarding}`)
    await change(h1, 'forward add 80 web')
    await change(h1, 'forward remove 80')
    assert.equal(await h1.ok(`cat ${forwarding}`), '0\n')
    await change(h1, 'forward add 80 web')
    await h1.ok(`nft 'table ip theirs { chain post { type nat hook postrouting priority 100; masquerade; }; }'`)
    await change(h1, 'forward remove 80')
    assert.equal(await h1.ok(`cat ${forwarding}`), '1\n')
    await h1.ok(`nft delete table ip theirs; echo 0 >${forwarding}`)
  })

  it('does the same by iptables where the host has no nft, in chains of its own', async () => {
    const before = await traces(h1)
    await h1.ok('mv /usr/sbin/nft /usr/sbin/nft.away')
    const rules = async (): Promise<string> => h1.ok("iptables-save | grep '^-A' || :")
    const clean = await rules()
    const { id } = await change(h1, 'forward add 443 web:8443')
    assert.match(await rules(), /-A LXCNET-FORWARDS -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.1.0.5:8443/)
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/443'), 'web 8443 198.18.0.12')
    assert.equal(await asks(h1, null, '198.18.0.11', 'tcp/443'), 'web 8443 198.18.0.11')
    assert.equal(await asks(h1, null, '127.0.0.1', 'tcp/443'), 'web 8443 10.1.0.1')
    assert.equal(await asks(h1, 'near', '198.18.0.11', 'tcp/443'), 'web 8443 10.1.0.1')
    assert.equal(await asks(h1, 'web', '198.18.0.11', 'tcp/443'), 'web 8443 10.1.0.1')
    const range = await change(h1, 'forward add 9000-9001 web:80 --source 198.18.0.12')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/9001'), 'web 81 198.18.0.12')
    assert.equal(await asks(h1, 'far', '198.18.0.11', 'tcp/9001'), undefined)
    await h1.ok('iptables -t nat -F LXCNET-FORWARDS')
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/)
    await h1.ok('sh /etc/lxcnet/boot')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/9001'), 'web 81 198.18.0.12')
    await change(h1, `rollback ${range.id}`)
    await change(h1, `rollback ${id}`)
    assert.equal(await rules(), clean)

    await h1.ok('mv /usr/sbin/iptables-restore /usr/sbin/iptables-restore.away')
    assert.equal((await refused(h1, 'forward add 443 web:8443')).code, 'firewall-no-tool')
    await h1.ok('mv /usr/sbin/iptables-restore.away /usr/sbin/iptables-restore')
    await h1.ok('iptables -P FORWARD DROP')
    assert.equal((await refused(h1, 'forward add 443 web:8443')).code, 'forwards-dropped')
    await h1.ok('iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER')
    assert.equal((await refused(h1, 'forward add 443 web:8443')).code, 'docker-drops')
    const passed = await change(h1, 'forward add 443 web:8443 --through docker')
    assert.deepEqual(passed.summary, ['forward 443/tcp: leads to web, 10.1.0.5 port 8443, through docker'])
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/443'), 'web 8443 198.18.0.12')
    await change(h1, `rollback ${passed.id}`)
    await h1.ok('iptables -t nat -A PREROUTING -p tcp --dport 443 -j DNAT --to-destination 10.1.0.6')
    assert.equal((await refused(h1, 'forward add 440-445 web --allow docker-drops')).code, 'forward-overlaps')
    await h1.ok(
      'iptables -t nat -F PREROUTING; iptables -P FORWARD ACCEPT; iptables -F FORWARD; iptables -X DOCKER-USER',
    )
    assert.equal(await rules(), clean)
    await h1.ok('mv /usr/sbin/nft.away /usr/sbin/nft')
    // the iptables of nft keeps its empty tables: so it does whoever calls it
    await h1.ok('for t in raw nat mangle filter; do nft delete table ip $t; done 2>/dev/null; :')
    assert.deepEqual(await traces(h1), before)
  })
})
