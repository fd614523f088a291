/** How a user who is not root becomes root, and that no secret is seen on the way. */
import assert from 'node:assert/strict'
import type { Target } from '../../src/core/target.ts'
import { Lab, type LabHost } from '../real/lab/lab.ts'
import { drive, first } from './control.ts'
import type { Job, Outcome } from './driver.ts'

const right = 'secret-of-asker'

describe('a user who is not root', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost
  let h3: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 3 })
    const [controller, host, bare] = lab.hosts
    assert.ok(controller && host && bare)
    h1 = controller
    h2 = host
    h3 = bare
    // As Debian 12 has it; noise on both streams; a password with a blank; an old rule of Red Hat's.
    await h2.ok(`echo 'Defaults use_pty, lecture=always' >/etc/sudoers.d/debian
echo 'echo noise; echo noise >&2' | tee -a /home/asker/.bashrc >>/home/admin/.bashrc
for name in oldie once; do useradd -m -s /bin/bash $name; cp -r /home/admin/.ssh /home/$name; chown -R $name: /home/$name; usermod -p '*' $name; done
printf 'oldie ALL=(ALL) NOPASSWD: ALL\\nDefaults:oldie requiretty\\nonce ALL=(ALL) ALL\\nDefaults:once passwd_tries=1\\n' >/etc/sudoers.d/users
printf 'once: a "pass" $word \\n' | sed 's/: /:/' | chpasswd`)
    await h3.ok('mv /usr/bin/sudo /usr/bin/sudo.gone')
    await h1.ok('ssh-keygen -q -t ed25519 -N open-sesame -f /root/locked')
    const locked = await h1.read('/root/locked.pub')
    await h2.ok('cat >>/home/asker/.ssh/authorized_keys', { input: locked })
  })

  after(() => lab.down())

  for (const transport of ['ssh2', 'openssh'] as const) {
    describe(`by ${transport}`, () => {
      const run = (target: Target, job: Partial<Job> = {}): Promise<Outcome> =>
        first(h1, {
          transport,
          targets: [target],
          steps: [{ exec: 'id -u; echo "$1"; echo complaint >&2; exit 5' }],
          ...job,
        })

      const assertRoot = ({ status, stdout, stderr, error }: Outcome): void => {
        assert.equal(status, 5, JSON.stringify(error))
        assert.match(stdout ?? '', /^(noise\n)?0\n198\.18\.0\.11 \d+ 198\.18\.0\.12 22\n$/)
        assert.match(stderr ?? '', /complaint\n$/)
        assert.ok(!stderr?.includes('lxcnet-'), `nothing of the talk with sudo is left: ${stderr}`)
      }

      const assertRefused = ({ error }: Outcome, code: string, ...words: string[]): void => {
        assert.ok(error, 'it was root')
        assert.deepEqual([error.code, error.exit], [code, 4], error.message)
        const said = [error.message, ...error.suggestions].join('\n')
        for (const word of words) assert.ok(said.includes(word), `${word}: ${said}`)
      }

      it('is root where sudo wants no password', async () => {
        assertRoot(await run({ name: 'h2', user: 'admin' }))
      })

      it('is root behind a login shell that is no POSIX shell', async () => {
        assertRoot(await run({ name: 'h2', user: 'fisher' }))
        assertRoot(await run({ name: 'h2', user: 'fisher' }, { sudoPassword: 'not needed' }))
      })

      it('is root with a password, and only then', async () => {
        const target = { name: 'h2', user: 'asker' }
        assertRoot(await run(target, { sudoPassword: right }))
        assertRoot(await run({ ...target, sudoPassword: right }))
        assertRefused(await run(target), 'sudo-refused', 'sudo: a password is required', '--ask-sudo-password')
      })

      it('is root where a password was given that nobody wants', async () => {
        assertRoot(await run({ name: 'h2', user: 'admin' }, { sudoPassword: 'not needed' }))
      })

      it('hands a password over as it is', async () => {
        assertRoot(await run({ name: 'h2', user: 'once' }, { sudoPassword: 'a "pass" $word ' }))
      })

      it('is told of a wrong password after one try', async () => {
        for (const user of ['asker', 'once']) {
          const outcome = await run({ name: 'h2', user }, { sudoPassword: 'guess-of-mine' })
          assertRefused(outcome, 'sudo-password', `h2: sudo does not take the password of ${user}`)
          assert.ok(!JSON.stringify(outcome).includes('guess-of-mine'))
        }
      })

      it('is told what sudo says when it refuses, and the way out', async () => {
        const rule = 'plain ALL=(root) NOPASSWD: ALL'
        assertRefused(await run({ name: 'h2', user: 'plain' }), 'sudo-refused', 'plain cannot become root', rule)
        const tty = await run({ name: 'h2', user: 'oldie' })
        assertRefused(tty, 'sudo-refused', 'must have a tty', 'Defaults:oldie !requiretty')
        assertRefused(await run({ name: 'h3', user: 'admin' }), 'sudo-refused', 'install sudo')
        assertRefused(await run({ name: 'h3', user: 'fisher' }), 'sudo-refused', 'install sudo')
      })

      it('stays what it is where sudo is not wanted, as root does', async () => {
        const steps = [{ exec: 'id -un' }]
        const plain = await run({ name: 'h2', user: 'plain', sudo: false }, { steps })
        assert.deepEqual([plain.status, plain.stdout], [0, 'plain\n'])
        const root = await run({ name: 'h2', sudo: true }, { steps })
        assert.deepEqual([root.status, root.stdout], [0, 'root\n'])
      })

      it('runs big scripts, brings big answers, and loses the connection as root does', async () => {
        const { outcomes } = await drive(h1, {
          transport,
          sudoPassword: right,
          targets: [{ name: 'h2', user: 'asker' }],
          steps: [
            { exec: 'head -c 10000000 /dev/zero', padBytes: 5_000_000, digest: true },
            { exec: 'echo said; sleep 1; kill -9 0; sleep 300' },
            { exec: 'sleep 300', timeoutMs: 1000 },
            { together: [1, 2, 3].map((number) => ({ exec: `echo ${number}` })) },
          ],
        })
        const [big, killed, late, together] = outcomes
        const zeros = (await h2.ok('head -c 10000000 /dev/zero | sha256sum')).slice(0, 64)
        assert.deepEqual([big?.status, big?.stdout], [0, `10000000 ${zeros}`])
        assert.deepEqual([killed?.status, late?.status], [null, null])
        assert.deepEqual(
          together?.together?.map(({ stdout }) => stdout),
          ['1\n', '2\n', '3\n'],
        )
      })

      it('shows its password and its passphrase to nobody', async () => {
        await h2.ok('rm -f /tmp/here /tmp/go')
        const target = { name: 'h2', user: 'asker', ...(transport === 'ssh2' && { identityFile: '/root/locked' }) }
        const job = drive(
          h1,
          {
            transport,
            sudoPassword: right,
            passphrase: 'open-sesame',
            targets: [target],
            steps: [
              { exec: ': >/tmp/here; for _ in $(seq 300); do [ -e /tmp/go ] && break; sleep 0.1; done; env' },
              { exec: 'exit 1' },
            ],
          },
          { env: { DEBUG: '*', NODE_DEBUG: 'net,stream,child_process' } },
        )
        await h2.ok('for _ in $(seq 300); do [ -e /tmp/here ] && exit; sleep 0.1; done; exit 1')
        const seen = []
        for (const host of [h1, h2])
          seen.push(await host.ok('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || :'))
        await h2.ok(': >/tmp/go')
        const { outcomes, log } = await job
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          [0, 1],
        )
        assert.match(seen.join(), /driver\.ts/, 'the controller was there to be looked at')
        assert.match(seen.join(), /sudo\0-S\0-p\0/, 'and so was sudo')
        assert.match(log, /CHILD_PROCESS|NET/, 'Node.js talked')
        for (const text of [...seen, log, JSON.stringify(outcomes)])
          for (const secret of [right, 'open-sesame']) assert.ok(!text.includes(secret))
      })
    })
  }
})
