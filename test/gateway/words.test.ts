/** The words of a gateway: one form for each value, and what contradicts itself. */
import assert from 'node:assert/strict'
import { checkGatewayValue, gatewayFaults, gatewayOf, gatewayWords } from '../../src/gateway/index.ts'

const words = (given: Record<string, string>) =>
  new Map(Object.entries(given).map(([flag, text]) => [flag, text.split(',')]))
const usual = { uplink: 'lxcbr1', inside: 'lxcbr2', subnet: '10.0.5.0/24' }

describe('the words of a gateway', () => {
  for (const [flag, text, value] of [
    ['subnet', '10.0.5.0/24', '10.0.5.0/24'],
    ['address', '10.0.5.1', '10.0.5.1'],
    ['outside-address', '192.0.2.5/24', '192.0.2.5/24'],
    ['outside-address', 'dhcp', 'dhcp'],
    ['outside-gateway', 'auto', 'auto'],
    ['outside-gateway', '192.0.2.1', '192.0.2.1'],
    ['members', 'web01', 'web01'],
    ['masquerade', 'off', 'off'],
  ] as const)
    it(`takes ${flag} ${text}`, () => assert.deepEqual(checkGatewayValue(flag, text), { value }))

  for (const [flag, text, code] of [
    ['subnet', '10.0.5.1/24', 'bad-route'],
    ['subnet', '10.0.5.0', 'bad-address'],
    ['subnet', '10.0.5.0/31', 'bad-address'],
    ['subnet', '2001:db8::/64', 'bad-address'],
    ['address', '10.0.5.1/24', 'bad-address'],
    ['address', '10.0.05.1', 'bad-address'],
    ['outside-address', '192.0.2.5', 'bad-address'],
    ['outside-gateway', 'dev', 'bad-address'],
    ['members', "a'b", 'bad-container-name'],
    ['members', '-x', 'bad-container-name'],
    ['masquerade', 'yes', 'bad-value'],
    ['uplink', 'a-name-that-is-too-long', 'bad-name'],
    ['inside', 'br 0', 'bad-name'],
  ] as const)
    it(`refuses ${flag} ${text}, with a way out`, () => {
      const result = checkGatewayValue(flag, text)
      assert.ok('code' in result)
      assert.equal(result.code, code)
      assert.notEqual(result.fix, '')
    })

  it('has a check for every word that refuses what is no word at all', () => {
    for (const { flag } of gatewayWords) assert.ok('code' in checkGatewayValue(flag, 'no such\nthing'), flag)
  })

  it('knows what is usual', () => {
    const { address, insideAddress, masquerade, outsideAddress } = gatewayOf(words(usual))
    assert.deepEqual([address, insideAddress, masquerade, outsideAddress], ['10.0.5.1', '10.0.5.1/24', true, undefined])
    assert.equal(gatewayOf(words({ ...usual, 'outside-address': 'dhcp' })).outsideAddress, undefined)
    assert.equal(gatewayOf(words({ ...usual, masquerade: 'off' })).masquerade, false)
  })

  for (const { name, given, says } of [
    { name: 'no uplink', given: { inside: 'a', subnet: '10.0.5.0/24' }, says: /^uplink/ },
    { name: 'one link for both sides', given: { ...usual, inside: 'lxcbr1' }, says: /lxcbr1 is the uplink too/ },
    { name: 'an address elsewhere', given: { ...usual, address: '10.0.6.1' }, says: /10\.0\.6\.1 is not an address/ },
    { name: 'the broadcast address', given: { ...usual, address: '10.0.5.255' }, says: /10\.0\.5\.255/ },
    { name: 'the subnet itself', given: { ...usual, address: '10.0.5.0' }, says: /10\.0\.5\.0 is not/ },
    { name: 'sides that overlap', given: { ...usual, 'outside-address': '10.0.5.9/24' }, says: /overlap/ },
    { name: 'an outside around the inside', given: { ...usual, 'outside-address': '10.9.9.9/8' }, says: /overlap/ },
    {
      name: 'a way out without an address',
      given: { ...usual, 'outside-gateway': '192.0.2.1' },
      says: /needs an outside-address/,
    },
    { name: 'itself among its members', given: { ...usual, members: 'web,dmz' }, says: /dmz is the gateway itself/ },
  ])
    it(`finds fault with ${name}`, () => {
      const faults = gatewayFaults('dmz', words(given))
      assert.equal(faults.length, 1)
      assert.match(faults[0]?.message ?? '', says)
    })

  it('finds no fault with what is right', () =>
    assert.deepEqual(
      gatewayFaults(
        'dmz',
        words({ ...usual, 'outside-address': '192.0.2.5/24', 'outside-gateway': 'auto', members: 'web' }),
      ),
      [],
    ))
})
