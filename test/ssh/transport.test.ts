/** One suite for all transports: what a shell on a host is, whatever carries it. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from '../real/lab/lab.ts'
import { drive, sshd } from './control.ts'
import type { Outcome, Step } from './driver.ts'

/** A shell waits for what others do for so many times 0.1 s. */
const patience = 300

describe('a shell on a host', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    const [controller, host] = lab.hosts
    assert.ok(controller && host)
    h1 = controller
    h2 = host
    // Everything that may speak before the shell does, or stand between it and sshd.
    await h2.ok(`echo 'echo profile; echo profile >&2' >>/etc/profile
echo 'echo bashrc; echo bashrc >&2' >/root/.bashrc
echo 'echo sshrc; echo sshrc >&2' >/etc/ssh/sshrc
echo 'echo cshrc' >/root/.cshrc
echo 'a banner' >/etc/banner
for shell in bash dash ash csh; do
  echo "root-$shell:x:0:0::/root:/usr/local/bin/login-$shell" >>/etc/passwd
  echo "root-$shell:*:19000::::::" >>/etc/shadow
done
ln -s /bin/bash /usr/local/bin/login-bash; ln -s /bin/dash /usr/local/bin/login-dash
ln -s /bin/csh /usr/local/bin/login-csh
printf '#!/bin/sh\\nexec busybox ash "$@"\\n' >/usr/local/bin/login-ash; chmod +x /usr/local/bin/login-ash`)
    await sshd(h2, 2200, ['Banner /etc/banner', 'MaxSessions 2'])
  })

  after(() => lab.down())

  for (const transport of ['local', 'ssh2', 'openssh'] as const) {
    describe(`by ${transport}`, () => {
      const isRemote = transport !== 'local'

      const run = async (...steps: Step[]): Promise<Outcome[]> => {
        // sudo is for another suite: these users are root's other names
        const { outcomes } = await drive(h1, { transport, targets: [{ name: 'h2', sudo: false }], steps })
        assert.equal(outcomes.length, steps.length)
        return outcomes
      }
      const runOne = async (step: Step): Promise<Outcome> => (await run(step))[0] as Outcome
      const here = (): LabHost => (isRemote ? h2 : h1)

      it('takes every byte but NUL and gives all 256 back', async () => {
        const bytes = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('')
        const { status, stdout } = await runOne({ exec: `cat <<'end'\n${bytes}\nend\nprintf '\\000'` })
        assert.equal(status, 0)
        assert.ok(stdout?.endsWith(`${bytes}\n\0`), JSON.stringify(stdout))
      })

      it('reads a script of 10 MB to its end', async () => {
        const { status, stdout } = await runOne({ exec: 'echo end', padBytes: 10_000_000 })
        assert.deepEqual([status, stdout?.slice(-4)], [0, 'end\n'])
      })

      it('brings an answer of 100 MB whole', async () => {
        const script = 'seq -w 1 12500000 | head -c 100000000'
        const expected = await here().ok(`${script} | sha256sum`)
        // what the login says is not the answer's
        const { status, stdout = '' } = await runOne({ exec: `exec 3>&1; ${script}`, digest: true })
        assert.equal(status, 0)
        if (!isRemote) assert.equal(stdout, `100000000 ${expected.slice(0, 64)}`)
        else {
          const noisy = await h2.ok(`{ printf 'sshrc\\nbashrc\\n'; ${script}; } | sha256sum`)
          assert.equal(stdout, `100000013 ${noisy.slice(0, 64)}`)
        }
      })

      it('ends with the exit status of the script', async () => {
        const statuses = [0, 1, 3, 127, 254]
        const outcomes = await run(...statuses.map((status) => ({ exec: `exit ${status}` })))
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          statuses,
        )
      })

      it('leaves nothing behind for the next one', async () => {
        const look = {
          exec: `echo "<$(pwd) $(umask) \${left-nothing} $(trap) $- $(ls /proc/self/fd | tr '\\n' ' ')"`,
        }
        const [fresh, dirty, next, broken, last] = await run(
          look,
          { exec: 'cd /tmp; umask 0; left=behind; trap "" TERM; set -u; exec 9</tmp; exec >/dev/null; exit 3' },
          look,
          { exec: 'if (' },
          look,
        )
        const seen = [fresh, next, last].map((one) => one?.stdout?.replace(/^[^<]*/, ''))
        assert.equal(dirty?.status, 3)
        assert.notEqual(broken?.status, 0)
        assert.match(seen[0] ?? '', /^<\S+ 0022 nothing /)
        assert.deepEqual(seen, [seen[0], seen[0], seen[0]])
      })

      it('keeps error output and output apart', async () => {
        const { stdout, stderr } = await runOne({ exec: 'echo answer; echo complaint >&2' })
        assert.deepEqual([stdout?.slice(-7), stderr?.slice(-10)], ['answer\n', 'complaint\n'])
      })

      it('has no exit status when a signal ended it, and keeps what it said', async () => {
        const outcomes = await run({ exec: 'echo said; kill -9 $$' }, { exec: 'echo said; kill $$' })
        for (const { status, stdout } of outcomes) assert.deepEqual([status, stdout?.slice(-5)], [null, 'said\n'])
      })

      it('shares the connection with others at the same time', async () => {
        // each waits until all five are there
        const meet = (name: string) =>
          `mkdir -p /tmp/${transport}; : >/tmp/${transport}/${name}
for _ in $(seq ${patience}); do [ "$(ls /tmp/${transport} | wc -l)" = 5 ] && { echo ${name}; exit; }; sleep 0.1; done; exit 1`
        const names = ['a', 'b', 'c', 'd', 'e']
        const { together } = await runOne({ together: names.map((name) => ({ exec: meet(name) })) })
        assert.deepEqual(
          together?.map(({ status, stdout }) => [status, stdout?.slice(-2)]),
          names.map((name) => [0, `${name}\n`]),
        )
      })

      it('is given up when the time is up, with what it said so far', async () => {
        const [late, next] = await run({ exec: 'echo early; exec sleep 300', timeoutMs: 2000 }, { exec: 'echo next' })
        assert.deepEqual([late?.status, late?.stdout?.slice(-6)], [null, 'early\n'])
        assert.deepEqual([next?.status, next?.stdout?.slice(-5)], [0, 'next\n'])
      })

      it('is there again after a close, which may be said twice', async () => {
        const outcomes = await run({ close: 0 }, { exec: 'exit 7' }, { close: 0 }, { close: 0 }, { exec: 'exit 8' })
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          [undefined, 7, undefined, undefined, 8],
        )
      })

      it('shows nothing of its script in the list of processes', async () => {
        const { status, stdout = '' } = await runOne({
          exec: `# needle-${transport}-needle\ncat /proc/[0-9]*/cmdline | tr '\\0' ' '`,
        })
        assert.equal(status, 0)
        assert.match(stdout, /sshd/)
        assert.ok(!stdout.includes('needle'))
      })

      if (!isRemote) {
        it('has an empty first argument without a connection', async () => {
          const { stdout } = await runOne({ exec: 'echo "$# <$1>"' })
          assert.equal(stdout, '1 <>\n')
        })
        return
      }

      it('has SSH_CONNECTION for its first argument', async () => {
        const { stdout } = await runOne({ exec: 'unset SSH_CONNECTION; echo "$# $1"' })
        assert.match(stdout ?? '', /^1 198\.18\.0\.11 \d+ 198\.18\.0\.12 22$/m)
      })

      it('has no exit status when the connection breaks, and a new one the next time', async () => {
        const [broken, next] = await run(
          { exec: 'echo said; sleep 2; kill -9 $PPID; sleep 300' },
          { exec: 'echo next' },
        )
        assert.deepEqual([broken?.status, broken?.stdout?.slice(-5)], [null, 'said\n'])
        assert.deepEqual([next?.status, next?.stdout?.slice(-5)], [0, 'next\n'])
      })

      it('has a new connection after one that broke while nobody used it', async () => {
        const [, , , next] = await run(
          { anew: 0 },
          { exec: 'echo $PPID >/tmp/session' },
          { exec: 'kill -9 "$(cat /tmp/session)"; sleep 1', host: 1 },
          { exec: 'echo next' },
        )
        assert.deepEqual([next?.status, next?.stdout?.slice(-5)], [0, 'next\n'])
      })

      it('has a connection of its own when that is asked for', async () => {
        const outcomes = await run(
          { exec: 'echo "$1"' },
          { anew: 0 },
          { exec: 'echo "$1"', host: 1 },
          { exec: 'echo "$1"' },
        )
        const [one, , other, again] = outcomes.map(({ stdout }) => stdout?.trim().split('\n').at(-1))
        assert.equal(one, again)
        assert.notEqual(one, other)
        assert.match(other ?? '', /^198\.18\.0\.11 \d+ 198\.18\.0\.12 22$/)
      })

      it('waits for its turn where sshd allows two sessions at once, and is not confused by a banner', async () => {
        const names = ['a', 'b', 'c', 'd', 'e', 'f']
        const { outcomes } = await drive(h1, {
          transport,
          targets: [{ name: 'h2', port: 2200 }],
          steps: [{ together: names.map((name) => ({ exec: `sleep 0.2; echo ${name}` })) }],
        })
        assert.deepEqual(
          outcomes[0]?.together?.map(({ status, stdout }) => [status, stdout?.slice(-2)]),
          names.map((name) => [0, `${name}\n`]),
        )
      })

      for (const shell of ['bash', 'dash', 'ash', 'csh']) {
        it(`is the same behind the login shell ${shell}`, async () => {
          const { outcomes } = await drive(h1, {
            transport,
            targets: [{ name: 'h2', user: `root-${shell}`, sudo: false }],
            steps: [
              { exec: 'echo "$1"; echo complaint >&2; exit 9' },
              { exec: 'kill -9 $$' },
              { exec: 'cat /proc/$PPID/cmdline' },
            ],
          })
          const [one, killed, parent] = outcomes
          assert.deepEqual([one?.status, killed?.status], [9, null])
          assert.match(one?.stdout ?? '', /^198\.18\.0\.11 \d+ 198\.18\.0\.12 22$/m)
          assert.match(one?.stderr ?? '', /complaint\n$/)
          assert.match(parent?.stdout ?? '', /sshd: root/, 'no shell is left in between')
        })
      }
    })
  }
})
