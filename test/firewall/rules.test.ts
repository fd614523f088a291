/** The lines that say all rules: what is written is read back, by lxcnet and by the shell that they are run by. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { parseRules, printRules, type Rules } from '../../src/firewall/index.ts'

const plain = { noNullPrototype: true } as const
const bridge = fc.stringMatching(/^[A-Za-z0-9][\w.-]{1,14}$/)
const subnet = fc.constantFrom('10.1.0.0/24', '10.2.0.0/16', 'fd00:1::/64')
const folder = fc.constantFrom('/var/lib/lxc', "/srv/it's $HOME", '/srv/a b', '/srv/`id`;address=x', '/srv/\\\xe4"')
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { maxLength: 2 })
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined })

const forward = fc.record(
  {
    to: fc.constantFrom('web', 'web:443', '10.0.3.5:443', '[fd00::5]:80'),
    container: maybe(fc.tuple(folder, fc.constantFrom('web', 'a.b-c_d')).map((parts) => parts.join('/'))),
    address: maybe(fc.constantFrom('10.0.3.5', 'fd00::5')),
    port: maybe(fc.integer({ min: 1, max: 65535 })),
    sources: some(fc.constantFrom('198.51.100.0/24', '198.51.100.7', '2001:db8::/32')),
    through: some(fc.constantFrom('docker', 'ufw')),
  },
  plain,
)
const network = fc
  .record(
    {
      bridge,
      subnets: some(subnet),
      masquerade: fc.constantFrom('on', 'off', '198.51.100.7'),
      isolated: fc.boolean(),
      services: fc.boolean(),
      through: some(fc.constantFrom('docker', 'ufw')),
    },
    plain,
  )
  .map(({ through, ...rest }) => (through.length === 0 ? rest : { ...rest, through }))
const name = fc.constantFrom('443/tcp', '80-90/udp', '192.0.2.1:443/tcp', '[2001:db8::1]:443/tcp')
const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>) =>
  fc.array(fc.tuple(key, value), { maxLength: 3 }).map((entries) => new Map(entries))
const rules: fc.Arbitrary<Rules> = fc.record(
  {
    networks: mapOf(bridge, network),
    forwards: mapOf(name, forward),
    hairpins: mapOf(subnet, fc.oneof(bridge, fc.constant(''))),
  },
  plain,
)

describe('the rules of a host', () => {
  it('are read back as they were written, and the same rules are the same bytes', () =>
    fc.assert(
      fc.property(rules, (one) => {
        assert.deepEqual(parseRules(printRules(one)), one)
        const backwards = <K, V>(map: ReadonlyMap<K, V>) => new Map([...map].reverse())
        const other = { ...one, networks: backwards(one.networks), forwards: backwards(one.forwards) }
        assert.equal(printRules(other), printRules(one))
      }),
    ))

  it('are to a shell the words that they are to lxcnet, whatever the lxcpath is called', () =>
    fc.assert(
      fc.property(rules, fc.constantFrom(['dash'], ['busybox', 'sh']), (one, [shell = '', ...args]) => {
        const calls = ['network', 'hairpin', 'forward']
        const script = [
          ...calls.map((call) => `${call}() { printf '%s|' ${call} "$@"; echo; }`),
          `${printRules(one)}\nnetworks; forwards`,
        ].join('\n')
        const input = Buffer.from(script, 'latin1')
        const ran = spawnSync(shell, [...args, '-eu'], { input, encoding: 'latin1', env: {} })
        assert.deepEqual([ran.status, ran.stderr], [0, ''])
        const lines = ran.stdout.split('\n').filter((line) => line.startsWith('forward|'))
        const told = lines.map((line) => line.split('|').slice(1, -1))
        const wanted = [...one.forwards].map(([key, { container }]) => [key, container])
        assert.deepEqual(
          told.map(([key, ...words]) => [key, words.find((word) => word.startsWith('container='))?.slice(10)]).sort(),
          wanted.sort(),
        )
      }),
      { numRuns: 60 },
    ))
})
