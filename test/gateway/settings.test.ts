/** /etc/lxcnet/gateways/NAME: what is written is read back, by lxcnet and by the shell that the hook is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { pieceSettings } from '../../src/boot/index.ts'
import { type GatewayRecord, gatewayWords, printRecord, readRecord } from '../../src/gateway/index.ts'

const word = fc.stringMatching(/^[A-Za-z0-9][\w.'$"`\\;&|-]{0,11}$/)
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/)
const mac = fc.stringMatching(/^00:16:3e(:[0-9a-f]{2}){3}$/)
const plain = { noNullPrototype: true } as const
const record: fc.Arbitrary<GatewayRecord> = fc.record(
  {
    lxcpath: fc.constantFrom('/var/lib/lxc', "/srv/it's $HOME"),
    words: fc
      .array(
        fc.tuple(
          fc.constantFrom(...gatewayWords.map(({ flag }) => flag)),
          fc.array(word, { minLength: 1, maxLength: 3 }),
        ),
      )
      .map((entries) => {
        const given = new Map(entries)
        return new Map(gatewayWords.flatMap(({ flag }) => (given.has(flag) ? [[flag, given.get(flag) ?? []]] : [])))
      }),
    outsideNic: word,
    insideNic: word,
    made: fc.array(fc.record({ container: name, mac }, plain)),
    was: fc.array(
      fc.record({ container: name, index: fc.nat(9), gateway: fc.constantFrom('', '10.0.3.1', 'auto') }, plain),
    ),
  },
  plain,
)

describe('the settings of a gateway', () => {
  it('are read back as they were written', () =>
    fc.assert(fc.property(record, (one) => assert.deepEqual(readRecord(pieceSettings(printRecord('dmz', one))), one))))

  it('are to a shell what they are to lxcnet, and nothing more', () =>
    fc.assert(
      fc.property(record, fc.constantFrom(['dash'], ['busybox', 'sh']), (one, [shell = '', ...words]) => {
        const settings = pieceSettings(printRecord('dmz', one))
        const names = [...settings.keys()]
        const script = `${printRecord('dmz', one)}\nprintf '%s\\n' ${names.map((key) => `"$${key}"`).join(' ')}`
        const { stdout, stderr, status } = spawnSync(shell, [...words, '-euc', script], { encoding: 'latin1', env: {} })
        assert.deepEqual([stdout, stderr, status], [[...settings.values(), ''].join('\n'), '', 0])
      }),
      { numRuns: 60 },
    ))
})
