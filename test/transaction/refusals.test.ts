/** What a change refuses, and that nothing at all has changed then: the whole tree is compared, the journal too. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { ExecResult, Host } from '../../src/host/port.ts'
import type { Change } from '../../src/plan/plan.ts'
import { newId } from '../../src/transaction/id.ts'
import { carryOut, recover } from '../../src/transaction/transaction.ts'
import { file, must, probes, run, shells, type Tree, until, whenDone, withTree } from './tree.ts'

const config = '/var/lib/lxc/a/config'
const changes: Change[] = [
  file('/etc/lxc/first', 'one', 'two'),
  file(config, 'a\n', 'b\n'),
  run(['touch', 'ran'], ['rm', '-f', 'ran']),
]

function fill(tree: Tree): void {
  tree.write('/etc/lxc/first', 'one')
  tree.write(config, 'a\n')
}

/** Everything below the root, names in the journal too. */
const whole = (tree: Tree): unknown => [
  // of a file system that is mounted there, the kernel writes the image when it likes
  [...tree.look()].filter(([path]) => path !== '/image'),
  fs.existsSync(tree.journal) ? fs.readdirSync(tree.journal).sort() : [],
]

/** The change is refused with this code, and the tree is as it was. */
async function assertRefused(tree: Tree, running: Promise<unknown>, code: string, message = /./): Promise<void> {
  await running.then(
    () => assert.fail(`was not refused as ${code}`),
    (error) => {
      if (!(error instanceof LxcnetError)) throw error
      assert.equal(error.code, code, error.message)
      assert.match(error.message, message)
    },
  )
  tree.assertTidy()
}

/** Mounts, and unmounts whatever happens. */
async function mounted(args: string[], at: string, body: () => Promise<void>): Promise<void> {
  const undo = whenDone(() => spawnSync('umount', ['-l', at]))
  try {
    must('mount', ...args, at)
    await body()
  } finally {
    undo()
  }
}

