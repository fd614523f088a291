/** create, set, unset, delete, upgrade, rollback on a tree: what is written, what is refused, and that nothing else changes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, globSync, lstatSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { lxcnet, type Ran, Tree, vethConfig } from './cli.ts'

/** Every path below the tree with what it holds, the journal apart. */
function fingerprint(tree: Tree): string {
  const hash = createHash('sha256')
  for (const path of globSync('**/{*,.*}', { cwd: tree.root })
    .filter((one) => !one.startsWith('var/lib/lxcnet'))
    .sort()) {
    const full = join(tree.root, path)
    const stat = lstatSync(full)
    hash.update(`${path}\0${stat.mode}\0${stat.uid}\0`)
    if (stat.isFile()) hash.update(readFileSync(full))
    if (stat.isSymbolicLink()) hash.update(readlinkSync(full))
  }
  return hash.digest('hex')
}

function ok(ran: Ran): Ran {
  assert.equal(ran.status, 0, ran.stderr + ran.stdout)
  return ran
}

const fixed = ['--hwaddr', '00:16:3e:00:53:99']

describe('the NIC commands on a tree', () => {
  let tree: Tree
  beforeEach(() => {
    tree = new Tree({ web01: vethConfig, bare: 'lxc.uts.name = bare\n' })
  })
  afterEach(() => tree.remove())

  describe('create', () => {
    it('writes the NIC of the README, type first, mode written out', () => {
      ok(
        tree.run(
          'create',
          'bare',
          '--type',
          'macvlan',
          '--mode',
          'bridge',
          '--link',
          'lxcbr2',
          '--ipv4',
          '10.0.5.3/24',
          ...fixed,
        ),
      )
      const block = [
        'type = macvlan',
        'macvlan.mode = bridge',
        'link = lxcbr2',
        'flags = up',
        'hwaddr = 00:16:3e:00:53:99',
        'ipv4.address = 10.0.5.3/24',
      ]
      assert.equal(tree.config('bare'), `lxc.uts.name = bare\n${block.map((line) => `lxc.net.0.${line}\n`).join('')}`)
    })

    it('takes the container by -n and the synonyms of other tools', () => {
      ok(
        tree.run(
          'create',
          '-n',
          'bare',
          '--type',
          'veth',
          '--parent',
          'br9',
          '--mac',
          '00:16:3E:00:53:99',
          '--ip',
          '10.9.0.2/24',
          '--gw',
          '10.9.0.1',
        ),
      )
      assert.match(
        tree.config('bare'),
        /link = br9\n.*flags = up\n.*hwaddr = 00:16:3e:00:53:99\n.*ipv4.address = 10.9.0.2\/24\n.*ipv4.gateway = 10.9.0.1\n$/,
      )
    })

    it('names a second NIC and says that it is one', () => {
      const { stdout } = ok(tree.run('create', 'web01', '--type', 'veth', '--link', 'br1', ...fixed))
      assert.match(stdout, /second-nic/)
      assert.match(tree.config('web01'), /lxc\.net\.1\.name = eth1\n/)
      assert.ok(tree.config('web01').startsWith(vethConfig), 'what stood there stands there')
    })

    it('puts a NIC in the place of another, which keeps its MAC', () => {
      ok(tree.run('create', 'web01', '--type', 'macvlan', '--link', 'eth1', '--replace', '0'))
      assert.match(
        tree.config('web01'),
        /^lxc.uts.name = web01\n\n# network\nlxc.net.0.type = macvlan\nlxc.net.0.link = eth1\n/,
      )
      assert.match(tree.config('web01'), /macvlan.mode = bridge\n/)
      assert.match(tree.config('web01'), /hwaddr = 00:16:3e:00:53:01\n/)
      assert.doesNotMatch(tree.config('web01'), /veth/)
    })

    it('does nothing when NIC N is already so', () => {
      const words = ['create', 'web01', '--type', 'veth', '--link', 'lxcbr0', '--index', '0']
      const before = statSync(join(tree.root, 'var/lib/lxc/web01/config'))
      assert.match(ok(tree.run(...words)).stdout, /Already so/)
      const after = statSync(join(tree.root, 'var/lib/lxc/web01/config'))
      assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs])
      assert.equal(tree.json<{ entries: unknown[] }>('history').entries.length, 0)
    })

    it('refuses to make NIC N over another one', () => {
      const { status, stderr } = tree.run('create', 'web01', '--type', 'macvlan', '--link', 'eth1', '--index', '0')
      assert.equal(status, 65)
      assert.match(stderr, /--replace 0/)
      assert.equal(tree.config('web01'), vethConfig)
    })

    it('chooses the lowest free address of a subnet, one after another', () => {
      for (const name of ['bare', 'web01'])
        ok(tree.run('create', name, '--type', 'veth', '--link', 'br7', '--ipv4', 'next:10.0.5.0/24'))
      assert.match(tree.config('bare'), /ipv4.address = 10.0.5.2\/24\n/)
      assert.match(tree.config('web01'), /ipv4.address = 10.0.5.3\/24\n/)
    })

    it('chooses no other address when the same command is given twice', () => {
      const words = ['create', 'bare', '--type', 'veth', '--link', 'br7', '--index', '0', '--ipv4', 'next:10.0.5.0/24']
      ok(tree.run(...words))
      assert.match(ok(tree.run(...words)).stdout, /Already so/)
    })

    it('says when a subnet is full', () => {
      for (const [name, status] of [
        ['bare', 0],
        ['web01', 0],
        ['web01', 65],
      ] as const) {
        assert.equal(
          tree.run('create', name, '--type', 'veth', '--link', 'br7', '--ipv4', 'next:10.0.5.0/30').status,
          status,
        )
      }
    })

    it("draws MACs in LXC's own range, of 6.0.4 and later too", () => {
      ok(tree.run('create', 'bare', '--type', 'veth', '--link', 'br0', '--lxc-version', '6.0.6'))
      assert.match(tree.config('bare'), /hwaddr = 10:66:6a:/)
    })

    it('writes the broadcast for releases of LXC that get it wrong, and for no other', () => {
      ok(
        tree.run(
          'create',
          'bare',
          '--type',
          'veth',
          '--link',
          'br0',
          '--ipv4',
          '10.0.5.3/24',
          '--lxc-version',
          '5.0.2',
        ),
      )
      ok(
        tree.run(
          'create',
          'web01',
          '--type',
          'veth',
          '--link',
          'br0',
          '--ipv4',
          '10.0.5.4/24',
          '--lxc-version',
          '6.0.4',
        ),
      )
      assert.match(tree.config('bare'), /10.0.5.3\/24 10.0.5.255\n/)
      assert.match(tree.config('web01'), /10.0.5.4\/24\n/)
    })

    it('keeps a missing final newline, CRLF and the spacing of the file', () => {
      tree.write('/var/lib/lxc/odd/config', 'lxc.net.0.type=veth\r\nlxc.net.0.link=br0')
      ok(tree.run('create', 'odd', '--type', 'empty'))
      assert.equal(
        tree.config('odd'),
        'lxc.net.0.type=veth\r\nlxc.net.0.link=br0\r\nlxc.net.1.type=empty\r\nlxc.net.1.flags=up',
      )
    })

    it("writes the file's own syntax into a file of LXC before 2.1", () => {
      tree.write('/var/lib/lxc/old/config', 'lxc.network.type = veth\nlxc.network.link = br0\n')
      ok(
        tree.run(
          'create',
          'old',
          '--type',
          'veth',
          '--link',
          'br1',
          '--ipv4',
          '10.0.5.3/24',
          ...fixed,
          '--lxc-version',
          '2.0.8',
        ),
      )
      assert.match(
        tree.config('old'),
        /br0\nlxc.network.type = veth\nlxc.network.link = br1\n.*\n.*\n.*\nlxc.network.ipv4 = 10.0.5.3\/24\n$/,
      )
    })

    it('edits a linked config where it lies, inside the tree', () => {
      tree.write('/srv/elsewhere/config', 'lxc.uts.name = far\n')
      tree.write('/var/lib/lxc/far/x', '')
      symlinkSync('/srv/elsewhere/config', join(tree.root, 'var/lib/lxc/far/config'))
      ok(tree.run('create', 'far', '--type', 'empty'))
      assert.match(tree.read('/srv/elsewhere/config'), /type = empty/)
      assert.ok(lstatSync(join(tree.root, 'var/lib/lxc/far/config')).isSymbolicLink())
    })

    it('prints a plan and changes nothing under --dry-run', () => {
      const before = fingerprint(tree)
      const { status, stdout } = tree.run('create', 'bare', '--type', 'veth', '--link', 'br0', '--dry-run')
      assert.equal(status, 2)
      assert.match(stdout, /\+lxc.net.0.type = veth/)
      assert.equal(fingerprint(tree), before)
    })
  })

  describe('set, unset and delete', () => {
    it('changes one line and no other byte', () => {
      ok(tree.run('set', 'web01:0', 'link=br1'))
      assert.equal(tree.config('web01'), vethConfig.replace('lxcbr0', 'br1'))
      ok(tree.run('set', 'web01', 'lxc.net.0.link=lxcbr0'))
      assert.equal(tree.config('web01'), vethConfig)
    })

    it('adds to lists, takes from them, and sets them', () => {
      ok(tree.run('set', 'web01:0', 'ipv4.address+=10.0.3.5/24', 'ipv4.gateway=10.0.3.1'))
      ok(tree.run('set', 'web01:0', 'ipv4.address+=10.0.3.6/24'))
      ok(tree.run('set', 'web01:0', 'ipv4.address-=10.0.3.5/24'))
      assert.match(tree.config('web01'), /ipv4.address = 10.0.3.6\/24\n/)
      assert.doesNotMatch(tree.config('web01'), /10.0.3.5\/24/)
    })

    it('changes the NICs of many containers as one change', () => {
      tree.write('/var/lib/lxc/web02/config', vethConfig.replaceAll('web01', 'web02').replace(':01\n', ':02\n'))
      ok(tree.run('set', 'web*:0', 'mtu=1400'))
      const { entries } = tree.json<{ entries: { id: string }[] }>('history')
      assert.equal(entries.length, 1)
      for (const name of ['web01', 'web02']) assert.match(tree.config(name), /mtu = 1400\n/)
      ok(tree.run('rollback', entries[0]?.id ?? ''))
      for (const name of ['web01', 'web02']) assert.doesNotMatch(tree.config(name), /mtu/)
    })

    it('drops the keys that a new type does not have, and says which', () => {
      ok(tree.run('set', 'web01:0', 'veth.pair=vweb01'))
      const { stdout } = ok(tree.run('set', 'web01:0', 'type=macvlan', 'link=eth1'))
      assert.match(stdout, /type veth becomes macvlan, which drops veth.pair/)
      assert.match(tree.config('web01'), /lxc.net.0.type = macvlan\n/)
      assert.match(tree.config('web01'), /macvlan.mode = bridge\n/)
      assert.doesNotMatch(tree.config('web01'), /veth/)
    })

    it('says which other NIC is called differently inside afterwards', () => {
      tree.write('/var/lib/lxc/two/config', 'lxc.net.0.type = veth\nlxc.net.1.type = veth\n')
      assert.match(ok(tree.run('delete', 'two:0')).stdout, /NIC 1 .*becomes eth0 inside, not eth1.*\[name-shifts\]/)
    })

    it('takes an address from the list by itself, and says when it is not there', () => {
      ok(tree.run('set', 'web01:0', 'ipv4.address+=10.0.3.5/24'))
      assert.equal(tree.run('set', 'web01:0', 'ipv4.address-=10.0.3.9').status, 65)
      ok(tree.run('set', 'web01:0', 'ipv4.address-=10.0.3.5'))
      assert.equal(tree.config('web01'), vethConfig)
    })

    it('keeps bytes beyond ASCII, in values, names of trees and answers', () => {
      ok(tree.run('set', 'web01:0', '--allow', 'script-missing', 'script.up=/bin/true €uro é ħ'))
      assert.ok(Buffer.from(tree.config('web01'), 'latin1').toString().includes('script.up = /bin/true €uro é ħ\n'))
      assert.match(tree.run('show', 'web01').stdout, /€uro é ħ/)
      assert.match(tree.run('show', 'web01', '--json').stdout, /€uro é ħ/)
    })

    it('gives no word of the command line to a shell', () => {
      const mark = join(tree.root, 'pwned')
      for (const hostile of [`/xħ;touch ${mark};ħ`, `/x'$(touch ${mark})`, `/x\`touch ${mark}\``])
        tree.run('list', '-P', hostile)
      assert.throws(() => statSync(mark))
    })

    it('removes keys, and is content when there is none', () => {
      assert.match(ok(tree.run('unset', 'web01:0', 'hwaddr', 'mtu')).stdout, /hwaddr 00:16:3e:00:53:01 is removed/)
      assert.equal(tree.config('web01'), vethConfig.replace(/.*hwaddr.*\n/, ''))
      assert.match(ok(tree.run('unset', 'web01:0', 'hwaddr')).stdout, /Already so/)
    })

    it('removes a NIC in the middle and numbers nothing anew', () => {
      for (const link of ['br1', 'br10']) ok(tree.run('create', 'web01', '--type', 'veth', '--link', link))
      ok(tree.run('create', 'web01', '--type', 'veth', '--link', 'br10', '--index', '10'))
      ok(tree.run('delete', 'web01:1'))
      const { containers } = tree.json<{ containers: { nics: { index: number }[] }[] }>('list', 'web01')
      assert.deepEqual(
        containers[0]?.nics.map(({ index }) => index),
        [0, 2, 10],
      )
      assert.ok(tree.config('web01').startsWith(vethConfig))
    })

    it('says when an include wins, and changes nothing', () => {
      tree.write('/etc/lxc/site.conf', 'lxc.net.0.mtu = 9000\n')
      tree.write(
        '/var/lib/lxc/inc/config',
        'lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.include = /etc/lxc/site.conf\n',
      )
      const before = fingerprint(tree)
      const { status, stderr } = tree.run('unset', 'inc:0', 'mtu')
      assert.equal(status, 65)
      assert.match(stderr, /\/etc\/lxc\/site.conf:1\n/)
      assert.match(stderr, /include-wins/)
      assert.equal(fingerprint(tree), before)
      assert.match(tree.run('show', 'inc').stdout, /mtu +9000 +\/etc\/lxc\/site.conf:1/)
    })

    it('takes the names in a folder that is included for names, and follows no link out of the tree', () => {
      const outside = new Tree()
      outside.write('/link.conf', 'lxc.net.0.mtu = 9000\n')
      tree.write("/etc/lxc/one.d/a'$(touch owned) `touch owned`\nx.conf", 'lxc.net.0.link = br7\n')
      tree.write('/etc/lxc/two.d/README', '')
      symlinkSync(join(outside.root, 'link.conf'), join(tree.root, 'etc/lxc/two.d/only.conf'))
      tree.write(
        '/var/lib/lxc/inc/config',
        'lxc.net.0.type = veth\nlxc.include = /etc/lxc/one.d\nlxc.include = /etc/lxc/two.d\n',
      )
      const { stdout } = tree.run('show', 'inc')
      assert.match(stdout, /link +br7 /)
      assert.doesNotMatch(stdout, /9000/)
      assert.deepEqual(globSync('**/owned', { cwd: tree.root }), [])
      outside.remove()
    })
  })

  describe('rollback', () => {
    it('brings every byte back, and can itself be taken back', () => {
      ok(tree.run('set', 'web01:0', 'mtu=1400'))
      const changed = tree.config('web01')
      const [first] = tree.json<{ entries: { id: string }[] }>('history').entries
      ok(tree.run('rollback', first?.id ?? ''))
      assert.equal(tree.config('web01'), vethConfig)
      const second = tree.json<{ entries: { id: string }[] }>('history').entries[1]
      ok(tree.run('rollback', second?.id ?? ''))
      assert.equal(tree.config('web01'), changed)
    })

    it('refuses to lose a later change', () => {
      ok(tree.run('set', 'web01:0', 'mtu=1400'))
      const [first] = tree.json<{ entries: { id: string }[] }>('history').entries
      tree.write('/var/lib/lxc/web01/config', `${tree.config('web01')}# by hand\n`)
      const { status, stderr } = tree.run('rollback', first?.id ?? '')
      assert.equal(status, 65)
      assert.match(stderr, /changed-since/)
      assert.match(tree.config('web01'), /by hand/)
    })

    it('names the later change that is in the way, and says what was taken back', () => {
      const ids = () => tree.json<{ entries: { id: string; state: string }[] }>('history').entries
      ok(tree.run('set', 'web01:0', 'mtu=1400'))
      ok(tree.run('set', 'web01:0', 'mtu=1500'))
      const [first, second] = ids().map(({ id }) => id)
      assert.match(tree.run('rollback', first ?? '').stderr, new RegExp(`lxcnet rollback ${second}`))
      ok(tree.run('rollback', second ?? ''))
      ok(tree.run('rollback', first ?? ''))
      assert.equal(tree.config('web01'), vethConfig)
      assert.deepEqual(
        ids().map(({ state }) => state),
        ['taken-back', 'taken-back', 'committed', 'committed'],
      )
    })

    it('is not kept from it by what a stranger has left in the journal', () => {
      ok(tree.run('set', 'web01:0', 'mtu=1400'))
      const [first] = tree.json<{ entries: { id: string }[] }>('history').entries
      for (const [at, text] of ['null', '{"changes":1}', '{"changes":[null]}', '{'].entries())
        for (const [file, content] of Object.entries({
          'plan.json': text,
          'meta.json': text,
          committed: '',
          clean: '',
        }))
          tree.write(`/var/lib/lxcnet/journal/2999010${at + 1}-000000-00000/${file}`, content)
      ok(tree.run('rollback', first?.id ?? ''))
      assert.equal(tree.config('web01'), vethConfig)
    })

    it('takes a change back by the last five characters of its id, and by nothing less', () => {
      ok(tree.run('set', 'web01:0', 'mtu=1400'))
      const id = tree.json<{ entries: { id: string }[] }>('history').entries[0]?.id ?? ''
      for (const less of ['', id.slice(0, 4), id.slice(0, -1), id.slice(-4)])
        assert.equal(tree.run('rollback', less).status, 65)
      ok(tree.run('rollback', id.slice(-5)))
      assert.equal(tree.config('web01'), vethConfig)
    })

    it('prints the command that takes a change back, with the place it was made in', () => {
      tree.write('/srv/ct/p1/config', vethConfig)
      const { stdout } = ok(tree.run('set', 'p1:0', 'mtu=1400', '-P', '/srv/ct'))
      const [, words = ''] = /take it back: lxcnet (.*)/.exec(stdout) ?? []
      ok(lxcnet(words.split(' ')))
      assert.equal(tree.read('/srv/ct/p1/config'), vethConfig)
    })

    it('refuses what is not there', () => assert.equal(tree.run('rollback', '../../etc').status, 65))
  })

  describe('upgrade', () => {
    it('brings a file of LXC before 2.1 up to date and back', () => {
      const old =
        '#lxc.network.type = commented\nlxc.utsname = old\nlxc.network.type = veth\nlxc.network.link = br0\nlxc.network.ipv4 = 10.0.5.3/24'
      tree.write('/var/lib/lxc/old/config', old)
      ok(tree.run('upgrade', 'old'))
      assert.equal(
        tree.config('old'),
        '#lxc.network.type = commented\nlxc.uts.name = old\nlxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.ipv4.address = 10.0.5.3/24',
      )
      assert.match(ok(tree.run('upgrade', 'old')).stdout, /Already so/)
      ok(tree.run('rollback', tree.json<{ entries: { id: string }[] }>('history').entries[0]?.id ?? ''))
      assert.equal(tree.config('old'), old)
    })
  })

  describe('bad input changes nothing', () => {
    for (const [args, status, code] of [
      [['create', 'nosuch', '--type', 'veth'], 65, 'no-container'],
      [['create', '../web01', '--type', 'veth'], 64, 'bad-container-name'],
      [['create', 'a/b', '--type', 'veth'], 64, 'bad-container-name'],
      [['create', '..', '--type', 'veth'], 64, 'bad-container-name'],
      [['create', 'a\nb', '--type', 'veth'], 64, 'bad-container-name'],
      [['create', '$(touch /tmp/pwned)', '--type', 'veth'], 64, 'bad-container-name'],
      [['create', "a'b", '--type', 'veth'], 64, 'bad-container-name'],
      [['create', 'web01'], 64, 'missing-answer'],
      [['create', 'web01', '--type', 'gre'], 64, 'usage'],
      [['create', 'web01', '--type', 'macvlan'], 65, 'link-missing'],
      [['create', 'web01', '--type', 'veth', '--link', 'br0\nlxc.x = y'], 65, 'bad-value'],
      [['create', 'web01', '--type', 'veth', '--link', 'a/b'], 65, 'bad-link'],
      [['create', 'web01', '--type', 'veth', '--ipv4', '10.0.0.1'], 65, 'prefix-missing'],
      [['create', 'web01', '--type', 'veth', '--vlan-id', '4095', '--link', 'br0'], 65, 'bad-vlan-id'],
      [['create', 'web01', '--type', 'veth', '--isolation', 'bridge'], 65, 'wrong-type-key'],
      [['create', 'web01', '--type', 'ipvlan', '--link', 'eth0', '--mode', 'bridge'], 65, 'bad-mode'],
      [
        ['create', 'web01', '--type', 'veth', '--vlan-id', '10', '--link', 'br0', '--lxc-version', '4.0.12'],
        65,
        'key-too-new',
      ],
      [['set', 'web01:0', 'mtu=abc'], 65, 'bad-mtu'],
      [['set', 'web01:7', 'mtu=1400'], 65, 'no-nic'],
      [['set', 'web01:0', 'lxc.net.1.mtu=1400'], 64, 'usage'],
      [['unset', 'web01:0', 'lxc.net.1.mtu'], 64, 'usage'],
      [['create', 'web01', 'bare', '--type', 'veth'], 64, 'usage'],
      [['create', 'web01', '-n', 'bare', '--type', 'veth'], 64, 'usage'],
      [['rollback', ''], 65, 'no-entry'],
      [['set', 'web01:0', 'nonsense'], 64, 'usage'],
      [['set', 'web01:0', 'colour=blue'], 65, 'unknown-key'],
      [['set', 'web01:0', 'script.up=/a\nlxc.rootfs.path = /'], 65, 'bad-value'],
      [['set', 'web01:0', 'mtu='], 65, 'bad-value'],
      [['set', 'nosuch*:0', 'mtu=1400'], 65, 'no-container'],
      [['set', 'bare', 'mtu=1400'], 64, 'no-nic'],
      [['unset', 'web01:0', 'type'], 65, 'type-missing'],
      [['delete', 'web01:3'], 65, 'no-nic'],
      [['upgrade', 'nosuch'], 65, 'no-container'],
      [['rollback', 'nosuch'], 65, 'no-entry'],
      [['list', '--lxcpath', 'relative'], 64, 'usage'],
    ] as [string[], number, string][]) {
      it(JSON.stringify(args.join(' ')), () => {
        const before = fingerprint(tree)
        const { status: got, stderr, stdout } = tree.run(...args)
        assert.match(stderr, new RegExp(`^Code: ${code}$`, 'm'), stdout + stderr)
        assert.equal(got, status)
        assert.match(stderr, /^Try this:/m, 'says the way out')
        assert.equal(fingerprint(tree), before)
      })
    }

    it("leaves Proxmox's files alone", () => {
      tree.write(
        '/var/lib/lxc/101/config',
        'arch: amd64\nhostname: web\nnet0: name=eth0,bridge=vmbr0,type=veth\nrootfs: local:101,size=8G\n',
      )
      const before = fingerprint(tree)
      const { status, stderr } = tree.run('create', '101', '--type', 'veth', '--link', 'br0')
      assert.equal(status, 65)
      assert.match(stderr, /proxmox-file/)
      assert.equal(fingerprint(tree), before)
    })

    it('keeps the mode of a read-only config, which root may change', () => {
      chmodSync(join(tree.root, 'var/lib/lxc/web01/config'), 0o440)
      ok(tree.run('set', 'web01:0', 'mtu=1400'))
      assert.equal(statSync(join(tree.root, 'var/lib/lxc/web01/config')).mode & 0o777, 0o440)
    })
  })
})
