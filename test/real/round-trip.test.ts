/**
 * What LXC reads is what was asked: some hundred random requests over all types and keys, written by lxcnet on a host
 * and read back by the LXC of that host, which has to load every file.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { keyOfFlag, keys, type NicType, nicTypes } from '../../src/nic/keys.ts'
import { Lab, type LabHost } from './lab/lab.ts'

const seed = 20260114
const containers = 240

interface Request {
  type: NicType
  /** Flag → values. */
  flags: [flag: string, values: string[]][]
  /** What `set` does to the NIC afterwards; the flag's key, its values or none. */
  set: [flag: string, values: string[]][]
}

const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(fc.integer({ min: 1, max: 223 }), octet, octet, octet).map((parts) => parts.join('.'))
const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16))
const ipv6 = fc.tuple(group, group, group).map(([a, b, c]) => `fd00:${a}:${b}::${c}`)
const byte = octet.map((value) => value.toString(16).padStart(2, '0'))
const mac = fc.tuple(byte, byte, byte, byte, byte).map((bytes) => ['02', ...bytes].join(':'))
const name = fc.stringMatching(/^[a-z][a-z0-9_-]{1,14}$/).filter((text) => text !== 'lo')
const script = fc.constantFrom(
  '/bin/true',
  '/bin/true one two',
  "/bin/true 'a b' $LXC_NAME",
  '/bin/true x=y # z',
  '/bin/true "q"',
)
const route4 = fc.tuple(fc.integer({ min: 1, max: 223 }), octet).map(([a, b]) => `${a}.${b}.0.0/16`)
const route6 = group.map((a) => `fd01:${a}::/48`)
const several = (one: fc.Arbitrary<string>) => fc.uniqueArray(one, { minLength: 1, maxLength: 3 })
const single = (one: fc.Arbitrary<string>) => one.map((text) => [text])

