/** The file of leases as dnsmasq writes it. */
import assert from 'node:assert/strict'
import { isLive, parseLeases } from '../../src/dnsmasq/index.ts'

const text = `1795268231 00:16:3e:00:53:01 10.0.3.17 mail 01:00:16:3e:00:53:01
0 00:16:3e:00:53:02 10.0.3.18 * *
1795268231 06-00:16:3e:00:53:03 10.0.3.19 ib ff:00
duid 00:01:00:01:2c:aa:bb:cc:00:16:3e:00:53:01
1795268231 5 fd00::5 mail 00:01:00:01
`

describe('leases', () => {
  it('are those of IPv4, with what the client told', () => {
    assert.deepEqual(parseLeases(text), [
      {
        expiresAtEpochSeconds: 1795268231,
        mac: '00:16:3e:00:53:01',
        address: '10.0.3.17',
        name: 'mail',
        clientId: '01:00:16:3e:00:53:01',
      },
      {
        expiresAtEpochSeconds: undefined,
        mac: '00:16:3e:00:53:02',
        address: '10.0.3.18',
        name: undefined,
        clientId: undefined,
      },
      {
        expiresAtEpochSeconds: 1795268231,
        mac: '00:16:3e:00:53:03',
        address: '10.0.3.19',
        name: 'ib',
        clientId: 'ff:00',
      },
    ])
  })

  it('are live until they end, and those without an end always', () => {
    const [first, endless] = parseLeases(text)
    assert.ok(first && endless)
    assert.deepEqual([isLive(first, 1795268230), isLive(first, 1795268231), isLive(endless, 1e10)], [true, false, true])
  })
})
