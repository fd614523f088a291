/** What the files of lxc-net say in the words of lxcnet, and what they have to say for other words. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { pieceSettings, pieceText } from '../../src/boot/index.ts'
import { formatAddress, parseCidr } from '../../src/core/address.ts'
import {
  checkNatValue,
  freeSubnet,
  type LxcNet,
  natWords,
  overlaps,
  printFurther,
  rangeText,
  readFurther,
  readLxcNet,
  readNetworks,
  subnetText,
  usualAddress,
  usualRange,
  variablesFor,
  workOut,
} from '../../src/lxc-net/index.ts'
import { netmask, prefixOf } from '../../src/lxc-net/network.ts'

const script = `#!/bin/sh -
distrosysconfdir="/etc/default"
varrun="/run/lxc"
USE_LXC_BRIDGE="true"
LXC_BRIDGE="lxcbr0"
LXC_ADDR="10.0.3.1"
LXC_NETMASK="255.255.255.0"
LXC_NETWORK="10.0.3.0/24"
LXC_DHCP_RANGE="10.0.3.2,10.0.3.254"
LXC_DHCP_MAX="253"
LXC_DHCP_CONFILE=""
LXC_DOMAIN=""
LXC_USE_NFT="true"
LXC_IPV6_ADDR=""
LXC_IPV6_MASK=""
LXC_IPV6_NETWORK=""
LXC_IPV6_NAT="false"
[ ! -f $distrosysconfdir/lxc ] || . $distrosysconfdir/lxc
use_nft() { :; }
`
const common =
  'USE_LXC_BRIDGE="false"  # overridden in lxc-net\n\n[ ! -f /etc/default/lxc-net ] || . /etc/default/lxc-net\n'

const host = (settings: string, files: Record<string, string> = {}) => ({
  files: new Map(
    Object.entries({
      '/usr/libexec/lxc/lxc-net': script,
      '/etc/default/lxc': common,
      '/etc/default/lxc-net': settings,
      ...files,
    }).map(([path, text]) => [path, { text }]),
  ),
  links: new Map<string, string>(),
  answers: new Map(
    Object.entries({ 'lxc-net-script': '/usr/libexec/lxc/lxc-net', 'lxc-net-etc': '/etc/default' }).map(
      ([id, text]) => [id, { status: 0, text }],
    ),
  ),
})

const read = (settings: string, files: Record<string, string> = {}): LxcNet => {
  const own = readLxcNet(host(settings, files))
  assert.ok(own)
  return own
}

describe("LXC's own network", () => {
  it('is what the defaults of its script are, and over them what the files say', () => {
    const own = read('USE_LXC_BRIDGE="true"\nLXC_DOMAIN=lxc\n')
    assert.deepEqual([own.enabled, own.network?.bridge, own.network?.domain], [true, 'lxcbr0', 'lxc'])
    assert.equal(subnetText(own.network?.subnet ?? assert.fail()), '10.0.3.0/24')
    assert.equal(read('').enabled, false)
    assert.equal(read('LXC_BRIDGE=br7\n', { '/etc/default/lxc': '' }).network?.bridge, 'lxcbr0', 'not sourced')
  })

  it('is not there on a host whose LXC has no lxc-net', () => {
    assert.equal(readLxcNet({ files: new Map(), links: new Map(), answers: new Map() }), undefined)
  })

  it('is what a shell on the host makes of it, where the files leave it open', () => {
    const answers = host('LXC_ADDR=$(cat /etc/address)\n')
    assert.equal(readLxcNet(answers)?.network, undefined)
    const own = read('')
    const values = [...own.values]
      .map(([name, value]) => `${name}=${name === 'LXC_ADDR' ? '10.0.3.7' : value}`)
      .join('\n')
    answers.answers.set('lxc-net-values', { status: 0, text: values })
    assert.equal(readLxcNet(answers)?.network?.address, parseCidr('10.0.3.7', 4)?.value)
  })

  it('says what in it contradicts itself', () => {
    assert.deepEqual(read('').contradictions, [])
    const own = read('USE_LXC_BRIDGE=true\nLXC_ADDR=10.9.0.1\n')
    assert.deepEqual(own.contradictions, [
      'LXC_NETWORK=10.0.3.0/24 is not 10.9.0.0/24',
      'LXC_DHCP_RANGE=10.0.3.2,10.0.3.254 is not in 10.9.0.0/24',
    ])
    assert.deepEqual(read('LXC_DHCP_RANGE=10.0.3.9\n').contradictions, ['LXC_DHCP_RANGE=10.0.3.9 is not two addresses'])
    assert.match(
      read('LXC_ADDR=10.0.3.255\n').contradictions[0] ?? '',
      /^LXC_ADDR=10\.0\.3\.255 is no address of a host/,
    )
    // written anew as they are wanted, although nothing else is
    const network = own.network ?? assert.fail()
    assert.equal(variablesFor({ network, firewall: own.firewall, enabled: true, anew: true }, own).size, 5)
    assert.equal(variablesFor({ network, firewall: own.firewall, enabled: true, anew: false }, own).size, 0)
  })

  it('gets the five addresses of another subnet as one whole, and reads back as what was wanted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 30 }), fc.nat(0xffffff), (prefix, offset) => {
        const subnet = parseCidr(`${formatAddress(0x0a000000n + BigInt(offset), 4)}/${prefix}`, 4) ?? assert.fail()
        const own = read('USE_LXC_BRIDGE="true"\n')
        const old = own.network ?? assert.fail()
        const address = usualAddress(subnet)
        const network = {
          ...old,
          subnet: { ...subnet, value: subnet.first },
          address,
          range: usualRange(subnet, address),
        }
        const wanted = variablesFor({ network, firewall: own.firewall, enabled: true, anew: false }, own)
        if (subnetText(subnet) === '10.0.3.0/24') return
        const lines = [...wanted].map(([name, value]) => `${name}="${value}"\n`).join('')
        const again = read(`USE_LXC_BRIDGE="true"\n${lines}`)
        assert.equal(wanted.size, 5)
        assert.deepEqual(again.contradictions, [])
        assert.equal(subnetText(again.network?.subnet ?? assert.fail()), subnetText(subnet))
        assert.equal(again.network?.address, address)
        assert.equal(rangeText(again.network?.range ?? assert.fail()), rangeText(network.range))
        assert.equal(wanted.get('LXC_DHCP_MAX'), `${subnet.last - subnet.first - 2n}`)
      }),
    )
  })

  it('would not see a variable that another file sets afterwards', () => {
    const answers = host('', { '/etc/default/lxc': `${common}LXC_DOMAIN=mine\n` })
    const { places } = readLxcNet(answers) ?? assert.fail()
    assert.equal(workOut(answers, places, 'LXC_DOMAIN=new\n').get('LXC_DOMAIN'), 'mine')
  })
})

describe('addresses of a NAT network', () => {
  it('leave the gateway out of the range, wherever it stands', () => {
    const subnet = parseCidr('10.7.0.0/24', 4) ?? assert.fail()
    const range = (address: string): string => rangeText(usualRange(subnet, parseCidr(address, 4)?.value ?? 0n))
    assert.equal(range('10.7.0.1'), '10.7.0.2,10.7.0.254')
    assert.equal(range('10.7.0.254'), '10.7.0.1,10.7.0.253')
    assert.equal(range('10.7.0.100'), '10.7.0.101,10.7.0.254')
    assert.equal(range('10.7.0.200'), '10.7.0.1,10.7.0.199')
  })

  it('have a netmask for every prefix, and none for what is no netmask', () => {
    for (let prefix = 0; prefix <= 32; prefix++) assert.equal(prefixOf(netmask(prefix)), prefix)
    assert.equal(netmask(23), '255.255.254.0')
    assert.deepEqual([prefixOf('255.0.255.0'), prefixOf('')], [undefined, undefined])
  })

  it('are proposed where nobody has any', () => {
    const subnets = (texts: readonly string[]) => texts.map((text) => parseCidr(text, 4) ?? assert.fail())
    assert.equal(freeSubnet(24, []), '10.0.3.0/24')
    assert.equal(freeSubnet(24, subnets(['10.0.3.0/24', '10.0.4.7/32'])), '10.0.5.0/24')
    assert.equal(freeSubnet(16, subnets(['10.0.0.0/8'])), '172.16.0.0/16')
    assert.equal(freeSubnet(24, subnets(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])), undefined)
    const any = fc.tuple(fc.nat(0xffff), fc.integer({ min: 9, max: 30 }))
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), fc.integer({ min: 16, max: 30 }), (some, prefix) => {
        const taken = subnets(some.map(([at, size]) => `${formatAddress(0x0a000000n + (BigInt(at) << 8n), 4)}/${size}`))
        const free = freeSubnet(prefix, taken)
        assert.ok(free !== undefined)
        const subnet = parseCidr(free, 4) ?? assert.fail()
        assert.equal(subnet.first, subnet.value)
        assert.ok(
          taken.every((other) => !overlaps(subnet, other)),
          free,
        )
      }),
    )
  })
})

describe('the words of a NAT network', () => {
  const value = (flag: string, text: string): string => {
    const checked = checkNatValue(flag, text)
    return 'value' in checked ? checked.value : checked.code
  }

  it('take what they say, in one form', () => {
    assert.equal(value('subnet', '10.7.0.0/24'), '10.7.0.0/24')
    assert.equal(value('range', '10.7.0.5-10.7.0.9'), '10.7.0.5,10.7.0.9')
    assert.equal(value('ipv6', 'FD07::1/64'), 'fd07::/64')
    assert.equal(value('ipv6', 'fd07:0::5/64'), 'fd07::5/64')
    assert.equal(value('masquerade', '198.51.100.7'), '198.51.100.7')
    assert.equal(value('domain', 'lxc.example'), 'lxc.example')
    for (const word of natWords)
      if (word.value.kind === 'choice') for (const one of word.value.of) assert.equal(value(word.flag, one), one)
  })

  for (const [flag, text] of [
    ['subnet', '10.7.0.1/24'],
    ['subnet', '10.7.0.0'],
    ['subnet', '10.0.0.0/7'],
    ['subnet', '10.7.0.0/31'],
    ['address', '10.7.0.1/24'],
    ['range', '10.7.0.9,10.7.0.5'],
    ['range', '10.7.0.9'],
    ['domain', 'lxc"; reboot'],
    ['domain', '-s'],
    ['bridge', 'a'],
    ['bridge', 'br0;id'],
    ['bridge', 'much-too-long-a-name'],
    ['ipv6', '10.7.0.0/24'],
    ['ipv6', 'fd07::'],
    ['masquerade', 'yes'],
    ['mtu', '68'],
    ['mtu', '65536'],
    ['isolated', 'maybe'],
    ['through', 'ufw'],
  ] as const) {
    it(`refuse ${flag}=${text}`, () => assert.equal(value(flag, text), 'nat-bad-value'))
  }
})

describe('a further network', () => {
  const subnet = parseCidr('10.7.0.0/24', 4) ?? assert.fail()
  const network = {
    bridge: 'blue',
    subnet,
    address: subnet.first + 1n,
    range: usualRange(subnet, subnet.first + 1n),
    domain: 'blue',
    ipv6: parseCidr('fd07::1/64', 6),
    ipv6Nat: true,
    mtu: 1400,
  }

  it('is read from its piece as it was written', () => {
    const settings = pieceSettings(pieceText('nat blue', 'x', printFurther('blue', network), 'true\n'))
    const again = readFurther(settings) ?? assert.fail()
    assert.deepEqual(printFurther('blue', again), printFurther('blue', network))
  })

  it('is none when somebody damaged the piece', () => {
    const settings = printFurther('blue', network)
    for (const name of ['bridge', 'address', 'range'])
      assert.equal(readFurther(new Map([...settings, [name, '']])), undefined, name)
  })

  it('stands beside that of LXC for whoever gives addresses', () => {
    const answers = host('USE_LXC_BRIDGE=true\nLXC_DHCP_CONFILE=/etc/lxc/dnsmasq.conf\n')
    const found = readNetworks(answers, new Map([['blue', printFurther('blue', network)]]))
    assert.deepEqual(
      found.map(({ name, bridge, address, confFile, pidFile, leaseFile, kind }) => [
        name,
        bridge,
        address,
        confFile,
        pidFile,
        leaseFile,
        kind,
      ]),
      [
        [
          'lxc-net',
          'lxcbr0',
          '10.0.3.1',
          '/etc/lxc/dnsmasq.conf',
          '/run/lxc/dnsmasq.pid',
          '/var/lib/misc/dnsmasq.lxcbr0.leases',
          'lxc-net',
        ],
        [
          'blue',
          'blue',
          '10.7.0.1',
          '/etc/lxcnet/dnsmasq/blue.conf',
          '/run/lxcnet/dnsmasq-blue.pid',
          '/var/lib/misc/dnsmasq.blue.leases',
          'further',
        ],
      ],
    )
    assert.deepEqual(readNetworks(host('USE_LXC_BRIDGE=false\n'), new Map()), [])
  })
})
