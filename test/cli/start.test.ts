/** The program as it is started: bin/run.js over dist/, in processes of its own. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const front = join(root, 'bin/run.js')
const pages: Record<string, string> = Object.fromEntries(
  readdirSync(join(root, 'dist/help')).map((file) => [
    file === 'lxcnet.txt' ? '' : file.replace('.txt', '').replaceAll('+', ' '),
    readFileSync(join(root, 'dist/help', file), 'utf8'),
  ]),
)

function node(argv: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    input: '',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}
const lxcnet = (...words: string[]) => node([front, ...words])
/** Without bin/run.js, so without what was prerendered. */
const live = (...words: string[]) => node(['-e', `require('${root}/dist/main.cjs').run(${JSON.stringify(words)})`])

describe('start', () => {
  let scratch: string
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'lxcnet-start-'))
  })
  after(() => rmSync(scratch, { recursive: true }))

  for (const [page, text] of Object.entries(pages)) {
    const words = page === '--version' ? [page] : [...page.split(' ').filter(Boolean), '--help']
    it(`prints for ${words.join(' ')} what the program would print`, () => {
      const expected = { status: 0, stdout: text, stderr: '' }
      assert.deepEqual(lxcnet(...words), expected)
      assert.deepEqual(live(...words), expected)
      // An example stays one line, to be pasted.
      const wide = text.split('\n').filter((line) => line.length > 80 && !line.startsWith('  $ '))
      assert.deepEqual(wide, [])
    })
  }

  it('takes help, -h and nothing for --help', () => {
    for (const words of [[], ['help'], ['-h']]) assert.equal(lxcnet(...words).stdout, pages[''])
    for (const words of [
      ['help', 'list'],
      ['list', '-h'],
      ['-h', 'list'],
    ])
      assert.equal(lxcnet(...words).stdout, pages['list'])
    assert.equal(lxcnet('list', 'web1', '--help').stdout, pages['list'])
  })

  it('is quiet when the reader leaves early', () => {
    for (const words of ['--help', 'list --help', 'list web1 --help', 'lst']) {
      const script = `"${process.execPath}" "${front}" ${words} | true; echo "\${PIPESTATUS[0]}"`
      const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
      assert.equal(stdout, words === 'lst' ? '64\n' : '0\n')
      if (words !== 'lst') assert.equal(stderr, '')
    }
  })

  it('suggests the command and the flag that were meant', () => {
    const command = lxcnet('lsit')
    assert.deepEqual([command.status, command.stdout], [64, ''])
    assert.match(command.stderr, /^Error: lsit: no such command\nCode: unknown-command\nTry this:\n\* lxcnet list\n/)
    const flag = lxcnet('list', '--lxcpaht', '/x')
    assert.equal(flag.status, 64)
    assert.match(flag.stderr, /^Error: --lxcpaht: no such flag\nCode: unknown-flag\nTry this: --lxcpath\n/)
  })

  it('exits 64 for what oclif refuses', () => {
    for (const words of [['list', 'a', 'b'], ['list', '--root'], ['list', '--quiet', '--verbose'], ['--json']])
      assert.equal(lxcnet(...words).status, 64, words.join(' '))
  })

  it('prints one document with --json, errors too', () => {
    const { status, stdout, stderr } = lxcnet('list', '--nope', '--json')
    const { schema, code, exit } = JSON.parse(stdout)
    assert.deepEqual([status, stderr, schema, code, exit], [64, '', 'lxcnet.error/1', 'unknown-flag', 64])
  })

  it('keeps compiled code in a folder of its own', () => {
    const XDG_CACHE_HOME = join(scratch, 'cache')
    const folder = join(XDG_CACHE_HOME, 'lxcnet')
    const validate = (...words: string[]) => node([front, 'validate', ...words], { XDG_CACHE_HOME })
    assert.equal(validate('--lsit').status, 64)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(folder), [], 'what failed has not come far')
    const first = validate('--schema')
    const id = readFileSync(join(root, 'dist/main.cjs.id'), 'latin1')
    assert.deepEqual(readdirSync(folder), [`${id}-${process.version}-${process.arch}-validate`])
    assert.deepEqual(validate('--schema'), first)
    const [kept = ''] = readdirSync(folder).map((name) => join(folder, name))
    assert.equal(statSync(kept).mode & 0o777, 0o600)
    // of another V8, cut, or nothing at all: compiled again
    for (const damaged of [Buffer.from('no code'), readFileSync(kept).subarray(0, 5000), Buffer.alloc(5000)]) {
      writeFileSync(kept, damaged)
      assert.deepEqual(validate('--schema'), first)
      assert.ok(statSync(kept).size > 5000)
    }
  })

  it('keeps compiled code of the newest commands alone', () => {
    const XDG_CACHE_HOME = join(scratch, 'full')
    mkdirSync(join(XDG_CACHE_HOME, 'lxcnet/folder'), { recursive: true, mode: 0o700 })
    utimesSync(join(XDG_CACHE_HOME, 'lxcnet/folder'), 1, 1)
    for (let n = 0; n < 40; n++) writeFileSync(join(XDG_CACHE_HOME, 'lxcnet', `old-${n}`), '')
    assert.equal(node([front, 'validate', '--schema'], { XDG_CACHE_HOME }).status, 0)
    const left = readdirSync(join(XDG_CACHE_HOME, 'lxcnet'))
    assert.deepEqual([left.length, left.includes('folder')], [33, false])
  })

  it('uses no folder that others can write to', () => {
    for (const open of ['open/lxcnet', 'open']) {
      const XDG_CACHE_HOME = join(scratch, 'open')
      mkdirSync(join(XDG_CACHE_HOME, 'lxcnet'), { recursive: true, mode: 0o700 })
      chmodSync(join(scratch, open), 0o777)
      assert.equal(node([front, 'validate', '--schema'], { XDG_CACHE_HOME }).status, 0)
      assert.deepEqual(readdirSync(join(XDG_CACHE_HOME, 'lxcnet')), [])
      rmSync(XDG_CACHE_HOME, { recursive: true })
    }
  })

  describe('on a Node.js that is too old', () => {
    let old: string
    before(() => {
      old = join(scratch, 'old.cjs')
      const versions = `{ ...process.versions, node: '20.19.0' }`
      writeFileSync(old, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
    })

    it('hands over to the one that was installed with it', () => {
      assert.deepEqual(node(['-r', old, front, 'list', '--help']), { status: 0, stdout: pages['list'], stderr: '' })
      const { status, stdout } = node(['-r', old, front, 'list', '--nope', '--json'])
      assert.deepEqual([status, JSON.parse(stdout).code], [64, 'unknown-flag'])
    })

    it('stops with one line when there is none', () => {
      mkdirSync(join(scratch, 'bin'))
      writeFileSync(join(scratch, 'bin/run.mjs'), readFileSync(front))
      const { status, stdout, stderr } = node(['-r', old, join(scratch, 'bin/run.mjs'), '--help'])
      assert.deepEqual([status, stdout], [1, ''])
      assert.equal(stderr, 'lxcnet: Node.js 22.18 or newer is needed, this is 20.19.0\n')
    })
  })

  it('exits 130 on Ctrl-C', async () => {
    const script = `setInterval(() => {}, 1000); require('${root}/dist/main.cjs').run(['--version'])`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    assert.equal(code, 130)
  })
})
