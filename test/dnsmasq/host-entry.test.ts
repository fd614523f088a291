/** One dhcp-host: who gets what. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { checkReservationWord, entryText, isHostName, readEntry, withAddress } from '../../src/dnsmasq/index.ts'
import { parse } from '../../src/document/dnsmasq-conf.ts'

const mac = '00:16:3e:00:53:01'

describe('a dhcp-host', () => {
  for (const [value, macs, address, name] of [
    [`${mac},10.0.3.16,mail`, [mac], '10.0.3.16', 'mail'],
    ['mail,10.0.3.16', [], '10.0.3.16', 'mail'],
    [`${mac.toUpperCase()} , 10.0.3.16`, [mac], '10.0.3.16', undefined],
    [`${mac},00:16:3e:00:53:02,10.0.3.16,mail,12h`, [mac, '00:16:3e:00:53:02'], '10.0.3.16', 'mail'],
    [`01-${mac},set:red,tag:blue,id:*,10.0.3.16,infinite`, [mac], '10.0.3.16', undefined],
    ['00:16:3e:*:*:*,10.0.3.16', [], '10.0.3.16', undefined],
    [`${mac},ignore`, [mac], undefined, undefined],
    [`${mac},[2001:db8::5],mail`, [mac], undefined, 'mail'],
    ['id:01:02:03,10.0.3.16,45', [], '10.0.3.16', undefined],
    ['', [], undefined, undefined],
  ] as const) {
    it(`is understood: ${JSON.stringify(value)}`, () => assert.deepEqual(readEntry(value), { macs, address, name }))
  }

  it('takes what is inside quotes for a name, as dnsmasq does', () => {
    const [line] = parse('"mail.10.0.3.5" , 10.0.3.16,"12h"', 'dhcp-host')
    assert.ok(line?.kind === 'option')
    assert.deepEqual(readEntry(line.hidden), { macs: [], address: '10.0.3.16', name: '12h' })
  })

  const octet = fc.integer({ min: 0, max: 255 })
  const anyMac = fc
    .array(octet, { minLength: 6, maxLength: 6 })
    .map((bytes) => bytes.map((n) => n.toString(16).padStart(2, '0')).join(':'))
  const anyName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)

  it('reads back as it was written', () =>
    fc.assert(
      fc.property(fc.option(anyMac, { nil: undefined }), octet, anyName, (client, last, name) => {
        if (client === undefined && !isHostName(name)) return
        const address = `10.0.3.${last}`
        const read = readEntry(entryText({ mac: client, address, name }))
        assert.deepEqual(read, {
          macs: client === undefined ? [] : [client],
          address,
          name: isHostName(name) ? name : undefined,
        })
      }),
    ))

  it('keeps all else when its address changes', () => {
    assert.equal(withAddress(`${mac}, 10.0.3.16 ,mail,12h`, '10.0.3.17'), `${mac}, 10.0.3.17 ,mail,12h`)
  })

  it('has a name that dnsmasq takes for one, and for no lease time', () =>
    fc.assert(
      fc.property(anyName, (name) => {
        const { status, stderr } = spawnSync(
          'dnsmasq',
          ['--test', '--conf-file=/dev/null', `--dhcp-host=${mac},${name}`],
          {
            encoding: 'latin1',
          },
        )
        if (isHostName(name)) assert.equal(status, 0, `${name}: ${stderr}`)
      }),
      { numRuns: 60 },
    ))
})

describe('a word of a reservation', () => {
  for (const [flag, text, wanted] of [
    ['address', '10.0.3.16', '10.0.3.16'],
    ['address', 'next:', 'next:'],
    ['address', 'next:10.0.3.0/28', 'next:10.0.3.0/28'],
    ['address', '10.0.3.16/24', 'bad-address'],
    ['address', '10.0.3.016', 'bad-address'],
    ['address', 'next:10.0.3.5', 'bad-address'],
    ['address', 'fd00::5', 'bad-address'],
    ['mac', mac.toUpperCase(), mac],
    ['mac', '00:16:3e:xx:xx:xx', 'bad-mac'],
    ['mac', '01:16:3e:00:53:01', 'mac-multicast'],
    ['nic', '0', '0'],
    ['nic', '01', 'bad-index'],
    ['network', 'lxc-net', 'lxc-net'],
    ['network', 'a b', 'dhcp-no-network'],
  ] as const) {
    it(`${flag} ${text}: ${wanted}`, () => {
      const result = checkReservationWord(flag, text)
      assert.equal('value' in result ? result.value : result.code, wanted)
    })
  }
})
