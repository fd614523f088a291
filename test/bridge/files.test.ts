/** What a bridge does to the host's own files, system by system, and that all of it can be put back. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  type BackendName,
  backends,
  bridgeOf,
  checkBridgeValue,
  editOf,
  handBack,
  settingsOf,
  standingIn,
  Texts,
} from '../../src/bridge/index.ts'

const main = '/etc/network/interfaces'

interface Case {
  files: { [path: string]: string }
  backend: BackendName
  name?: string
  settings: { [word: string]: string[] }
}

function run({ files, backend, name = 'br0', settings }: Case) {
  const before = new Texts((path) => files[path])
  const texts = before.fork()
  const bridge = bridgeOf(name, new Map(Object.entries(settings)))
  const added = backends[backend].add(texts, Object.keys(files), bridge, {
    mac: '02:00:5e:00:53:01',
    clientId: 'ff12345678abcd',
  })
  const all = [...new Set([...Object.keys(files), ...texts.paths])].sort()
  const standing = standingIn(backend, texts, all).find((one) => one.bridge.name === name)
  const edits = texts.paths.map((path) => editOf(path, files[path], texts.read(path) ?? ''))
  const back = texts.fork()
  const edited = handBack({ number: 1, backend, told: {}, made: {}, takesOver: added.takesOver, edits }, back)
  assert.equal(edited, undefined)
  for (const path of all) assert.equal(back.read(path), files[path], `${path} reads as before`)
  return { texts, added, found: Object.fromEntries(settingsOf(standing?.bridge ?? bridge)) }
}

const ifupdown = (text: string, settings: Case['settings'] = { uplink: ['eth0'] }) =>
  run({ files: { [main]: text }, backend: 'ifupdown', settings })

describe('a bridge in files of ifupdown', () => {
  it('has the stanzas of its uplink, with all that is in them', () => {
    const text = `auto lo eth0 eth1 # no comment
allow-hotplug eth0
iface lo inet loopback
iface eth0 inet dhcp
\thostname web # kept
\tmtu 9000
\thwaddress 02:00:5e:00:53:07
\t# why
\tpost-up ethtool -K eth0 tso off
\tup ip -6 route add 2001:db8::/32 dev eth0
iface eth1 inet manual
iface eth0 inet6 auto`
    const { texts, added, found } = ifupdown(text)
    assert.equal(
      texts.read(main),
      `auto lo eth0 eth1 # no comment
allow-hotplug eth0
iface lo inet loopback
iface eth0 inet manual
\thwaddress 02:00:5e:00:53:07
\tmtu 9000

auto br0
iface br0 inet dhcp
\tpre-up ip link add name $IFACE address "$(cat /sys/class/net/eth0/address)" type bridge forward_delay 0
\tpre-up ip link set dev eth0 master $IFACE up
\tpost-down ip link del dev $IFACE
\thostname web # kept
\tmtu 9000
\t# why
\tpost-up ethtool -K eth0 tso off
\tup ip -6 route add 2001:db8::/32 dev br0
iface eth1 inet manual
iface br0 inet6 auto
`,
    )
    assert.deepEqual(added, { takesOver: true, mentions: ['ethtool -K eth0 tso off'], dropped: [] })
    assert.deepEqual(found, { uplink: ['eth0'], address: ['dhcp', 'slaac'], mtu: ['9000'] })
  })

  it('has addresses that are given in the place of those of its uplink', () => {
    const text =
      'iface eth0 inet static\n  address 192.0.2.7\n  netmask 255.255.255.128\n  gateway 192.0.2.1\n  up true\niface eth0 inet6 auto\n'
    const { texts, found } = ifupdown(text, {
      uplink: ['eth0'],
      address: ['192.0.2.8/25', '2001:db8::8/64'],
      gateway: ['192.0.2.2'],
    })
    assert.deepEqual(found, { uplink: ['eth0'], address: ['192.0.2.8/25', '2001:db8::8/64'], gateway: ['192.0.2.2'] })
    assert.doesNotMatch(texts.read(main) ?? '', /192\.0\.2\.7|auto\n$/)
    assert.match(texts.read(main) ?? '', /up true/)
  })

  it('reads options through `inherits`, netmasks, continued lines and bridge_ports', () => {
    const text = `iface base inet static
  netmask 255.255.255.128
  bridge_ports eth1.7 \\
    eth2
iface vmbr0 inet static inherits base
  address 192.0.2.7
  bridge-stp on
`
    const [standing] = standingIn('ifupdown', new Texts(() => text), [main]).filter(
      ({ bridge }) => bridge.name === 'vmbr0',
    )
    assert.deepEqual(Object.fromEntries(settingsOf(standing?.bridge ?? bridgeOf('', new Map()))), {
      uplink: ['eth1'],
      'vlan-id': ['7'],
      address: ['192.0.2.7/25'],
      stp: ['on'],
    })
  })

  it('is refused where a mapping decides what the uplink is, or another stanza inherits from it', () => {
    assert.throws(() => ifupdown('mapping eth*\n  script /bin/map\niface home inet dhcp\n'), {
      code: 'interfaces-mapping',
    })
    assert.throws(() => ifupdown('iface eth0 inet dhcp\niface eth1 inet dhcp inherits eth0\n'), {
      code: 'interfaces-inherits',
    })
  })

  it('goes into interfaces.d where that is sourced, and behind the rest where it is not', () => {
    const own = '/etc/network/interfaces.d/br0'
    for (const line of ['source /etc/network/interfaces.d/*', 'source-directory interfaces.d'])
      assert.match(ifupdown(`${line}\n`, {}).texts.read(own) ?? '', /^# Bridge br0, made by lxcnet.*\nauto br0\n/)
    assert.match(ifupdown('auto lo', {}).texts.read(main) ?? '', /^auto lo\n\nauto br0\n/)
  })

  it('leaves a file of its name that is there already alone', () => {
    const own = '/etc/network/interfaces.d/br0'
    const text = 'source /etc/network/interfaces.d/*\n'
    const files = { [main]: text, [own]: '# to do\niface eth7 inet dhcp' }
    const { texts } = run({ files, backend: 'ifupdown', settings: {} })
    assert.equal(texts.read(own), files[own])
    assert.match(texts.read(main) ?? '', /^source .*\n\nauto br0\n/)
  })

  it('moves a stanza that stands in a file of its own, where it stands', () => {
    const own = '/etc/network/interfaces.d/lan'
    const stanza =
      'auto eth0\niface eth0 inet static\n  address 192.0.2.7/24\n  dns-nameservers 192.0.2.53\n  gateway 192.0.2.1\n'
    const files = { [main]: 'source interfaces.d/*\n', [own]: stanza }
    const { texts } = run({ files, backend: 'ifupdown', settings: { uplink: ['eth0'] } })
    assert.equal(texts.read(main), files[main])
    const lines = (texts.read(own) ?? '').split('\n')
    const at = (line: string): number => lines.indexOf(line)
    assert.ok(at('iface eth0 inet manual') < at('iface br0 inet static'))
    for (const line of stanza.split('\n').slice(2, 5)) assert.ok(at(line) > at('iface br0 inet static'), line)
  })

  it('makes a VLAN of its uplink', () => {
    const { texts, found } = ifupdown('', { uplink: ['eth1'], 'vlan-id': ['100'] })
    assert.match(texts.read(main) ?? '', /auto eth1\.100\niface eth1\.100 inet manual\n {4}vlan-raw-device eth1\n/)
    assert.deepEqual(found, { uplink: ['eth1'], 'vlan-id': ['100'] })
  })

  it('puts back whatever the file was', () => {
    const line = fc.constantFrom(
      'auto eth0\n',
      'iface eth0 inet dhcp\n',
      '  up x eth0\n',
      '# eth0\n',
      '\n',
      'iface eth1 inet static\n',
      '  address 192.0.2.1/24\n',
      'iface eth0 inet6 auto\n',
      '\\\n',
    )
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.boolean(),
        (lines, open) => void ifupdown(open ? lines.join('').slice(0, -1) : lines.join('')),
      ),
    )
  })
})

describe('a bridge in files of systemd-networkd', () => {
  const path = '/etc/systemd/network/10-lan.network'
  const text =
    '[Match]\nName=eth*\n\n[Link]\nMTUBytes=9000\nARP=yes\n\n[Network]\nDHCP=yes # ipv4 too\n\n[Route]\nDestination=198.51.100.0/24\nGateway=192.0.2.9\n'.replace(
      ' # ipv4 too',
      '',
    )
  const networkd = (settings: Case['settings'], files: Case['files'] = { [path]: text }) =>
    run({ files, backend: 'networkd', settings })

  it('has what its uplink had, in files that come first, and its DHCP identity', () => {
    const { texts, added, found } = networkd({ uplink: ['eth0'] })
    assert.equal(added.takesOver, true)
    assert.deepEqual(
      texts.paths,
      ['netdev', 'network', '-port.network'].map(
        (end) => `/etc/systemd/network/05-lxcnet-br0${end.startsWith('-') ? '' : '.'}${end}`,
      ),
    )
    const network = texts.read('/etc/systemd/network/05-lxcnet-br0.network') ?? ''
    assert.match(
      network,
      /\[Match\]\nName=br0\n\n\[Link\]\nMTUBytes=9000\n\n\[Network\]\nDHCP=yes\n\n\[Route\]\nDestination=198/,
    )
    assert.match(network, /\[DHCPv4\]\nIAID=305419896\n$/)
    assert.match(
      texts.read('/etc/systemd/network/05-lxcnet-br0-port.network') ?? '',
      /\[Link\]\nMTUBytes=9000\nARP=yes\n\n\[Network\]\nBridge=br0\n$/,
    )
    assert.deepEqual(found, { uplink: ['eth0'], address: ['dhcp'], mtu: ['9000'], hwaddr: ['02:00:5e:00:53:01'] })
  })

  it('makes a VLAN beside what its uplink keeps', () => {
    const { texts, found } = networkd({ uplink: ['eth0'], 'vlan-id': ['100'], address: ['192.0.2.7/24'] })
    assert.match(texts.read(path) ?? '', /\[Network\]\nVLAN=eth0\.100\nDHCP=yes\n/)
    assert.deepEqual([found['uplink'], found['vlan-id']], [['eth0'], ['100']])
  })

  it('is refused where the uplink has a file that comes before any other', () => {
    assert.throws(() => networkd({ uplink: ['eth0'] }, { '/etc/systemd/network/00-a.network': text }), {
      code: 'networkd-order',
    })
  })
})

describe('a bridge in files of netplan', () => {
  const path = '/etc/netplan/50-office.yaml'
  const text = `# the office
network:
  version: 2
  ethernets:
    eth0: # by the door
      match:
        macaddress: 02:00:5e:00:53:01
      addresses: [192.0.2.7/24] # since 2019
      routes:
        - to: default
          via: 192.0.2.1
    eth1:
      dhcp4: true
`
  const netplan = (settings: Case['settings']) => run({ files: { [path]: text }, backend: 'netplan', settings })

  it('has what its uplink had, and the comments stay', () => {
    const { texts, found } = netplan({ uplink: ['eth0'] })
    assert.equal(
      texts.read(path),
      `# the office
network:
  version: 2
  ethernets:
    eth0: # by the door
      match:
        macaddress: 02:00:5e:00:53:01
    eth1:
      dhcp4: true
  bridges:
    br0:
      interfaces:
        - eth0
      macaddress: 02:00:5e:00:53:01
      parameters:
        stp: false
        forward-delay: 0
      addresses: [192.0.2.7/24] # since 2019
      routes:
        - to: default
          via: 192.0.2.1
`,
    )
    assert.deepEqual(found, {
      uplink: ['eth0'],
      address: ['192.0.2.7/24'],
      gateway: ['192.0.2.1'],
      hwaddr: ['02:00:5e:00:53:01'],
    })
  })

  it('goes into a file of its own where it takes nothing over', () => {
    const { texts, found } = netplan({
      uplink: ['eth2'],
      'vlan-id': ['7'],
      address: ['192.0.2.9/24'],
      dns: ['192.0.2.53'],
    })
    assert.deepEqual(texts.paths, ['/etc/netplan/90-lxcnet-br0.yaml'])
    assert.deepEqual(found, {
      uplink: ['eth2'],
      'vlan-id': ['7'],
      address: ['192.0.2.9/24'],
      dns: ['192.0.2.53'],
      hwaddr: ['02:00:5e:00:53:01'],
    })
  })

  for (const { name, before, after } of [
    {
      name: 'four blanks, a list that is not indented, aligned comments, no end of line',
      before:
        "network:\n    ethernets:\n        eth0:\n            addresses:\n            - '192.0.2.7/24'   # a\n            mtu: 9000      # b",
      after:
        "network:\n    ethernets:\n        eth0:\n            mtu: 9000      # b\n    bridges:\n        br0:\n            interfaces:\n              - eth0\n            macaddress: 02:00:5e:00:53:01\n            parameters:\n              stp: false\n              forward-delay: 0\n            addresses:\n            - '192.0.2.7/24'   # a\n            mtu: 9000      # b\n",
    },
    {
      name: 'bridges that are there already, and a NIC with nothing left',
      before:
        'network:\n  bridges:\n    vmbr0: {}\n  ethernets:\n    eth0:   # by the door\n      dhcp4: true\n  version: 2\n',
      after:
        'network:\n  bridges:\n    br0:\n      interfaces:\n        - eth0\n      macaddress: 02:00:5e:00:53:01\n      parameters:\n        stp: false\n        forward-delay: 0\n      dhcp4: true\n    vmbr0: {}\n  ethernets:\n    eth0: {}   # by the door\n  version: 2\n',
    },
  ]) {
    it(`keeps the layout of a file: ${name}`, () => {
      const { texts } = run({ files: { [path]: before }, backend: 'netplan', settings: { uplink: ['eth0'] } })
      assert.equal(texts.read(path), after)
    })
  }

  it('is refused where the NIC stands in braces', () => {
    const files = { [path]: 'network: {ethernets: {eth0: {dhcp4: true}}}\n' }
    assert.throws(() => run({ files, backend: 'netplan', settings: { uplink: ['eth0'] } }), { code: 'netplan-shape' })
  })
})

describe('an uplink whose address is said anew', () => {
  const uplinks: { backend: BackendName; path: string; text: string; also: RegExp }[] = [
    {
      backend: 'ifupdown',
      path: main,
      text: 'iface eth0 inet static\n  address 192.0.2.7/24\n  gateway 192.0.2.1\n  dns-nameservers 192.0.2.53\n  dns-search lan\n  up ip route add 198.51.100.0/24 via 192.0.2.9\n',
      also: /address 192\.0\.2\.7\/24\n[^#]* {2}dns-search lan\n {2}up ip route add 198.*\n(iface br0 inet static\n {2}address 192\.0\.2\.8\/24\n)?$/,
    },
    {
      backend: 'networkd',
      path: '/etc/systemd/network/10-lan.network',
      text: '[Match]\nName=eth0\n\n[Network]\nDNS=192.0.2.53\nDomains=lan\nIPv6AcceptRA=no\n\n[Address]\nAddress=192.0.2.7/24\n\n[Route]\nGateway=192.0.2.1\n\n[Route]\nDestination=198.51.100.0/24\nGateway=192.0.2.9\n',
      also: /Domains=lan\nIPv6AcceptRA=no\n+\[Route\]\nDestination=198.*\nGateway=192\.0\.2\.9\n$/,
    },
    {
      backend: 'netplan',
      path: '/etc/netplan/50-lan.yaml',
      text: 'network:\n  ethernets:\n    eth0:\n      addresses: [192.0.2.7/24]\n      gateway4: 192.0.2.1 # out\n      nameservers:\n        search: [lan]\n        addresses: [192.0.2.53]\n      accept-ra: false\n',
      also: /search:[^#]*lan[^#]*(# out\n[^#]*)?accept-ra: false\n$/,
    },
  ]
  const both = ['192.0.2.7/24', '192.0.2.8/24']
  for (const { backend, path, text, also } of uplinks) {
    const said = (settings: Case['settings']) => {
      const { texts, added, found } = run({
        files: { [path]: text },
        backend,
        settings: { uplink: ['eth0'], ...settings },
      })
      const own = texts.read(backend === 'networkd' ? '/etc/systemd/network/05-lxcnet-br0.network' : path) ?? ''
      assert.match(own, also)
      assert.equal(own.match(/192\.0\.2\.53/g)?.length ?? 0, settings['dns'] === undefined ? 1 : 0)
      return [found['address'], found['gateway'], found['dns'], added.dropped]
    }

    it(`keeps its gateway and name servers in files of ${backend}`, () => {
      assert.deepEqual(said({ address: both }), [both, ['192.0.2.1'], ['192.0.2.53'], []])
    })

    it(`loses what is said of them alone in files of ${backend}`, () => {
      const words = { gateway: ['192.0.2.2'], dns: ['192.0.2.54'] }
      assert.deepEqual(said(words), [['192.0.2.7/24'], ['192.0.2.2'], ['192.0.2.54'], []])
    })

    it(`loses a gateway that the new one does not reach in files of ${backend}, which is told`, () => {
      const settings = { uplink: ['eth0'], address: ['203.0.113.7/24'] }
      const { added, found } = run({ files: { [path]: text }, backend, settings })
      assert.deepEqual(
        [found['address'], found['gateway'], added.dropped],
        [settings.address, undefined, ['192.0.2.1']],
      )
    })
  }

  it('keeps a gateway that no address of the uplink reached either, and one of scope link', () => {
    const text =
      'iface eth0 inet static\n  address 192.0.2.7/32\n  gateway 198.51.100.1\niface eth0 inet6 static\n  address 2001:db8::7/64\n  gateway fe80::1\n'
    const address = ['203.0.113.7/32', '2001:db8::8/64']
    assert.deepEqual(ifupdown(text, { uplink: ['eth0'], address }).found['gateway'], ['198.51.100.1', 'fe80::1'])
  })

  it('is told apart from a VLAN that its pattern matches', () => {
    const files = { '/etc/systemd/network/10-lan.network': '[Match]\nName=eth*\n\n[Network]\nAddress=192.0.2.7/24\n' }
    const { added, found } = run({ files, backend: 'networkd', settings: { uplink: ['eth0'], 'vlan-id': ['7'] } })
    assert.deepEqual([added.takesOver, found['address']], [false, undefined])
  })
})

describe('the address of a bridge', () => {
  for (const [text, expected] of [
    ['10.21.0.0/24', 'address-is-network'],
    ['10.21.0.255/24', 'address-is-broadcast'],
    ['10.21.0.0/31', '10.21.0.0/31'],
    ['10.21.0.255/32', '10.21.0.255/32'],
    ['2001:db8::/64', '2001:db8::/64'],
    ['10.21.0.0/16', 'address-is-network'],
    ['10.21.1.0/16', '10.21.1.0/16'],
  ])
    it(`${text} is ${expected}`, () => {
      const checked = checkBridgeValue('address', text ?? '')
      assert.equal('value' in checked ? checked.value : checked.code, expected)
    })
})

describe('the name of a bridge', () => {
  const taken: { backend: BackendName; path: string; text: string }[] = [
    { backend: 'ifupdown', path: main, text: 'iface br0 inet manual\n  pre-up brctl addbr br0\n' },
    { backend: 'networkd', path: '/etc/systemd/network/a.netdev', text: '[NetDev]\nName=br0\nKind=bond\n' },
    { backend: 'netplan', path: '/etc/netplan/a.yaml', text: 'network:\n  vlans:\n    br0: {id: 7, link: eth0}\n' },
  ]
  for (const { backend, path, text } of taken)
    it(`is refused where something else has it in files of ${backend}`, () => {
      assert.throws(() => run({ files: { [path]: text }, backend, settings: {} }), { code: 'name-taken' })
      run({ files: { [path]: text }, backend, name: 'br1', settings: {} })
    })
})

describe('the uplink of a bridge', () => {
  for (const text of ['eth0;reboot', '$(reboot)', 'a|b', '`x`', "eth0'", 'eth0\\', 'a&b', 'a>b', '*', 'eth0 x', ''])
    it(`is not ${JSON.stringify(text)}, which a shell would read otherwise`, () => {
      assert.deepEqual(Object.keys(checkBridgeValue('uplink', text)), ['code', 'message', 'fix'])
    })

  it('is a link as distributions and people name them', () => {
    for (const text of ['eth0', 'enp3s0f1np1', 'bond_0', 'wg-office', 'vlan.lan', 'e'])
      assert.deepEqual(checkBridgeValue('uplink', text), { value: text })
  })
})

describe('a bridge that somebody wrote by hand', () => {
  /** The text of one file, with the words of its one bridge changed. */
  function edited(backend: BackendName, files: { [path: string]: string }, change: { [word: string]: string[] }) {
    const texts = new Texts((path) => files[path])
    const paths = Object.keys(files)
    const [standing] = standingIn(backend, texts, paths)
    assert.ok(standing)
    const now = bridgeOf(standing.bridge.name, new Map([...settingsOf(standing.bridge), ...Object.entries(change)]))
    backends[backend].edit(texts, paths, standing.bridge, now)
    const [found] = standingIn(backend, texts, paths)
    assert.deepEqual(found?.bridge, now, 'what was written is what is read')
    return paths.map((path) => texts.read(path))
  }

  it('is edited in files of systemd-networkd, and no other line', () => {
    const netdev = '; ours\n[NetDev]\nName = vmbr0\nKind=bridge\n'
    const network =
      '[Match]\nName=vmbr0\n\n[Network]\n# the office\nAddress=192.0.2.7/24\nAddress=192.0.2.8/24\nLLDP=yes\n'
    const files = { '/etc/systemd/network/a.netdev': netdev, '/etc/systemd/network/b.network': network }
    assert.deepEqual(edited('networkd', files, { address: ['192.0.2.9/24'], stp: ['on'], mtu: ['1400'] }), [
      `${netdev}\n[Bridge]\nSTP=yes\n`,
      `${network.replace('7/24\nAddress=192.0.2.8', '9')}\n[Link]\nMTUBytes=1400\n`,
    ])
  })

  it('is edited in files of netplan, and comments stay', () => {
    const text =
      'network:\n  bridges:\n    # ours\n    vmbr0:\n      addresses: [192.0.2.7/24] # one\n      routes:\n        - to: default\n          via: 192.0.2.1\n      parameters:\n        stp: false\n'
    const [now] = edited(
      'netplan',
      { '/etc/netplan/a.yaml': text },
      { address: ['192.0.2.9/24'], gateway: ['192.0.2.2'] },
    )
    assert.match(
      now ?? '',
      /# ours\n {4}vmbr0:\n {6}addresses:\n {8}- 192\.0\.2\.9\/24\n {6}routes:\n {8}- to: default\n {10}via: 192\.0\.2\.2\n/,
    )
  })

  it('is left alone where its addresses have no one place', () => {
    const text = 'iface vmbr0 inet dhcp\n  bridge_ports none\niface vmbr0 inet static\n  address 192.0.2.7/24\n'
    assert.throws(() => edited('ifupdown', { [main]: text }, { address: ['192.0.2.9/24'] }), { code: 'bridge-by-hand' })
  })
})
