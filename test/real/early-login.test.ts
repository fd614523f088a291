/** With -H a login begins while the command line is still being read: what that may do, and what it may not. */
import assert from 'node:assert/strict'
import { Lab, type LightHost } from './lab/lab.ts'

describe('a login that begins early', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2 })
    const [controller, other] = lab.hosts
    assert.ok(controller && other)
    h1 = controller
    h2 = other
    await h2.ok(`ssh-keygen -q -t ed25519 -N '' -f /root/other
nft 'table inet early {
  counter logins { }
  chain input { type filter hook input priority 0
    tcp dport 2298 drop
    tcp dport { 22, 2201 } ct state new counter name logins
  }
}'`)
    await h2.sshd({ port: 2201, config: 'HostKey /root/other' })
  })

  after(() => lab?.down())

  /** How many connections a command makes. */
  const connections = async (words: string, status?: number): Promise<number> => {
    await h2.ok('nft reset counter inet early logins')
    const ran = await h1.lxcnet(words.split(' '))
    if (status !== undefined) assert.equal(ran.status, status, ran.stderr)
    return Number(/packets (\d+)/.exec(await h2.ok('nft list counter inet early logins'))?.[1])
  }

  it('is the one that the command works by', async () => {
    assert.equal(await connections('list -H h2', 0), 1)
    assert.equal(await connections('check -H root@h2:22', 0), 1)
  })

  it('fails once, and is told by the command', async () => {
    assert.equal(await connections('list -H h2:2201', 4), 1)
    const { stdout } = await h1.lxcnet(['list', '-H', 'h2:2201', '--json'])
    assert.equal(JSON.parse(stdout).code, 'host-key-changed')
  })

  it('goes to the host that the inventory means', async () => {
    await h1.write('/root/hosts', 'h2 ansible_port=2298\nother ansible_host=h2\n')
    const words = ['env', 'LXCNET_INVENTORY=/root/hosts', '/opt/node/bin/node', '/opt/lxcnet/bin/run.js']
    await h2.ok('nft reset counter inet early logins')
    assert.equal((await h1.run([...words, 'list', '-H', 'other'])).status, 0)
    assert.match(await h2.ok('nft list counter inet early logins'), /packets 1 /)
  })

  it('begins nowhere for commands that are about a site file or the inventory', async () => {
    for (const words of ['validate -H h2', 'apply -H h2', 'plan -H h2', 'host list -H h2', 'help list -H h2'])
      assert.equal(await connections(words), 0, words)
  })

  it('keeps nobody who made a mistake waiting', async () => {
    for (const words of ['create --nope -H h2:2298', 'lsit -H h2:2298', 'list a b -H h2:2298']) {
      const argv = ['timeout', '8', '/opt/node/bin/node', '/opt/lxcnet/bin/run.js', ...words.split(' ')]
      assert.equal((await h1.run(argv)).status, 64, `${words}: less than the time-out of a login`)
    }
  })
})
