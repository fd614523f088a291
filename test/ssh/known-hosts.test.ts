import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { LxcnetError } from '../../src/core/error.ts'
import { accept, fingerprint, KnownHosts, lookupName, type Verdict } from '../../src/ssh/known-hosts.ts'
import { Lab, type LabHost } from '../real/lab/lab.ts'

const seed = 20260301

interface Key {
  /** `ssh-ed25519 AAAA…` */
  text: string
  blob: Buffer
}

let folder: string
let keys: Key[]

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lxcnet-known-hosts-'))
  keys = ['ed25519', 'ed25519', 'ecdsa', 'rsa'].map((type, index) => {
    const file = join(folder, `key${index}`)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file])
    return keyOf(readFileSync(`${file}.pub`, 'latin1'))
  })
})

after(() => rmSync(folder, { recursive: true, force: true }))

function keyOf(publicLine: string): Key {
  const [type = '', base64 = ''] = publicLine.trim().split(' ')
  return { text: `${type} ${base64}`, blob: Buffer.from(base64, 'base64') }
}

function key(index: number): Key {
  const found = keys[index]
  assert.ok(found)
  return found
}

let count = 0

function fileWith(text: string): string {
  count += 1
  const file = join(folder, `known_hosts.${count}`)
  writeFileSync(file, text)
  return file
}

const hash = (name: string): string => {
  const salt = Buffer.alloc(20, name)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

/** ssh(1) lowers the name before it looks it up; ssh-keygen looks a hash up as it is. */
const asSshHasIt = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** What ssh-keygen finds for one name, judged by check_hostkeys_by_key_or_type() of OpenSSH's hostfile.c. */
function oracle(file: string, name: string, shown: Key): Verdict {
  const { stdout } = spawnSync('ssh-keygen', ['-F', asSshHasIt(name), '-l', '-f', file], { encoding: 'latin1' })
  const found = [...stdout.matchAll(/^# Host .* found: line (\d+) ?(CA|REVOKED)? *\n.*?(SHA256:\S+)/gm)].map(
    (match) => ({
      line: Number(match[1]),
      marker: match[2],
      fingerprint: match[3] ?? '',
    }),
  )
  const same = found.filter((line) => line.fingerprint === fingerprint(shown.blob))
  const revoked = same.find(({ marker }) => marker === 'REVOKED')
  if (revoked) return { verdict: 'revoked', file, line: revoked.line }
  if (same.some(({ marker }) => marker === undefined)) return { verdict: 'known' }
  const plain = found.filter(({ marker }) => marker === undefined)
  if (plain.length === 0) return { verdict: 'unknown' }
  return {
    verdict: 'changed',
    places: plain.map(({ line, fingerprint: print }) => ({ file, line, fingerprint: print })),
  }
}

const names = [
  'web1',
  'web2',
  'db.example',
  '192.0.2.7',
  '2001:db8::7',
  '[web1]:2222',
  '[192.0.2.7]:2222',
  'büro',
  'BÜRO',
]
const pattern = fc.oneof(
  fc.constantFrom(
    ...names,
    'WEB1',
    '*',
    '?*',
    'web?',
    'w*b1',
    '*.example',
    '192.0.2.*',
    '[*]:2222',
    '[web1]:*',
    '',
    '!',
  ),
  fc
    .array(fc.constantFrom('w', 'e', 'b', '1', '2', '*', '?', '*', '[', ']:2222'), { maxLength: 8 })
    .map((it) => it.join('')),
)
const list = fc
  .array(fc.tuple(fc.constantFrom('', '', '', '!'), pattern), { minLength: 1, maxLength: 4 })
  .map((patterns) => patterns.map((parts) => parts.join('')).join(','))
const hostField = fc.oneof(
  { weight: 6, arbitrary: list },
  { weight: 2, arbitrary: fc.constantFrom(...names).map((name) => hash(asSshHasIt(name))) },
  { weight: 1, arbitrary: fc.constantFrom('|1|', '|1|AAAA|BBBB', '|2|x|y', `${hash('web1')},web1`, '#web1', '@web1') },
)
const gap = fc.constantFrom(' ', ' ', '\t', '  ')
/** Index of a key, or what stands where a key should. */
const keyField = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'ssh-ed25519', 'ssh-ed25519 AAAA', 'ssh-ed25519 #', '1024 35 1234', '#'),
  },
)
const wrongType = 'wrong type'
const line = fc
  .tuple(
    fc.constantFrom('', '', '', ' ', '\t', '#', '# '),
    fc.constantFrom('', '', '', '', '@revoked', '@cert-authority', '@other', '@', '@revoked @revoked'),
    fc.constantFrom(' ', '  ', ' \t'), // see parseLine() for what OpenSSH does with a tab here
    hostField,
    gap,
    fc.oneof({ weight: 12, arbitrary: keyField }, { weight: 1, arbitrary: fc.constant(wrongType) }),
    fc.constantFrom('', '', ' comment', '\tx y', ' ', '\r'),
  )
  .map((parts) => parts)
