/** The links over which a host is administered, from the answers of real hosts; and the commands that may cut them. */
import assert from 'node:assert/strict'
import { readPath, touchesPath } from '../../src/path/index.ts'

interface Given {
  links: object[]
  connection?: string
  sessions?: string
  sockets?: string
  routes?: string[]
  reply?: string
}

const up = { flags: ['BROADCAST', 'UP'] }
const addresses = (...local: string[]) => ({ addr_info: local.map((one) => ({ local: one })) })
const link = (ifname: string, ...more: object[]): object => Object.assign({ ifname }, up, ...more)
const kind = (info_kind: string, info_data: object = {}) => ({ linkinfo: { info_kind, info_data } })
const lo = { ifname: 'lo', flags: ['LOOPBACK', 'UP'], ...addresses('127.0.0.1', '::1') }

function read({ links, connection = '', sessions, sockets, routes = ['eth0'], reply }: Given) {
  const answer = (text: string) => ({ status: 0, text })
  const answers = new Map([
    ['connection', answer(connection)],
    ['path-links', answer(JSON.stringify([lo, ...links]))],
    ['path-routes', answer(JSON.stringify(routes.map((dev) => ({ dst: 'default', dev }))))],
    ['path-routes6', answer('')],
  ])
  if (sessions !== undefined) answers.set('path-sessions', answer(sessions))
  if (sockets !== undefined) answers.set('path-sockets', answer(sockets))
  if (reply !== undefined) answers.set('path-reply', answer(JSON.stringify([{ dst: '192.0.2.9', dev: reply }])))
  const { known, links: found } = readPath({ answers })
  return { known, links: [...found].sort() }
}

const eth0 = link('eth0', addresses('192.0.2.1'))
const eth1 = link('eth1', addresses('198.51.100.1'))
const connection = '192.0.2.9 40000 192.0.2.1 22'

describe('the way to a host', () => {
  const cases: Record<string, { given: Given; known?: boolean; links: string[] }> = {
    'is the link with the address of the connection, not the one of the default route': {
      given: { links: [eth0, eth1], connection, routes: ['eth1'] },
      links: ['eth0'],
    },
    'is also the link by which the answers leave': {
      given: { links: [eth0, eth1], connection, reply: 'eth1' },
      links: ['eth0', 'eth1'],
    },
    'is a bridge with its ports, and where they lead in this namespace': {
      given: {
        links: [
          link('br0', kind('bridge'), addresses('192.0.2.1')),
          link('eth0', { master: 'br0' }),
          link('vethX', kind('veth'), { master: 'br0', link_netnsid: 0 }),
          link('vethY', kind('veth'), { master: 'br0', link: 'vethZ' }),
          link('vethZ', kind('veth'), { link: 'vethY' }),
          eth1,
        ],
        connection,
      },
      links: ['br0', 'eth0', 'vethX', 'vethY', 'vethZ'],
    },
    'is a VLAN on a bond with its slaves': {
      given: {
        links: [
          link('bond0.7', kind('vlan'), { link: 'bond0' }, addresses('192.0.2.1')),
          link('bond0', kind('bond')),
          link('eth0', { master: 'bond0' }),
          link('eth1', { master: 'bond0' }),
          link('eth2'),
        ],
        connection,
      },
      links: ['bond0', 'bond0.7', 'eth0', 'eth1'],
    },
    'is an internal port of Open vSwitch with all ports of the switch': {
      given: {
        links: [
          link('ovsbr0', kind('openvswitch'), addresses('192.0.2.1')),
          link('eth0', { master: 'ovs-system' }),
          link('vethX', kind('veth'), { master: 'ovs-system', link_netnsid: 3 }),
          link('ovs-system', kind('openvswitch')),
        ],
        connection,
      },
      links: ['eth0', 'ovsbr0', 'vethX'],
    },
    'is a tunnel with its parent, and what the default route takes': {
      given: {
        links: [link('wg0', kind('wireguard'), addresses('192.0.2.1')), eth1, link('eth2')],
        connection,
        routes: ['eth1'],
      },
      links: ['eth1', 'wg0'],
    },
    'is a VXLAN with the link that it names': {
      given: {
        links: [link('vx', kind('vxlan', { link: 'eth2' }), addresses('192.0.2.1')), link('eth2'), eth1],
        connection,
        routes: [],
      },
      links: ['eth2', 'vx'],
    },
    'is the zone of a link-local address': {
      given: {
        links: [link('eth0', addresses('fe80::1')), link('eth1', addresses('fe80::1'))],
        connection: 'fe80::9%eth1 40000 fe80::1%eth1 22',
      },
      links: ['eth1'],
    },
    'is found by an IPv4 address that IPv6 wraps': {
      given: { links: [eth0, eth1], connection: '::ffff:192.0.2.9 40000 ::ffff:192.0.2.1 22', routes: [] },
      links: ['eth0'],
    },
    'is every link that carries a session of sshd, and the default route, when nothing brought lxcnet there': {
      given: {
        links: [
          eth0,
          eth1,
          link('eth2', addresses('2001:db8::1')),
          link('eth3', addresses('203.0.113.1')),
          link('eth4'),
        ],
        sessions: `0      0      198.51.100.1:22    192.0.2.9:40000 users:(("sshd",pid=7,fd=4),("sshd",pid=5,fd=4))
0      0      [2001:db8::1]:2222    [2001:db8::9]:40000 users:(("sshd-session",pid=7,fd=4))
0      0      203.0.113.1:443    192.0.2.9:40000 users:(("nginx",pid=9,fd=4))
`,
        routes: ['eth4'],
      },
      links: ['eth1', 'eth2', 'eth4'],
    },
    'is read of the kernel where there is no ss': {
      given: {
        links: [eth0, eth1, link('eth2', addresses('2001:db8::1')), link('eth3', addresses('203.0.113.1'))],
        // 198.51.100.1:22 listens; 192.0.2.1:22 and, wrapped, 203.0.113.1:22 are established, 2001:db8::1:22 too
        sockets: `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 016433C6:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 010200C0:0016 090200C0:9C40 01 00000000:00000000 02:000A 00000000     0        0 2 2 0 20 4 31 10 -1
  sl  local_address                         remote_address                        st tx_queue
   0: 0000000000000000FFFF0000017100CB:0016 0000000000000000FFFF0000090200C0:9C40 01 00000000:00000000
   1: B80D0120000000000000000001000000:0016 B80D0120000000000000000009000000:9C40 01 00000000:00000000
`,
        routes: [],
      },
      links: ['eth0', 'eth2', 'eth3'],
    },
    'is not known to someone at the console: the default route is a guess': {
      given: { links: [eth0, eth1], sessions: '' },
      known: false,
      links: ['eth0'],
    },
    'is not known when the connection came through a tunnel to the host itself': {
      given: { links: [eth0, eth1], connection: '127.0.0.1 40000 127.0.0.1 22', reply: 'lo' },
      known: false,
      links: ['eth0'],
    },
    'is not known when no link has the address that the connection came to': {
      given: { links: [eth1], connection, routes: ['eth1'] },
      known: false,
      links: ['eth1'],
    },
    'is not known where ip(8) says nothing': { given: { links: [], connection, routes: [] }, known: false, links: [] },
  }
  for (const [title, { given, known = true, links }] of Object.entries(cases)) {
    it(title, () => assert.deepEqual(read(given), { known, links }))
  }

  it('is not known when the answers are no JSON', () => {
    const answers = new Map(
      ['path-links', 'path-routes', 'path-reply'].map((id) => [id, { status: 1, text: 'Usage: ip' }]),
    )
    assert.deepEqual(readPath({ answers }), { known: false, links: new Set() })
  })
})

