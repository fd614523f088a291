import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicHalf } from '../../src/ssh/identity.ts'
import { Keys } from '../../src/ssh/keys.ts'
import { type Login, Logins } from '../../src/ssh/login.ts'

const secret = 'correct horse é'
let folder: string
let count = 0

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lxcnet-keys-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function generate(type: string, ...options: string[]): string {
  count += 1
  const file = join(folder, `id.${count}`)
  const words = options.includes('-N') ? options : [...options, '-N', '']
  execFileSync('ssh-keygen', ['-q', '-t', type, '-a', '4', '-f', file, ...words])
  return file
}

async function loginWith(...files: string[]): Promise<Login> {
  const config = join(folder, 'config')
  writeFileSync(config, files.map((file) => `IdentityFile ${file}\n`).join(''))
  return new Logins({ configFile: config }).resolve({ name: 'web1' })
}

/** Keys that answer `passphrase` and note what they were asked for. */
function keysWith(passphrase: string | undefined): { keys: Keys; asked: string[] } {
  const asked: string[] = []
  const keys = new Keys(async (file) => {
    asked.push(file)
    return passphrase
  })
  return { keys, asked }
}

const publicLine = (file: string): string =>
  execFileSync('ssh-keygen', ['-y', '-P', secret, '-f', file], { encoding: 'latin1' })
    .split(' ')
    .slice(0, 2)
    .join(' ')
    .trim()

