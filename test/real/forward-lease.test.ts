/** Forwards to containers whose address comes from a DHCP server: reserved, or asked for again at every start. */
import assert from 'node:assert/strict'
import { answers, asks, traces } from './forward-peer.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, type Ping, pings, refused, start } from './live.ts'

const udhcpc = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address flush dev "$interface" scope global
ip address add "$ip/$mask" dev "$interface"
ip route replace default via "$router"
`

describe('forward to a container with a lease', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    ;[h1, h2] = lab.hosts as [LightHost, LightHost]
    await h1.ok('/usr/libexec/lxc/lxc-net start')
    await h1.write('/root/udhcpc', udhcpc, 0o755)
    await h1.container('web', [
      'lxc.net.0.type = veth',
      'lxc.net.0.link = lxcbr0',
      'lxc.net.0.flags = up',
      'lxc.net.0.hwaddr = 00:16:3e:00:53:01',
    ])
    await start(h1, 'web')
  })

  after(() => lab.down())

  /** Asks for this very address, or for any. */
  async function lease(address = ''): Promise<string> {
    const enter = 'nsenter -t "$(lxc-info -n web -pH)" -n'
    const wish = address === '' ? '' : `-r ${address}`
    await h1.ok(`${enter} busybox udhcpc -i eth0 -n -q -t 10 -T 1 ${wish} -s /root/udhcpc`)
    return (await h1.ok(`${enter} ip -o -4 address show dev eth0 | awk '{print $4}'`)).trim().replace('/24', '')
  }

  /** The answer, once there is one: the hook looks every second. */
  async function answer(): Promise<string | undefined> {
    for (let n = 0; n < 20; n++) {
      const text = await asks(h1, null, '198.18.0.11', 'tcp/80')
      if (text !== undefined) return text
    }
    return undefined
  }

  it('leads to the address of the moment, and to the next one after a start', async () => {
    const first = await lease()
    await answers(h1, 'web', ['tcp/80'])
    const before = await traces(h1)
    const { id, notes, changes } = await change(h1, 'forward add 80 web')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['forward-resolved'],
    )
    assert.match(notes[0]?.message ?? '', new RegExp(`now ${first}`))
    assert.ok(changes.every(({ impact }) => impact === 'live'))
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'web 80 198.18.0.12')

    await h1.stop('web')
    await h1.ok(`/usr/libexec/lxc/lxc-net stop; rm /var/lib/misc/dnsmasq.lxcbr0.leases; /usr/libexec/lxc/lxc-net start
      sh /etc/lxcnet/boot`)
    const looked = (): Promise<string> => h1.ok('nft list map inet lxcnet tcp-ip')
    assert.equal((await looked()).includes('elements'), false, 'it leads nowhere meanwhile')
    await start(h1, 'web')
    const next = await lease(first === '10.0.3.77' ? '10.0.3.78' : '10.0.3.77')
    assert.notEqual(next, first)
    await answers(h1, 'web', ['tcp/80'])
    assert.equal(await answer(), 'web 80 198.18.0.11')
    assert.ok((await looked()).includes(`80 : ${next} . 80`))
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'web 80 198.18.0.12')
    assert.equal(await asks(h1, 'web', '198.18.0.11', 'tcp/80'), 'web 80 10.0.3.1', 'itself, after a start')

    await h1.ok(`nsenter -t "$(lxc-info -n web -pH)" -n sh -c '
      ip address flush dev eth0 scope global; ip address add 10.0.3.79/24 dev eth0; ip route add default via 10.0.3.1'`)
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/, 'check sees that it has moved')
    await h1.ok('sh /etc/lxcnet/boot')
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'web 80 198.18.0.12')
    await change(h1, `rollback ${id}`)
    const links = /veth|route_localnet|link-local/
    const files = (lines: string[]): string[] => lines.filter((line) => !links.test(line))
    assert.deepEqual(files(await traces(h1)), files(before))
  })

  it('leads to a reserved address for good, and follows when the reservation moves', async () => {
    await change(h1, 'dhcp reserve web 10.0.3.50')
    const { notes } = await change(h1, 'forward add 80 web')
    assert.deepEqual(notes, [])
    assert.match((await h1.read('/etc/lxcnet/net.d/50-firewall')).toString(), /web address=10\.0\.3\.50\n/)
    await change(h1, 'dhcp reserve web 10.0.3.51')
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"forward-moved"/)
    await change(h1, 'forward set 80/tcp to=web')
    assert.match((await h1.read('/etc/lxcnet/net.d/50-firewall')).toString(), /web address=10\.0\.3\.51\n/)
    await change(h1, 'forward remove 80')
    assert.equal(await h1.ok('grep -c start-host /var/lib/lxc/web/config || :'), '0\n')
    assert.equal((await refused(h1, 'forward remove 80')).code, 'no-object')
  })

  it('is beside networks that go out as another address and keep to themselves, also after lxc-net was restarted', async () => {
    const server = await answers(h2, null, ['tcp/81'])
    const seen = () => asks(h1, 'web', '198.18.0.12', 'tcp/81')
    const web = await lease()
    const { id: made } = await change(h1, 'nat create blue --subnet 10.7.0.0/24')
    await h1.container(
      'far',
      ['type = veth', 'link = blue', 'flags = up', 'ipv4.address = 10.7.0.5/24', 'ipv4.gateway = 10.7.0.1'].map(
        (line) => `lxc.net.0.${line}`,
      ),
    )
    await start(h1, 'far')
    const before = await traces(h1)
    const restart = () => h1.ok('/usr/libexec/lxc/lxc-net restart')
    const across: Ping[] = [
      [h1, 'web', '10.7.0.5'],
      [h1, 'far', web],
    ]
    await pings({ reached: across })
    assert.match(
      (await h1.lxcnet(['nat', 'set', 'lxc-net', 'masquerade=198.18.0.99', '--dry-run', '--json'])).stdout,
      /"masquerade-no-address"/,
    )
    await h1.ok('ip address add 198.18.0.99/24 dev eth0')
    assert.equal(await seen(), 'host 81 198.18.0.11')
    const snat = await change(h1, 'nat set lxc-net masquerade=198.18.0.99')
    assert.equal(await seen(), 'host 81 198.18.0.99')
    await restart()
    assert.equal(await seen(), 'host 81 198.18.0.99')
    const { id: forward } = await change(h1, 'forward add 80 web')
    const alone = await change(h1, 'nat set lxc-net isolated=yes')
    const kept = async () => {
      await pings({
        reached: [
          [h1, 'web', '198.18.0.12'],
          [h1, 'far', '198.18.0.12'],
          [h1, null, web],
        ],
        lost: across,
      })
      assert.equal(await asks(h1, 'far', '198.18.0.11', 'tcp/80'), 'web 80 10.7.0.5', 'what is forwarded is meant')
    }
    await kept()
    await restart()
    await kept()
    await change(h1, `rollback ${alone.id}`)
    await pings({ reached: across })
    await change(h1, `rollback ${forward}`)

    const other = await change(h1, 'nat set blue isolated=yes')
    await pings({ reached: [[h1, 'far', '198.18.0.12']], lost: across })
    await h1.ok('nft flush ruleset; /usr/libexec/lxc/lxc-net restart')
    await pings({ reached: across })
    const { stdout } = await h1.lxcnet(['check', '--json'])
    assert.match(stdout, /"nat blue and 1 more: the rules are gone/)
    await h1.ok('sh /etc/lxcnet/boot')
    await pings({ reached: [[h1, 'far', '198.18.0.12']], lost: across })
    await change(h1, `rollback ${other.id}`)
    await change(h1, `rollback ${snat.id}`)
    assert.equal(await seen(), 'host 81 198.18.0.11')
    await h1.ok(`ip address delete 198.18.0.99/24 dev eth0`)
    assert.deepEqual(await traces(h1), before)
    await h1.stop('far')
    await change(h1, `rollback ${made}`)
    await h2.ok(`kill ${server}`)
  })

  it('outlives a restart of lxc-net', async () => {
    await change(h1, 'set web:0 ipv4=10.0.3.60/24 ipv4-gateway=10.0.3.1')
    await change(h1, 'forward add 80 web')
    await h1.stop('web')
    await h1.ok('/usr/libexec/lxc/lxc-net stop && /usr/libexec/lxc/lxc-net start')
    await start(h1, 'web')
    await answers(h1, 'web', ['tcp/80'])
    assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'web 80 198.18.0.12')
    assert.equal(await asks(h1, 'web', '198.18.0.11', 'tcp/80'), 'web 80 10.0.3.1')
    assert.equal(await asks(h1, null, '127.0.0.1', 'tcp/80'), 'web 80 10.0.3.1', 'the bridge was made anew')
  })

  it('leaves an isolated network shut to lxc-net, which was off for a while', async () => {
    await change(h1, 'nat create red --subnet 10.30.0.0/24 --isolated yes')
    const rules = await h1.read('/etc/lxcnet/net.d/50-firewall')
    await h1.stop('web')
    await change(h1, 'nat disable')
    await change(h1, 'nat enable')
    assert.deepEqual(await h1.read('/etc/lxcnet/net.d/50-firewall'), rules)
    await start(h1, 'web')
    await h1.ok(`ip netns add other; ip link add o0 type veth peer name o1 netns other; ip link set o0 up master red
      ip -n other link set o1 up; ip -n other address add 10.30.0.5/24 dev o1; ip -n other route add default via 10.30.0.1`)
    await pings({ reached: [[h1, null, '10.30.0.5']], lost: [[h1, 'web', '10.30.0.5']] })
    await h1.ok('ip netns del other')
  })
})
