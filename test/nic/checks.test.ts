/** Every rule of the nic room: the config that breaks it, the code that names it. */
import assert from 'node:assert/strict'
import { evaluate } from '../../src/document/effective.ts'
import { parse } from '../../src/document/lxc-config.ts'
import { checkNic, type Finding, type Subject } from '../../src/nic/checks.ts'
import { nicCodes } from '../../src/nic/codes.ts'
import { type Container, type HostLink, type HostView, namesInside } from '../../src/nic/model.ts'

const link = (name: string, more: Partial<HostLink> = {}): HostLink => ({
  name,
  kind: '',
  index: 2,
  peerIndex: undefined,
  mac: '02:00:5e:00:53:01',
  mtu: 1500,
  up: true,
  loopback: false,
  master: undefined,
  parent: undefined,
  addresses: [],
  vlanId: undefined,
  mode: undefined,
  vlanFiltering: false,
  defaultPvid: undefined,
  ...more,
})

const links = [
  link('eth0', { addresses: ['192.0.2.1/24'] }),
  link('eth1'),
  link('eth2', { mtu: 1400, master: 'br0' }),
  link('lo', { loopback: true }),
  link('br0', { kind: 'bridge', addresses: ['10.0.3.1/24'] }),
  link('br1', { kind: 'bridge', vlanFiltering: true, defaultPvid: 0 }),
  link('eth1.30', { kind: 'vlan', parent: 'eth1', vlanId: 30 }),
]

interface Host {
  version?: string
  /** Container → its config and whether it runs. */
  others?: Record<string, { text: string; running: boolean }>
  root?: boolean
}

function view({ version = '5.0.2', others = {}, root = false }: Host): HostView {
  const see = (path: string, text: string) =>
    evaluate({ file: path, lines: parse(text) }, { include: () => undefined, lxcVersion: version })
  const containers = new Map<string, Container>()
  for (const [name, { text, running }] of Object.entries(others)) {
    const path = `/var/lib/lxc/${name}/config`
    containers.set(name, {
      name,
      path,
      text,
      mode: 0o640,
      uid: 0,
      gid: 0,
      effective: see(path, text),
      state: root ? 'unknown' : running ? 'running' : 'stopped',
      live: undefined,
    })
  }
  return {
    version,
    lxcpath: '/var/lib/lxc',
    containers,
    links: root ? undefined : new Map(links.map((one) => [one.name, one])),
    defaultRouteLinks: new Set(['eth0']),
    ovsBridges: new Set(),
    evaluate: see,
    scripts: new Map([
      ['/etc/lxc/there', true],
      ['/etc/lxc/missing', false],
    ]),
    unread: [],
  }
}

const config = (text: string): string =>
  text
    .trim()
    .split(/\s*[;\n]\s*/)
    .map((line) => (/^\d/.test(line) ? `lxc.net.${line}\n` : `lxc.net.0.${line}\n`))
    .join('')

type How = Pick<Subject, 'fresh' | 'strict'>

function findingsOf(text: string, host: Host = {}, index = 0, how: How = {}): Finding[] {
  const seen = view(host)
  const { nics } = seen.evaluate('/var/lib/lxc/me/config', config(text))
  const nic = nics.find((one) => one.index === index)
  assert.ok(nic !== undefined, 'the NIC under test is there')
  return checkNic({ container: 'me', nic, nics, view: seen, ...how })
}

/** The codes of NIC `index` of a container with these lines, `w:` in front of a warning. */
function codesOf(text: string, host: Host = {}, index = 0, how: How = {}): string[] {
  return findingsOf(text, host, index, how).map(({ severity, code, message, fix }) => {
    assert.ok(nicCodes[code], `${code} is documented`)
    assert.ok(message.length > 10 && fix.length > 3, `${code} says what and the way out`)
    return severity === 'warning' ? `w:${code}` : code
  })
}

const veth = 'type = veth; flags = up; link = br0'
const macvlan = 'type = macvlan; macvlan.mode = bridge; flags = up; link = eth1'
const other = (text: string, running = true): Host => ({ others: { web2: { text: config(text), running } } })

