/** What a site file says of each NIC once its network has been joined in. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { containersOf, parseSite, type Site } from '../../src/site/index.ts'
import { siteTable } from '../../src/workflow/site-file.ts'
import { table } from './table.ts'

const project = join(import.meta.dirname, '../..')

function siteOf(text: string, words = table): Site {
  const { site, problems } = parseSite(Buffer.from(text).toString('latin1'), 'lxcnet.yaml', words)
  assert.deepEqual(problems, [])
  assert.ok(site)
  return site
}

/** Container → index → flag → values, on one host. */
const nicsOn = (site: Site, host: string): object =>
  Object.fromEntries(
    containersOf(site, host).map(({ name, nics }) => [
      name,
      Object.fromEntries(
        [...nics].map(([index, { given }]) => [
          index,
          Object.fromEntries([...given].map(([flag, { values }]) => [flag, values.join(' ')])),
        ]),
      ),
    ]),
  )

const networks = `
hosts: { lxc1: {}, lxc2: { address: "root@[2001:db8::5]:2222", jump: gate, lxcpath: /srv/lxc } }
networks:
  dmz:
    type: macvlan
    mode: vepa
    link: ens35
    links: { lxc2: ens33 }
    subnet: 10.0.5.0/24
    subnet6: 2001:db8:5::/64
    gateway: 10.0.5.1
    gateway6: 2001:db8:5::1
    mtu: 1450
`

