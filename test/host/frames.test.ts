/** Answers of a host as they arrive: behind banners, among garbage, cut at any byte. */
import assert from 'node:assert/strict'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { ExecResult, Host } from '../../src/host/port.ts'
import { frames, takeSnapshot } from '../../src/host/snapshot.ts'
import { probes, shells, type Tree, withTree } from '../transaction/tree.ts'

const nonce = '0123456789abcdef'
const result = (stdout: string | Buffer, stderr = '', status: number | null = 0): ExecResult => ({
  stdout: typeof stdout === 'string' ? Buffer.from(stdout, 'latin1') : stdout,
  stderr,
  status,
})
const frame = (kind: string, id: string, body: string): string => `@${nonce} ${kind} 0 ${body.length} ${id}\n${body}\n`
const unreachable = (error: unknown): boolean =>
  error instanceof LxcnetError && error.code === 'unreachable' && error.exit === 4

/** Another host's answers on their way to lxcnet. */
class Altered implements Host {
  readonly name = 'altered'
  readonly #host = new LocalHost(['dash', '-s'])
  readonly #alter: (result: ExecResult) => ExecResult
  constructor(alter: (result: ExecResult) => ExecResult) {
    this.#alter = alter
  }

  async exec(script: string): Promise<ExecResult> {
    return this.#alter(await this.#host.exec(script))
  }
}

function filled(tree: Tree): void {
  tree.write('/var/lib/lxc/a/config', 'lxc.net.0.type = veth\n')
  tree.write('/var/lib/lxc/b/config', `${'x'.repeat(700)}\n`)
  tree.write('/etc/lxc/default.conf', '')
}

describe('frames', () => {
  it('starts after whatever a login script printed, even without an end of line', () => {
    for (const banner of [
      'Welcome!\n',
      '*** no end of line',
      '\x00\xff\r\n\r\n',
      `@${nonce}\n`,
      '@ run 0 3 a\nabc\n',
    ]) {
      const { list } = frames(result(banner + frame('run', 'a b', 'text\nmore')), nonce, 'host')
      assert.deepEqual(list, [{ kind: 'run', status: 0, id: 'a b', text: 'text\nmore' }])
    }
  })

  it('takes no frame of another nonce, and nothing inside a body, for its own', () => {
    const alike = '@0123456789abcdee run 0 3 evil\nevil\n'
    const body = frame('run', 'inner', 'evil')
    const { list } = frames(
      result(alike + frame('run', 'outer', body) + alike + frame('run', 'next', '')),
      nonce,
      'host',
    )
    assert.deepEqual(
      list.map(({ id, text }) => [id, text]),
      [
        ['outer', body],
        ['next', ''],
      ],
    )
  })

  it('passes over a head that makes no sense', () => {
    for (const head of [
      `@${nonce} run`,
      `@${nonce} run x y z`,
      `@${nonce} run 0 -5 a`,
      `@${nonce} run 0 NaN a`,
      `@${nonce}  `,
    ]) {
      const { list } = frames(result(`${head}\n${frame('run', 'a', 'b')}`), nonce, 'host')
      assert.deepEqual(
        list.map(({ id }) => id),
        ['a'],
        head,
      )
    }
  })

  it('drops an answer that was cut', () => {
    const whole = frame('run', 'first', 'one') + frame('run', 'second', 'two two')
    for (let cut = frame('run', 'first', 'one').length; cut < whole.length - 1; cut++) {
      assert.deepEqual(
        frames(result(whole.slice(0, cut), '', null), nonce, 'host').list.map(({ id }) => id),
        ['first'],
      )
    }
  })

  it('says unreachable, with what the shell complained of, when there was no answer', () => {
    const said = result('Account locked.\n', 'sh: 1: not found\nsecond line\n', 127)
    assert.throws(
      () => frames(said, nonce, 'host7'),
      (error) => {
        assert.ok(unreachable(error) && error instanceof Error)
        assert.match(error.message, /host7.*127.*not found/)
        return true
      },
    )
    assert.throws(() => frames(result('', '', null), nonce, 'host7'), unreachable)
  })
})

describe('a snapshot', () => {
  it('is read behind a banner and before a farewell', () =>
    withTree(async (tree) => {
      filled(tree)
      const plain = await tree.snapshot()
      const polite = new Altered((r) => ({
        ...r,
        stdout: Buffer.concat([Buffer.from('Hello\n'), r.stdout, Buffer.from('\nBye.\n')]),
      }))
      const seen = await takeSnapshot(polite, tree.scope, probes)
      assert.deepEqual(seen.files, plain.files)
      assert.equal(seen.digest, plain.digest)
    }))

  it('is never half a snapshot: cut anywhere, it is unreachable', () =>
    withTree(async (tree) => {
      filled(tree)
      let whole: ExecResult | undefined
      await takeSnapshot(new Altered((r) => (whole = r)), tree.scope, probes)
      const length = whole?.stdout.length ?? 0
      assert.ok(length > 3000)
      for (let cut = 0; cut < length - 1; cut += cut > length - 200 ? 1 : 37) {
        const host = new Altered((r) => ({ ...r, stdout: r.stdout.subarray(0, Math.min(cut, r.stdout.length - 1)) }))
        await assert.rejects(takeSnapshot(host, tree.scope, probes), unreachable, `cut at ${cut}`)
      }
    }).then(() => undefined)).timeout(60_000)

  it('is refused when no tar, no xargs, no find or no shell is there, instead of showing an empty host', async () => {
    for (const tool of ['tar', 'xargs', 'find']) {
      await withTree(async (tree) => {
        filled(tree)
        const hide = `mount --bind /dev/null "$(readlink -f "$(command -v ${tool})")" && exec dash -s`
        const host = new LocalHost(['unshare', '-m', 'sh', '-c', hide])
        await assert.rejects(tree.snapshot(host), { code: 'missing-tool', message: new RegExp(`no \`${tool}\``) })
      })
    }
    await withTree(async (tree) => {
      await assert.rejects(tree.snapshot(new LocalHost(['/no/such/shell'])), unreachable)
      await assert.rejects(tree.snapshot(new LocalHost(['false'])), unreachable)
      await assert.rejects(tree.snapshot(new LocalHost(['sh', '-c', 'kill -9 $$'])), unreachable)
    })
  })

  for (const shell of shells) {
    it(`counts bytes, not characters, under ${shell.name}`, () =>
      withTree(async (tree) => {
        const name = Buffer.from('naïve ünïcödé €').toString('latin1')
        tree.write(`/var/lib/lxc/target/${name}`, 'linked\n')
        tree.dir('/var/lib/lxc/a')
        const { symlinkSync } = await import('node:fs')
        symlinkSync(Buffer.from(`../target/${name}`, 'latin1'), tree.at('/var/lib/lxc/a/config'))
        const seen = await tree.snapshot(new LocalHost(shell.argv))
        assert.equal(seen.links.get('/var/lib/lxc/a/config'), `/var/lib/lxc/target/${name}`)
        assert.equal(seen.files.get(`/var/lib/lxc/target/${name}`)?.text, 'linked\n')
      }))
  }
})
