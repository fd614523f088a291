import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { exit, LxcnetError } from '../../src/core/error.ts'
import type { Target } from '../../src/core/target.ts'
import { ssh2Algorithms } from '../../src/ssh/algorithms.ts'
import { KnownHosts } from '../../src/ssh/known-hosts.ts'
import { type Login, Logins, needsOpenSsh } from '../../src/ssh/login.ts'

const { homedir: home, username, uid } = userInfo()
let folder: string
let count = 0
let environment: NodeJS.ProcessEnv

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lxcnet-login-'))
})
beforeEach(() => {
  environment = { ...process.env }
})
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  Object.assign(process.env, environment)
})
after(() => rmSync(folder, { recursive: true, force: true }))

function configFile(text: string): string {
  count += 1
  const file = join(folder, `config.${count}`)
  writeFileSync(file, text)
  return file
}

const resolve = (config: string, target: Target, address?: string): Promise<Login> =>
  new Logins({ configFile: configFile(config) }).resolve(target, address)

const refused =
  (code: string, pattern = /./) =>
  (error: unknown) =>
    error instanceof LxcnetError && error.code === code && pattern.test(error.message)

/** ssh -v prints bytes beyond ASCII as `\\303`: vis(3). */
const unescaped = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** What `ssh -G` says to the words of a login. */
const askSsh = (words: readonly string[]): string => execFileSync('ssh', ['-G', '-T', ...words], { encoding: 'latin1' })

