/** Switches and the NICs on them in a tree, for every LXC: what is written, and that the same command twice adds nothing. */
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Tree } from '../commands/cli.ts'

const bare = 'lxc.uts.name = web\n'
const link = ['create', 'web', '--type', 'veth', '--link', 'sw0', '--hwaddr', '02:00:5e:00:53:01']

describe('NICs on a switch under --root', function () {
  this.timeout(60_000)
  let tree: Tree
  beforeEach(() => {
    tree = new Tree({ web: bare })
  })
  afterEach(() => tree.remove())

  const ok = (...args: string[]): string => {
    const { status, stdout, stderr } = tree.run(...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const lines = (): string[] => tree.config('web').trimEnd().split('\n').slice(1)
  const hook = (name: string): string => join(tree.root, 'etc/lxcnet/hooks', name)

  it('a switch is its piece, and gone without a trace', () => {
    ok('ovs', 'create', 'sw0', '--address', '192.0.2.1/24', '--uplink', 'eth1', '--tunnel', 'gre:198.51.100.2:5')
    assert.match(tree.read('/etc/lxcnet/net.d/20-ovs-sw0'), /^tunnel='gre:198\.51\.100\.2:5'$/m)
    const { objects } = tree.json<{ objects: { name: string; state: string; own: boolean }[] }>('ovs', 'list')
    assert.deepEqual(
      objects.map(({ name, state, own }) => [name, state, own]),
      [['sw0', 'unknown', true]],
    )
    assert.match(ok('ovs', 'set', 'sw0', 'uplink=eth1'), /Already so/)
    ok('ovs', 'delete', 'sw0')
    assert.equal(existsSync(join(tree.root, 'etc/lxcnet')), false)
  })

  for (const { version, flags, nic } of [
    { version: '5.0.2', flags: [], nic: ['lxc.net.0.link = sw0'] },
    {
      version: '5.0.2',
      flags: ['--vlan-id', '10', '--vlan-tagged-id', '20'],
      nic: ['lxc.net.0.link = sw0', 'lxc.net.0.veth.vlan.id = 10', 'lxc.net.0.veth.vlan.tagged.id = 20'],
    },
    {
      version: '4.0.6',
      flags: ['--vlan-id', '10', '--vlan-tagged-id', '20', '--vlan-tagged-id', '30'],
      nic: [
        'lxc.net.0.script.up = /etc/lxcnet/hooks/ovs-up sw0 --access 10 --trunk 20,30',
        'lxc.net.0.script.down = /etc/lxcnet/hooks/ovs-down sw0',
      ],
    },
    {
      version: '1.0.11',
      flags: ['--vlan-id', '10'],
      nic: [
        'lxc.network.script.up = /etc/lxcnet/hooks/ovs-up sw0 --access 10',
        'lxc.network.script.down = /etc/lxcnet/hooks/ovs-down sw0',
      ],
    },
    { version: '2.0.8', flags: [], nic: ['lxc.network.link = sw0'] },
    {
      version: '5.0.2',
      flags: ['--pair', 'p-web'],
      nic: [
        'lxc.net.0.script.up = /etc/lxcnet/hooks/ovs-up sw0',
        'lxc.net.0.script.down = /etc/lxcnet/hooks/ovs-down sw0',
      ],
    },
  ]) {
    it(`LXC ${version} ${flags.join(' ')}: ${nic[0]}`, () => {
      ok('ovs', 'create', 'sw0', '--lxc-version', version)
      ok(...link, ...flags, '--lxc-version', version)
      const written = lines()
      for (const line of nic) assert.ok(written.includes(line), `${line} is in\n${written.join('\n')}`)
      assert.equal(written.filter((line) => /link|vlan|script/.test(line)).length, nic.length)
      if (/script/.test(nic[0] ?? '')) assert.equal(statSync(hook('ovs-up')).mode & 0o777, 0o755)
      const index = ['--index', '0', '--lxc-version', version]
      assert.match(ok(...link, ...flags, ...index), /already so/i)
      ok('delete', 'web:0', '--lxc-version', version)
      ok('ovs', 'delete', 'sw0', '--lxc-version', version)
      assert.equal(existsSync(hook('ovs-up')), false)
      assert.equal(tree.config('web'), bare)
    })
  }

  it('set says link and VLANs as if LXC alone plugged the NIC in, and keeps every other line', () => {
    tree.write(
      '/var/lib/lxc/web/config',
      `${bare}# mine\nlxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\n\t# odd\nlxc.net.0.flags = up\n`,
    )
    const at = ['--lxc-version', '4.0.6']
    ok('ovs', 'create', 'sw0', ...at)
    ok('set', 'web:0', 'link=sw0', 'vlan-id=10', ...at)
    const up = 'lxc.net.0.script.up = /etc/lxcnet/hooks/ovs-up sw0'
    const down = 'lxc.net.0.script.down = /etc/lxcnet/hooks/ovs-down sw0'
    const rest = ['# mine', 'lxc.net.0.type = veth', '\t# odd', 'lxc.net.0.flags = up']
    assert.deepEqual(lines(), [...rest, `${up} --access 10`, down])
    assert.match(ok('set', 'web:0', 'link=sw0', ...at), /already so/i)
    ok('set', 'web:0', 'vlan-tagged-id+=20', ...at)
    assert.deepEqual(lines(), [...rest, `${up} --access 10 --trunk 20`, down])
    ok('unset', 'web:0', 'vlan-tagged-id', 'vlan-id', ...at)
    const plain = lines()
    assert.equal(plain.filter((line) => /vlan|--access/.test(line)).length, 0, 'nothing needs the hook any more')
    assert.ok(plain.includes('lxc.net.0.link = sw0'))
    ok('set', 'web:0', 'link=lxcbr0', ...at)
    assert.equal(lines().filter((line) => /script/.test(line)).length, 0)
  })

  it('a hook of somebody else is not written over', () => {
    ok('ovs', 'create', 'sw0', '--datapath', 'netdev')
    const { status, stdout } = tree.run(...link, '--script-up', '/usr/local/bin/mine', '--json')
    assert.equal(status, 65)
    assert.equal((JSON.parse(stdout) as { code: string }).code, 'hook-taken')
    assert.equal(tree.config('web'), bare)
  })

  it('gateway = auto is an address where the hook leaves the link out', () => {
    ok('ovs', 'create', 'sw0', '--datapath', 'netdev', '--address', '192.0.2.1/24', '--mtu', '1450')
    ok(...link, '--ipv4', '192.0.2.9/24', '--ipv4-gateway', 'auto')
    assert.ok(lines().includes('lxc.net.0.ipv4.gateway = 192.0.2.1'))
    assert.ok(lines().includes('lxc.net.0.mtu = 1450'))
  })
})