describe('a step', () => {
  const path = { known: true, links: new Set(['eth0', 'br0', 'bond0.7']) }
  const touch: string[][] = [
    ['ip', 'link', 'set', 'eth0', 'down'],
    ['ip', 'addr', 'del', '192.0.2.1/24', 'dev', 'bond0.7'],
    ['sh', '-c', 'ip link set eth0 nomaster; true'],
    ['sh', '-c', 'echo 1 >/sys/class/net/eth0/mtu'],
    ['brctl', 'addif', 'br1', 'eth0'],
    ['ovs-vsctl', 'add-port', 'ovsbr0', 'eth0'],
    ['ifdown', 'br0'],
    ['ifup', '-a'],
    ['ifconfig', 'eth0:1', 'down'],
    ['nmcli', 'networking', 'off'],
    ['netplan', 'apply'],
    ['networkctl', 'reload'],
    ['systemctl', 'restart', 'networking'],
    ['systemctl', 'restart', 'systemd-networkd.service'],
    ['service', 'networking', 'restart'],
    ['sh', '/etc/lxcnet/net.d/20-ovs-eth0', 'up'],
    ['/etc/init.d/networking', 'restart'],
  ]
  for (const argv of touch)
    it(`may cut it: ${argv.join(' ')}`, () => assert.ok(touchesPath({ impact: 'live', argv }, path)))

  const leave: string[][] = [
    ['ip', 'link', 'set', 'eth01', 'down'],
    ['ip', 'link', 'set', 'bond0', 'mtu', '9000'],
    ['ip', 'link', 'add', 'eth0.8', 'type', 'vlan'],
    ['systemctl', 'restart', 'lxc-net'],
    ['lxc-stop', '-n', 'eth0'],
    ['netplan', 'get'],
    ['ifup', 'lxcbr0'],
    ['sh', '/etc/lxcnet/net.d/20-ovs-eth01', 'up'],
    ['sh', '/etc/lxcnet/net.d/40-shim-eth0', 'up'],
  ]
  for (const argv of leave)
    it(`leaves it: ${argv.join(' ')}`, () => assert.ok(!touchesPath({ impact: 'reconnect', argv }, path)))

  it('may cut it when it says so itself, whatever it does', () => {
    assert.ok(touchesPath({ impact: 'host-path' }, path))
    assert.ok(!touchesPath({ impact: 'restart' }, path))
  })
})