/** Random values of each flag, all of them valid. */
function valuesOf(flag: string, type: NicType): fc.Arbitrary<string[]> {
  const key = keyOfFlag(flag, type)
  assert.ok(key !== undefined, flag)
  const { value } = key
  switch (value.kind) {
    case 'type':
      return single(fc.constantFrom(...nicTypes))
    case 'choice':
      return single(fc.constantFrom(...value.of))
    case 'flags':
      return single(fc.constant('up'))
    case 'link':
      return single(fc.constantFrom('br0', 'eth1', 'lxcbr0', 'wan.10'))
    case 'name':
      return single(name)
    case 'mac':
      return single(mac)
    case 'number':
      return key.list
        ? several(fc.integer({ min: value.least, max: value.most }).map(String))
        : single(fc.integer({ min: flag === 'mtu' ? 1280 : value.least, max: value.most }).map(String))
    case 'address':
      return several(
        value.family === 4
          ? fc.tuple(ipv4, fc.integer({ min: 8, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`)
          : fc.tuple(ipv6, fc.integer({ min: 32, max: 128 })).map(([address, prefix]) => `${address}/${prefix}`),
      )
    case 'gateway':
      return single(fc.oneof(value.family === 4 ? ipv4 : ipv6, fc.constant('dev')))
    case 'route':
      return several(value.family === 4 ? route4 : route6)
    case 'command':
      return single(script)
  }
}

const flagsOf = (type: NicType): string[] => [
  ...new Set(
    keys
      .slice(1)
      .filter((key) => key.types.includes(type))
      .map(({ flag }) => flag),
  ),
]

const request: fc.Arbitrary<Request> = fc.constantFrom(...nicTypes).chain((type) => {
  const all = flagsOf(type)
  const assignments = fc
    .subarray(all)
    .chain((chosen) =>
      fc.tuple(...chosen.map((flag) => valuesOf(flag, type).map((values): [string, string[]] => [flag, values]))),
    )
  return fc.tuple(assignments, assignments).map(([flags, set]) => ({ type, ...valid(type, flags, set) }))
})

/** Makes a random NIC one that can be: with what its type needs, and without what cannot go together. */
function valid(
  type: NicType,
  given: [string, string[]][],
  changed: [string, string[]][],
): Pick<Request, 'flags' | 'set'> {
  const flags = new Map(given)
  const set = new Map(changed)
  if (['vlan', 'macvlan', 'ipvlan', 'phys', 'veth'].includes(type) && !flags.has('link')) flags.set('link', ['br0'])
  if (type === 'vlan' && !flags.has('vlan-id')) flags.set('vlan-id', ['7'])
  for (const one of [flags, set]) {
    if (type === 'empty') one.delete('ifname')
    if (one.has('l2proxy') && type === 'ipvlan') one.delete('l2proxy')
    for (const family of ['4', '6']) {
      if (one.has(`ipv${family}-gateway`) && !flags.has(`ipv${family}`)) one.delete(`ipv${family}-gateway`)
    }
    if (type === 'veth') {
      if (one.get('mode')?.[0] === 'router' || set.get('mode')?.[0] === 'router') one.set('mode', ['bridge'])
      if (one === set) one.delete('vlan-id')
      const id = one.get('vlan-id')?.[0]
      if (one === flags && id !== undefined) for (const other of [flags, set]) other.delete('vlan-tagged-id')
    }
  }
  return { flags: [...flags], set: [...set] }
}

describe('what LXC reads', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
  })

  after(() => lab.down())

  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

  it(`equals what was asked of create and set, in ${containers} containers with random NICs`, async function () {
    this.timeout(240_000)
    const requests = fc.sample(request, { seed, numRuns: containers })
    // A tree of its own for each: links, neighbours and quotas are not the matter here.
    const scripts = requests.map(({ type, flags, set }, at) => {
      const words = flags.flatMap(([flag, values]) => values.map((value) => `--${flag} ${quote(value)}`))
      const sets = set.flatMap(([flag, values]) => {
        const key = keyOfFlag(flag, type)?.name ?? flag
        return values.map((value, nth) => quote(`${key}${nth === 0 ? '=' : '+='}${value}`))
      })
      return `tree=/rt/${at}
mkdir -p $tree/var/lib/lxc/c $tree/bin
: >$tree/bin/true; chmod +x $tree/bin/true
printf 'lxc.uts.name = c\\n' >$tree/var/lib/lxc/c/config
run create c --type ${type} ${words.join(' ')}
${sets.length > 0 ? `run set c:0 ${sets.join(' ')}` : ''}
`
    })
    const run = `run() {
  out=$(lxcnet "$@" --root $tree --lxc-version 5.0.2 2>&1) || printf '%s: %s\\n%s\\n' $tree "$*" "$out"
}
`
    const halves = [0, 1].map((half) => run + scripts.filter((_, at) => at % 2 === half).join(''))
    const refusals = await Promise.all(halves.map((script) => h1.ok('sh', { input: script, timeoutMs: 200_000 })))
    assert.equal(refusals.join(''), '', 'every request is valid')

    const wanted = requests.map(({ type, flags, set }) => {
      const values = new Map<string, string[]>([['type', [type]]])
      for (const [flag, texts] of [...flags, ...set]) values.set(keyOfFlag(flag, type)?.name ?? flag, texts)
      return values
    })
    const questions = wanted.map((values, at) => {
      const keys = [...values.keys()].map((key) => `ask ${at} ${key}\n`).join('')
      return `lxc-info -P /rt/${at}/var/lib/lxc -n c -H -s >/dev/null || echo ${at} refused\n${keys}`
    })
    const ask = `ask() {
  lxc-info -P "/rt/$1/var/lib/lxc" -n c -H -c "lxc.net.0.$2" | sed "s,^,$1 $2 ,"
}
`
    const seen = new Map<string, string[]>()
    for (const line of (await h1.ok('sh', { input: ask + questions.join(''), timeoutMs: 200_000 }))
      .split('\n')
      .filter(Boolean)) {
      const [, at = '', key = '', value = ''] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? []
      assert.notEqual(key, 'refused', `LXC loads ${at}`)
      seen.set(`${at} ${key}`, [...(seen.get(`${at} ${key}`) ?? []), value])
    }
    let compared = 0
    for (const [at, values] of wanted.entries()) {
      for (const [key, asked] of values) {
        assert.deepEqual(
          (seen.get(`${at} ${key}`) ?? []).toSorted(),
          asked.toSorted(),
          `/rt/${at} ${requests[at]?.type} ${key}`,
        )
        compared++
      }
    }
    assert.ok(compared > containers * 4, `${compared} values compared`)
  })
})