describe('Logins', () => {
  it('takes the settings of the configuration, Include and Match among them', async () => {
    const included = configFile('Match originalhost web1 exec true\n  IdentityFile /keys/from-match\n')
    const config = `Include ${included}
      Host web*
        HostName 192.0.2.7
        User admin
        Port 2222
        HostKeyAlias Web.Example
        UserKnownHostsFile "/known hosts/one" ~/two
        GlobalKnownHostsFile /etc/three
        IdentityFile "~/my keys/%r@%h"
        IdentitiesOnly yes
        IdentityAgent /run/agent
        CertificateFile ~/certificate
        CheckHostIP yes
        HashKnownHosts yes
        StrictHostKeyChecking accept-new
        ConnectTimeout 7
        ServerAliveInterval 11
        ServerAliveCountMax 2
        AddressFamily inet
        Ciphers aes128-ctr,aes256-ctr
        KexAlgorithms curve25519-sha256
        HostKeyAlgorithms ssh-ed25519
        PKCS11Provider /usr/lib/p11.so
        KnownHostsCommand /bin/false %H
        VerifyHostKeyDNS yes`
    const { sshWords, ...login } = await resolve(config, { name: 'web1' })
    assert.deepEqual(login, {
      host: '192.0.2.7',
      port: 2222,
      user: 'admin',
      identityFiles: ['/keys/from-match', `${home}/my keys/admin@192.0.2.7`],
      identitiesOnly: true,
      agent: '/run/agent',
      certificateFiles: [`${home}/certificate`],
      knownHosts: ['/known hosts/one', `${home}/two`, '/etc/three'],
      recordHostKeyIn: '/known hosts/one',
      hostKeyName: 'web.example',
      hostKeyPort: 22,
      checkHostIp: true,
      hashKnownHosts: true,
      strict: 'accept-new',
      jump: undefined,
      proxyCommand: undefined,
      pkcs11: '/usr/lib/p11.so',
      gssapi: false,
      connectTimeoutSeconds: 7,
      keepAlive: { intervalSeconds: 11, count: 2 },
      addressFamily: 'inet',
      ciphers: ['aes128-ctr', 'aes256-ctr'],
      kex: ['curve25519-sha256'],
      hostKeyAlgorithms: ['ssh-ed25519'],
      furtherSettings: ['KnownHostsCommand /bin/false %H', 'VerifyHostKeyDNS yes'],
    })
  })

  it("takes ssh's own defaults where nothing is configured", async () => {
    process.env['SSH_AUTH_SOCK'] = '/tmp/agent.sock'
    const login = await resolve('', { name: 'WEB1' })
    assert.equal(login.host, 'web1')
    assert.equal(login.port, 22)
    assert.equal(login.user, username)
    assert.ok(login.identityFiles.includes(`${home}/.ssh/id_ed25519`))
    assert.deepEqual(
      login.certificateFiles,
      login.identityFiles.map((file) => `${file}-cert.pub`),
    )
    assert.equal(login.agent, '/tmp/agent.sock')
    assert.deepEqual(login.knownHosts.slice(0, 2), [`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`])
    assert.equal(login.recordHostKeyIn, `${home}/.ssh/known_hosts`)
    assert.equal(login.hostKeyName, 'web1')
    assert.equal(login.strict, 'ask')
    assert.equal(login.connectTimeoutSeconds, undefined)
    assert.equal(login.addressFamily, 'any')
    assert.deepEqual(login.furtherSettings, [])
  })

  it('expands paths as ssh does', async () => {
    process.env['LXCNET_TEST_KEYS'] = '/keys/ü'
    const variable = '$\u007bLXCNET_TEST_KEYS}/k'
    const files = ['~/k', '%d/k', '/%h-%n-%p-%r-%u-%i-%k', '/%l.%L', '/100%%', '"/a b/c"', variable]
    const config = `Host web1\n HostName 127.0.0.1\n Port 2222\n User admin\n HostKeyAlias alias
      CertificateFile ~/c-%r\n${files.map((file) => ` IdentityFile ${file}\n`).join('')}`
    const file = configFile(config)
    const login = await new Logins({ configFile: file }).resolve({ name: 'web1' })
    const words = ['-v', '-F', file, '-o', 'ProxyCommand=/bin/true', '-o', 'BatchMode=yes', 'web1']
    const { stderr } = spawnSync('ssh', words, { encoding: 'latin1' })
    const told = (kind: string): string[] =>
      [...stderr.matchAll(new RegExp(`^debug1: ${kind} file (.*) type -?\\d+\\r?$`, 'gm'))].map((match) =>
        unescaped(match[1] ?? ''),
      )
    assert.equal(login.identityFiles.length, files.length)
    assert.deepEqual(login.identityFiles, told('identity'))
    assert.deepEqual(login.certificateFiles, told('certificate'))
    assert.ok(login.identityFiles.includes(`/127.0.0.1-web1-2222-admin-${username}-${uid}-alias`))
    assert.ok(login.identityFiles.includes(`/${hostname()}.${hostname().replace(/\..*/, '')}`))
  })

  it('lets what the target says go before the configuration', async () => {
    const own = configFile('')
    const config = 'Host web1\n HostName 192.0.2.7\n User admin\n Port 2222\n ProxyJump old\n IdentityFile /keys/old\n'
    const target = { name: 'w', address: 'web1', port: 2200, user: 'ops', identityFile: own, jump: 'a,me@b:33' }
    const login = await resolve(config, {
      ...target,
      sshArgs: ['-o', 'Port=1', '-oUser=x', '-C', '-o', 'CheckHostIP=yes'],
    })
    assert.equal(login.host, '192.0.2.7')
    assert.equal(login.port, 2200)
    assert.equal(login.user, 'ops')
    assert.deepEqual(login.identityFiles, [own, '/keys/old'])
    assert.equal(login.jump, 'a,me@b:33')
    assert.equal(login.checkHostIp, false, 'there is no address to check behind a jump host')
    assert.equal(login.hostKeyName, '192.0.2.7', 'what ssh looks up')
    assert.equal(login.hostKeyPort, 2200)
  })

  it('keeps an identity file that the target names and that is not there, which ssh leaves out', async () => {
    const login = await resolve('', { name: 'web1', identityFile: '~/absent' })
    assert.equal(login.identityFiles[0], `${home}/absent`)
  })

  it('knows the forms of IdentityAgent, and none', async () => {
    process.env['LXCNET_TEST_AGENT'] = '/run/other'
    delete process.env['SSH_AUTH_SOCK']
    const agents: [string, string | undefined][] = [
      ['none', undefined],
      ['SSH_AUTH_SOCK', undefined],
      ['$LXCNET_TEST_AGENT', '/run/other'],
      ['$\u007bLXCNET_TEST_AGENT}/x', '/run/other/x'],
      ['$LXCNET_TEST_UNSET', undefined],
      ['~/agent', `${home}/agent`],
    ]
    for (const [configured, agent] of agents) {
      assert.equal((await resolve(`IdentityAgent ${configured}`, { name: 'web1' })).agent, agent, configured)
    }
    const none = 'UserKnownHostsFile none\nGlobalKnownHostsFile none\nIdentityFile none\nProxyJump none'
    const login = await resolve(none, { name: 'web1' })
    assert.deepEqual([login.knownHosts, login.recordHostKeyIn, login.identityFiles], [[], undefined, []])
    assert.equal(login.jump, undefined)
    assert.equal((await resolve('ProxyCommand none', { name: 'web1' })).proxyCommand, undefined)
    assert.equal((await resolve('ProxyCommand nc %h %p', { name: 'web1' })).proxyCommand, 'nc %h %p')
  })

  it('tells the words of StrictHostKeyChecking apart', async () => {
    for (const [configured, strict] of [
      ['yes', 'yes'],
      ['ask', 'ask'],
      ['no', 'no'],
      ['off', 'no'],
      ['accept-new', 'accept-new'],
    ]) {
      assert.equal((await resolve(`StrictHostKeyChecking ${configured}`, { name: 'web1' })).strict, strict)
    }
  })

  it('reaches a moved host at its new address under the key of the old name', async () => {
    const config = 'Host web1\n HostName 192.0.2.7\n Port 2222\n User admin\n CheckHostIP yes\n'
    for (const address of ['198.51.100.7', 'fe80::1%eth0', '2001:db8::7']) {
      const login = await resolve(config, { name: 'web1' }, address)
      assert.equal(login.host, address)
      assert.deepEqual([login.hostKeyName, login.hostKeyPort], ['192.0.2.7', 2222])
      assert.deepEqual([login.port, login.user, login.checkHostIp], [2222, 'admin', false])
      const asked = askSsh(login.sshWords)
      assert.match(asked, /^hostkeyalias \[192\.0\.2\.7\]:2222$/m)
      assert.ok(asked.includes(`\nhostname ${address}\n`), asked)
    }
  })

  it('gives words with which ssh comes to the same login', async () => {
    const target = { name: 'web1', port: 2200, user: 'ops', jump: 'bastion', sshArgs: ['-4', '-o', 'User=other'] }
    const login = await resolve('Host web1\n HostName 192.0.2.7\n', target)
    const asked = askSsh(login.sshWords)
    for (const line of ['hostname 192.0.2.7', 'port 2200', 'user ops', 'proxyjump bastion', 'addressfamily inet']) {
      assert.ok(asked.includes(`\n${line}\n`) || asked.startsWith(`${line}\n`), line)
    }
    const before = askSsh(['-o', 'ProxyCommand=/bin/true', ...login.sshWords])
    assert.match(before, /^proxycommand \/bin\/true$/m)
  })

  it('asks ssh once a target, and four times at once at most', async () => {
    const log = join(folder, 'asked')
    const config = `Match exec "echo + >>${log}; sleep 0.2; echo - >>${log}"\n User admin\n`
    const logins = new Logins({ configFile: configFile(config) })
    const targets = Array.from({ length: 9 }, (_, index) => ({ name: `web${index}` }))
    await Promise.all([...targets, ...targets].map((target) => logins.resolve(target)))
    await logins.resolve({ name: 'web0' })
    let running = 0
    let most = 0
    const marks = readFileSync(log, 'latin1').trim().split('\n')
    for (const mark of marks) {
      running += mark === '+' ? 1 : -1
      most = Math.max(most, running)
    }
    assert.equal(marks.length, 18)
    assert.ok(most <= 4, `${most} at once`)
  })

  it('says where ssh does not understand its configuration', async () => {
    const error = await resolve('Host web1\n  Prot 22\n', { name: 'web1' }).catch((reason: unknown) => reason)
    assert.ok(refused('ssh-config', /config\.\d+: line 2: Bad configuration option: prot/)(error), String(error))
  })

  it('refuses whatever ssh could take for something else, before it runs anything', async () => {
    const log = join(folder, 'ran')
    const logins = new Logins({ configFile: configFile(`Match exec "echo ran >>${log}"\n User x\n`) })
    const hosts = [
      '-oProxyCommand=id',
      '',
      'a b',
      'a\nb',
      'a\0b',
      'a;b',
      '$(id)',
      '`id`',
      "a'b",
      'a"b',
      'a\\b',
      'a,b',
      'a\x7fb',
    ]
    const users = ['-l', '', 'a b', 'a\tb', 'a;b', "a'b", 'a|b', 'a\\', 'a\x01']
    const jumps = ['-J', 'a,-b', 'a b', 'u@-b', 'a;b', '', 'a,']
    const targets: Target[] = [
      ...hosts.flatMap((name) => [{ name }, { name: 'web1', address: name }]),
      ...users.map((user) => ({ name: 'web1', user })),
      ...jumps.map((jump) => ({ name: 'web1', jump })),
      ...[0, 65536, 1.5, Number.NaN].map((port) => ({ name: 'web1', port })),
      { name: 'web1', identityFile: 'a\nb' },
      { name: 'web1', identityFile: '/not-utf8/\xff' },
    ]
    for (const target of targets) {
      await assert.rejects(logins.resolve(target), refused('bad-target'), JSON.stringify(target))
    }
    for (const address of hosts) {
      await assert.rejects(logins.resolve({ name: 'web1' }, address), refused('bad-target'), JSON.stringify(address))
    }
    assert.equal(existsSync(log), false)
  })

  it('passes on what says how to connect, and no word that ssh would take for the host', async () => {
    const good = [
      ['-4'],
      ['-C', '-q'],
      ['-vvv'],
      ['-p', '22'],
      ['-p22'],
      ['-oUser=x'],
      ['-o', 'User x'],
      ['-4Co', 'User=x'],
      ['-i', '-'],
    ]
    for (const sshArgs of good)
      assert.equal((await resolve('', { name: 'web1', sshArgs })).host, 'web1', sshArgs.join(' '))
    const bad = [
      ['web2'],
      ['-4', 'web2'],
      ['-o'],
      ['-'],
      ['--'],
      ['-p'],
      ['-N'],
      ['-fN'],
      ['-W', 'a:1'],
      ['-V'],
      ['-G'],
      ['-Qkex'],
      ['-Ocheck'],
      ['-L1:a:1'],
      ['-D1'],
      ['-J', 'a'],
      ['-E', '/x'],
      ['-4x4z'],
      ['-o', 'a\nb'],
      [''],
    ]
    for (const sshArgs of bad) {
      await assert.rejects(resolve('', { name: 'web1', sshArgs }), refused('bad-target'), sshArgs.join(' '))
    }
  })

  it('shows no control character of a refused text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary-ascii' }), async (text) => {
        const error = await new Logins().resolve({ name: `\x1b[2J${text}` }).catch((reason: unknown) => reason)
        assert.ok(error instanceof LxcnetError && error.code === 'bad-target' && error.exit === exit.data)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
        assert.doesNotMatch(error.message, /[\x00-\x1f\x7f]/)
      }),
    )
  })

  describe('without an ssh program', () => {
    beforeEach(() => {
      process.env['PATH'] = '/nonexistent'
    })

    it("has the target's fields and ssh's defaults", async () => {
      process.env['SSH_AUTH_SOCK'] = '/tmp/agent.sock'
      const login = await new Logins().resolve({ name: 'w', address: 'Web1', port: 2222, user: 'ops', jump: 'bastion' })
      assert.deepEqual([login.host, login.port, login.user, login.jump], ['web1', 2222, 'ops', 'bastion'])
      assert.deepEqual([login.hostKeyName, login.hostKeyPort, login.agent], ['web1', 2222, '/tmp/agent.sock'])
      const files = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((file) => `${home}/.ssh/${file}`)
      assert.deepEqual(login.identityFiles, files)
      assert.deepEqual(login.knownHosts, [`${home}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'])
      assert.equal(needsOpenSsh({ ...login, identityFiles: [], certificateFiles: [] }, KnownHosts.read([])), undefined)
      const other = await new Logins().resolve({ name: 'web1', identityFile: '~/key' })
      assert.deepEqual([other.user, other.port, other.identityFiles], [username, 22, [`${home}/key`]])
    })

    it('refuses arguments that only ssh understands', async () => {
      const target = { name: 'web1', sshArgs: ['-o', 'ProxyCommand=nc %h %p'] }
      await assert.rejects(new Logins().resolve(target), refused('ssh-unsupported'))
    })

    it('takes a Kerberos cache for a ticket where it is there', async () => {
      const cache = configFile('')
      process.env['KRB5CCNAME'] = `FILE:${cache}`
      process.env['PATH'] = binWith('ssh')
      const config = configFile('GSSAPIAuthentication yes\n')
      assert.equal((await new Logins({ configFile: config }).resolve({ name: 'web1' })).gssapi, true)
      process.env['KRB5CCNAME'] = `FILE:${cache}.absent`
      assert.equal((await new Logins({ configFile: config }).resolve({ name: 'web1' })).gssapi, false)
      process.env['KRB5CCNAME'] = cache
      assert.equal((await new Logins({ configFile: configFile('') }).resolve({ name: 'web1' })).gssapi, false)
    })

    it('believes klist where there is one', async () => {
      const config = configFile('GSSAPIAuthentication yes\n')
      for (const status of [0, 1]) {
        process.env['KRB5CCNAME'] = configFile('')
        process.env['PATH'] = binWith('ssh', status)
        const login = await new Logins({ configFile: config }).resolve({ name: 'web1' })
        assert.equal(login.gssapi, status === 0)
      }
    })
  })
})

/** A folder with the real program and, where its exit status is given, a klist. */
function binWith(program: string, klistStatus?: number): string {
  count += 1
  const bin = join(folder, `bin.${count}`)
  mkdirSync(bin)
  const path = execFileSync('sh', ['-c', `PATH=/usr/bin:/bin command -v ${program}`], {
    encoding: 'latin1',
    env: { PATH: '/usr/bin:/bin' },
  }).trim()
  writeFileSync(join(bin, program), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 })
  if (klistStatus !== undefined) {
    writeFileSync(join(bin, 'klist'), `#!/bin/sh\n[ "$*" = -s ] && exit ${klistStatus}\nexit 2\n`, { mode: 0o755 })
  }
  return bin
}

describe('needsOpenSsh', () => {
  const none = KnownHosts.read([])
  const reason = async (config: string, known = none): Promise<string | undefined> =>
    needsOpenSsh(await resolve(config, { name: 'web1' }), known)

  it('is content with ssh2 for plain logins', async () => {
    const file = join(folder, 'plain')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    assert.equal(await reason(`IdentityFile ${file}\nHostKeyAlgorithms +ssh-rsa\nProxyJump bastion\n`), undefined)
    assert.equal(await reason(`IdentityFile ${file}.pub\nIdentitiesOnly yes\n`), undefined)
    assert.equal(await reason(`IdentityFile /nonexistent\nCertificateFile /nonexistent\n`), undefined)
  })

  it('names what ssh2 lacks', async () => {
    const identityFile = 'IdentityFile /nonexistent\n'
    const cases: [string, RegExp][] = [
      ['PKCS11Provider /usr/lib/p11.so', /^PKCS11Provider \/usr\/lib\/p11\.so$/],
      ['ProxyCommand nc %h %p', /^ProxyCommand nc/],
      [
        'KexAlgorithms sntrup761x25519-sha512@openssh.com,diffie-hellman-group-exchange-sha256',
        /^KexAlgorithms sntrup/,
      ],
      ['Ciphers aes128-cbc', /^Ciphers aes128-cbc$/],
      ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com', /^HostKeyAlgorithms/],
      ['RevokedHostKeys /etc/ssh/revoked', /^RevokedHostKeys/],
      ['KnownHostsCommand /bin/false', /^KnownHostsCommand/],
      ['VerifyHostKeyDNS yes', /^VerifyHostKeyDNS yes$/],
      ['HostbasedAuthentication yes', /^HostbasedAuthentication yes$/],
      ['BindAddress 192.0.2.1', /^BindAddress/],
    ]
    for (const [config, pattern] of cases) assert.match((await reason(identityFile + config)) ?? '', pattern, config)
  })

  it('sees a certificate, whether it is named or lies beside its key', async () => {
    const authority = join(folder, 'authority')
    const key = join(folder, 'certified')
    for (const file of [authority, key]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', 'root', `${key}.pub`])
    assert.equal(await reason(`IdentityFile ${key}\n`), `the certificate ${key}-cert.pub`)
    assert.equal(await reason(`CertificateFile ${key}-cert.pub\n`), `the certificate ${key}-cert.pub`)
    assert.equal(await reason(`IdentityFile ${key}\nCertificateFile /nonexistent\n`), undefined)
  })

  it('sees a hardware key by its public half', async () => {
    const text = (bytes: Buffer | string): Buffer => {
      const data = Buffer.from(bytes)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(data.length)
      return Buffer.concat([length, data])
    }
    const type = 'sk-ssh-ed25519@openssh.com'
    const blob = Buffer.concat([text(type), text(Buffer.alloc(32, 7)), text('ssh:')])
    const key = join(folder, 'token')
    writeFileSync(`${key}.pub`, `${type} ${blob.toString('base64')} me\n`)
    assert.match(execFileSync('ssh-keygen', ['-l', '-f', `${key}.pub`], { encoding: 'latin1' }), /ED25519-SK/)
    assert.equal(await reason(`IdentityFile ${key}\n`), `the ${type} key ${key}`)
    const zero = Buffer.alloc(4)
    const header = [Buffer.from('openssh-key-v1\0'), text('none'), text('none'), text(''), Buffer.from([0, 0, 0, 1])]
    const body = Buffer.concat([...header, text(blob), text(zero)]).toString('base64')
    const bare = join(folder, 'bare-token')
    writeFileSync(bare, `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`)
    assert.equal(await reason(`IdentityFile ${bare}\n`), `the ${type} key ${bare}`)
  })

  it('sees a host for which only an authority vouches', async () => {
    const key = execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'plain')], { encoding: 'latin1' }).trim()
    const known = (text: string): KnownHosts => KnownHosts.read([configFile(text)])
    const config = 'IdentityFile /nonexistent\n'
    assert.match((await reason(config, known(`@cert-authority web* ${key}\n`))) ?? '', /^@cert-authority/)
    assert.equal(await reason(config, known(`@cert-authority web* ${key}\nweb1 ${key}\n`)), undefined)
  })
})

describe('ssh2Algorithms', () => {
  it('holds nothing that the library does not have', async () => {
    const constants = (await import('ssh2/lib/protocol/constants.js' as string)) as {
      default: Record<string, string[]>
    }
    const { SUPPORTED_KEX = [], SUPPORTED_CIPHER = [], SUPPORTED_SERVER_HOST_KEY = [] } = constants.default
    for (const name of ssh2Algorithms.kex) assert.ok(SUPPORTED_KEX.includes(name), name)
    for (const name of ssh2Algorithms.ciphers) assert.ok(SUPPORTED_CIPHER.includes(name), name)
    for (const name of ssh2Algorithms.hostKeys) assert.ok(SUPPORTED_SERVER_HOST_KEY.includes(name), name)
  })
})
