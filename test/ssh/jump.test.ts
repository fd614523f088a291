/** Hosts behind jump hosts: h1 reaches h2 alone, h3 lets in h2 alone, h4 lets in h3 alone. */
import assert from 'node:assert/strict'
import type { Target } from '../../src/core/target.ts'
import { Lab, type LabHost } from '../real/lab/lab.ts'
import { drive, first, sshd } from './control.ts'
import type { Job, Outcome } from './driver.ts'

describe('a host behind jump hosts', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    const [controller, nearest, ...inner] = lab.hosts
    assert.ok(controller && nearest)
    h1 = controller
    h2 = nearest
    for (const [index, host] of inner.entries()) {
      const allowed = `198.18.0.${12 + index}`
      await host.ok(`nft add table inet wall
nft 'add chain inet wall input { type filter hook input priority 0; }'
nft add rule inet wall input tcp dport 22 ip saddr != ${allowed} drop`)
    }
    await sshd(h2, 2201, ['MaxSessions 1', 'MaxStartups 1'])
    await sshd(h2, 2202, ['AllowTcpForwarding no'])
    await h1.ok('cp -a /root/.ssh /root/ssh.kept; ssh-keygen -q -t ed25519 -N "" -f /root/stranger')
  })

  beforeEach(() => h1.ok('rm -rf /root/.ssh; cp -a /root/ssh.kept /root/.ssh'))

  after(() => lab.down())

  for (const transport of ['ssh2', 'openssh'] as const) {
    describe(`by ${transport}`, () => {
      const reach = (target: Target, job: Partial<Job> = {}): Promise<Outcome> =>
        first(h1, { transport, targets: [target], steps: [{ exec: 'hostname; echo "$1"' }], ...job })

      const assertRefused = ({ error }: Outcome, code: string, ...words: string[]): void => {
        assert.ok(error, 'it was reached')
        assert.deepEqual([error.code, error.exit], [code, 4], error.message)
        for (const word of words) assert.ok(error.message.includes(word), `${word}: ${error.message}`)
      }

      it('is out of reach without them', async () => {
        assertRefused(await reach({ name: 'h3' }, { connectTimeoutMs: 1500 }), 'unreachable', 'no answer')
      })

      it('is reached through one', async () => {
        const { stdout, error } = await reach({ name: 'h3', jump: 'h2' })
        assert.match(stdout ?? '', /^h3\n198\.18\.0\.12 \d+ 198\.18\.0\.13 22\n$/, error?.message)
      })

      it('is reached through two, by the target or by the configuration of ssh', async () => {
        const wanted = /^h4\n198\.18\.0\.13 \d+ 198\.18\.0\.14 22\n$/
        const named = await reach({ name: 'h4', jump: 'root@h2:2201,h3' })
        assert.match(named.stdout ?? '', wanted, named.error?.message)
        await h1.write('/root/.ssh/config', 'Host h4\nProxyJump h3\nHost h3\nProxyJump h2\n', 0o600)
        const configured = await reach({ name: 'h4' })
        assert.match(configured.stdout ?? '', wanted, configured.error?.message)
      })

      it('is not reached when a jump host shows another key, whatever the configuration of ssh allows', async () => {
        const stranger = (await h1.ok('cut -d" " -f1,2 /root/stranger.pub')).trim()
        await h1.write('/root/.ssh/config', 'StrictHostKeyChecking no\n', 0o600)
        await h1.ok(`sed -i 's/^[^ ]*/h3,h4/; $a h2 ${stranger}' /root/.ssh/known_hosts`)
        const changed = await reach({ name: 'h3', jump: 'h2' })
        assertRefused(changed, 'jump-failed', 'h3: its jump host cannot be passed: h2: shows another host key')
        await h1.ok("sed -i '/^h2/d' /root/.ssh/known_hosts")
        const unknown = await reach({ name: 'h4', jump: 'h2,h3' })
        assertRefused(unknown, 'jump-failed', 'h2: its host key', 'is in no known_hosts file')
        await h1.ok("sed -i 's/^h3,h4/h2,h4/' /root/.ssh/known_hosts")
        const second = await reach({ name: 'h4', jump: 'h2,h3' })
        assertRefused(second, 'jump-failed', 'h3: its host key', 'is in no known_hosts file')
      })

      it('is not reached when it shows another key itself', async () => {
        await h1.ok("sed -i 's/^[^ ]*/h2/' /root/.ssh/known_hosts")
        assertRefused(await reach({ name: 'h3', jump: 'h2' }), 'host-key-unknown', 'h3: its host key')
      })

      it('records the keys of all of them where that is asked for', async () => {
        await h1.ok('rm /root/.ssh/known_hosts')
        const { stdout, error } = await reach({ name: 'h4', jump: 'h2,h3' }, { hostKey: 'accept-new' })
        assert.match(stdout ?? '', /^h4\n/, error?.message)
        assert.equal(await h1.ok('wc -l </root/.ssh/known_hosts'), '3\n')
      })

      it('is not reached when a jump host refuses the login, is down, or forwards nothing, and which one is said', async () => {
        await h1.write('/root/.ssh/config', 'Host h2\nIdentitiesOnly yes\nIdentityFile /root/stranger\n', 0o600)
        assertRefused(
          await reach({ name: 'h3', jump: 'h2' }),
          'jump-failed',
          'h3: its jump host cannot be passed: h2: ',
        )
        await h1.ok('rm /root/.ssh/config')
        const down = await reach({ name: 'h3', jump: 'h2:2299' })
        assertRefused(down, 'jump-failed', 'h2: nothing listens at port 2299 of h2')
        const closed = await reach({ name: 'h3', jump: 'h2:2202' })
        assertRefused(closed, 'jump-failed', 'the jump host h2 forwards no connections')
        const inner = await reach({ name: 'h4', jump: 'h2,h3:2299' })
        assertRefused(inner, 'jump-failed', 'nothing listens at port 2299 of h3, as seen from h2')
      })

      it('that is down itself is said to be so, as seen from the last jump host', async () => {
        const down = await reach({ name: 'h3', port: 2299, jump: 'h2' })
        assertRefused(down, 'unreachable', 'h3: nothing listens at port 2299 of h3, as seen from h2')
        const nameless = await reach({ name: 'nowhere.invalid', jump: 'h2' })
        assertRefused(nameless, 'unreachable', 'there is no address for the name nowhere.invalid on h2')
        const silent = await reach({ name: 'h4', jump: 'h2' }, { connectTimeoutMs: 1500 })
        assertRefused(silent, 'unreachable', 'no answer within 1.5 s from port 22 of h4')
      })

      it('is not looked for in circles', async () => {
        await h1.write('/root/.ssh/config', 'Host h2\nProxyJump h3\nHost h3\nProxyJump h2\n', 0o600)
        assertRefused(await reach({ name: 'h4', jump: 'h2' }), 'jump-failed', 'in a circle')
      })
    })
  }

  it('shares one connection to the jump host with 30 others', async () => {
    // as many names of h3; h2 lets in one login at a time and allows one session on a connection
    const targets = Array.from({ length: 30 }, (_, index) => ({ name: `web${index}`, address: 'h3', jump: 'h2:2201' }))
    const { outcomes } = await drive(h1, {
      transport: 'ssh2',
      targets: [...targets, { name: 'h2' }],
      steps: [
        { together: targets.map((_, host) => ({ exec: 'hostname', host })) },
        { exec: 'ss -Htn state established sport = :2201', host: 30 },
      ],
    })
    const [all, connections] = outcomes
    assert.deepEqual(
      all?.together?.map(({ stdout }) => stdout),
      targets.map(() => 'h3\n'),
      all?.together?.find(({ error }) => error)?.error?.message,
    )
    assert.equal(connections?.stdout?.trim().split('\n').length, 1, connections?.stdout)
  })

  it('has a new way when the connection to the jump host broke', async () => {
    const { outcomes } = await drive(h1, {
      transport: 'ssh2',
      targets: [{ name: 'h3', jump: 'h2' }, { name: 'h2' }],
      steps: [
        { exec: 'hostname' },
        { exec: 'for pid in $(pgrep -f "sshd: root"); do [ $pid = $PPID ] || kill $pid; done; sleep 1', host: 1 },
        { exec: 'hostname' },
      ],
    })
    assert.deepEqual([outcomes[0]?.stdout, outcomes[2]?.stdout], ['h3\n', 'h3\n'])
  })
})