for (const shell of shells) {
  const host = new LocalHost(shell.argv)

  describe(`a change under ${shell.name} is refused`, () => {
    const cases: Record<string, { make(tree: Tree): void; code: string; message: RegExp; plan?: Change[] }> = {
      'when its target has changed': {
        make: (tree) => tree.write('/etc/lxc/first', 'other'),
        code: 'stale',
        message: /\/etc\/lxc\/first/,
      },
      'when its target has been removed': {
        make: (tree) => fs.rmSync(tree.at('/etc/lxc/first')),
        code: 'stale',
        message: /\/etc\/lxc\/first/,
      },
      'when its target has become a link to the same text': {
        make: (tree) => {
          fs.renameSync(tree.at('/etc/lxc/first'), tree.at('/etc/elsewhere'))
          fs.symlinkSync('/etc/elsewhere', tree.at('/etc/lxc/first'))
        },
        code: 'stale',
        message: /a link now/,
      },
      'when a folder above its target has become a link': {
        make: (tree) => {
          fs.renameSync(tree.at('/etc/lxc'), tree.at('/etc/other'))
          fs.symlinkSync('other', tree.at('/etc/lxc'))
        },
        code: 'stale',
        message: /a link now/,
      },
      'when a file that it creates is there already': {
        make: (tree) => tree.write('/etc/lxc/new', ''),
        plan: [file(config, 'a\n', 'b\n'), file('/etc/lxc/new', null, 'new')],
        code: 'stale',
        message: /\/etc\/lxc\/new/,
      },
      'when there is a dangling link where it creates a file': {
        make: (tree) => fs.symlinkSync('/nowhere', tree.at('/etc/lxc/new')),
        plan: [file(config, 'a\n', 'b\n'), file('/etc/lxc/new', null, 'new')],
        code: 'stale',
        message: /\/etc\/lxc\/new/,
      },
      'when the folder of a new file does not exist': {
        make: () => {},
        plan: [file(config, 'a\n', 'b\n'), file('/no/such/folder', null, 'new')],
        code: 'cannot-change',
        message: /directory does not exist/,
      },
      'when its target is a folder': {
        make: (tree) => tree.dir('/etc/lxc/new'),
        plan: [file(config, 'a\n', 'b\n'), file('/etc/lxc/new', null, 'new')],
        code: 'stale',
        message: /\/etc\/lxc\/new/,
      },
      'when its target has another hard link': {
        make: (tree) => fs.linkSync(tree.at('/etc/lxc/first'), tree.at('/etc/second')),
        code: 'cannot-change',
        message: /hard link/,
      },
      'when one of its commands does not exist': {
        make: () => {},
        plan: [file(config, 'a\n', 'b\n'), run(['no-such-command'], ['true'])],
        code: 'cannot-change',
        message: /no-such-command/,
      },
    }
    for (const [title, { make, code, message, plan }] of Object.entries(cases)) {
      it(title, () =>
        withTree(async (tree) => {
          fill(tree)
          make(tree)
          const before = whole(tree)
          await assertRefused(tree, tree.change(host, plan ?? changes), code, message)
          assert.deepEqual(whole(tree), before)
        }),
      )
    }

    for (const path of ['/etc/lxc/first', "/etc/lxc/it's two  words\\and\ttab"]) {
      it(`when its target is a mount of its own: ${JSON.stringify(path)}`, () =>
        withTree(async (tree) => {
          fill(tree)
          tree.write(path, 'one')
          tree.write('/other', 'one')
          await mounted(['--bind', `${tree.root}/other`], tree.root + path, async () => {
            const before = whole(tree)
            const plan = [file(config, 'a\n', 'b\n'), file(path, 'one', 'two')]
            await assertRefused(tree, tree.change(host, plan), 'cannot-change', /mount point/)
            assert.deepEqual(whole(tree), before)
          })
        }))
    }

    it('when its target is a mount of its own below a root that is a link', () =>
      withTree(async (tree) => {
        fill(tree)
        tree.write('/other', 'one')
        const link = `${tree.root}.link`
        fs.symlinkSync(tree.root, link)
        const unlink = whenDone(() => fs.rmSync(link))
        try {
          await mounted(['--bind', `${tree.root}/other`], `${tree.root}/etc/lxc/first`, async () => {
            const plan = { host: 'h', changes, notes: [], reads: '-' }
            const meta = { id: newId(new Date()), at: '', user: '', command: '' }
            const scope = { ...tree.scope, root: link }
            const before = whole(tree)
            await assertRefused(
              tree,
              carryOut(host, plan, { scope, reads: [], fresh: [], meta }),
              'cannot-change',
              /mount point/,
            )
            assert.deepEqual(whole(tree), before)
          })
        } finally {
          unlink()
        }
      }))

    it('or undone at once, when a file system is read-only', () =>
      withTree(async (tree) => {
        fill(tree)
        await mounted(['-t', 'tmpfs', 'tmpfs'], `${tree.root}/var/lib/lxc`, async () => {
          tree.write(config, 'a\n')
          must('mount', '-o', 'remount,ro', `${tree.root}/var/lib/lxc`)
          const before = tree.look()
          // root may write everything, says busybox's test; then the first copy finds out
          if (shell.name === 'dash')
            await assertRefused(tree, tree.change(host, changes), 'cannot-change', /cannot be written|read-only/)
          else {
            const { result, reason } = await tree.change(host, changes)
            assert.equal(result, 'undone')
            assert.match(reason, /Read-only/)
          }
          assert.deepEqual(tree.look(), before)
          tree.assertTidy()
        })
      }))

    it('when the file system of the journal is read-only', () =>
      withTree(async (tree) => {
        fill(tree)
        fs.mkdirSync(tree.journal, { recursive: true })
        await mounted(['-t', 'tmpfs', '-o', 'ro', 'tmpfs'], tree.journal, async () => {
          const before = whole(tree)
          await assertRefused(
            tree,
            tree.change(host, changes),
            shell.name === 'dash' ? 'no-rights' : 'cannot-change',
            /journal/,
          )
          assert.deepEqual(whole(tree), before)
        })
      }))

    for (const [flag, what] of [
      ['i', '/etc/lxc/first'],
      ['a', '/etc/lxc/first'],
      ['i', '/etc/lxc'],
      ['a', '/etc/lxc'],
    ] as const) {
      it(`when chattr(1) has set +${flag} on ${what}`, () =>
        withTree(async (tree) => {
          // an ext4 of its own: not every file system of a test machine knows these flags
          const image = `${tree.root}/image`
          fs.writeFileSync(image, '')
          fs.truncateSync(image, 4 << 20)
          must('mkfs.ext4', '-q', image)
          fill(tree)
          const etc = `${tree.root}/etc`
          await mounted(['-o', 'loop', image], etc, async () => {
            tree.write('/etc/lxc/first', 'one')
            must('chattr', `+${flag}`, tree.root + what)
            const clear = whenDone(() => spawnSync('chattr', [`-${flag}`, tree.root + what]))
            try {
              const before = whole(tree)
              const reason =
                flag === 'i' && what === '/etc/lxc' && shell.name === 'dash' ? /cannot be written/ : /chattr|read-only/
              await assertRefused(tree, tree.change(host, changes), 'cannot-change', reason)
              assert.deepEqual(whole(tree), before)
            } finally {
              clear()
            }
          })
        }))
    }

    it('with exit code 75 while another run holds the lock', () =>
      withTree(async (tree) => {
        fill(tree)
        fs.mkdirSync(tree.journal, { recursive: true })
        const holder = spawn('flock', [tree.journal, 'sleep', '60'], { detached: true, stdio: 'ignore' })
        const release = whenDone(() => process.kill(-(holder.pid ?? Number.NaN), 'SIGKILL'))
        try {
          await until(() => tree.locked(), 'the lock is held')
          const before = whole(tree)
          await assert.rejects(tree.change(host, changes), { code: 'locked', exit: 75 })
          await assert.rejects(recover(host, tree.scope), { code: 'locked', exit: 75 })
          assert.deepEqual(whole(tree), before)
        } finally {
          release()
        }
        await until(() => !tree.locked(), 'the lock is free')
        assert.equal((await tree.change(host, changes)).result, 'committed')
      }))

    it('when an entry of this name is in the journal already', () =>
      withTree(async (tree) => {
        fill(tree)
        const id = newId(new Date())
        assert.equal((await tree.change(host, [file('/etc/x', null, 'x')], '-', id)).result, 'committed')
        const before = whole(tree)
        await assertRefused(tree, tree.change(host, changes, '-', id), 'cannot-change', /already/)
        assert.deepEqual(whole(tree), before)
      }))
  })
}