describe('Keys', () => {
  it('reads the keys that ssh-keygen writes, in the order of the login', async () => {
    const files = [
      generate('ed25519'),
      generate('ecdsa'),
      generate('rsa'),
      generate('rsa', '-m', 'PEM'),
      generate('ecdsa', '-m', 'PEM'),
    ]
    const { keys, asked } = keysWith(undefined)
    const found = await keys.load(await loginWith(...files))
    assert.deepEqual(
      found.map(({ file }) => file),
      files,
    )
    for (const { file, key } of found) {
      assert.equal(`${key.type} ${key.getPublicSSH().toString('base64')}`, publicLine(file))
      assert.ok(key.verify('data', key.sign('data')))
    }
    assert.deepEqual([asked, keys.problems], [[], []])
  })

  it('asks once a file for a passphrase and reads it once, however many logins want it at once', async () => {
    const files = [generate('ed25519', '-N', secret), generate('rsa', '-N', secret, '-m', 'PEM')]
    const { keys, asked } = keysWith(secret)
    const login = await loginWith(...files)
    const loads = await Promise.all([keys.load(login), keys.load(login), keys.load({ ...login, host: 'web2' })])
    for (const file of files) rmSync(file)
    loads.push(await keys.load(login))
    for (const found of loads) {
      assert.deepEqual(
        found.map(({ file }) => file),
        files,
      )
      for (const [index, { key }] of found.entries()) assert.equal(key, loads[0]?.[index]?.key)
    }
    assert.deepEqual(asked, files)
    assert.deepEqual(keys.problems, [])
  })

  it('asks one question at a time', async () => {
    const files = [generate('ed25519', '-N', secret), generate('ed25519', '-N', secret)]
    let open = 0
    const keys = new Keys(async () => {
      open += 1
      assert.equal(open, 1)
      await new Promise((resolve) => setImmediate(resolve))
      open -= 1
      return secret
    })
    const logins = await Promise.all(files.map((file) => loginWith(file)))
    const found = await Promise.all(logins.map((login) => keys.load(login)))
    assert.equal(found.flat().length, 2)
  })

  it('remembers a wrong passphrase and one that nobody gave, without a word of it', async () => {
    for (const given of ['wrong secret', '', undefined]) {
      const files = [generate('ed25519', '-N', secret), generate('rsa', '-N', secret, '-m', 'PEM')]
      const { keys, asked } = keysWith(given)
      const login = await loginWith(...files)
      assert.deepEqual(await keys.load(login), [])
      assert.deepEqual(await keys.load(login), [])
      assert.deepEqual(asked, files)
      assert.deepEqual(
        keys.problems.map(({ file, code }) => [file, code]),
        files.map((file) => [file, 'key-passphrase']),
      )
      assert.doesNotMatch(JSON.stringify(keys.problems), /secret|horse/)
    }
  })

  it('does not use a key that others can read, as ssh does not', async () => {
    const file = generate('ed25519')
    const good = generate('ed25519')
    chmodSync(file, 0o640)
    const { keys } = keysWith(undefined)
    assert.deepEqual(
      (await keys.load(await loginWith(file, good))).map((found) => found.file),
      [good],
    )
    assert.deepEqual(keys.problems, [
      { file, code: 'key-mode', message: `${file} can be read by others`, fix: `chmod 600 ${file}` },
    ])
    assert.throws(() => execFileSync('ssh-keygen', ['-y', '-f', file], { stdio: 'pipe' }), /too open/)
  })

  it("minds the mode of one's own files only, as ssh does", async () => {
    const file = generate('ed25519')
    chmodSync(file, 0o644)
    chownSync(file, 65534, 65534)
    const { keys } = keysWith(undefined)
    assert.equal((await keys.load(await loginWith(file))).length, 1)
    execFileSync('ssh-keygen', ['-y', '-f', file])
  })

  it('says what it cannot read, and how to make it readable', async () => {
    const pkcs8 = generate('rsa', '-m', 'PKCS8')
    const encrypted = generate('rsa', '-m', 'PKCS8', '-N', secret)
    const rubbish = join(folder, 'rubbish')
    writeFileSync(rubbish, '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n', {
      mode: 0o600,
    })
    const { keys } = keysWith(secret)
    assert.deepEqual(await keys.load(await loginWith(pkcs8, encrypted, rubbish, folder)), [])
    assert.deepEqual(
      keys.problems.map(({ file, code }) => [file, code]),
      [
        [pkcs8, 'key-format'],
        [encrypted, 'key-format'],
        [rubbish, 'key-format'],
        [folder, 'key-unreadable'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(keys.problems), /secret|c2VjcmV0/)
    const [first] = keys.problems
    assert.equal(first?.fix, `ssh-keygen -p -f ${pkcs8}`)
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', '', '-f', pkcs8])
    assert.equal((await new Keys(async () => undefined).load(await loginWith(pkcs8))).length, 1)
  })

  it('leaves a public key to the agent and says that it needs one', async () => {
    const file = generate('ed25519')
    const { keys } = keysWith(undefined)
    chmodSync(`${file}.pub`, 0o644)
    assert.deepEqual(await keys.load(await loginWith(`${file}.pub`)), [])
    assert.deepEqual(
      keys.problems.map(({ file: at, code, fix }) => [at, code, fix]),
      [[`${file}.pub`, 'key-format', `ssh-add ${file}`]],
    )
  })

  it('misses the files that were named, not those that ssh tries unasked', async () => {
    const { keys } = keysWith(undefined)
    const named = join(folder, 'absent')
    const login = await loginWith(named)
    const files = [join(folder, '.ssh/id_rsa'), join(folder, '.ssh/id_ed25519_sk'), named]
    assert.deepEqual(await keys.load({ ...login, identityFiles: files }), [])
    assert.deepEqual(
      keys.problems.map(({ file, code }) => [file, code]),
      [[named, 'key-missing']],
    )
  })
})

describe('publicHalf', () => {
  it('is found in FILE.pub, in the file itself, or in the header of an encrypted key', () => {
    for (const type of ['ed25519', 'ecdsa', 'rsa']) {
      const file = generate(type, '-N', secret)
      const text = (at: string): string | undefined => {
        const key = publicHalf(at)
        return key && `${key.type} ${key.blob.toString('base64')}`
      }
      const expected = publicLine(file)
      assert.equal(text(`${file}.pub`), expected)
      assert.equal(text(file), expected)
      const bare = `${file}.bare`
      copyFileSync(file, bare)
      assert.equal(text(bare), expected)
      writeFileSync(bare, `# a comment\n\n${readFileSync(`${file}.pub`, 'latin1')}`)
      assert.equal(text(bare), expected)
      writeFileSync(bare, readFileSync(file, 'latin1').replace(/\n[^\n]{60}/, '\n'))
      assert.equal(text(bare), undefined)
      assert.equal(text(`${file}.absent`), undefined)
      assert.equal(text(folder), undefined)
    }
  })
})