describe('a site', () => {
  it('is called default unless it says otherwise', () => {
    assert.equal(siteOf('hosts: {}').name, 'default')
    assert.equal(siteOf('site: lab').name, 'lab')
  })

  it('says how to log in to a host', () => {
    const { hosts } = siteOf(networks)
    assert.deepEqual(hosts.get('lxc1')?.target, { name: 'lxc1' })
    const login = { address: '2001:db8::5', user: 'root', port: 2222, jump: 'gate', lxcpath: '/srv/lxc' }
    assert.deepEqual(hosts.get('lxc2')?.target, { name: 'lxc2', ...login })
  })

  for (const [address, login] of [
    ['203.0.113.5', { address: '203.0.113.5' }],
    ['lxc.example.org:22', { address: 'lxc.example.org', port: 22 }],
    ['2001:db8::22', { address: '2001:db8::22' }],
    ['"[2001:db8::22]"', { address: '2001:db8::22' }],
    ['admin@corp@lxc1', { address: 'lxc1', user: 'admin@corp' }],
  ] as const)
    it(`takes ${address} for an address`, () =>
      assert.deepEqual(siteOf(`hosts: { a: { address: ${address} } }`).hosts.get('a')?.target, { name: 'a', ...login }))

  it('gives a NIC what its network says, the uplink of its own host, and the prefix of the subnet', () => {
    const site = siteOf(`${networks}
containers:
  web01: { host: lxc1, nics: { 0: { network: dmz, ipv4: [10.0.5.3, 10.0.5.4/24], ipv6: 2001:db8:5::3 } } }
  web02: { host: lxc2, nics: { 3: { network: dmz } } }
`)
    const common = { type: 'macvlan', mode: 'vepa', mtu: '1450' }
    assert.deepEqual(nicsOn(site, 'lxc1'), {
      web01: {
        0: {
          ...common,
          link: 'ens35',
          ipv4: '10.0.5.3/24 10.0.5.4/24',
          'ipv4-gateway': '10.0.5.1',
          ipv6: '2001:db8:5::3/64',
          'ipv6-gateway': '2001:db8:5::1',
        },
      },
    })
    assert.deepEqual(nicsOn(site, 'lxc2'), { web02: { 3: { ...common, link: 'ens33' } } })
    assert.deepEqual(nicsOn(site, 'elsewhere'), {})
  })

  it('lets a NIC say otherwise', () => {
    const site = siteOf(`${networks}
containers:
  web01@lxc2:
    nics:
      0: { network: dmz, link: br0, mtu: 1400, mode: bridge, ipv4: 10.0.5.3, ipv4-gateway: none, ipv6: 2001:db8:5::3, ipv6-gateway: auto }
`)
    assert.deepEqual(nicsOn(site, 'lxc2'), {
      web01: {
        0: {
          type: 'macvlan',
          mode: 'bridge',
          link: 'br0',
          mtu: '1400',
          ipv4: '10.0.5.3/24',
          ipv6: '2001:db8:5::3/64',
          'ipv6-gateway': 'auto',
        },
      },
    })
  })

  it('takes numbers, truth values and MACs as the texts they are written as', () => {
    const site = siteOf(`
hosts: { yes: {}, 010: {} }
networks: { on: { type: veth, link: no, links: { 010: 1e3 } } }
containers:
  1@yes: { nics: { 0: { network: on, hwaddr: 10:20:30:40:50:5A, script-up: "a #b" } } }
  true@010: { nics: { 0: { network: on, vlan-id: none, vlan-tagged-id: 5, mtu: "1450" } } }
`)
    assert.deepEqual(nicsOn(site, 'yes'), {
      1: { 0: { type: 'veth', link: 'no', hwaddr: '10:20:30:40:50:5a', 'script-up': 'a #b' } },
    })
    assert.deepEqual(nicsOn(site, '010'), {
      true: { 0: { type: 'veth', link: '1e3', 'vlan-id': 'none', 'vlan-tagged-id': '5', mtu: '1450' } },
    })
  })

  it('keeps texts that are not ASCII as bytes', () => {
    const site = siteOf('hosts: { a: {} }\ncontainers: { b@a: { nics: { 0: { type: empty, script-up: "/é" } } } }')
    assert.deepEqual(nicsOn(site, 'a'), { b: { 0: { type: 'empty', 'script-up': '/Ã©' } } })
  })

  it('tells where each value came from', () => {
    const site = siteOf(`${networks}
containers:
  web01@lxc1:
    nics:
      0: { network: dmz, ipv4: 10.0.5.3 }
`)
    const given = containersOf(site, 'lxc1')[0]?.nics.get(0)?.given
    const lineOf = (flag: string): string => {
      const { line, column, text } = site.place(given?.get(flag)?.span ?? { at: 0, end: 0 })
      return `${line}:${column}:${text?.trim()}`
    }
    assert.equal(lineOf('link'), '7:11:link: ens35')
    assert.equal(lineOf('ipv4-gateway'), '11:14:gateway: 10.0.5.1')
    assert.equal(lineOf('ipv4'), '18:32:0: { network: dmz, ipv4: 10.0.5.3 }')
  })

  it('has overlapping subnets exactly where two of them overlap', () => {
    const subnet = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 30 }))
    fc.assert(
      fc.property(fc.array(subnet, { maxLength: 6 }), (drawn) => {
        const ranges = drawn.map(([last, prefix]) => ({
          first: last & -(1 << (32 - prefix)),
          prefix,
          size: 1 << (32 - prefix),
        }))
        const lines = ranges.map(
          ({ first, prefix }, n) => `  n${n}: { type: vlan, subnet: 192.0.2.${first}/${prefix} }\n`,
        )
        const { problems } = parseSite(`networks: ${lines.length === 0 ? '{}' : `\n${lines.join('')}`}`, 'f', table)
        const meet = ranges.map((a, n) =>
          ranges.some((b, m) => m !== n && a.first < b.first + b.size && b.first < a.first + a.size),
        )
        const said = problems.filter(({ code }) => code === 'subnet-overlap')
        assert.equal(said.length > 0, meet.includes(true))
        for (const { place } of said) assert.ok(meet[place.line - 2], `line ${place.line}`)
      }),
    )
  })

  it('of the manual has nothing wrong with it, and has every kind', () => {
    const site = siteOf(readFileSync(join(project, 'templates/man/lxcnet.yaml'), 'utf8'), siteTable)
    assert.equal(site.name, 'production')
    assert.deepEqual([...site.hosts.keys()], ['lxc1', 'lxc2'])
    assert.ok(site.networks.size > 0 && containersOf(site, 'lxc1').length > 0 && containersOf(site, 'lxc2').length > 0)
  })
})
