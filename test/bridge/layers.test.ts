/** Several bridges in one tree, made and taken away in any order: in the end every file is as it was. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChangeReport } from '../../src/report/change.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Tree } from '../commands/cli.ts'

const systems: { backend: string; files: { [path: string]: string }; sample: string }[] = [
  {
    backend: 'ifupdown',
    files: {
      '/sbin/ifup': '',
      '/etc/network/interfaces':
        'auto eth0 eth1\niface eth0 inet dhcp\niface eth1 inet static\n  address 192.0.2.7/24\n',
    },
    sample: '/etc/network/interfaces',
  },
  {
    backend: 'networkd',
    files: {
      '/etc/systemd/system/multi-user.target.wants/systemd-networkd.service': '',
      '/etc/systemd/network/10-lan.network': '[Match]\nName=eth0 eth1\n\n[Network]\nDHCP=yes\n',
    },
    sample: '/etc/systemd/network/10-lan.network',
  },
  {
    backend: 'netplan',
    files: {
      '/etc/netplan/50-lan.yaml':
        'network:\n  version: 2\n  ethernets:\n    eth0: # a\n      dhcp4: true\n    eth1:\n      addresses: [192.0.2.7/24]\n',
    },
    sample: '/etc/netplan/50-lan.yaml',
  },
]

/** Every file of the tree but lxcnet's journal. */
const contents = ({ root }: Tree): { [path: string]: string } =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('/var/lib/lxcnet'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, readFileSync(path, 'latin1')]),
  )

const bridges: { [name: string]: string } = {
  br0: '--uplink eth0 --default yes',
  br1: '--uplink eth1 --mtu 1400',
  br2: '--address 10.0.5.1/24 --default yes',
  br7: '--uplink eth2 --vlan-id 7',
  br8: '--uplink eth2 --vlan-id 8',
}

describe('a host with several systems', () => {
  let tree: Tree
  beforeEach(() => {
    tree = new Tree()
    tree.write('/sbin/ifup', '')
    tree.write('/etc/network/interfaces', 'iface eth0 inet dhcp\n  post-up ethtool -K eth0 tso off\n')
    tree.write('/etc/systemd/system/multi-user.target.wants/systemd-networkd.service', '')
    tree.write('/etc/systemd/network/10-lan.network', '[Match]\nName=eth1\n\n[Network]\nDHCP=yes\n')
  })
  afterEach(() => tree.remove())

  const make = (words: string): { codes: string[]; files: string[] } => {
    const { status, stdout, stderr } = tree.run('bridge', 'create', 'br0', ...words.split(' '), '-y', '--json')
    assert.equal(status, 0, stdout + stderr)
    const { notes, changes } = JSON.parse(stdout) as ChangeReport
    const written = changes.flatMap((step) => (step.kind === 'file' && step.record !== true ? [step.path] : []))
    return { codes: notes.map(({ code }) => code), files: written }
  }
  const networkd = ['.netdev', '.network', '-port.network'].map((end) => `/etc/systemd/network/05-lxcnet-br0${end}`)

  it('gets a bridge from the one that knows its uplink, and is told of commands that name that', () => {
    assert.deepEqual(make('--uplink eth0'), { codes: ['bridge-mentions'], files: ['/etc/network/interfaces'] })
  })

  it('gets a bridge from the other one, where that knows the uplink', () => {
    assert.deepEqual(make('--uplink eth1'), { codes: [], files: networkd })
  })

  it('gets it from the one that --backend names, and is told that it seems to be another', () => {
    assert.deepEqual(make('--uplink eth0 --backend networkd'), { codes: ['bridge-backend'], files: networkd })
  })
})

for (const { backend, files, sample } of systems) {
  describe(`several bridges kept by ${backend}`, () => {
    let tree: Tree
    beforeEach(() => {
      tree = new Tree()
      for (const [path, text] of Object.entries(files)) tree.write(path, text)
      tree.write('/etc/lxc/default.conf', 'lxc.net.0.type = empty\n')
    })
    afterEach(() => tree.remove())

    const ok = (line: string): void => {
      const { status, stdout, stderr } = tree.run(...line.split(' '), '-y')
      assert.equal(status, 0, `${line}: ${stdout}${stderr}`)
    }
    const objects = () => tree.json<ObjectsReport>('bridge', 'list').objects

    for (const order of ['br0 br1 br2 br7 br8', 'br8 br7 br2 br1 br0', 'br7 br1 br8 br0 br2']) {
      it(`go in the order ${order}`, () => {
        const before = contents(tree)
        for (const [name, words] of Object.entries(bridges)) ok(`bridge create ${name} ${words}`)
        const left = new Set(Object.keys(bridges))
        for (const name of order.split(' ')) {
          ok(`bridge delete ${name}`)
          left.delete(name)
          assert.deepEqual(new Set(objects().map((one) => one.name)), left)
        }
        assert.deepEqual(contents(tree), before)
      })
    }

    it('are found as they were told, by the system that was found out', () => {
      for (const [name, words] of Object.entries(bridges)) ok(`bridge create ${name} ${words}`)
      const found = Object.fromEntries(objects().map(({ name, settings }) => [name, settings]))
      assert.deepEqual(found, {
        br0: { uplink: ['eth0'] }, // the default is the last one's
        br1: { uplink: ['eth1'], mtu: ['1400'] },
        br2: { address: ['10.0.5.1/24'], default: ['yes'] },
        br7: { uplink: ['eth2'], 'vlan-id': ['7'] },
        br8: { uplink: ['eth2'], 'vlan-id': ['8'] },
      })
      for (const name of ['br1', 'br7']) {
        const again = tree.run('bridge', 'create', name, ...(bridges[name] ?? '').split(' '), '-y')
        assert.match(again.stdout, /Already so/)
      }
      ok('bridge set br1 mtu=1300 address=192.0.2.9/24')
      assert.deepEqual(objects().find(({ name }) => name === 'br1')?.settings, {
        uplink: ['eth1'],
        mtu: ['1300'],
        address: ['192.0.2.9/24'],
      })
    })

    it('are not taken out of a file that somebody edited there', () => {
      ok('bridge create br0 --uplink eth0')
      const texts = Object.keys(contents(tree)).filter((path) => /lxcnet-br0|interfaces$|50-lan/.test(path))
      const path = texts[0]?.slice(tree.root.length) ?? sample
      tree.write(path, tree.read(path).replace('br0', 'br9'))
      const { status, stderr } = tree.run('bridge', 'delete', 'br0', '-y')
      assert.equal(status, 65)
      assert.match(stderr, /bridge-edited|not-ours|no-object/)
    })
  })
}
