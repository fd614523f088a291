/** Two hosts, a switch on each, and a tunnel between them: all in user space, the underlay too. */
import assert from 'node:assert/strict'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, pings, start } from './live.ts'

const startOvs = `mkdir -p /run/openvswitch
/usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor 2>/dev/null`

describe('ovs tunnels between two hosts', function () {
  this.timeout(240_000)
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    const [first, second] = lab.hosts
    assert.ok(first && second)
    h1 = first
    h2 = second
    await Promise.all([h1.ok(startOvs), h2.ok(startOvs)])
    // the userspace datapath sends what it wraps by switches of its own alone: ovs-vswitchd(8), native tunneling
    await change(h1, 'ovs create under0 --datapath netdev --uplink eth1 --address 198.18.1.11/24')
    await change(h2, 'ovs create under0 --datapath netdev --uplink eth1 --address 198.18.1.12/24')
  })

  after(() => lab.down())

  it('the underlay answers', () =>
    pings({
      reached: [
        [h1, null, '198.18.1.12'],
        [h2, null, '198.18.1.11'],
      ],
    }))

  for (const type of ['vxlan', 'gre']) {
    it(`${type}: containers of the same key reach each other, of another key not`, async () => {
      const at = type === 'vxlan' ? 1 : 2
      const ends = [
        [h1, 'x', '198.18.1.12', 1],
        [h2, 'y', '198.18.1.11', 2],
      ] as const
      for (const [host, name, remote, end] of ends) {
        const net = '--datapath netdev --mtu 1400'
        await change(host, `ovs create o${at}a ${net} --tunnel ${type}:${remote}:42`)
        await change(host, `ovs create o${at}b ${net} --tunnel ${type}:${remote}:${50 + end}`)
        for (const [which, subnet] of [
          ['a', 10],
          ['b', 20],
        ] as const) {
          const container = `${name}${at}${which}`
          await host.container(container)
          await change(
            host,
            `create ${container} --type veth --link o${at}${which} --ipv4 10.${subnet}.${at}.${end}/24`,
          )
          assert.equal((await host.ok(`lxc-info -n ${container} -H -c lxc.net.0.mtu`)).trim(), '1400')
          await start(host, container)
        }
      }
      await pings({
        reached: [
          [h1, `x${at}a`, `10.10.${at}.2`],
          [h2, `y${at}a`, `10.10.${at}.1`],
        ],
        lost: [[h1, `x${at}b`, `10.20.${at}.2`]],
      })
      // the control of the negative one: the same containers, once the keys agree
      await change(h1, `ovs set o${at}b tunnel=${type}:198.18.1.12:77`)
      await change(h2, `ovs set o${at}b tunnel=${type}:198.18.1.11:77`)
      await pings({ reached: [[h1, `x${at}b`, `10.20.${at}.2`]] })
      await h2.ok(`nsenter -t "$(lxc-info -n y${at}a -pH)" -n timeout 30 nc -l -p 9 >/tmp/got 2>/dev/null </dev/null &`)
      await h1.ok(
        `sleep 0.5; head -c 300000 /dev/zero | nsenter -t "$(lxc-info -n x${at}a -pH)" -n timeout 20 nc -N 10.10.${at}.2 9`,
      )
      assert.equal(
        await h2.ok(
          'for _ in $(seq 100); do [ "$(wc -c </tmp/got)" = 300000 ] && break; sleep 0.1; done; wc -c </tmp/got',
        ),
        '300000\n',
      )
    })
  }

  it('the way to a host that goes over a switch is guarded: a wrong address comes back by itself', async () => {
    const set = (address: string) =>
      h2.lxcnet(
        ['ovs', 'set', 'under0', `address=${address}`, '-H', '198.18.1.11', '--json', '--connect-timeout', '3'],
        { timeoutMs: 110_000 },
      )
    const address = async () => (await h1.ok('ip -br address show under0')).split(/\s+/)[2]
    const moved = await set('198.18.1.21/24')
    assert.equal(moved.status, 0, moved.stdout + moved.stderr)
    assert.equal(await address(), '198.18.1.21/24', 'kept, since a new login found it there')
    await change(h1, 'ovs set under0 address=198.18.1.11/24')
    const wrong = await set('10.99.0.1/24')
    assert.equal(wrong.status, 5, wrong.stdout + wrong.stderr)
    assert.equal(await address(), '198.18.1.11/24')
    await pings({ reached: [[h2, null, '198.18.1.11']] })
  })
})