describe('checks of a NIC', () => {
  for (const [what, text] of [
    [
      'veth on a bridge',
      `${veth}; ipv4.address = 10.0.3.5/24; ipv4.gateway = 10.0.3.1; hwaddr = 00:16:3e:00:00:01; mtu = 1500`,
    ],
    [
      'macvlan with everything',
      `${macvlan}; name = eth0; ipv4.address = 198.51.100.5/24 198.51.100.255; ipv6.address = 2001:db8::5/64; ipv6.gateway = 2001:db8::1`,
    ],
    ['vlan', 'type = vlan; link = eth1; vlan.id = 10; flags = up'],
    ['ipvlan in l3s', 'type = ipvlan; ipvlan.mode = l3s; link = eth1; flags = up; l2proxy = 0'],
    ['phys', 'type = phys; link = eth1; flags = up'],
    ['empty', 'type = empty; flags = up'],
    ['none', 'type = none'],
    ['a device route', `${veth}; ipv4.address = 10.0.3.5/32; ipv4.gateway = dev`],
    ['a link-local gateway without an address', `${veth}; ipv6.gateway = fe80::1`],
    ['a veth with VLANs on a filtering bridge', 'type = veth; flags = up; link = br1; veth.vlan.tagged.id = 20'],
  ] as const) {
    if (what.includes('filtering'))
      it(`finds nothing in ${what}`, () => assert.deepEqual(codesOf(text, { version: '6.0.4' }), []))
    else it(`finds nothing in ${what}`, () => assert.deepEqual(codesOf(text), []))
  }

  for (const [what, text, expected, host] of [
    ['an address without prefix', `${veth}; ipv4.address = 192.0.2.10`, ['w:prefix-missing']],
    ['leading zeros in an address', `${veth}; ipv4.address = 010.0.0.1/24`, ['bad-address']],
    ['a prefix over 32', `${veth}; ipv4.address = 10.0.0.1/33`, ['bad-address']],
    ['a netmask', `${veth}; ipv4.address = 10.0.0.1/255.255.255.0`, ['bad-address']],
    ['an IPv6 prefix over 128', `${veth}; ipv6.address = 2001:db8::1/129`, ['bad-address']],
    ['a multicast address', `${veth}; ipv4.address = 224.0.0.5/24`, ['w:address-multicast']],
    ["the subnet's own address", `${veth}; ipv4.address = 10.0.3.0/24`, ['w:address-is-network']],
    ['the broadcast address', `${veth}; ipv4.address = 10.0.3.255/24`, ['w:address-is-broadcast']],
    ['an odd broadcast', `${veth}; ipv4.address = 10.0.3.9/24 10.0.3.99`, ['w:odd-broadcast']],
    ['the same address twice', `${veth}; ipv4.address = 10.0.3.9/24; ipv4.address = 10.0.3.9/24`, ['address-twice']],
    ['a gateway without address', `${veth}; ipv4.gateway = 10.0.3.1`, ['gateway-no-address']],
    [
      'a gateway on a NIC that is down',
      'type = veth; link = br0; ipv4.address = 10.0.3.5/24; ipv4.gateway = 10.0.3.1',
      ['w:not-up', 'gateway-not-up'],
    ],
    [
      'a gateway outside the subnet',
      `${veth}; ipv4.address = 10.0.3.5/24; ipv4.gateway = 10.9.9.1`,
      ['w:gateway-outside'],
    ],
    [
      'the own address as gateway',
      `${veth}; ipv4.address = 10.0.3.5/24; ipv4.gateway = 10.0.3.5`,
      ['w:gateway-itself'],
    ],
    [
      'gateway auto on an ipvlan',
      'type = ipvlan; ipvlan.mode = l2; link = eth0; flags = up; ipv4.address = 192.0.2.7/24; ipv4.gateway = auto',
      ['gateway-auto'],
    ],
    [
      'gateway auto on a link without address',
      `${macvlan}; ipv4.address = 192.0.2.7/24; ipv4.gateway = auto`,
      ['gateway-auto'],
    ],
    [
      'gateway dev before LXC 3.2',
      `${veth}; ipv4.address = 10.0.3.5/24; ipv4.gateway = dev`,
      ['key-too-new'],
      { version: '3.0.4' },
    ],
    ['a gateway that is no address', `${veth}; ipv4.address = 10.0.3.5/24; ipv4.gateway = router`, ['bad-gateway']],
    ['a short MAC', `${veth}; hwaddr = 00:16:3e`, ['bad-mac']],
    ['a multicast MAC', `${veth}; hwaddr = 01:16:3e:00:00:01`, ['mac-multicast']],
    ['a MAC template', `${veth}; hwaddr = 00:16:3e:xx:xx:xx`, ['w:mac-template']],
    ['an MTU of 67', `${veth}; mtu = 67`, ['bad-mtu', 'w:mtu-lowers-bridge']],
    ['an octal MTU', `${veth}; mtu = 01500`, ['w:octal-number', 'w:mtu-lowers-bridge']],
    ['an MTU that lowers the bridge', `${veth}; mtu = 1400`, ['w:mtu-lowers-bridge']],
    [
      'an MTU above the parent',
      'type = macvlan; macvlan.mode = bridge; flags = up; link = eth2; mtu = 1500',
      ['mtu-above-parent'],
    ],
    ['an MTU too small for IPv6', `${macvlan}; mtu = 1000; ipv6.address = 2001:db8::5/64`, ['w:mtu-ipv6']],
    ['VLAN id 4095', 'type = vlan; link = eth1; vlan.id = 4095; flags = up', ['bad-vlan-id']],
    ['VLAN id 0', 'type = vlan; link = eth1; vlan.id = 0; flags = up', ['bad-vlan-id']],
    ['a vlan without id', 'type = vlan; link = eth1; flags = up', ['vlan-id-missing']],
    ["a VLAN that is the host's own", 'type = vlan; link = eth1; vlan.id = 30; flags = up', ['vlan-taken']],
    ['a macvlan without link', 'type = macvlan; macvlan.mode = bridge; flags = up', ['link-missing']],
    ['a macvlan without mode', 'type = macvlan; flags = up; link = eth1', ['w:mode-unsaid']],
    ['an unknown mode', 'type = macvlan; macvlan.mode = passthrough; flags = up; link = eth1', ['bad-mode']],
    ['an unknown type', 'type = gre; flags = up', ['bad-type']],
    [
      'a link that is not there',
      'type = macvlan; macvlan.mode = bridge; flags = up; link = nosuch0',
      ['link-not-found'],
    ],
    ['a veth on a plain link', 'type = veth; flags = up; link = eth1', ['link-not-bridge']],
    ['a veth that leads nowhere', 'type = veth; flags = up', ['w:no-link']],
    ['VLANs on a bridge that does not filter', `${veth}; veth.vlan.id = 10`, ['bridge-no-vlans']],
    [
      'VLANs on a bridge without PVID before LXC 6',
      'type = veth; flags = up; link = br1; veth.vlan.id = 10',
      ['bridge-no-pvid'],
    ],
    [
      'a VLAN both tagged and untagged',
      'type = veth; flags = up; link = br1; veth.vlan.id = 10; veth.vlan.tagged.id = 10',
      ['vlan-twice'],
      { version: '6.0.4' },
    ],
    [
      'VLANs in router mode',
      'type = veth; veth.mode = router; flags = up; link = eth1; veth.vlan.id = 10',
      ['vlan-needs-bridge'],
    ],
    [
      'a key newer than the LXC',
      'type = veth; flags = up; link = br1; veth.vlan.id = 10',
      ['key-too-new', 'bridge-no-pvid'],
      { version: '4.0.12' },
    ],
    ['a key of another type', `${veth}; macvlan.mode = bridge`, ['wrong-type-key']],
    ['an unknown key', `${veth}; colour = blue`, ['unknown-key']],
    ['flags = down', 'type = veth; flags = down; link = br0', ['w:bad-flags']],
    ['a name of 17 bytes', `${veth}; name = averyveryverylong`, ['w:bad-name']],
    ['a name of one byte', `${veth}; name = e`, ['bad-name']],
    ['a name with a slash', `${veth}; name = et/h0`, ['bad-name']],
    ['the name lo', `${veth}; name = lo`, ['bad-name']],
    ['a pair that is a pattern', `${veth}; veth.pair = vc%d`, ['bad-name']],
    ['a pair that is a link of the host', `${veth}; veth.pair = eth1`, ['duplicate-pair']],
    ['a route with host bits', `${veth}; veth.ipv4.route = 10.8.0.1/16`, ['route-host-bits']],
    ['a route that is no subnet', `${veth}; veth.ipv6.route = 2001:db8::1`, ['bad-route']],
    ['a name on type empty', 'type = empty; name = eth0', ['empty-name']],
    ['type none beside another', 'type = none; 1.type = empty', ['w:none-mixed']],
    [
      'l2proxy on an ipvlan in l2',
      'type = ipvlan; ipvlan.mode = l2; link = eth1; flags = up; l2proxy = 1',
      ['w:l2proxy-sysctl', 'l2proxy-mode'],
    ],
    ['l2proxy without link', 'type = veth; flags = up; script.up = /bin/true; l2proxy = 1', ['l2proxy-link']],
    [
      'a hook that is not there',
      `${veth}; script.up = /etc/lxc/missing now; script.down = /etc/lxc/missing`,
      ['script-missing', 'w:script-missing'],
    ],
    ['no fault in a hook that is there', `${veth}; script.up = /etc/lxc/there now`, []],
    [
      'hwaddr on an ipvlan',
      'type = ipvlan; ipvlan.mode = l2; link = eth1; flags = up; hwaddr = 00:16:3e:00:00:01',
      ['wrong-type-key'],
    ],
    [
      'ipvlan before LXC 3.2',
      'type = ipvlan; link = eth1; flags = up',
      ['w:mode-unsaid', 'key-too-new'],
      { version: '3.0.4' },
    ],
    ['the same name twice in a container', `${veth}; name = eth7; 1.type = veth; 1.name = eth7`, ['duplicate-name']],
    ['phys on the default route', 'type = phys; link = eth0; flags = up', ['phys-default-route']],
    ['phys on a bridge', 'type = phys; link = br0; flags = up', ['phys-immovable']],
    ['phys on the loopback', 'type = phys; link = lo; flags = up', ['phys-immovable']],
    ['phys on a port', 'type = phys; link = eth2; flags = up', ['w:phys-is-port']],
    [
      'phys that another container has',
      'type = phys; link = eth1; flags = up',
      ['phys-taken'],
      other('type = phys; link = eth1'),
    ],
    [
      'the MAC of another container',
      `${veth}; hwaddr = 00:16:3e:00:00:01`,
      ['duplicate-mac'],
      other('type = veth; hwaddr = 00:16:3E:00:00:01'),
    ],
    [
      'the MAC of a stopped clone',
      `${veth}; hwaddr = 00:16:3e:00:00:01`,
      ['w:duplicate-mac'],
      other('type = veth; hwaddr = 00:16:3e:00:00:01', false),
    ],
    [
      'the address of another on the same bridge',
      `${veth}; ipv4.address = 10.0.3.5/24`,
      ['duplicate-address'],
      other(`${veth}; ipv4.address = 10.0.3.5/24`),
    ],
    [
      'the same address on another segment',
      `${macvlan}; ipv4.address = 10.0.3.5/24`,
      [],
      other(`${veth}; ipv4.address = 10.0.3.5/24`),
    ],
    ["the bridge's own address", `${veth}; ipv4.address = 10.0.3.1/24`, ['duplicate-address']],
    [
      'the pair of another container',
      `${veth}; veth.pair = vc1`,
      ['duplicate-pair'],
      other(`${veth}; veth.pair = vc1`),
    ],
    [
      'a VLAN that another container has',
      'type = vlan; link = eth1; vlan.id = 10; flags = up',
      ['vlan-taken'],
      other('type = vlan; link = eth1; vlan.id = 10'),
    ],
    [
      'the same VLAN on another parent',
      'type = vlan; link = eth1; vlan.id = 10; flags = up',
      [],
      other('type = vlan; link = eth2; vlan.id = 10'),
    ],
    [
      'passthru on a shared parent',
      'type = macvlan; macvlan.mode = passthru; flags = up; link = eth1',
      ['passthru-shared'],
      other(macvlan),
    ],
    [
      'a parent in passthru',
      macvlan,
      ['passthru-shared'],
      other('type = macvlan; macvlan.mode = passthru; link = eth1'),
    ],
    [
      'a clash under --root, where nothing is known of what runs',
      `${veth}; hwaddr = 00:16:3e:00:00:01`,
      ['duplicate-mac'],
      { root: true, others: { web2: { text: config('type = veth; hwaddr = 00:16:3e:00:00:01'), running: false } } },
    ],
  ] as [string, string, string[], Host?][]) {
    it(`sees ${what}`, () => assert.deepEqual(codesOf(text, host), expected))
  }

  it('sees two default routes on the second NIC', () => {
    const text = `${veth}; ipv4.address = 10.0.3.5/24; ipv4.gateway = 10.0.3.1; 1.type = veth; 1.flags = up; 1.link = br1; 1.name = eth1; 1.ipv4.address = 10.9.0.5/24; 1.ipv4.gateway = 10.9.0.1`
    assert.deepEqual(codesOf(text, {}, 1), ['w:two-default-routes'])
  })

  /** LXC 5.0.2 loads and starts all of these: no error where they stand, an error where they are being written. */
  for (const [what, text, there, written] of [
    ['flags on type none', 'type = none; flags = up', ['w:wrong-type-key'], ['wrong-type-key']],
    ['a link on type empty', 'type = empty; link = br0', ['w:wrong-type-key'], ['wrong-type-key']],
    ['flags = 1', 'type = veth; flags = 1; link = br0', ['w:bad-flags'], ['bad-flags']],
    ['mtu = 0', `${macvlan}; mtu = 0; ipv6.address = 2001:db8::5/64`, [], ['bad-mtu']],
    ['mtu = 0 on a bridge', `${veth}; mtu = 0`, [], ['bad-mtu']],
    ['a hexadecimal MTU', `${veth}; mtu = 0x5dc`, ['w:bad-mtu'], ['bad-mtu']],
    ['a MAC without colons', `${veth}; hwaddr = 00163E000001`, ['w:bad-mac'], ['bad-mac']],
    ['a MAC of single digits', `${veth}; hwaddr = 0:16:3e:0:0:1`, ['w:bad-mac'], ['bad-mac']],
    ['a MAC of seven bytes', `${veth}; hwaddr = 00:16:3e:00:00:01:02`, ['w:bad-mac'], ['bad-mac']],
    ['a route with an octal prefix', `${veth}; veth.ipv4.route = 10.8.0.0/020`, ['w:octal-number'], ['octal-number']],
    [
      'an octal prefix with a broadcast',
      `${veth}; ipv4.address = 10.0.9.5/030 10.0.9.255`,
      ['w:octal-number'],
      ['octal-number'],
    ],
    ['an upper-case MAC', `${veth}; hwaddr = 00:16:3E:00:00:0A`, [], []],
    ['no IPv4 prefix', `${veth}; ipv4.address = 10.0.9.5`, ['w:prefix-missing'], ['prefix-missing']],
    [
      'no IPv6 prefix, and a gateway in /64',
      `${veth}; ipv6.address = 2001:db8::5; ipv6.gateway = 2001:db8::1`,
      ['w:prefix-missing'],
      ['prefix-missing'],
    ],
    [
      'an octal prefix, and a gateway in it',
      `${veth}; ipv4.address = 10.0.3.5/030; ipv4.gateway = 10.0.3.1`,
      ['w:octal-number'],
      ['octal-number'],
    ],
    [
      'a hexadecimal VLAN id',
      'type = vlan; link = eth1; flags = up; vlan.id = 0x10',
      ['w:bad-vlan-id'],
      ['bad-vlan-id'],
    ],
    ['IPv4 multicast', `${veth}; ipv4.address = 239.0.0.5/24`, ['w:address-multicast'], ['address-multicast']],
    ['phys with a prefix match', 'type = phys; flags = up; link = eth1+', ['w:bad-link'], ['bad-link']],
    [
      'one MAC on two NICs',
      `${veth}; hwaddr = 00:16:3e:00:00:01; 1.type = veth; 1.hwaddr = 00163e000001`,
      ['w:duplicate-mac'],
      ['duplicate-mac'],
    ],
  ] as const) {
    it(`takes ${what} for a warning at most where it stands`, () => {
      assert.deepEqual(codesOf(text), there)
      assert.deepEqual(codesOf(text, {}, 0, { fresh: true }), written, 'a fresh NIC')
      assert.deepEqual(codesOf(text, {}, 0, { strict: () => true }), written, 'all keys change')
      assert.deepEqual(codesOf(text, {}, 0, { strict: (key) => key === 'script.up' }), there, 'another key changes')
    })
  }

  for (const [what, text, code] of [
    ['a key of another type that LXC refuses', `${veth}; macvlan.mode = bridge`, 'wrong-type-key'],
    ['a MAC of the loopback', 'type = empty; flags = up; hwaddr = 00:16:3e:00:00:01', 'wrong-type-key'],
    ['an MTU of 16', `${macvlan}; mtu = 0x10`, 'bad-mtu'],
    ['IPv6 multicast', `${veth}; ipv6.address = ff02::5/64`, 'address-multicast'],
    ['a multicast MAC without colons', `${veth}; hwaddr = 01163e000001`, 'bad-mac'],
  ] as const) {
    it(`keeps ${what} an error`, () => assert.deepEqual(codesOf(text), [code]))
  }

  it('fills %d in names, and sees no clash', () => {
    const text = `${veth}; name = lan%d; 1.type = veth; 1.name = lan%d; 2.type = veth; 2.name = lan0; 3.type = veth`
    const { nics } = view({}).evaluate('/var/lib/lxc/me/config', config(text))
    assert.deepEqual([...namesInside(nics).entries()].sort(), [
      [0, 'lan1'],
      [1, 'lan2'],
      [2, 'lan0'],
      [3, 'eth0'],
    ])
    assert.deepEqual(codesOf(text), [])
  })

  it('warns of a phys whose addresses the host loses', () => {
    const host = view({})
    host.defaultRouteLinks.clear()
    const { nics } = host.evaluate('/x', config('type = phys; link = eth0; flags = up'))
    assert.ok(nics[0])
    assert.deepEqual(
      checkNic({ container: 'me', nic: nics[0], nics, view: host }).map(({ severity, code }) => `${severity} ${code}`),
      ['warning phys-has-address'],
    )
  })

  for (const [text, how, fix] of [
    ['type = veth; link = br0', {}, '`lxcnet set me:0 flags=up`'],
    ['type = veth; link = br0', { fresh: true }, 'add --flags up'],
    [`${veth}; mtu = 1400`, {}, '`lxcnet unset me:0 mtu`, or lower it inside the container'],
    [`${veth}; mtu = 1400`, { fresh: true }, 'leave --mtu out, or lower it inside the container'],
    [`${veth}; veth.ipv4.route = 10.1.0.5/16`, {}, '`lxcnet set me:0 veth.ipv4.route=10.1.0.0/16`'],
    [`${veth}; hwaddr = 00163e000001`, {}, '`lxcnet set me:0 hwaddr=00:16:3e:00:00:01`'],
    [
      'type = veth; veth.mode = router; link = eth1; flags = up; veth.vlan.id = 5',
      {},
      '`lxcnet set me:0 veth.mode=bridge`',
    ],
    ['flags = up', {}, '`lxcnet set me:0 type=veth`'],
  ] as [string, How, string][]) {
    it(`says "${fix}"`, () => assert.equal(findingsOf(text, {}, 0, how)[0]?.fix, fix))
  }

  it('names the mode where VLAN ids do not go with it', () => {
    const text = 'type = veth; veth.mode = router; link = eth1; flags = up; veth.vlan.id = 5'
    assert.match(findingsOf(text)[0]?.message ?? '', /router/)
  })

  it('does not let a config that is linked clash with itself', () => {
    const text = config(`${veth}; hwaddr = 00:16:3e:00:00:01; ipv4.address = 10.0.3.5/24`)
    const host = view({ others: { me: { text, running: true }, alias: { text, running: true } } })
    const [me, alias] = [host.containers.get('me'), host.containers.get('alias')]
    assert.ok(me?.effective.nics[0] && alias)
    alias.path = me.path
    const { nics } = me.effective
    assert.deepEqual(checkNic({ container: 'me', nic: me.effective.nics[0], nics, view: host }), [])
  })
})