describe('a change is refused', () => {
  for (const tool of ['flock', 'sha256sum', 'stat', 'cp', 'mv', 'tar']) {
    it(`when the host has no ${tool}`, () =>
      withTree(async (tree) => {
        fill(tree)
        const { digest } = await tree.snapshot()
        const before = whole(tree)
        const hide = `mount --bind /dev/null "$(readlink -f "$(command -v ${tool})")" && exec dash -s`
        const host = new LocalHost(['unshare', '-m', 'sh', '-c', hide])
        await assertRefused(tree, tree.change(host, changes, digest), 'missing-tool', new RegExp(tool))
        assert.deepEqual(whole(tree), before)
      }))
  }
})

/** Hands every script on after a change to it. */
class Damaging implements Host {
  readonly name = 'damaging'
  readonly #host: LocalHost
  readonly #damage: (script: string) => string
  constructor(host: LocalHost, damage: (script: string) => string) {
    this.#host = host
    this.#damage = damage
  }

  exec(script: string): Promise<ExecResult> {
    return this.#host.exec(this.#damage(script))
  }
}

function carry(tree: Tree, host: Host, plan = changes): ReturnType<typeof carryOut> {
  const meta = { id: newId(new Date()), at: '', user: '', command: '' }
  return carryOut(
    host,
    { host: 'h', changes: plan, notes: [], reads: '-' },
    { scope: tree.scope, reads: probes, fresh: [], meta },
  )
}

for (const shell of shells) {
  describe(`a script that arrives damaged at ${shell.name}`, () => {
    it('runs nothing when it was cut, wherever that was', () =>
      withTree(async (tree) => {
        fill(tree)
        let length = 0
        let script = ''
        await carry(
          tree,
          new Damaging(new LocalHost(shell.argv), (text) => {
            script = text
            length = text.length
            return ''
          }),
        ).catch(() => {})
        assert.ok(length > 15_000)
        const cuts = new Set<number>()
        for (let cut = 1; cut < length - 2; cut += 53) cuts.add(cut)
        for (let cut = length - 300; cut < length - 2; cut++) cuts.add(cut)
        // each end of a name at the start of a line: what follows is what a shell could take for a call
        for (const { index, 0: word } of script.matchAll(/^\w+/gm)) {
          for (const at of [index + word.length, index + word.length - 1]) if (at < length - 2) cuts.add(at)
        }
        for (const known of ['lx_recover', 'lx_history', 'file', 'run', 'check']) {
          for (const { index } of script.matchAll(new RegExp(`^${known}`, 'gm'))) cuts.add(index + known.length)
        }
        const before = whole(tree)
        const [command, ...args] = shell.argv
        for (const cut of cuts) {
          const { stdout, stderr } = spawnSync(command, args, {
            input: Buffer.from(script.slice(0, cut), 'latin1'),
            encoding: 'latin1',
          })
          assert.equal(stdout, '', `cut at ${cut}`)
          assert.match(stderr, /^[^\n]*(?:syntax error|unterminated|unexpected)[^\n]*\n$/i, `cut at ${cut}: ${stderr}`)
        }
        assert.deepEqual(whole(tree), before)
        console.log(`      ${cuts.size} of ${length} bytes`)
        assert.equal(fs.existsSync(tree.journal), false)
      })).timeout(120_000)

    it('is refused when a byte of the plan differs', () =>
      withTree(async (tree) => {
        fill(tree)
        const before = tree.look()
        let tried = 0
        for (let n = 0; n < 40; n++) {
          const damage = (script: string): string => {
            const start = script.indexOf('\nlx_payload() {\n')
            const end = script.indexOf('\n  for lx_c in committed', start)
            // letters of the files alone: quotes and redirections make the script one that no shell takes
            const files = [...script.slice(start, end).matchAll(/ printf %[sb] ('(?:[^']|'\\'')*')/g)]
            const spots = files.flatMap(({ index, 0: text }) =>
              [...text.matchAll(/[a-zA-Z](?=[a-zA-Z ])/g)].slice(7).map((letter) => start + index + letter.index),
            )
            const at = spots[Math.floor((spots.length * n) / 40)] ?? 0
            tried++
            return `${script.slice(0, at)}${script[at] === 'A' ? 'B' : 'A'}${script.slice(at + 1)}`
          }
          await assertRefused(
            tree,
            carry(tree, new Damaging(new LocalHost(shell.argv), damage)),
            'interrupted',
            /damaged/,
          )
        }
        assert.equal(tried, 40)
        assert.deepEqual(tree.look(), before)
      })).timeout(60_000)
  })
}
