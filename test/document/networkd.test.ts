/** What files of systemd-networkd say, byte for byte. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parse, print, values } from '../../src/document/networkd.ts'

const scraps = ['[Match]', '[', 'Name', '=', 'eth0', '#', ';', '\\', ' ', '\n', '\r', 'é', '\0']
const almostNetwork = fc.array(fc.constantFrom(...scraps)).map((parts) => parts.join(''))

describe('networkd', () => {
  it('prints back exactly what it parsed', () =>
    fc.assert(fc.property(almostNetwork, (text) => assert.equal(print(parse(text)), text))))

  it('reads values by section, continued lines as one, and an empty one as taking back those before', () => {
    const text = `[Network]
DNS=192.0.2.1
DNS=
DNS = 192.0.2.2 \\
# not this
192.0.2.3
[Route]
Gateway=192.0.2.254
[Network]
DNS=192.0.2.4
`
    const lines = parse(text)
    assert.deepEqual(values(lines, 'Network', 'DNS'), ['192.0.2.2  192.0.2.3', '192.0.2.4'])
    assert.deepEqual(values(lines, 'Route', 'Gateway'), ['192.0.2.254'])
    assert.deepEqual(values(lines, 'Network', 'Gateway'), [])
  })
})
