/** Where an inventory is looked for, what is refused, and how one is replaced. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LxcnetError } from '../../src/core/error.ts'
import { findInventory, inventoryToEdit, readInventory, replaceText, unreadBeside } from '../../src/inventory/index.ts'

describe('the file of an inventory', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lxcnet-inventory-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const put = (name: string, text = 'h1\n', mode = 0o644): string => {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, 'latin1')
    chmodSync(file, mode)
    return file
  }
  const refused = (code: string, message: RegExp, act: () => unknown): void =>
    assert.throws(act, (error) => {
      assert.ok(error instanceof LxcnetError, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.ok(error.suggestions.length > 0 || error.cause !== undefined)
      return true
    })

  it('is the one that was named, before all others', () => {
    const [given, own] = [put('given'), put('.config/lxcnet/hosts')]
    assert.equal(findInventory(given, { HOME: folder, LXCNET_INVENTORY: own }), given)
    assert.equal(findInventory(undefined, { HOME: folder, LXCNET_INVENTORY: given }), given)
    assert.equal(findInventory(undefined, { HOME: folder, LXCNET_INVENTORY: '' }), own)
    assert.equal(findInventory(undefined, { HOME: folder, ANSIBLE_INVENTORY: given }), own)
    assert.equal(findInventory(undefined, { HOME: join(folder, 'no'), ANSIBLE_INVENTORY: given }), given)
    assert.equal(findInventory(undefined, { HOME: '/no', XDG_CONFIG_HOME: join(folder, '.config') }), own)
  })

  it('has to be there when it is named, so that no other fleet is taken for it', () => {
    put('.config/lxcnet/hosts')
    const gone = join(folder, 'gone')
    refused('no-inventory', /--inventory/, () => findInventory(gone, { HOME: folder }))
    refused('no-inventory', /\$LXCNET_INVENTORY/, () =>
      findInventory(undefined, { HOME: folder, LXCNET_INVENTORY: gone }),
    )
  })

  it('may be a new one when it is edited', () => {
    const fresh = join(folder, '.config/lxcnet/hosts')
    assert.equal(inventoryToEdit(join(folder, 'gone'), {}), join(folder, 'gone'))
    assert.equal(inventoryToEdit(undefined, { HOME: folder }), fresh)
    replaceText(fresh, undefined, 'h1\n')
    assert.equal(readFileSync(fresh, 'utf8'), 'h1\n')
    assert.equal(statSync(fresh).mode & 0o777, 0o600)
    assert.equal(statSync(dirname(fresh)).mode & 0o777, 0o700)
  })

  it('is refused when it is a directory, a program, YAML or JSON, with what to do', () => {
    refused('bad-inventory', /is a directory/, () => readInventory(folder))
    refused('bad-inventory', /is a program/, () => readInventory(put('run', '#!/bin/sh\necho {}\n', 0o755)))
    refused('bad-inventory', /is YAML/, () => readInventory(put('hosts.yml', 'all:\n')))
    refused('bad-inventory', /is YAML/, () => readInventory(put('hosts', '# c\n\n---\nall:\n  hosts:\n')))
    refused('bad-inventory', /is YAML/, () => readInventory(put('hosts', 'all:\n  hosts:\n')))
    refused('bad-inventory', /is YAML/, () => readInventory(put('hosts', '{"all": {}}\n')))
  })

  it('is read though it is executable, as on a file system without modes', () =>
    assert.deepEqual([...readInventory(put('hosts', 'h1\n[all:vars]\n', 0o755)).hosts.keys()], ['h1']))

  it('that cannot be read is said to be so', () =>
    refused('unreadable', /cannot be read/, () => readInventory(join(folder, 'gone'))))

  it('keeps mode and owner when it is replaced, and a link stays a link', () => {
    const file = put('real/hosts', 'h1\n', 0o640)
    const link = join(folder, 'hosts')
    symlinkSync('real/hosts', link)
    replaceText(link, 'h1\n', 'h2\n')
    assert.equal(readFileSync(file, 'utf8'), 'h2\n')
    assert.equal(statSync(file).mode & 0o777, 0o640)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.deepEqual(readdirSync(dirname(file)), ['hosts'], 'nothing lies beside it')
  })

  it('that somebody else has changed meanwhile is left alone', () => {
    const file = put('hosts', 'h1\nh2\n')
    refused('stale', /has changed meanwhile/, () => replaceText(file, 'h1\n', 'h3\n'))
    refused('stale', /has changed meanwhile/, () => replaceText(file, undefined, 'h3\n'))
    assert.equal(readFileSync(file, 'utf8'), 'h1\nh2\n')
  })

  it('has neighbours that only Ansible reads', () => {
    const file = put('hosts')
    assert.deepEqual(unreadBeside(file), [])
    put('group_vars/all.yml')
    assert.deepEqual(unreadBeside(file), [join(folder, 'group_vars')])
  })
})
