import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifest, manPages } from '../../build.ts'
import { inventoryOf } from '../../src/inventory/inventory.ts'

const root = join(import.meta.dirname, '../..')
const pages = Object.entries(manPages(await manifest()))

describe('manual pages', () => {
  for (const [file, text] of pages) {
    it(`${file} is what the commands say`, () => assert.equal(readFileSync(join(root, file), 'utf8'), text))

    it(`${file} is clean for mandoc`, () => {
      // STYLE and lower is about taste; and cross references to pages that are not installed here are right.
      const lint = execFileSync('mandoc', ['-T', 'lint', '-W', 'warning', join(root, file)], { encoding: 'utf8' })
      assert.equal(lint, '')
    })
  }

  it('name every command and flag', async () => {
    const page = execFileSync('mandoc', ['-T', 'ascii', join(root, 'man/lxcnet.1')], { encoding: 'utf8' })
    const plain = page.replace(/.[\b]/g, '') // mandoc prints bold by overstriking
    for (const { id, flags, hidden } of Object.values(await manifest())) {
      if (hidden) continue
      assert.ok(plain.includes(`lxcnet ${id.replaceAll(':', ' ')}`), id)
      for (const flag of Object.keys(flags)) assert.ok(plain.includes(`--${flag}`), `${id} --${flag}`)
    }
  })

  it('show an inventory that is one', () => {
    const file = join(root, 'templates/man/hosts')
    const { hosts, groups } = inventoryOf(readFileSync(file, 'latin1'), file)
    assert.equal(groups.get('lxc')?.length, 22)
    assert.equal(groups.get('web')?.at(-1), 'web20.example.org')
    const login = { user: 'admin', jump: 'gate.example.org' }
    assert.deepEqual(hosts.get('db2')?.target, { name: 'db2', address: '192.0.2.32', port: 2222, ...login })
  })
})
