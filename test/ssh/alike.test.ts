/** `ssh -G` is asked about one host only where it would say the same of the others: that is what ssh itself says here. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asOf, saysTheSameOfAll } from '../../src/ssh/alike.ts'
import { askSsh } from '../../src/ssh/ssh-settings.ts'

interface Case {
  config: string
  /** Other files beside it. */
  files?: Record<string, string>
  alike: boolean
}

const cases: Record<string, Case> = {
  nothing: { config: '', alike: true },
  'what Debian ships': {
    config:
      'Include FOLDER/config.d/*.conf\nHost *\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n    GSSAPIAuthentication yes\n',
    alike: true,
  },
  'an empty folder included, and a file that is not there': {
    config: 'Include FOLDER/config.d/*.conf FOLDER/none\nUser=operator\n',
    alike: true,
  },
  'a key and a port for all': { config: 'IdentityFile ~/.ssh/lab\nPort 2222\nHost *\n  User root\n', alike: true },
  'a host with words of its own': { config: 'Host beta\n  Port 2222\n', alike: false },
  'a pattern': { config: 'host = *ta\n  User other\n', alike: false },
  'all but one': { config: 'Host * !beta\n  User other\n', alike: false },
  'a condition': { config: 'Match host beta\n  User other\n', alike: false },
  'a host in what is included': {
    config: 'Include FOLDER/config.d/*.conf\n',
    files: { 'config.d/one.conf': 'Host beta\n  HostName 192.0.2.7\n' },
    alike: false,
  },
  'an include that cannot be told': { config: 'Include ~/nowhere/*.conf\n', alike: false },
  'a file that includes itself': { config: 'Include FOLDER/config\n', alike: false },
}

describe('hosts that ssh is configured alike for', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lxcnet-alike-'))
    mkdirSync(join(folder, 'config.d'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  for (const [title, { config, files = {}, alike }] of Object.entries(cases)) {
    it(`are ${alike ? '' : 'not '}told by ${title}`, async () => {
      const path = join(folder, 'config')
      writeFileSync(path, config.replaceAll('FOLDER', folder), { mode: 0o600 })
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
      assert.equal(saysTheSameOfAll([path]), alike)
      if (!alike) return
      const ask = async (host: string) => {
        const settings = await askSsh({ name: host }, ['-F', path, '--', host])
        assert.ok(settings)
        return settings
      }
      const derived = asOf(await ask('alpha'), 'alpha', 'beta')
      const told = new Map(await ask('beta'))
      if (told.has('host')) told.set('host', ['alpha']) // ssh repeats there what it was asked
      assert.deepEqual(derived, told)
    })
  }

  it('are asked about one by one where the settings have the host in them, or another name for it', async () => {
    for (const config of ['HostName %h.example.com\n', 'IdentityFile /keys/alpha\n', 'CanonicalizeHostname always\n']) {
      const path = join(folder, 'config')
      writeFileSync(path, config, { mode: 0o600 })
      const settings = await askSsh({ name: 'alpha' }, ['-F', path, '--', 'alpha'])
      assert.ok(settings)
      assert.equal(asOf(settings, 'alpha', 'beta'), undefined, config)
    }
  })
})
