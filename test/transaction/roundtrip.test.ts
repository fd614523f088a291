/** What a change does when nothing goes wrong, and that taking it back leaves no trace. */
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { LocalHost } from '../../src/host/local.ts'
import { type HostFile, type Snapshot, takeSnapshot } from '../../src/host/snapshot.ts'
import { file, must, probes, run, shells, type Tree, until, withTree } from './tree.ts'

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')
const failed = run(['false'], ['true'])

/** Mode, owner, ACL and extended attributes as getfacl and getfattr tell them. */
function metadata(tree: Tree, path: string): string {
  const at = tree.root + path
  const { mode, uid, gid } = tree.stat(path)
  return [mode, uid, gid, must('getfacl', '-cpE', at), must('getfattr', '-d', '-m', '-', '--absolute-names', at)].join(
    '\n',
  )
}

const at = (snapshot: Snapshot, path: string): HostFile | undefined => snapshot.files.get(path)

for (const shell of shells) {
  const host = new LocalHost(shell.argv)

  describe(`a change under ${shell.name}`, () => {
    it('modifies, creates and removes files, runs commands and checks, and then the final ones', () =>
      withTree(async (tree) => {
        tree.write('/var/lib/lxc/a/config', 'a\n', 0o640)
        tree.write('/etc/lxc/gone', 'bye')
        fs.chownSync(tree.at('/var/lib/lxc/a/config'), 1234, 5678)
        const created = { ...file('/etc/lxc/new', null, 'new', 0o4751), uid: 12, gid: 34 }
        const outcome = await tree.change(host, [
          run(['sh', '-c', 'cat ran >late; echo "two  words"; exit 3']),
          file('/var/lib/lxc/a/config', 'a\n', 'b\n', 0o640),
          file('/etc/lxc/gone', 'bye', null),
          created,
          run(['sh', '-c', 'cat var/lib/lxc/a/config >ran'], ['rm', '-f', 'ran'], ['grep', '-q', 'b', 'ran']),
        ])
        assert.equal(outcome.result, 'committed')
        assert.equal(outcome.reason, '')
        assert.deepEqual(
          outcome.finals.map((one) => [one.argv[0], one.status, one.output]),
          [['sh', 3, 'two  words']],
        )
        assert.equal(tree.read('/late'), 'b\n')
        assert.equal(tree.has('/etc/lxc/gone'), false)
        const { mode, uid, gid } = tree.stat('/etc/lxc/new')
        assert.deepEqual([mode & 0o7777, uid, gid], [0o4751, 12, 34])
        const old = tree.stat('/var/lib/lxc/a/config')
        assert.deepEqual([old.mode & 0o7777, old.uid, old.gid], [0o640, 1234, 5678])
        assert.ok(outcome.after !== undefined)
        assert.equal(at(outcome.after, '/var/lib/lxc/a/config')?.text, 'b\n')
        assert.equal(outcome.after.digest, (await tree.snapshot(host)).digest)
        tree.assertTidy()
      }))

    it('changes several files of one folder, each to its own text', () =>
      withTree(async (tree) => {
        const names = Array.from({ length: 9 }, (_, n) => `/etc/lxc/${n}`)
        for (const path of names.slice(0, 6)) tree.write(path, `old ${path}`)
        const changes = names.map((path, n) => file(path, n < 6 ? `old ${path}` : null, n < 3 ? null : `new ${path}`))
        const before = tree.look()
        assert.equal((await tree.change(host, [...changes, failed])).result, 'undone')
        assert.deepEqual(tree.look(), before)
        assert.equal((await tree.change(host, changes)).result, 'committed')
        for (const [n, path] of names.entries()) {
          if (n < 3) assert.ok(!tree.has(path))
          else assert.equal(tree.read(path), `new ${path}`)
        }
        tree.assertTidy()
      }))

    it('keeps mode, owner, ACL and extended attributes of a file that it changes', () =>
      withTree(async (tree) => {
        const path = '/var/lib/lxc/a/config'
        tree.write(path, 'a\n', 0o640)
        fs.chownSync(tree.at(path), 100000, 100001)
        must('setfacl', '-m', 'u:7:rw,g:8:r', tree.root + path)
        must('setfattr', '-n', 'user.comment', '-v', 'two words', tree.root + path)
        const [found, content] = [metadata(tree, path), tree.look()]
        fs.utimesSync(tree.at(path), 1e9, 1e9)
        const change = tree.change(host, [file(path, 'a\n', 'b\n', 0o640)])
        if (shell.name === 'dash') {
          assert.equal((await change).result, 'committed')
          assert.equal(tree.read(path), 'b\n')
          assert.ok(tree.stat(path).mtimeMs > 1.5e12, 'a changed file has a new time')
        } else {
          // busybox cp keeps neither: it has to say so and leave the file alone
          const { result, reason } = await change
          assert.equal(result, 'undone')
          assert.match(reason, /install coreutils/)
          assert.deepEqual(tree.look(), content)
        }
        assert.equal(metadata(tree, path), found)
        tree.assertTidy()
      }))

    it('gives the very same inodes, times and metadata back when it is undone', () =>
      withTree(async (tree) => {
        for (const path of ['/var/lib/lxc/a/config', '/etc/lxc/gone']) {
          tree.write(path, 'a\n', 0o604)
          fs.utimesSync(tree.at(path), 1e9, 1e9 + 0.123)
        }
        const whole = (): unknown =>
          ['/var/lib/lxc/a/config', '/etc/lxc/gone'].map((path) => {
            const { ino, nlink, mode, uid, gid, mtimeMs } = tree.stat(path)
            return [ino, nlink, mode, uid, gid, mtimeMs, metadata(tree, path)]
          })
        const [before, look] = [whole(), tree.look()]
        const outcome = await tree.change(host, [
          file('/var/lib/lxc/a/config', 'a\n', 'b\n'),
          file('/etc/lxc/gone', 'a\n', null),
          file('/etc/lxc/new', null, 'new'),
          run(['touch', 'ran'], ['rm', 'ran']),
          run(['sh', '-c', 'echo because >&2; exit 7'], ['touch', 'half']),
        ])
        assert.equal(outcome.result, 'undone')
        assert.match(outcome.reason, /exit status 7: because/)
        fs.rmSync(tree.at('/half')) // the way back of the command that failed runs as well: it may have done a part
        assert.deepEqual(whole(), before)
        assert.deepEqual(tree.look(), look)
        tree.assertTidy()
      }))

    it('takes everything back when a check fails, the last step first', () =>
      withTree(async (tree) => {
        const step = (n: number, ...check: string[]) =>
          run(
            ['sh', '-c', `echo do ${n} >>log`],
            ['sh', '-c', `echo undo ${n} >>log`],
            check.length > 0 ? check : undefined,
          )
        const outcome = await tree.change(host, [
          step(1),
          step(2, 'test', '-e', 'nothing'),
          step(3),
          run(['touch', 'final']),
        ])
        assert.equal(outcome.result, 'undone')
        assert.match(outcome.reason, /test -e nothing/)
        assert.equal(tree.read('/log'), 'do 1\ndo 2\ndo 3\nundo 3\nundo 2\nundo 1\n')
        assert.equal(tree.has('/final'), false)
      }))

    it('says failed, and why the way back failed, and still takes back the rest', () =>
      withTree(async (tree) => {
        tree.write('/etc/lxc/a', 'a')
        const outcome = await tree.change(host, [
          file('/etc/lxc/a', 'a', 'b'),
          run(['true'], ['sh', '-c', 'echo stuck for good; exit 9']),
          run(['sh', '-c', 'echo first reason; exit 1'], ['true']),
        ])
        assert.equal(outcome.result, 'failed')
        assert.match(outcome.reason, /first reason/)
        assert.match(outcome.reason, /stuck for good/)
        assert.equal(tree.read('/etc/lxc/a'), 'a')
        tree.assertTidy()
      }))

    it('leaves alone on its way back what somebody else has written meanwhile', () =>
      withTree(async (tree) => {
        tree.write('/etc/lxc/a', 'a')
        const outcome = await tree.change(host, [
          file('/etc/lxc/a', 'a', 'b'),
          run(['sh', '-c', 'echo mine >etc/lxc/a'], ['true']),
          failed,
        ])
        assert.equal(outcome.result, 'failed')
        assert.match(outcome.reason, /someone else.*\/etc\/lxc\/a/)
        assert.equal(tree.read('/etc/lxc/a'), 'mine\n')
        tree.assertTidy()
      }))

    for (const [title, text] of Object.entries({
      'every byte there is': allBytes + allBytes,
      'no end of the last line': 'one\ntwo',
      'CR LF and lone CR': 'one\r\ntwo\rthree\r\n',
      'nothing at all': '',
      'only ends of lines': '\n\n\n',
      'what a shell would expand': '$(touch evil) `touch evil` $HOME \\ \' " $1 LX_PAYLOAD\nLX_PAYLOAD\n}\nexit\n',
    })) {
      it(`writes and takes back ${title}`, () =>
        withTree(async (tree) => {
          tree.write('/var/lib/lxc/a/config', text)
          tree.write('/var/lib/lxc/b/config', 'other')
          const snapshot = await tree.snapshot(host)
          assert.equal(at(snapshot, '/var/lib/lxc/a/config')?.text, text)
          const before = tree.look()
          const swap = [file('/var/lib/lxc/a/config', text, 'other'), file('/var/lib/lxc/b/config', 'other', text)]
          assert.equal((await tree.change(host, [...swap, failed])).result, 'undone')
          assert.deepEqual(tree.look(), before)
          const outcome = await tree.change(host, swap)
          assert.equal(outcome.result, 'committed')
          assert.equal(tree.read('/var/lib/lxc/b/config'), text)
          assert.ok(outcome.after && at(outcome.after, '/var/lib/lxc/b/config')?.text === text)
        }))
    }

    it('writes one line of ten million bytes', () =>
      withTree(async (tree) => {
        tree.write('/var/lib/lxc/a/config', 'a\n')
        const huge = allBytes.replace(/[\n\r]/g, 'x').repeat(10_000_000 / 256)
        assert.equal((await tree.change(host, [file('/var/lib/lxc/a/config', 'a\n', huge)])).result, 'committed')
        assert.ok(tree.read('/var/lib/lxc/a/config') === huge)
        assert.equal((await tree.change(host, [file('/var/lib/lxc/a/config', huge, 'a\n')])).result, 'committed')
      })).timeout(60_000)

    it('works on files and with words of any name', () =>
      withTree(async (tree) => {
        const names = [
          'two words',
          "it's",
          '"quoted"',
          '$(touch evil)',
          '`touch evil`',
          'back\\slash',
          '-rf',
          '*',
          '~',
          '{a,b}',
        ]
        names.push(
          'tab\there',
          'line\nbreak',
          'a;b|c&d>e',
          '\x81\x82\x83\x84\x85\x86\x87\x88',
          Buffer.from('ünïcödé €').toString('latin1'),
        )
        names.push('[a-z]?', '!', '#x', 'a=b', '%s%n', '\\n', "''", '-', '--', '...', 'x'.repeat(200))
        for (const name of names) {
          tree.write(`/etc/lxc/${name}/config`, name)
          tree.dir(`/etc/lxc/new ${name}`)
        }
        const word = names.filter((name) => !name.includes('\x81'))
        const changes = [
          ...names.map((name) => file(`/etc/lxc/${name}/config`, name, `changed ${name}`)),
          ...names.map((name) => file(`/etc/lxc/new ${name}/${name}`, null, name)),
          run(['sh', '-c', 'for f; do printf "<%s>" "$f"; done >words', 'sh', '', ...word], ['rm', '-f', 'words']),
        ]
        const before = tree.look()
        assert.equal((await tree.change(host, [...changes, failed])).result, 'undone')
        assert.deepEqual(tree.look(), before)
        const outcome = await tree.change(host, changes)
        assert.equal(outcome.result, 'committed', outcome.reason)
        for (const name of names) {
          assert.equal(tree.read(`/etc/lxc/${name}/config`), `changed ${name}`)
          assert.equal(tree.read(`/etc/lxc/new ${name}/${name}`), name)
        }
        assert.equal(tree.read('/words'), `<>${word.map((one) => `<${one}>`).join('')}`)
        assert.ok(![...tree.look().keys()].some((path) => path.endsWith('evil')))
        tree.assertTidy()
      })).timeout(60_000)

    it('reads and changes a linked config where it really lies, and never outside the root', () =>
      withTree(async (tree) => {
        tree.write('/srv/configs/web', 'web\n')
        tree.write('/srv/other/config', 'other\n')
        tree.dir('/var/lib/lxc/absolute')
        tree.dir('/var/lib/lxc/relative')
        tree.dir('/var/lib/lxc/outside')
        fs.symlinkSync('/srv/configs/web', tree.at('/var/lib/lxc/absolute/config'))
        fs.symlinkSync('../absolute/config', tree.at('/var/lib/lxc/relative/config'))
        fs.symlinkSync('../../../../../../../../../etc/hostname', tree.at('/var/lib/lxc/outside/config'))
        fs.symlinkSync('/srv/other', tree.at('/var/lib/lxc/folder'))
        tree.write('/etc/hostname', 'of the tree\n')
        const snapshot = await tree.snapshot(host)
        assert.equal(snapshot.links.get('/var/lib/lxc/absolute/config'), '/srv/configs/web')
        assert.equal(snapshot.links.get('/var/lib/lxc/relative/config'), '/srv/configs/web')
        assert.equal(snapshot.links.get('/var/lib/lxc/outside/config'), '/etc/hostname')
        assert.equal(snapshot.links.get('/var/lib/lxc/folder/config'), '/srv/other/config')
        assert.equal(at(snapshot, '/etc/hostname')?.text, 'of the tree\n')
        const outcome = await tree.change(host, [file('/srv/configs/web', 'web\n', 'web 2\n')], snapshot.digest)
        assert.equal(outcome.result, 'committed')
        assert.ok(tree.stat('/var/lib/lxc/absolute/config').isSymbolicLink())
        assert.equal(fs.readFileSync(tree.at('/srv/configs/web'), 'latin1'), 'web 2\n')
      }))

    it('gives its commands neither the lock nor its umask nor its ignored signals', () =>
      withTree(async (tree) => {
        const look =
          'umask; ls /proc/self/fd | wc -l; trap "echo trapped; trap - TERM" TERM; kill -TERM $$; grep SigIgn /proc/self/status'
        const { finals } = await tree.change(host, [run(['sh', '-c', look])])
        const [umask, , trapped, ignored] = finals[0]?.output.split('\n') ?? []
        assert.equal(Number.parseInt(umask ?? '', 8), process.umask())
        assert.equal(trapped, 'trapped')
        // HUP, INT, PIPE, TERM
        assert.equal(BigInt(`0x${ignored?.split('\t')[1]}`) & 0b101000000000011n, 0n)
      }))

    it('does not wait for what a command leaves in the background, which holds no lock', () =>
      withTree(async (tree) => {
        const daemon = ['sh', '-c', 'sleep 30 & echo $! >daemon; echo started']
        const began = Date.now()
        let pid = 0
        try {
          const { result, finals } = await tree.change(new LocalHost(shell.argv), [
            run(daemon, ['true']),
            run(['sh', '-c', 'sleep 30 & echo $! >late; echo started']),
          ])
          assert.equal(result, 'committed')
          assert.equal(finals[0]?.output, 'started')
          assert.ok(Date.now() - began < 15_000)
          pid = Number(tree.read('/daemon'))
          assert.ok(fs.existsSync(`/proc/${pid}`), 'the daemon lives on')
          tree.assertTidy()
          assert.equal((await tree.change(host, [file('/etc/lxc/x', null, 'x')])).result, 'committed')
        } finally {
          for (const name of ['/daemon', '/late']) {
            if (tree.has(name)) process.kill(Number(tree.read(name)), 'SIGKILL')
          }
        }
        await until(() => !fs.existsSync(`/proc/${pid}`), 'the daemon is gone')
      }))
  })

  describe(`the digest under ${shell.name}`, () => {
    /** A host with everything that a reading meets, and what has to make an older plan stale. */
    function fill(tree: Tree): void {
      for (const name of ['a', 'b', 'two words', 'ü']) tree.write(`/var/lib/lxc/${name}/config`, `${name}\n`)
      tree.write('/usr/share/lxc/config/common.conf', 'common\n')
      tree.write('/usr/share/lxc/config/common.conf.d/10.conf', 'ten\n')
      tree.write('/srv/linked.conf', 'linked\n')
      tree.write('/srv/linked2.conf', 'linked\n')
      fs.symlinkSync('/srv/linked.conf', tree.at('/usr/share/lxc/config/common.conf.d/20.conf'))
      fs.symlinkSync('/nowhere', tree.at('/usr/share/lxc/config/common.conf.d/30.conf'))
      must('mkfifo', `${tree.root}/usr/share/lxc/config/common.conf.d/40.conf`)
      fs.linkSync(tree.at('/var/lib/lxc/a/config'), tree.at('/usr/share/lxc/config/common.conf.d/50.conf'))
    }

    it('is the same on both sides for links, pipes, hard links and odd names', () =>
      withTree(async (tree) => {
        fill(tree)
        const snapshot = await tree.snapshot(host)
        assert.equal(at(snapshot, '/usr/share/lxc/config/common.conf.d/50.conf')?.text, 'a\n')
        assert.equal((await tree.change(host, [file('/etc/lxc/x', null, 'x')], snapshot.digest)).result, 'committed')
      }))

    const differences: Record<string, (tree: Tree) => void> = {
      'one byte differs': (tree) => tree.write('/var/lib/lxc/b/config', 'B\n'),
      'a config is added': (tree) => tree.write('/var/lib/lxc/c/config', ''),
      'a config is removed': (tree) => fs.rmSync(tree.at('/var/lib/lxc/b/config')),
      'a container is renamed': (tree) => fs.renameSync(tree.at('/var/lib/lxc/b'), tree.at('/var/lib/lxc/c')),
      'bytes move from one config to the next': (tree) => {
        tree.write('/var/lib/lxc/a/config', 'a\nb')
        tree.write('/var/lib/lxc/b/config', '\n')
      },
      'an include is added': (tree) => tree.write('/usr/share/lxc/config/common.conf.d/99.conf', ''),
      'a link points elsewhere': (tree) => {
        fs.rmSync(tree.at('/usr/share/lxc/config/common.conf.d/20.conf'))
        fs.symlinkSync('/srv/linked2.conf', tree.at('/usr/share/lxc/config/common.conf.d/20.conf'))
      },
      'a config becomes a link': (tree) => {
        fs.renameSync(tree.at('/var/lib/lxc/b/config'), tree.at('/srv/b'))
        fs.symlinkSync('/srv/b', tree.at('/var/lib/lxc/b/config'))
      },
    }
    for (const [title, differ] of Object.entries(differences)) {
      it(`makes a plan stale when ${title}`, () =>
        withTree(async (tree) => {
          fill(tree)
          const { digest } = await takeSnapshot(host, tree.scope, probes)
          differ(tree)
          const before = tree.look()
          await assert.rejects(tree.change(host, [file('/etc/lxc/x', null, 'x')], digest), { code: 'stale' })
          assert.deepEqual(tree.look(), before)
          tree.assertTidy()
        }))
    }
  })
}
