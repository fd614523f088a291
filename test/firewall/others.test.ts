/** What a host says of sockets, rules and firewalls that are not lxcnet's. */
import assert from 'node:assert/strict'
import {
  isWayIn,
  listensOn,
  ownerOf,
  parseEntrance,
  readDroppers,
  readListeners,
  readRivals,
  ufwAllow,
  ufwDelete,
} from '../../src/firewall/index.ts'

const host = (answers: Record<string, string>, files: Record<string, string> = {}) => ({
  answers: new Map(Object.entries(answers).map(([id, text]) => [`firewall-${id}`, { status: 0, text }])),
  files: new Map(Object.entries(files).map(([path, text]) => [path, { text }])),
})
const entrance = (name: string) => {
  const one = parseEntrance(name)
  assert.ok(one)
  return one
}

describe('sockets that listen', () => {
  const listeners = readListeners(
    host({
      tcp: [
        '   0: 0100007F:0CEA 00000000:0000 0A 0',
        '   1: 00000000:0016 00000000:0000 0A 0',
        '   0: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0',
        '   1: 00000000000000000000000000000000:0051 00000000000000000000000000000000:0000 0A 0',
        '   2: 0000000000000000FFFF00000B00120A:0052 00000000000000000000000000000000:0000 0A 0',
      ].join('\n'),
    }),
  )

  it('are known by their addresses, IPv4 and IPv6, on a machine of this byte order', () =>
    assert.deepEqual(
      listeners.map(({ address, port }) => [address, port]),
      [
        ['127.0.0.1', 3306],
        [undefined, 22],
        ['2001:db8::1', 80],
        [undefined, 81],
        ['10.18.0.11', 82],
      ],
    ))

  for (const [name, taken] of [
    ['3306/tcp', true],
    ['192.0.2.1:3306/tcp', false],
    ['3000-4000/tcp', true],
    ['22/udp', false],
    ['[2001:db8::1]:80/tcp', true],
    ['[2001:db8::2]:80/tcp', false],
    ['[2001:db8::2]:81/tcp', true],
  ] as const)
    it(`${taken ? 'stand in the way of' : 'leave room for'} ${name}`, () =>
      assert.equal(
        listeners.some((one) => listensOn(entrance(name), one)),
        taken,
      ))
})

describe('the way by which the host is administered', () => {
  for (const [name, ssh, six, taken] of [
    ['22/tcp', '22 192.0.2.1', false, true],
    ['192.0.2.1:20-30/tcp', '22 192.0.2.1', false, true],
    ['192.0.2.2:22/tcp', '22 192.0.2.1', false, false],
    ['22/udp', '22 192.0.2.1', false, false],
    ['22/tcp', '2222 192.0.2.1', false, false],
    ['22/tcp', '22 192.0.2.1', true, false],
    ['22/tcp', '22 2001:db8::1', true, true],
    ['22/tcp', '22 ::ffff:192.0.2.1', false, true],
    ['2222/tcp', '2222\n22', false, true],
    ['192.0.2.2:22/tcp', '2222\n22', false, true],
  ] as const)
    it(`${taken ? 'is taken' : 'is left alone'} by ${name} over IPv${six ? 6 : 4}, where it is ${ssh.replace('\n', ' or ')}`, () =>
      assert.equal(isWayIn(host({ ssh }), entrance(name), six), taken))
})

describe('rules of others', () => {
  for (const [rule, name, rival] of [
    ['  tcp dport 80 dnat to 10.1.0.6', '80/tcp', true],
    ['  tcp dport 80 dnat to 10.1.0.6', '80/udp', false],
    ['  tcp dport 70-90 dnat to 10.1.0.6', '85-100/tcp', true],
    ['  tcp dport { 80, 443 } dnat to 10.1.0.6', '443/tcp', true],
    ['  tcp dport { 80, 443 } dnat to 10.1.0.6', '81/tcp', false],
    ['  dnat to tcp dport map { 80 : 10.1.0.6, 90-95 : 10.1.0.7 }', '93/tcp', true],
    ['  iifname != "docker0" tcp dport 8080 counter packets 0 bytes 0 xt target "DNAT"', '8080/tcp', true],
    ['-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80', '8080/tcp', true],
    ['-A PREROUTING -p udp -m udp --dport 8000:8010 -j DNAT --to-destination 10.1.0.6', '8010/udp', true],
    ['-A PREROUTING -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 10.1.0.6', '443/tcp', true],
    ['-A PREROUTING -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 10.1.0.6', '44/tcp', false],
  ] as const)
    it(`${rival ? 'take' : 'leave'} ${name}: ${rule.trim()}`, () => {
      assert.equal(readRivals(host({ dnat: rule }), entrance(name)).length, rival ? 1 : 0)
      assert.equal(readRivals(host({ iptables: rule }), entrance(name)).length, rival ? 1 : 0)
    })
})

describe('firewalls that drop what is forwarded', () => {
  const forward = (policy: string, table = 'ip filter', chain = 'FORWARD') =>
    `table ${table} {\n\tchain ${chain} {\n\t\ttype filter hook forward priority filter; policy ${policy};\n\t}\n`
  const user = '\tchain DOCKER-USER {\n\t}\n'
  const enabled = { '/etc/ufw/ufw.conf': '# on\nENABLED=yes\n' }

  for (const [title, found, droppers] of [
    ['none', host({ chains: `${forward('accept')}}\n` }, enabled), []],
    ['Docker, as nft shows it', host({ chains: `${forward('drop')}${user}}\n` }), ['docker']],
    ['Docker, where there is no nft', host({ iptables: ':FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]' }), ['docker']],
    ['ufw', host({ chains: `${forward('drop')}}\n` }, enabled), ['ufw']],
    ['both', host({ iptables: ':FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]' }, enabled), ['docker', 'ufw']],
    ['a policy by hand', host({ iptables: ':FORWARD DROP [7:9]' }), ['the chain FORWARD of iptables']],
    [
      'a table by hand',
      host({ chains: `${forward('drop', 'inet mine', 'gate')}}\n` }),
      ['the chain gate of the table inet mine'],
    ],
  ] as const)
    it(`are told apart: ${title}`, () => assert.deepEqual(readDroppers(found), droppers))
})

describe('a rule of ufw', () => {
  const rule = { protocol: 'tcp', source: 'any', address: '10.1.0.5', ports: '80' } as const
  const line = '### tuple ### route:allow tcp 80 10.1.0.5 any 0.0.0.0/0 in'
  const owner = (text: string, one: Parameters<typeof ownerOf>[1] = rule) =>
    ownerOf(host({}, { '/etc/ufw/user.rules': `*filter\n\n${text}\n-A ufw-user-forward -j ACCEPT\n` }), one)

  it("is lxcnet's by its comment, and somebody else's without it or with another one", () => {
    assert.equal(owner(`${line} comment=6c78636e6574`), 'lxcnet')
    assert.equal(owner(line), 'other')
    assert.equal(owner(`${line} comment=6d696e65`), 'other')
    assert.equal(owner('### tuple ### route:allow tcp 8080 10.1.0.5 any 0.0.0.0/0 in'), undefined)
    assert.equal(owner(line, { ...rule, source: '198.51.100.0/24' }), undefined)
  })

  it('is said in words that take back what they gave', () =>
    assert.deepEqual(
      ufwDelete(rule).filter((word) => word !== 'delete'),
      ufwAllow(rule),
    ))
})
