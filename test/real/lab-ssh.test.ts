// What the hosts of the lab offer to ssh: a key that is known, users of every kind, and further sshds with faults.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import * as ground from './lab/ground.ts'
import { Lab, type LightHost } from './lab/lab.ts'

describe('ssh in the lab', function () {
  this.timeout(60_000)
  this.slow(3000)
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async function () {
    this.timeout(1_800_000)
    lab = await Lab.up({ hosts: 2 })
    const [one, other] = lab.hosts
    assert(one && other)
    h1 = one
    h2 = other
  })
  after(() => lab?.down())

  it('knows every host by its key, and no other', async () => {
    assert.equal(await h1.ok('ssh -o StrictHostKeyChecking=yes h2 hostname; ssh 198.18.0.12 hostname'), 'h2\nh2\n')
    const stranger = await h1.sh('ssh -o HostKeyAlias=stranger.example h2 hostname')
    assert.deepEqual([stranger.status, stranger.stdout], [255, ''])
    assert.match(stranger.stderr, /Host key verification failed/)
  })

  it('has users on every host who become root without a word, with a password, or not at all', async () => {
    const enter = (user: string, line: string) => h1.sh(`ssh -o BatchMode=yes ${user}@h2 ${line}`, { input: asker })
    const asker = 'secret-of-asker\n'
    assert.equal((await enter('admin', 'sudo -n id -un')).stdout, 'root\n')
    assert.match((await enter('asker', 'sudo -n id -un')).stderr, /a password is required/)
    assert.equal((await enter('asker', 'sudo -S id -un')).stdout, 'root\n')
    assert.deepEqual(await enter('plain', 'sudo -S id -un').then(({ status, stdout }) => [status, stdout]), [1, ''])
    assert.equal((await enter('fisher', 'sudo -n id -un')).stdout, 'root\n')
    assert.match((await enter('fisher', '\'x=1; echo "$x"\'')).stderr, /Command not found/, 'its shell is no POSIX sh')
    for (const user of ['admin', 'asker', 'plain', 'fisher'])
      assert.equal((await enter(user, 'stat -c "%a:%U" .')).stdout, `700:${user}\n`)
  })

  it('serves controllers beside the hosts: ssh and Ansible', async () => {
    const { status, stdout, stderr } = await lab.lan('ssh -o StrictHostKeyChecking=yes h2 hostname')
    assert.deepEqual([status, stdout, stderr], [0, 'h2\n', ''])
    const home = `ANSIBLE_HOME=${join(ground.folder(lab.id), 'ansible')}`
    for (const [module, words] of [
      ['copy', 'content=one dest=/root/made'],
      ['lineinfile', 'path=/root/made line=two'],
      ['command', 'cat /root/made'],
    ]) {
      const { status, stdout, stderr } = await lab.lan(`${home} ansible all -i h1,h2, -m ${module} -a "${words}"`)
      assert.equal(status, 0, stdout + stderr)
    }
    assert.equal(await h2.ok('cat /root/made'), 'one\ntwo\n')
  })

  it('has a second sshd when a test wants one, which says why when it cannot be had', async () => {
    const sshd = await h2.sshd({ port: 2201, config: 'MaxSessions 1\nForceCommand echo forced; exec sleep 4323\n' })
    assert.equal(await h2.ok(`cat /proc/${sshd.pid}/comm`), 'sshd\n')
    await assert.rejects(h2.sshd({ port: 22 }), /Bind to port 22 .* failed/)
    await assert.rejects(h2.sshd({ port: 2202, config: 'HostKey /root/none' }), /\/root\/none.*no hostkeys available/s)
    await assert.rejects(h2.sshd({ port: 2203, config: 'Nonsense yes' }), /Bad configuration option: Nonsense/)

    const login = h1.sh('ssh -p 2201 h2 hostname')
    await h2.ok('for _ in $(seq 500); do pgrep -xf "sleep 4323" && exit 0; sleep 0.02; done; exit 1')
    assert.match(await sshd.log(), /Server listening on 0.0.0.0 port 2201/)
    await sshd.stop()
    const { status, stdout } = await login
    assert.deepEqual([status, stdout], [255, 'forced\n'])
    assert.equal((await h1.sh('ssh -p 2201 h2 hostname')).status, 255)
    assert.equal(await h1.ok('ssh h2 hostname'), 'h2\n', 'the own one of the host is still there')
  })

  it('has passwords and certificates where a test wants them', async () => {
    await h2.ok(`cd /root && ssh-keygen -q -t ed25519 -N '' -f ca && cp /etc/lab/hostkey . &&
      ssh-keygen -y -f hostkey >hostkey.pub && ssh-keygen -q -s ca -I h2 -h -n h2 hostkey.pub`)
    const config = 'AuthenticationMethods password\nHostKey /root/hostkey\nHostCertificate /root/hostkey-cert.pub'
    const sshd = await h2.sshd({ port: 2204, config })
    await h1.write('/root/authority', `@cert-authority h2,[h2]:* ${await h2.ok('cat /root/ca.pub')}`)
    await h1.write('/root/answer', '#!/bin/sh\necho secret-of-asker\n', 0o755)
    const ssh = 'ssh -o UserKnownHostsFile=/root/authority -p 2204 asker@h2 id -un'
    assert.match((await h1.sh(`${ssh} </dev/null`)).stderr, /Permission denied/)
    const env = { SSH_ASKPASS: '/root/answer', SSH_ASKPASS_REQUIRE: 'force' }
    assert.equal(await h1.ok(ssh, { env }), 'asker\n')
    await sshd.stop()
  })
})
