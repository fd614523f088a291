/** A container as the way out for others: what the inside begins goes out masqueraded, and nothing comes in. */
import assert from 'node:assert/strict'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, check, codes, lostDuring, pings, refused, start, traces } from './live.ts'

const station = '198.18.1.1'

/** A server on the LAN that tells everybody who they are. */
const server = `require('node:net').createServer((s) => s.on('error', () => {}).end(s.remoteAddress)).listen(7001, '${station}')`

const create = [
  'gateway create dmz --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.5.0/24',
  '--outside-address 198.18.1.50/24 --outside-gateway 198.18.1.1 --members web,db',
].join(' ')

const bridges = `[Unit]
Before=network.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/ip link add lxcbr1 type bridge forward_delay 0
ExecStart=/bin/ip link add lxcbr2 type bridge forward_delay 0
ExecStart=/bin/ip link set lxcbr1 up
ExecStart=/bin/ip link set lxcbr2 up
[Install]
WantedBy=multi-user.target
`

describe('gateway', () => {
  let lab: Lab
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    host = lab.hosts[0] as LightHost
    await host.write('/etc/systemd/system/bridges.service', bridges)
    await host.ok('systemctl enable --now bridges; ip link set eth1 master lxcbr1 up')
    for (const name of all) await host.container(name)
    await lab.lan(`'${process.execPath}' -e "${server}" </dev/null >/dev/null 2>&1 &`)
  })

  after(() => lab.down())

  const all = ['dmz', 'web', 'db']
  const restart = async (...names: string[]) => {
    for (const name of names) await host.stop(name)
    await start(host, ...names)
  }
  const inDmz = (script: string) => host.ok(`nsenter -t "$(lxc-info -n dmz -pH)" -n sh -c '${script}'`)
  const state = async () => {
    const { stdout } = await host.lxcnet(['gateway', 'list', '--json'])
    return (JSON.parse(stdout) as ObjectsReport).objects[0]?.state
  }
  /** From the LAN, by a route that leads to the gateway. */
  const comesIn = async (to: string) => {
    const { status } = await lab.lan(`ip route replace 10.0.5.0/24 via 198.18.1.50; ping -n -q -c 1 -W 2 ${to}`)
    assert.ok(status === 0 || status === 1)
    return status === 0
  }

  /** Who a server on the LAN takes a container for: the address that a TCP connection comes from. */
  const seenFrom = async (name: string) => {
    const ask = `for _ in $(seq 100); do
  answer=$(nsenter -t "$(lxc-info -n "$1" -pH)" -n busybox nc -w 5 ${station} 7001 </dev/null) && [ -n "$answer" ] && break
  sleep 0.1
done
echo "$answer"`
    return (await host.ok(ask, {}, name)).trim()
  }

  const works = async () => {
    await pings({
      reached: [
        [host, 'dmz', station],
        [host, 'web', '10.0.5.1'],
        [host, 'web', station],
        [host, 'db', station],
      ],
      lost: [[host, 'web', '198.18.1.99']],
    })
    for (const name of ['web', 'db']) assert.equal(await seenFrom(name), '198.18.1.50', `${name} goes as dmz`)
    // its address on the inside can be reached with the same route, so that the way there is open
    assert.deepEqual([await comesIn('10.0.5.1'), await comesIn('10.0.5.2')], [true, false])
    assert.equal(await state(), 'up')
  }

  let untouched: string[] = []

  it('makes a container the way out of its members, and the same again changes nothing', async () => {
    untouched = await traces(host)
    const { changes } = await change(host, create)
    assert.ok(changes.every(({ impact }) => impact === 'live'))
    assert.equal(await state(), 'down')
    await start(host, ...all)
    await works()
    assert.equal((await change(host, create)).result, 'unchanged')
    assert.equal((await change(host, 'gateway set dmz')).result, 'unchanged')
    assert.deepEqual(codes(await check(host), 'dmz'), [])
  })

  it('keeps the outside out by its rules: without them it comes in, which is seen and put right', async () => {
    await inDmz('nft flush ruleset')
    assert.equal(await comesIn('10.0.5.2'), true, 'nothing else keeps it out')
    assert.equal(await state(), 'no rules')
    const { stdout, status } = await host.lxcnet(['check', '--json'])
    assert.equal(status, 1)
    assert.match(stdout, /"gateway-rules"/)
    await change(host, 'gateway set dmz')
    await works()
    await inDmz('echo 0 >/proc/sys/net/ipv4/ip_forward')
    assert.equal(await state(), 'no rules')
    await change(host, 'gateway set dmz')
    await works()
    await inDmz('nft flush chain ip lxcnet postrouting')
    assert.equal(await state(), 'no rules')
    await change(host, 'gateway set dmz')
    await works()
  })

  it('is there again after a restart of its container', async () => {
    await restart('dmz')
    await works()
  })

  it('lets members go as themselves without masquerade, at once, and a rollback brings it back', async () => {
    await lab.lan('ip route replace 10.0.5.0/24 via 198.18.1.50')
    const lost = await lostDuring([host, 'web', station], async () => {
      const { id, changes } = await change(host, 'gateway set dmz masquerade=off')
      assert.deepEqual(new Set(changes.map(({ impact }) => impact)), new Set(['live']))
      assert.equal(await seenFrom('web'), '10.0.5.2')
      await change(host, `rollback ${id}`)
    })
    assert.equal(lost, 0)
    await works()
  })

  it('takes a member out and hands back the way that it had', async () => {
    await host.container('mail', [
      'lxc.net.0.type = macvlan',
      'lxc.net.0.macvlan.mode = bridge',
      'lxc.net.0.link = lxcbr2',
      'lxc.net.0.flags = up',
      'lxc.net.0.ipv4.address = 10.0.5.7/24',
      'lxc.net.0.ipv4.gateway = 10.0.5.254',
    ])
    const config = await host.ok('cat /var/lib/lxc/mail/config')
    await start(host, 'mail')
    const refusal = await refused(host, 'gateway set dmz members=web,mail')
    assert.equal(refusal.code, 'gateway-member-leaves')
    assert.match(refusal.suggestions.join('\n'), /--allow gateway-member-leaves/)
    const moved = await change(host, 'gateway set dmz members=web,mail --restart --allow gateway-member-leaves')
    assert.ok(moved.changes.some(({ impact }) => impact === 'restart'))
    assert.equal(await seenFrom('mail'), '198.18.1.50')
    await pings({ reached: [[host, 'web', station]] })
    const db = 'nsenter -t "$(lxc-info -n db -pH)" -n ip -o link show'
    assert.doesNotMatch(await host.ok(db), /eth0/, 'the NIC that the gateway brought is gone')
    await change(host, 'gateway set dmz members=web,db --restart')
    assert.equal(await host.ok('cat /var/lib/lxc/mail/config'), config)
    await works()
    await host.stop('mail')
    await host.ok('rm -r /var/lib/lxc/mail')
  })

  it('starts all the same where nft fails: by iptables, and without that closed', async () => {
    await host.write('/usr/local/sbin/nft', '#!/bin/sh\necho "nft: broken" >&2\nexit 1\n', 0o755)
    await restart('dmz')
    assert.equal(await inDmz('/usr/sbin/nft list tables | grep -c lxcnet || :'), '0\n')
    await works()
    await host.write('/usr/local/sbin/iptables', '#!/bin/sh\necho "iptables: broken" >&2\nexit 1\n', 0o755)
    await restart('dmz')
    assert.equal(await inDmz('cat /proc/sys/net/ipv4/ip_forward'), '0\n')
    assert.equal(await state(), 'no rules')
    assert.equal(await comesIn('10.0.5.2'), false)
    assert.equal(await comesIn('10.0.5.1'), true)
    await host.ok('rm /usr/local/sbin/nft /usr/local/sbin/iptables')
    await change(host, 'gateway set dmz')
    await works()
  })

  it('is handled by busybox as by dash, and by either as often as one likes', async () => {
    for (const shell of ['busybox sh', 'dash']) {
      const call = (verb: string) => host.sh(`${shell} /etc/lxcnet/hooks/gateway ${verb} dmz`)
      for (const [verb, status] of [
        ['down', 0],
        ['down', 0],
        ['check', 1],
        ['up', 0],
        ['up', 0],
        ['check', 0],
      ] as const)
        assert.equal((await call(verb)).status, status, `${shell} ${verb}`)
      assert.equal((await inDmz('nft -s list ruleset')).match(/masquerade/g)?.length, 1)
    }
    await works()
  })

  it('goes with delete, live and in the files, and leaves the configs as they were', async () => {
    const { id, changes } = await change(host, 'gateway delete dmz')
    assert.ok(
      changes.some(({ impact }) => impact === 'reconnect'),
      'members are cut off, which it says',
    )
    assert.equal(await inDmz('nft list ruleset; cat /proc/sys/net/ipv4/ip_forward'), '0\n')
    assert.equal(await comesIn('10.0.5.1'), true, 'it runs with its NICs until it is restarted')
    await change(host, `rollback ${id}`)
    await works()
    await change(host, 'gateway delete dmz --restart')
    for (const name of all) await host.stop(name)
    assert.deepEqual(await traces(host), untouched)
    assert.equal(await host.ok('ls -d /etc/lxcnet 2>/dev/null || echo none'), 'none\n')
  })

  it('is taken back by a rollback without a trace', async () => {
    const { id } = await change(host, create)
    await change(host, `rollback ${id}`)
    assert.deepEqual(await traces(host), untouched)
  })

  it('is one at once where the container runs with both NICs, and a rollback leaves no rule', async () => {
    await host.container('own', [
      'lxc.net.0.type = veth',
      'lxc.net.0.link = lxcbr1',
      'lxc.net.0.flags = up',
      'lxc.net.0.ipv4.address = 198.18.1.60/24',
      'lxc.net.1.type = macvlan',
      'lxc.net.1.macvlan.mode = bridge',
      'lxc.net.1.link = lxcbr2',
      'lxc.net.1.flags = up',
      'lxc.net.1.ipv4.address = 10.0.6.1/24',
    ])
    await start(host, 'own')
    const inOwn = 'nsenter -t "$(lxc-info -n own -pH)" -n sh -c "nft list ruleset; cat /proc/sys/net/ipv4/ip_forward"'
    const before = [await traces(host), await host.ok(inOwn)]
    const enter = 'nsenter -t "$(lxc-info -n own -pH)" -n'
    await host.ok(`${enter} nft 'table ip lxcnet { chain mine { }; }'`)
    const words = ['gateway', 'create', 'own', '--uplink', 'lxcbr1', '--inside', 'lxcbr2', '--subnet', '10.0.6.0/24']
    const refusal = await host.lxcnet([...words, '--yes'])
    assert.equal(refusal.status, 5)
    assert.match(refusal.stdout, /a table lxcnet is in it that lxcnet did not write/)
    assert.match(await host.ok(inOwn), /chain mine/, 'what lxcnet did not make it never deletes')
    await host.ok(`${enter} nft delete table ip lxcnet`)
    const made = await change(host, 'gateway create own --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.6.0/24')
    assert.equal(await state(), 'up')
    assert.match(await host.ok(inOwn), /masquerade.*\n1\n$/s)
    await change(host, `rollback ${made.id}`)
    assert.deepEqual([await traces(host), await host.ok(inOwn)], before)
    await host.stop('own')
    await host.ok('rm -r /var/lib/lxc/own')
  })

  it('is refused where a container is not there', async () => {
    assert.equal((await refused(host, create.replace('web,db', 'web,nobody'))).code, 'no-container')
    assert.equal((await refused(host, create.replace('dmz', 'none'))).code, 'no-container')
    assert.equal((await refused(host, create.replace('lxcbr1', 'eth1'))).code, 'link-not-bridge')
  })

  it('is there again after a boot of the host', async () => {
    await change(host, create)
    await host.ok('for name in dmz web db; do echo lxc.start.auto = 1 >>/var/lib/lxc/$name/config; done')
    await host.reboot()
    await host.ok(
      'ip link set eth1 master lxcbr1 up; systemctl restart lxc; for name in dmz web db; do lxc-wait -n $name -s RUNNING -t 30 || exit; done',
    )
    await works()
  })
})
