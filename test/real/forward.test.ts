/** Ports of a host that lead to containers: real connections from everywhere, and nothing left when they go. */
import assert from 'node:assert/strict'
import { answers, asks, traces } from './forward-peer.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, refused, start } from './live.ts'

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
    const { id, changes } = await change(h1, 'forward add 443 web:8443')
    assert.ok(changes.every(({ impact }) => impact === 'live'))
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

  it('is refused where the port is taken, or the target not there', async () => {
    assert.equal((await refused(h1, 'forward add 22 web')).code, 'port-taken')
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
    await h1.ok('mv /usr/sbin/nft.away /usr/sbin/nft')
    // the iptables of nft keeps its empty tables: so it does whoever calls it
    await h1.ok('for t in raw nat filter; do nft delete table ip $t; done 2>/dev/null; :')
    assert.deepEqual(await traces(h1), before)
  })
})
