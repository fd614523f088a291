/** The tar reader and writer against GNU tar and busybox tar. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { readTar } from '../../src/host/tar.ts'

const tars: Record<string, string[]> = { 'GNU tar': ['tar'], 'busybox tar': ['busybox', 'tar'] }

/**
 * A name as latin1 text, up to the 255 bytes that a file system takes: every byte but NUL, the slash, and the backslash,
 * which GNU tar takes for an escape in its arguments (lxcnet works with no container of such a name).
 */
const name = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 30 }),
    fc.uint8Array({ minLength: 90, maxLength: 110 }),
    fc.uint8Array({ minLength: 240, maxLength: 255 }),
  )
  .map((bytes) =>
    Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f || byte === 0x5c ? 0x0a : byte))).toString('latin1'),
  )
  .filter((text) => text !== '.' && text !== '..')
const content = fc
  .oneof(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ minLength: 500, maxLength: 1100 }))
  .map((bytes) => Buffer.from(bytes))
const mode = fc.constantFrom(0o600, 0o644, 0o755, 0o4755, 0o1666, 0o444)
const tree = fc.uniqueArray(fc.record({ name, content, mode }), {
  selector: (one) => one.name,
  minLength: 1,
  maxLength: 5,
})

function inFolder(body: (folder: string) => void): void {
  const folder = fs.mkdtempSync(join(tmpdir(), 'lxcnet-tar-'))
  try {
    body(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** What tar makes of these names, which come on stdin as they do on a host; `size` makes xargs start several tars. */
function pack(folder: string, tar: string[], names: string[], size?: number, ...options: string[]): Buffer {
  const some = size === undefined ? [] : ['-n', String(size)]
  const args = ['-0r', ...some, ...tar, '-cf', '-', ...options, '--no-recursion', '--']
  const input = Buffer.from(names.map((one) => `./${one}\0`).join(''), 'latin1')
  const { status, stdout, stderr } = spawnSync('xargs', args, { cwd: folder, input, maxBuffer: 1 << 28 })
  assert.equal(status, 0, String(stderr))
  return stdout
}

for (const [title, tar] of Object.entries(tars)) {
  describe(`readTar on what ${title} writes`, () => {
    it('finds every file with its name, bytes and mode, in order, over several archives', () => {
      const property = fc.property(tree, fc.constantFrom(undefined, 1, 2), (files, size) =>
        inFolder((folder) => {
          const at = (one: string): Buffer => Buffer.from(`${folder}/${one}`, 'latin1')
          for (const one of files) {
            fs.writeFileSync(at(one.name), one.content)
            fs.chmodSync(at(one.name), one.mode)
          }
          const entries = readTar(
            pack(
              folder,
              tar,
              files.map((one) => one.name),
              size,
            ),
          )
          assert.deepEqual(
            entries.map(({ path, data, type, mode }) => ({
              path,
              data: data.toString('latin1'),
              type,
              mode: mode & 0o7777,
            })),
            files.map((one) => ({ path: one.name, data: one.content.toString('latin1'), type: '0', mode: one.mode })),
          )
        }),
      )
      fc.assert(property, { numRuns: 60 })
    })

    it('finds a path of many folders, longer than the header holds', () =>
      inFolder((folder) => {
        const deep = Array.from({ length: 12 }, (_, n) => `folder ${n} ${'x'.repeat(n * 4)}`).join('/')
        fs.mkdirSync(join(folder, deep), { recursive: true })
        fs.writeFileSync(join(folder, deep, 'config'), 'deep')
        const [entry] = readTar(pack(folder, tar, [`${deep}/config`]))
        assert.equal(entry?.path, `${deep}/config`)
        assert.equal(String(entry?.data), 'deep')
      }))

    it('gives a file with several names under each of them', () =>
      inFolder((folder) => {
        const long = 'l'.repeat(150)
        fs.writeFileSync(join(folder, long), 'shared')
        fs.linkSync(join(folder, long), join(folder, 'b'))
        const names = [long, 'b', long]
        const entries = readTar(pack(folder, tar, names))
        assert.deepEqual(
          entries.map((one) => [one.path, one.type, String(one.data)]),
          names.map((one) => [one, '0', 'shared']),
        )
      }))

    it('gives a symbolic link its target and no bytes', () =>
      inFolder((folder) => {
        const far = `/${'t'.repeat(140)}/config`
        fs.symlinkSync('../near', join(folder, 'a'))
        fs.symlinkSync(far, join(folder, 'b'))
        const entries = readTar(pack(folder, tar, ['a', 'b']))
        assert.deepEqual(
          entries.map((one) => [one.path, one.type, one.target, one.data.length]),
          [
            ['a', '2', '../near', 0],
            ['b', '2', far, 0],
          ],
        )
      }))
  })
}

describe('readTar on the formats of GNU tar', () => {
  for (const format of ['gnu', 'oldgnu', 'posix', 'ustar', 'v7']) {
    it(`reads --format=${format}`, () =>
      inFolder((folder) => {
        const long = format === 'posix' || format.endsWith('gnu') ? `${'é\n'.repeat(60)}=` : 'short'
        const path = Buffer.from(long).toString('latin1')
        fs.writeFileSync(Buffer.from(`${folder}/${path}`, 'latin1'), 'text')
        fs.writeFileSync(join(folder, 'empty'), '')
        const entries = readTar(pack(folder, ['tar'], [path, 'empty'], undefined, `--format=${format}`))
        assert.deepEqual(
          entries.filter((one) => one.type === '0').map((one) => [one.path, String(one.data)]),
          [
            [path, 'text'],
            ['empty', ''],
          ],
        )
      }))
  }

  it('reads owners beyond what seven octal digits hold', () =>
    inFolder((folder) => {
      fs.writeFileSync(join(folder, 'a'), '')
      fs.chownSync(join(folder, 'a'), 3_000_000_000, 2_097_152)
      const [entry] = readTar(pack(folder, ['tar'], ['a']))
      assert.deepEqual([entry?.uid, entry?.gid], [3_000_000_000, 2_097_152])
    }))
})
