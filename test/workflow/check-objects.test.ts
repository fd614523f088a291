/** What `lxcnet check` says of objects. */
import assert from 'node:assert/strict'
import { checkObjects } from '../../src/workflow/check-objects.ts'
import { ring, Table } from './ring.ts'

const check = (files: Record<string, string>, allow: string[] = []): unknown[] => {
  const host = new Table(files)
  return checkObjects(host.context, host.reading(), new Set(allow), [ring]).map(
    ({ container, nic, object, severity, code }) => [container, nic, object, severity, code],
  )
}

describe('a check of objects', () => {
  it('names the one that a finding is about, also where the name of another begins alike', () =>
    assert.deepEqual(check({ '/etc/rings/r1': 'uplink=a\n', '/etc/rings/r10': 'member=lost\n' }), [
      [null, null, 'ring r10', 'error', 'link-not-found'],
    ]))

  it('leaves out what is allowed', () =>
    assert.deepEqual(check({ '/etc/rings/r1': 'member=lost\n' }, ['link-not-found']), []))

  it('says why a noun cannot be read', () =>
    assert.deepEqual(check({ '/etc/rings/r1': 'garbage' }), [[null, null, 'ring', 'error', 'unreadable']]))
})
