/** Words of a switch, its piece, and when a NIC needs the hook. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { pieceSettings, pieceText } from '../../src/boot/index.ts'
import { checkOvsValue, hookReason, ovsSettings, ovsVariables, ovsWords } from '../../src/ovs/index.ts'

const value = (flag: string, text: string): string => {
  const checked = checkOvsValue(flag, text)
  return 'value' in checked ? checked.value : checked.code
}

describe('words of a switch', () => {
  for (const [flag, text, expected] of [
    ['address', '192.0.2.1/24', '192.0.2.1/24'],
    ['address', '2001:DB8:0::1/64', '2001:db8::1/64'],
    ['address', '192.0.2.1', 'bad-address'],
    ['address', '192.0.2.01/24', 'bad-address'],
    ['address', '192.0.2.0/24', 'address-is-network'],
    ['address', '192.0.2.255/24', 'address-is-broadcast'],
    ['address', '192.0.2.0/31', '192.0.2.0/31'],
    ['uplink', 'eth1', 'eth1'],
    ['uplink', 'eth1.10', 'eth1.10'],
    ['uplink', "eth1'; reboot", 'bad-link'],
    ['uplink', 'eth$(id)', 'bad-link'],
    ['uplink', 'a-name-of-16-byte', 'bad-link'],
    ['tunnel', 'vxlan:192.0.2.1:42', 'vxlan:192.0.2.1:42'],
    ['tunnel', 'vxlan:192.0.2.1:042', 'vxlan:192.0.2.1:42'],
    ['tunnel', 'gre:[2001:DB8::2]:4294967295', 'gre:[2001:db8::2]:4294967295'],
    ['tunnel', 'gre:2001:db8::2:5', 'gre:[2001:db8::2]:5'],
    ['tunnel', 'gre:192.0.2.1:4294967296', 'bad-tunnel'],
    ['tunnel', 'vxlan:192.0.2.1:16777216', 'bad-tunnel'],
    ['tunnel', 'vxlan:192.0.2.1/24:1', 'bad-tunnel'],
    ['tunnel', 'vxlan:192.0.2.1', 'bad-tunnel'],
    ['tunnel', 'geneve:192.0.2.1:1', 'bad-tunnel'],
    ['vlan-id', '010', '10'],
    ['vlan-id', '4095', 'bad-vlan-id'],
    ['mtu', '9000', '9000'],
    ['mtu', '67', 'bad-mtu'],
    ['mtu', '1e3', 'bad-mtu'],
    ['stp', 'on', 'on'],
    ['datapath', 'dpdk', 'bad-value'],
  ] as const) {
    it(`${flag} ${text} is ${expected}`, () => {
      assert.equal(value(flag, text), expected)
      if (!/^(bad|address)-/.test(expected)) assert.equal(value(flag, expected), expected, 'and stays so')
    })
  }

  it('a piece gives back just what it was told, to lxcnet and to sh', () => {
    const words = {
      address: ['192.0.2.1/24', '2001:db8::1/64'],
      uplink: ['eth1', 'eth2'],
      tunnel: ['vxlan:192.0.2.9:42', 'gre:[2001:db8::2]:5'],
      datapath: ['netdev'],
      'vlan-id': ['10'],
      mtu: ['1450'],
      stp: ['on'],
    }
    fc.assert(
      fc.property(fc.subarray(Object.entries(words)), (said) => {
        const settings = new Map(said)
        const text = pieceText('switch sw0', 'x', ovsVariables('sw0', settings), 'echo "$name|$tunnel|$vlan_id"\n')
        assert.deepEqual(ovsSettings(pieceSettings(text)), settings)
        assert.equal(
          spawnSync('sh', ['-eu'], { input: text, encoding: 'utf8' }).stdout,
          `sw0|${(settings.get('tunnel') ?? []).join(' ')}|${(settings.get('vlan-id') ?? []).join('')}\n`,
        )
      }),
      { numRuns: 30 },
    )
    assert.deepEqual(new Set(Object.keys(words)), new Set(ovsWords.map(({ flag }) => flag)), 'no word is left out')
  })
})

describe('the hook of a NIC on a switch', () => {
  const plain = { version: '5.0.2', netdev: false, hasVlans: false, hasPair: false }
  for (const [nic, needed] of [
    [{ version: '1.0.11' }, true],
    [{ version: '1.1.0' }, false],
    [{ version: '4.0.6', hasVlans: true }, true],
    [{ version: '5.0.0', hasVlans: true }, false],
    [{ version: '4.0.6' }, false],
    [{ version: undefined, hasVlans: true }, false],
    [{ netdev: true }, true],
    [{ hasPair: true }, true],
  ] as const) {
    it(`${JSON.stringify(nic)}: ${needed ? 'needed' : 'LXC does it alone'}`, () => {
      assert.equal(hookReason({ ...plain, ...nic }) !== undefined, needed)
    })
  }
})