const document = fc.tuple(fc.array(line, { maxLength: 6 }), fc.boolean())

function textOf([lines, ends]: typeof document extends fc.Arbitrary<infer D> ? D : never): string {
  const text = lines.map(([indent, marker, gap1, host, gap2, field, rest]) => {
    const shown = typeof field === 'number' ? key(field).text : field === wrongType ? mislabelled() : field
    return `${indent}${marker}${marker && gap1}${host}${gap2}${shown}${rest}`
  })
  return text.join('\n') + (ends ? '\n' : '')
}

const mislabelled = (): string => key(2).text.replace(/^\S+/, 'ssh-ed25519')

describe('KnownHosts', () => {
  it('finds the lines that ssh-keygen -F finds, in any file', function () {
    this.timeout(600_000)
    const seen = new Set<string>()
    const runs = fc.property(document, fc.constantFrom(...names, 'WEB1'), fc.nat({ max: 3 }), (drawn, name, index) => {
      const file = fileWith(textOf(drawn))
      const bytes = Buffer.from(name).toString('latin1')
      const found = KnownHosts.read([file]).check(bytes, undefined, 22, key(index).blob)
      assert.deepEqual(found, oracle(file, name, key(index)))
      seen.add(found.verdict)
      rmSync(file)
    })
    fc.assert(runs, { numRuns: 400, seed })
    assert.deepEqual([...seen].sort(), ['changed', 'known', 'revoked', 'unknown'])
  })

  it('finds the same in a file that ssh-keygen -H has hashed', function () {
    this.timeout(600_000)
    const plainName = fc.constantFrom('web1', 'web2', 'db.example', '192.0.2.7', '2001:db8::7', '[web1]:2222')
    const entry = fc.tuple(fc.uniqueArray(plainName, { minLength: 1, maxLength: 3 }), fc.nat({ max: 3 }))
    const runs = fc.property(
      fc.array(entry, { minLength: 1, maxLength: 5 }),
      plainName,
      fc.nat({ max: 3 }),
      (lines, name, index) => {
        const file = fileWith(lines.map(([hosts, at]) => `${hosts.join(',')} ${key(at).text}\n`).join(''))
        const before = KnownHosts.read([file]).check(name, undefined, 22, key(index).blob)
        execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
        assert.ok(!readFileSync(file, 'latin1').includes(name))
        const after = KnownHosts.read([file]).check(name, undefined, 22, key(index).blob)
        assert.deepEqual(after, oracle(file, name, key(index)))
        assert.equal(after.verdict, before.verdict)
      },
    )
    fc.assert(runs, { numRuns: 60, seed })
  })

  it('holds a revoked key against every port and address of a host', () => {
    const file = fileWith(`@revoked\tweb1,192.0.2.7 ${key(0).text}\n[web1]:2222,web2 ${key(0).text}\n`)
    const known = KnownHosts.read([file])
    assert.deepEqual(known.check('web1', undefined, 2222, key(0).blob), { verdict: 'revoked', file, line: 1 })
    assert.deepEqual(known.check('web2', '192.0.2.7', 22, key(0).blob), { verdict: 'revoked', file, line: 1 })
    assert.deepEqual(known.check('web2', undefined, 22, key(0).blob), { verdict: 'known' })
  })

  it('reads several files as one and does not mind those that are not there', () => {
    const first = fileWith(`web1 ${key(0).text}\n`)
    const second = fileWith(`# none\n\nweb1 ${key(1).text}\n`)
    const known = KnownHosts.read([join(folder, 'absent'), first, folder, second])
    assert.deepEqual(known.check('web1', undefined, 22, key(1).blob), { verdict: 'known' })
    assert.deepEqual(known.check('web1', undefined, 22, key(2).blob), {
      verdict: 'changed',
      places: [
        { file: first, line: 1, fingerprint: fingerprint(key(0).blob) },
        { file: second, line: 3, fingerprint: fingerprint(key(1).blob) },
      ],
    })
  })

  it('names the types on record once each, those without port where the port has none', () => {
    const text = [`web1 ${key(0).text}`, `web1 ${key(1).text}`, `web1 ${key(2).text}`, `[web1]:2222 ${key(3).text}`]
    const more = [`@revoked web1 ${key(3).text}`, `192.0.2.7 ${key(3).text}`]
    const known = KnownHosts.read([fileWith([...text, ...more].join('\n'))])
    assert.deepEqual(known.keyTypes('web1', undefined, 22), ['ssh-ed25519', 'ecdsa-sha2-nistp256'])
    assert.deepEqual(known.keyTypes('web1', '192.0.2.7', 22), ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'])
    assert.deepEqual(known.keyTypes('web1', undefined, 2222), ['ssh-rsa'])
    assert.deepEqual(known.keyTypes('web1', undefined, 2200), ['ssh-ed25519', 'ecdsa-sha2-nistp256'])
    assert.deepEqual(known.keyTypes('web3', undefined, 22), [])
  })

  it('says when only an authority vouches for a host', () => {
    const text = `@cert-authority *.example ${key(0).text}\nweb1.example ${key(1).text}\n@revoked db.example ${key(2).text}\n`
    const known = KnownHosts.read([fileWith(text)])
    assert.equal(known.onlyAuthority('web1.example', 22), false)
    assert.equal(known.onlyAuthority('db.example', 22), true)
    assert.equal(known.onlyAuthority('db.example', 2222), true)
    assert.equal(known.onlyAuthority('elsewhere', 22), false)
  })

  it('takes no time for a pattern of many stars', () => {
    const known = KnownHosts.read([fileWith(`${'*a'.repeat(400)}*b ${key(0).text}\n`)])
    assert.deepEqual(known.check('a'.repeat(2000), undefined, 22, key(0).blob), { verdict: 'unknown' })
  })
})

describe('fingerprint', () => {
  it('is what ssh-keygen -l prints', () => {
    for (const [index, { blob }] of keys.entries()) {
      const printed = execFileSync('ssh-keygen', ['-l', '-f', join(folder, `key${index}.pub`)], { encoding: 'latin1' })
      assert.equal(fingerprint(blob), printed.split(' ')[1])
    }
  })
})

describe('accept', () => {
  const find = (file: string, name: string): string =>
    spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'latin1' }).stdout

  it('makes the folder and the file for their owner only', () => {
    const file = join(folder, 'home/.ssh/known_hosts')
    accept(file, 'Web1', 22, key(0).blob, false)
    assert.equal(readFileSync(file, 'latin1'), `web1 ${key(0).text}\n`)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'home/.ssh')).mode & 0o777, 0o700)
  })

  it('writes what ssh-keygen and KnownHosts find, hashed or not, for every port', () => {
    for (const hashed of [false, true]) {
      for (const port of [22, 2222]) {
        const file = fileWith('')
        accept(file, 'web1', port, key(3).blob, hashed)
        assert.match(find(file, lookupName('web1', port)), /found: line 1/)
        assert.equal(readFileSync(file, 'latin1').includes('web1'), !hashed)
        assert.deepEqual(KnownHosts.read([file]).check('web1', undefined, port, key(3).blob), { verdict: 'known' })
      }
    }
  })

  it('begins a line of its own after one that was not ended, and follows a link', () => {
    const file = fileWith(`web2 ${key(1).text}`)
    const link = join(folder, 'link')
    symlinkSync(file, link)
    accept(link, 'web1', 22, key(0).blob, false)
    assert.equal(readFileSync(file, 'latin1'), `web2 ${key(1).text}\nweb1 ${key(0).text}\n`)
  })

  it('keeps every line whole when many processes write at once', async () => {
    const file = join(folder, 'busy')
    const module = JSON.stringify(join(import.meta.dirname, '../../src/ssh/known-hosts.ts'))
    const program = (writer: number): string => `import { accept } from ${module}
      const key = Buffer.from('${key(0).blob.toString('base64')}', 'base64')
      for (let n = 0; n < 100; n++) accept(${JSON.stringify(file)}, 'w${writer}n' + n, 22, key, false)`
    const run = (writer: number) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program(writer)])
    await Promise.all([1, 2, 3, 4].map(run))
    // a blank line stands where the line of another was seen half, which is no line to ssh
    const lines = readFileSync(file, 'latin1').split('\n').filter(Boolean)
    assert.equal(new Set(lines).size, 400)
    assert.equal(lines.length, 400)
    for (const line of lines) assert.match(line, /^w[1-4]n\d+ ssh-ed25519 AAAA[\w+/]+={0,2}$/)
  })

  it('refuses a name that would read as a pattern or as more fields', () => {
    const file = join(folder, 'untouched')
    for (const name of [
      '*',
      'web?',
      '!web1',
      'web1,web2',
      'web1 x',
      '@revoked',
      '|1|x',
      '#web1',
      'a\nb',
      '[web1]',
      '',
    ]) {
      assert.throws(() => accept(file, name, 22, key(0).blob, false), hasCode('bad-target'), name)
    }
    assert.equal(existsSync(file), false)
  })

  it('says which file it could not write', () => {
    const file = join(fileWith(''), 'known_hosts')
    assert.throws(() => accept(file, 'web1', 22, key(0).blob, false), hasCode('known-hosts-write'))
  })
})

