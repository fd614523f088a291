/** What stands between a controller and a host: the network, the host's key and the user's keys, by both transports. */
import assert from 'node:assert/strict'
import type { Target } from '../../src/core/target.ts'
import { Lab, type LabHost } from '../real/lab/lab.ts'
import { drive, first, sshd } from './control.ts'
import type { Job, Outcome } from './driver.ts'

const isShell: Job['steps'] = [{ exec: 'echo reached "$1"' }]

describe('a host is reached, or it is said what is in the way', () => {
  let lab: Lab
  let h1: LabHost
  let h2: LabHost
  let h3: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 3 })
    const [controller, host, other] = lab.hosts
    assert.ok(controller && host && other)
    h1 = controller
    h2 = host
    h3 = other
    await h1.ok(`for key in stranger locked friend; do ssh-keygen -q -t ed25519 -C "$key" -N "$([ $key = locked ] && echo open-sesame)" -f /root/$key; done
ip addr add fd00:198:18::11/64 dev eth0 nodad; ip route add unreachable 203.0.113.0/24`)
    const locked = await h1.read('/root/locked.pub')
    await h2.ok('ip addr add fd00:198:18::12/64 dev eth0 nodad')
    await h2.ok(`nft -f - <<'rules'
table inet hole { chain input { type filter hook input priority 0; tcp dport 2298 drop; }; }
rules
nc -k -l 2297 </dev/null >/dev/null 2>&1 &`)
    for (const each of lab.hosts) await each.ok('cat >>/root/.ssh/authorized_keys', { input: locked })
    await h1.ok('cp -a /root/.ssh /root/ssh.kept')
  })

  beforeEach(() => h1.ok('rm -rf /root/.ssh; cp -a /root/ssh.kept /root/.ssh'))

  after(() => lab.down())

  const reach = (job: Partial<Job> & { target: Target }, options?: { env: Record<string, string> }): Promise<Outcome> =>
    first(h1, { transport: 'auto', targets: [job.target], steps: isShell, ...job }, options)

  const hostKey = async (): Promise<string> => (await h2.ok('ssh-keygen -lf /etc/lab/hostkey')).split(' ')[1] as string

  const assertReached = ({ status, stdout, error }: Outcome): void => {
    assert.equal(status, 0, JSON.stringify(error))
    assert.match(stdout ?? '', /^reached 198\.18\.0\.11 \d+ 198\.18\.0\.1\d \d+$/m)
  }

  const assertRefused = ({ error }: Outcome, code: string, ...words: (RegExp | string)[]): void => {
    assert.ok(error, 'it was reached')
    assert.deepEqual([error.code, error.exit], [code, 4], error.message)
    const said = [error.message, ...error.suggestions].join('\n')
    for (const word of words)
      assert.ok(typeof word === 'string' ? said.includes(word) : word.test(said), `${word}: ${said}`)
  }

  for (const transport of ['ssh2', 'openssh'] as const) {
    const isBuiltIn = transport === 'ssh2'

    describe(`by ${transport}`, () => {
      it('an unknown name is said to be one', async () => {
        const outcome = await reach({ transport, target: { name: 'nowhere.invalid' } })
        assertRefused(outcome, 'unreachable', 'nowhere.invalid: there is no address for the name nowhere.invalid')
      })

      it('a port on which nothing listens is said to be one', async () => {
        const outcome = await reach({ transport, target: { name: 'h2', port: 2299 } })
        assertRefused(outcome, 'unreachable', 'h2: nothing listens at port 2299 of h2')
      })

      it('a host without a route is said to be one', async () => {
        const outcome = await reach({ transport, target: { name: 'far', address: '203.0.113.9' } })
        assertRefused(outcome, 'unreachable', 'far: there is no route to port 22 of 203.0.113.9')
      })

      it('a host that swallows every packet is given up in time', async () => {
        const outcome = await reach({ transport, connectTimeoutMs: 1500, target: { name: 'h2', port: 2298 } })
        assertRefused(outcome, 'unreachable', /h2: no answer within 1.5 s from port 2298/, '--connect-timeout')
      })

      it('a port that accepts and never says a word is given up in time', async () => {
        const outcome = await reach({ transport, connectTimeoutMs: 1500, target: { name: 'h2', port: 2297 } })
        assertRefused(outcome, 'unreachable', /h2: no answer within 1.5 s from port 2297/)
      })

      it('IPv6 is a way like another', async () => {
        await h1.ok('sed -i s/^/fd00:198:18::12,/ /root/.ssh/known_hosts')
        const { status, stdout } = await reach({ transport, target: { name: 'six', address: 'fd00:198:18::12' } })
        assert.equal(status, 0)
        assert.match(stdout ?? '', /^reached fd00:198:18::11 \d+ fd00:198:18::12 22$/m)
      })

      it('a host key that nobody knows is refused, whatever the configuration of ssh allows', async () => {
        await h1.ok("rm /root/.ssh/known_hosts; printf 'StrictHostKeyChecking no\\n' >/root/.ssh/config")
        const outcome = await reach({ transport, target: { name: 'h2' } })
        assertRefused(outcome, 'host-key-unknown', 'StrictHostKeyChecking no', '--host-key accept-new')
        if (isBuiltIn) assertRefused(outcome, 'host-key-unknown', `ssh-ed25519 ${await hostKey()}`)
        assert.equal(await h1.ok('ls /root/.ssh'), 'authorized_keys\nconfig\nid_ed25519\n', 'nothing was recorded')
      })

      it('a host key that nobody knows is recorded where that is asked for, in exactly one line', async () => {
        const kept = await h1.ok('cut -d" " -f2- /root/.ssh/known_hosts')
        await h1.ok('rm /root/.ssh/known_hosts')
        const job: Job = {
          transport,
          hostKey: 'accept-new',
          targets: [{ name: 'h2' }],
          steps: [...isShell, { anew: 0 }, { exec: 'echo reached "$1"', host: 1 }],
        }
        const { outcomes } = await drive(h1, job)
        assertReached(outcomes[0] as Outcome)
        assertReached(outcomes[2] as Outcome)
        // Debian's ssh hashes names
        assert.match(await h1.ok('cat /root/.ssh/known_hosts'), /^\|1\|\S+ ssh-ed25519 \S+\n$/)
        assert.equal(await h1.ok('cut -d" " -f2 /root/.ssh/known_hosts'), kept.replace(/ .*/, ''))
        assert.match(await h1.ok('ssh-keygen -F h2'), /found: line 1/)
        assertReached(await reach({ transport, target: { name: 'h2' } }))
      })

      it('a changed host key is refused with both fingerprints, its place, and the command to forget it', async () => {
        await h1.ok("{ echo '# first'; echo \"h2 $(cut -d' ' -f1,2 /root/stranger.pub)\"; } >/root/.ssh/known_hosts")
        const recorded = (await h1.ok('ssh-keygen -lf /root/stranger.pub')).split(' ')[1] as string
        for (const policy of ['strict', 'accept-new'] as const) {
          const outcome = await reach({ transport, hostKey: policy, target: { name: 'h2' } })
          assertRefused(
            outcome,
            'host-key-changed',
            await hostKey(),
            '/root/.ssh/known_hosts:2',
            'ssh-keygen -f /root/.ssh/known_hosts -R h2',
            ...(isBuiltIn ? [recorded] : []),
          )
        }
        assert.equal(await h1.ok('wc -l </root/.ssh/known_hosts'), '2\n')
      })

      it('a revoked host key is refused even where new ones are accepted', async () => {
        await h1.ok("sed -i 's/^/@revoked /' /root/.ssh/known_hosts")
        const outcome = await reach({ transport, hostKey: 'accept-new', target: { name: 'h2' } })
        assertRefused(outcome, 'host-key-revoked', 'marked as revoked')
      })

      it('a connection that is cut before the login is tried once more, and not again', async () => {
        const port = isBuiltIn ? 2221 : 2222
        // counts connections, and lets the second through alone
        const proxy = `let count = 0
require('node:net').createServer((socket) => {
  require('node:fs').writeFileSync('/tmp/proxy-${port}', String(++count))
  if (count !== 2) return socket.once('data', () => socket.destroy())
  const sshd = require('node:net').connect(22)
  socket.pipe(sshd).pipe(socket)
  for (const one of [socket, sshd]) one.on('error', () => {}).on('close', () => { socket.destroy(); sshd.destroy() })
}).listen(${port}, () => require('node:fs').writeFileSync('/tmp/proxy-${port}', ''))`
        await h2.write('/tmp/proxy.cjs', proxy)
        await h2.ok(`/opt/node/bin/node /tmp/proxy.cjs </dev/null >/dev/null 2>&1 &
for _ in $(seq 300); do [ -e /tmp/proxy-${port} ] && exit; sleep 0.1; done; exit 1`)
        const target = { name: 'h2', port }
        assert.equal((await reach({ transport, target })).status, 0)
        assertRefused(
          await reach({ transport, target }),
          'unreachable',
          'ended before a shell was there',
          'MaxStartups',
        )
      })

      it('a host that falls silent is given up, by the keep-alive of the configuration of ssh', async () => {
        await h1.write('/root/.ssh/config', 'ServerAliveInterval 1\nServerAliveCountMax 1\n', 0o600)
        await h2.ok('rm -f /tmp/here')
        const outcome = reach({ transport, target: { name: 'h2' }, steps: [{ exec: ': >/tmp/here; exec sleep 300' }] })
        await h2.ok(`for _ in $(seq 300); do [ -e /tmp/here ] && break; sleep 0.1; done
nft add rule inet hole input ip saddr 198.18.0.11 drop`)
        assert.equal((await outcome).status, null)
        await h2.ok('nft flush chain inet hole input; nft add rule inet hole input tcp dport 2298 drop')
        assertReached(await reach({ transport, target: { name: 'h2' } }))
      })

      it('keys that sshd does not take are named', async () => {
        const outcome = await reach({ transport, target: { name: 'h2', identityFile: '/root/stranger' } })
        assertRefused(outcome, 'login-refused', isBuiltIn ? /offered were \/root\/stranger/ : /Permission denied/)
      })

      it('a key that others can read is not used, and how to close it is said', async () => {
        await h1.ok('chmod 644 /root/.ssh/id_ed25519')
        const outcome = await reach({ transport, target: { name: 'h2' } })
        assertRefused(outcome, isBuiltIn ? 'key-mode' : 'login-refused', 'chmod 600 /root/.ssh/id_ed25519')
      })

      it('a new connection to another address is checked against the key of the known name', async () => {
        await h1.ok("sed -i 's/^[^ ]*/h2/' /root/.ssh/known_hosts")
        const job: Job = {
          transport,
          targets: [{ name: 'h2' }],
          steps: [...isShell, { anew: 0, address: h3.address }, { exec: 'echo reached "$1"; hostname', host: 1 }],
        }
        const moved = (await drive(h1, job)).outcomes[2] as Outcome
        assertReached(moved)
        assert.match(moved.stdout ?? '', /^h3$/m)
        assertRefused(await reach({ transport, target: { name: h3.address } }), 'host-key-unknown')
      })

      it('a key of the agent serves, and IdentitiesOnly keeps it away', async () => {
        const env = { SSH_AUTH_SOCK: `/tmp/agent-${transport}` }
        await h1.ok(
          'ssh-agent -a "$SSH_AUTH_SOCK" >/dev/null; ssh-add -q /root/.ssh/id_ed25519; rm /root/.ssh/id_ed25519',
          {
            env,
          },
        )
        assertReached(await reach({ transport, target: { name: 'h2' } }, { env }))
        await h1.ok("printf 'IdentitiesOnly yes\\nIdentityFile /root/stranger\\n' >/root/.ssh/config")
        const outcome = await reach({ transport, target: { name: 'h2' } }, { env })
        assertRefused(outcome, 'login-refused')
        await h1.ok(`printf 'IdentityAgent ${env.SSH_AUTH_SOCK}\\n' >/root/.ssh/config`)
        assertReached(await reach({ transport, target: { name: 'h2' } }, { env: { SSH_AUTH_SOCK: '' } }))
      })

      it('a stale agent is no obstacle', async () => {
        assertReached(await reach({ transport, target: { name: 'h2' } }, { env: { SSH_AUTH_SOCK: '/tmp/none' } }))
      })

      it('of an agent with more keys than sshd has patience the one that is named comes first', async () => {
        const env = { SSH_AUTH_SOCK: `/tmp/full-agent-${transport}` }
        await h1.ok(
          `ssh-agent -a "$SSH_AUTH_SOCK" >/dev/null
for number in 1 2 3 4 5 6 7 8; do rm -f /tmp/k; ssh-keygen -q -t ed25519 -N '' -C k$number -f /tmp/k; ssh-add -q /tmp/k; done
ssh-keygen -y -f /root/.ssh/id_ed25519 >/root/.ssh/named.pub; ssh-add -q /root/.ssh/id_ed25519; rm /root/.ssh/id_ed25519`,
          { env },
        )
        const outcome = await reach({ transport, target: { name: 'h2' } }, { env })
        assertRefused(outcome, 'login-refused')
        assertReached(await reach({ transport, target: { name: 'h2', identityFile: '/root/.ssh/named.pub' } }, { env }))
      })
    })
  }

  it('two first connections at once record one host key once', async () => {
    await h1.ok('rm /root/.ssh/known_hosts')
    const { outcomes } = await drive(h1, {
      transport: 'ssh2',
      hostKey: 'accept-new',
      targets: [{ name: 'h2' }, { name: 'again', address: 'h2' }],
      steps: [{ together: [{ exec: 'echo reached "$1"' }, { exec: 'echo reached "$1"', host: 1 }] }],
    })
    for (const outcome of outcomes[0]?.together ?? []) assertReached(outcome)
    assert.equal(await h1.ok('wc -l </root/.ssh/known_hosts'), '1\n')
  })

  it('a passphrase is asked for once, whatever hosts its key opens, and only when it is needed', async () => {
    const targets = ['h2', 'h3', 'h1'].map((name) => ({ name, identityFile: '/root/locked' }))
    const steps = [{ together: targets.map((_, host) => ({ exec: 'echo reached "$1"', host })) }]
    const { outcomes, asked } = await drive(h1, { transport: 'ssh2', passphrase: 'open-sesame', targets, steps })
    assert.deepEqual(
      outcomes[0]?.together?.map(({ status }) => status),
      [0, 0, 0],
    )
    assert.deepEqual(asked, ['/root/locked'])
    await h1.ok('printf "IdentityFile ~/.ssh/id_ed25519\\nIdentityFile /root/locked\\n" >/root/.ssh/config')
    const plain = await drive(h1, { transport: 'ssh2', targets: [{ name: 'h2' }], steps: isShell })
    assertReached(plain.outcomes[0] as Outcome)
    assert.deepEqual(plain.asked, [])
  })

  it('a passphrase that is wrong or that nobody gives is said to be so, and never shown', async () => {
    const target = { name: 'h2', identityFile: '/root/locked' }
    const wrong = await reach({ transport: 'ssh2', passphrase: 'guess-of-mine', target })
    assertRefused(wrong, 'key-passphrase', '/root/locked is not opened', 'ssh-add /root/locked')
    assert.ok(!JSON.stringify(wrong).includes('guess-of-mine'))
    assertRefused(await reach({ transport: 'ssh2', target }), 'key-passphrase', 'which was not given')
    const bySsh = await reach({ transport: 'openssh', passphrase: 'open-sesame', target })
    assertRefused(bySsh, 'login-refused', '/root/locked has a passphrase', 'ssh-add /root/locked')
  })

  it('a key that the agent opens is not asked for', async () => {
    const env = { SSH_AUTH_SOCK: '/tmp/agent-locked' }
    await h1.ok(
      `ssh-agent -a "$SSH_AUTH_SOCK" >/dev/null; printf '#!/bin/sh\\necho open-sesame\\n' >/tmp/ask; chmod +x /tmp/ask
SSH_ASKPASS=/tmp/ask SSH_ASKPASS_REQUIRE=force ssh-add -q /root/locked`,
      { env },
    )
    const job: Job = { transport: 'ssh2', targets: [{ name: 'h2', identityFile: '/root/locked' }], steps: isShell }
    const { outcomes, asked } = await drive(h1, job, { env })
    assertReached(outcomes[0] as Outcome)
    assert.deepEqual(asked, [])
  })

  describe('what the built-in SSH cannot do the system ssh does, and only when it may', () => {
    const byEither = async (target: Target, reason: string): Promise<void> => {
      assertReached(await reach({ target }))
      assertRefused(await reach({ transport: 'ssh2', target }), 'ssh-unsupported', reason, '--transport openssh')
      assertRefused(await reach({ target: { ...target, transport: 'ssh2' } }), 'ssh-unsupported', reason)
    }

    it('a certificate of the user', async () => {
      await h1.ok(`ssh-keygen -q -t ed25519 -N '' -f /root/user-authority
ssh-keygen -q -s /root/user-authority -I lab -n root /root/friend.pub`)
      await h2.write('/etc/lab/user-authority.pub', await h1.read('/root/user-authority.pub'))
      await sshd(h2, 2210, ['TrustedUserCAKeys /etc/lab/user-authority.pub'])
      const target = { name: 'h2', port: 2210, identityFile: '/root/friend' }
      await byEither(target, 'the certificate /root/friend-cert.pub')
    })

    it('a certificate of the host', async () => {
      await h2.ok(`ssh-keygen -q -t ed25519 -N '' -f /root/host-authority; cp /etc/lab/hostkey /etc/lab/certified
ssh-keygen -y -f /etc/lab/certified >/etc/lab/certified.pub
ssh-keygen -q -s /root/host-authority -I h2 -h -n h2 /etc/lab/certified.pub`)
      await sshd(h2, 2211, ['HostKey /etc/lab/certified', 'HostCertificate /etc/lab/certified-cert.pub'])
      const authority = (await h2.ok('cat /root/host-authority.pub')).trim()
      await h1.write('/root/.ssh/known_hosts', `@cert-authority *h2* ${authority}\n`)
      await byEither({ name: 'h2', port: 2211 }, '@cert-authority')
    })

    it('a ProxyCommand', async () => {
      await h1.write('/root/.ssh/config', 'ProxyCommand nc %h %p\n')
      await byEither({ name: 'h2' }, 'ProxyCommand nc')
    })

    it('but never one that comes after a refused host key', async () => {
      await h1.ok('echo "h2 $(cut -d" " -f1,2 /root/stranger.pub)" >/root/.ssh/known_hosts')
      assertRefused(await reach({ target: { name: 'h2' } }), 'host-key-changed')
    })

    it('and where there is no ssh, that is said', async () => {
      const outcome = await reach({ transport: 'openssh', target: { name: 'h2' } }, { env: { PATH: '/nowhere' } })
      assertRefused(outcome, 'ssh-unsupported', 'openssh-client')
      assertReached(await reach({ target: { name: 'h2' } }, { env: { PATH: '/nowhere' } }))
    })
  })

  it('the program as it is built reaches a host by either transport', async () => {
    for (const transport of ['ssh2', 'openssh']) {
      const { status, stdout, stderr } = await h1.lxcnet(['list', '-H', 'h2', '--transport', transport, '--json'])
      assert.deepEqual([status, JSON.parse(stdout).host], [0, 'h2'], stderr)
    }
  })

  it('the system ssh leaves neither a process nor a file behind, and its own configuration is not disturbed', async () => {
    await h1.write(
      '/root/.ssh/config',
      'ControlMaster auto\nControlPath /tmp/own-%C\nControlPersist 60\nLogLevel QUIET\nRemoteCommand hostname\n',
    )
    for (const leave of [false, true]) {
      assertReached(await reach({ transport: 'openssh', leave, target: { name: 'h2' } }))
      assert.equal(await h1.ok('ls -d /tmp/lxcnet-* /tmp/own-* 2>/dev/null || :'), '')
      // a master that was told to end may take a moment
      await h1.ok('for _ in $(seq 300); do pgrep -x ssh >/dev/null || exit 0; sleep 0.1; done; exit 1')
    }
  })
})