const hasCode = (code: string) => (error: unknown) => error instanceof LxcnetError && error.code === code

describe('KnownHosts beside ssh and sshd', () => {
  let lab: Lab
  let client: LabHost
  let shown: Key

  before(async function () {
    this.timeout(900_000)
    lab = await Lab.up({ hosts: 2 })
    const [first, second] = lab.hosts
    assert.ok(first && second)
    client = first
    await second.ok('/usr/sbin/sshd -f /etc/lab/sshd_config -p 2222')
    shown = keyOf(await second.ok('ssh-keygen -y -f /etc/lab/hostkey'))
  })

  after(() => lab?.down())

  /** What ssh says to the host's ed25519 key, in the words of a verdict. */
  async function sshVerdict(text: string, port: number, options: string[]): Promise<string> {
    await client.write('/tmp/known_hosts', text)
    const files = ['UserKnownHostsFile=/tmp/known_hosts', 'GlobalKnownHostsFile=/dev/null', 'UpdateHostKeys=no']
    const always = [...files, 'HostKeyAlgorithms=ssh-ed25519', 'BatchMode=yes', ...options]
    const words = always.flatMap((option) => ['-o', option])
    const { status, stderr } = await client.run(['ssh', '-F', 'none', ...words, '-p', `${port}`, 'h2', 'true'])
    if (/REVOKED HOST KEY/.test(stderr)) return 'revoked'
    if (/IDENTIFICATION HAS CHANGED|differs from the key for the IP address/.test(stderr)) return 'changed'
    if (/host key is known for/.test(stderr)) return 'unknown'
    assert.ok(status === 0 || /Permission denied/.test(stderr), stderr)
    return 'known'
  }

  const cases: { name: string; text: () => string; port?: number; alias?: string; checkIp?: true; strict?: string }[] =
    [
      { name: 'the key of the host', text: () => `h2 ${shown.text}` },
      { name: 'another key of the same type', text: () => `h2 ${key(0).text}` },
      { name: 'a key of another type only', text: () => `h2 ${key(2).text}` },
      { name: 'no key at all', text: () => '' },
      {
        name: 'the key of the host among others',
        text: () => `h2 ${key(0).text}\nh2 ${shown.text}\nh2 ${key(2).text}`,
      },
      { name: 'the key of the host, revoked as well', text: () => `h2 ${shown.text}\n@revoked * ${shown.text}` },
      { name: 'the key of the host as an authority', text: () => `@cert-authority h2 ${shown.text}` },
      { name: 'an authority and another key', text: () => `@cert-authority h2 ${shown.text}\nh2 ${key(0).text}` },
      { name: 'a list that leaves the host out', text: () => `*,!h2 ${shown.text}` },
      { name: 'the name without port for another port', text: () => `h2 ${shown.text}`, port: 2222 },
      { name: 'another key without port for another port', text: () => `h2 ${key(0).text}`, port: 2222 },
      {
        name: 'the port changed, the name right',
        text: () => `h2 ${shown.text}\n[h2]:2222 ${key(0).text}`,
        port: 2222,
      },
      {
        name: 'the port right, the name changed',
        text: () => `h2 ${key(0).text}\n[h2]:2222 ${shown.text}`,
        port: 2222,
      },
      { name: 'the alias, without port', text: () => `other ${shown.text}`, port: 2222, alias: 'Other' },
      { name: 'the name, not the alias', text: () => `h2 ${shown.text}`, alias: 'other' },
      { name: 'another key of the address', text: () => `h2 ${shown.text}\n198.18.0.12 ${key(0).text}`, checkIp: true },
      // With StrictHostKeyChecking=yes ssh stops at the name and never looks at the address.
      {
        name: 'another key of the address alone',
        text: () => `198.18.0.12 ${key(0).text}`,
        checkIp: true,
        strict: 'accept-new',
      },
      { name: 'the key of the address alone', text: () => `198.18.0.12 ${shown.text}`, checkIp: true },
      { name: 'no key of the address', text: () => `h2 ${shown.text}`, checkIp: true },
    ]

  it('agrees with ssh on every case', async () => {
    const verdicts = new Set<string>()
    for (const { name, text, port = 22, alias, checkIp, strict = 'yes' } of cases) {
      const own = [`StrictHostKeyChecking=${strict}`, `CheckHostIP=${checkIp ? 'yes' : 'no'}`]
      const options = [...own, ...(alias ? [`HostKeyAlias=${alias}`] : [])]
      const expected = await sshVerdict(`${text()}\n`, port, options)
      const known = KnownHosts.read([fileWith(`${text()}\n`)])
      const address = checkIp ? '198.18.0.12' : undefined
      const { verdict } = known.check(alias ?? 'h2', address, alias ? 22 : port, shown.blob)
      assert.equal(verdict, expected, name)
      verdicts.add(verdict)
    }
    assert.deepEqual([...verdicts].sort(), ['changed', 'known', 'revoked', 'unknown'])
  })
})
