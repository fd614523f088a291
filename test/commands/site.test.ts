/** A site file and the host localhost in a directory tree: what apply sets, and that only that is taken away again. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DiffReport } from '../../src/report/diff.ts'
import type { FleetReport } from '../../src/report/fleet.ts'
import { lxcnet, type Ran, Tree } from './cli.ts'

const web = 'lxc.uts.name = web\n# by hand\nlxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.mtu = 1500\n'
const db = 'lxc.uts.name = db\n'
const old = 'lxc.utsname = old\nlxc.network.type = veth\nlxc.network.link = lxcbr0\n'

const site = (containers: string): string => `site: test
hosts: { localhost: {} }
networks:
  lan: { type: macvlan, mode: bridge, link: eth1, subnet: 192.0.2.0/24 }
containers:
${containers}`

const both = site(`  web:
    host: localhost
    nics: { 0: { type: veth, link: lxcbr0, mtu: 1400 } }
  db:
    host: localhost
    nics: { 0: { network: lan, ipv4: 192.0.2.5 }, 1: { type: veth, link: lxcbr0 } }
`)

describe('a site file', () => {
  let tree: Tree
  let folder: string
  beforeEach(() => {
    tree = new Tree({ web, db, old })
    folder = mkdtempSync(join(tmpdir(), 'lxcnet-site-'))
  })
  afterEach(() => {
    tree.remove()
    rmSync(folder, { recursive: true })
  })

  const file = (): string => join(folder, 'lxcnet.yaml')
  const write = (text: string): void => writeFileSync(file(), text)
  const run = (...args: string[]): Ran => tree.run(...args, '-f', file())
  const apply = (text: string): void => {
    write(text)
    const { status, stdout, stderr } = run('apply')
    assert.equal(status, 0, stdout + stderr)
  }
  const differences = (): DiffReport['differences'] => {
    const { stdout } = run('diff', '--json')
    return (JSON.parse(stdout) as FleetReport<DiffReport>).hosts[0]?.report?.differences ?? []
  }

  it('is planned, applied, and then as planned', () => {
    write(both)
    assert.equal(run('plan').status, 2)
    assert.equal(tree.config('db'), db)
    assert.equal(run('apply').status, 0)
    assert.match(tree.config('db'), /lxc\.net\.0\.ipv4\.address = 192\.0\.2\.5\/24/)
    assert.match(tree.config('db'), /lxc\.net\.1\.name = eth1/)
    assert.match(tree.config('web'), /# by hand\n.*\n.*\nlxc\.net\.0\.mtu = 1400\n/)
    assert.equal(run('plan').status, 0)
    assert.equal(run('diff').status, 0)
  })

  it('makes the same plan each time it is asked, MACs and all', () => {
    write(both)
    assert.equal(run('plan', '--json').stdout, run('plan', '--json').stdout)
  })

  it('is one change, which rollback takes back byte for byte', () => {
    apply(both)
    const { rollback } = JSON.parse(run('apply', '--json').stdout) as FleetReport
    assert.equal(rollback, null)
    const { hosts } = JSON.parse(run('history', '--json').stdout) as FleetReport<{ entries: { id: string }[] }>
    assert.equal(run('rollback', hosts[0]?.report?.entries[0]?.id ?? '').status, 0)
    assert.equal(tree.config('web'), web)
    assert.equal(tree.config('db'), db)
  })

  it('takes away on destroy what it set, and hands back what stood there', () => {
    apply(both)
    const { status, stdout } = run('destroy')
    assert.equal(status, 0, stdout)
    assert.equal(tree.config('web'), web)
    assert.equal(tree.config('db'), db)
    assert.throws(() => tree.read('/var/lib/lxcnet/site-test.json'))
    assert.equal(run('destroy', '--json').status, 0)
  })

  it('removes a NIC that is no longer in the file when it made it, and leaves those of others alone', () => {
    apply(both)
    apply(site('  db: { host: localhost, nics: { 1: { type: veth, link: lxcbr0 } } }\n'))
    assert.doesNotMatch(tree.config('db'), /lxc\.net\.0\./)
    assert.match(tree.config('db'), /lxc\.net\.1\./)
    assert.equal(tree.config('web'), web)
  })

  it('puts a key back to what it was when the file no longer says it', () => {
    apply(both)
    apply(both.replace(', mtu: 1400', ''))
    assert.equal(tree.config('web'), web)
  })

  it('leaves a key that somebody else changed since, and says so', () => {
    apply(both)
    assert.equal(tree.run('set', 'web:0', 'mtu=1300').status, 0)
    write(both.replace(', mtu: 1400', ''))
    const { status, stdout } = run('apply')
    assert.equal(status, 0, stdout)
    assert.match(stdout, /mtu is 1300, which the site did not set; it stays \[changed-since-set\]/)
    assert.match(tree.config('web'), /mtu = 1300/)
  })

  it('keeps a MAC that it chose when the file says nothing of it', () => {
    apply(both)
    const mac = /hwaddr = (\S+)/.exec(tree.config('db'))?.[1]
    apply(both.replace('ipv4: 192.0.2.5', 'ipv4: 192.0.2.6'))
    assert.equal(/hwaddr = (\S+)/.exec(tree.config('db'))?.[1], mac)
  })

  it('knows NICs by their index: their order in the file is no change', () => {
    apply(both)
    const [head = '', tail = ''] = both.split(
      'nics: { 0: { network: lan, ipv4: 192.0.2.5 }, 1: { type: veth, link: lxcbr0 } }',
    )
    write(`${head}nics: { 1: { link: lxcbr0, type: veth }, 0: { ipv4: 192.0.2.5, network: lan } }${tail}`)
    assert.equal(run('plan').status, 0)
  })

  it('changes the type of a NIC, and its link', () => {
    apply(site('  web: { host: localhost, nics: { 0: { type: macvlan, mode: vepa, link: eth9 } } }\n'))
    assert.match(tree.config('web'), /lxc\.net\.0\.type = macvlan\n(?:.*\n)*?lxc\.net\.0\.macvlan\.mode = vepa/)
    assert.equal(run('plan').status, 0)
    assert.equal(run('destroy').status, 0)
    assert.equal(run('plan').status, 2)
  })

  it('writes a legacy config in its own syntax', () => {
    apply(site('  old: { host: localhost, nics: { 0: { type: veth, link: br9 }, 1: { network: lan } } }\n'))
    assert.match(tree.config('old'), /lxc\.network\.link = br9\n/)
    assert.match(tree.config('old'), /lxc\.network\.macvlan\.mode = bridge/)
    assert.doesNotMatch(tree.config('old'), /lxc\.net\./)
    assert.equal(run('plan').status, 0)
  })

  it('says who made a difference: the file, a later lxcnet, or somebody else', () => {
    apply(both)
    write(both.replace('192.0.2.5', '192.0.2.6'))
    assert.deepEqual(
      differences().map(({ key, origin }) => [key, origin]),
      [['ipv4.address', 'site-file']],
    )
    write(both)
    assert.equal(tree.run('set', 'web:0', 'mtu=1300').status, 0)
    const [row] = differences()
    assert.equal(row?.origin, 'lxcnet')
    assert.match(row?.change?.command ?? '', /^lxcnet set web:0 mtu=1300/)
    tree.write('/var/lib/lxc/web/config', tree.config('web').replace('1300', '1299'))
    assert.deepEqual(
      differences().map(({ have, origin }) => [have, origin]),
      [[['1299'], 'other']],
    )
    assert.equal(run('diff').status, 2)
  })

  it('changes nothing of containers that it does not name, or that --only leaves out', () => {
    write(both)
    assert.equal(run('apply', '--only', 'd*').status, 0)
    assert.equal(tree.config('web'), web)
    assert.notEqual(tree.config('db'), db)
    assert.equal(tree.config('old'), old)
  })

  it('refuses a container that is not there, pointing at its line, and changes nothing', () => {
    write(both.replace('  db:', '  nosuch:'))
    const { status, stdout } = run('apply')
    assert.equal(status, 1)
    assert.match(stdout, /there is no container nosuch on this host/)
    assert.equal(tree.config('web'), web)
  })

  it('refuses a damaged record', () => {
    apply(both)
    tree.write('/var/lib/lxcnet/site-test.json', '{')
    const { status, stdout } = run('plan')
    assert.equal(status, 1)
    assert.match(stdout, /\[bad-record\]/)
  })

  it('keeps a plan in a file and carries out that one', () => {
    write(both)
    const plan = join(folder, 'plan')
    assert.equal(run('plan', '--out', plan).status, 2)
    write(both.replace('192.0.2.5', '192.0.2.77'))
    const { status, stdout } = tree.run('apply', plan)
    assert.equal(status, 0, stdout)
    assert.match(tree.config('db'), /192\.0\.2\.5\/24/)
  })

  it('refuses a plan that was made before the host changed', () => {
    write(both)
    const plan = join(folder, 'plan')
    run('plan', '--out', plan)
    tree.write('/var/lib/lxc/old/config', `${old}# touched\n`)
    const { status, stdout } = tree.run('apply', plan)
    assert.equal(status, 1)
    assert.match(stdout, /\[stale\]/)
    assert.equal(tree.config('web'), web)
  })

  it('carries a kept plan out on no host that is not meant, and makes no other plan of it', () => {
    write(both)
    const plan = join(folder, 'plan')
    run('plan', '--out', plan)
    for (const words of [['--limit', '!localhost'], ['-H', 'h9'], ['--only', 'db'], ['--restart'], ['-f', file()]]) {
      assert.equal(tree.run('apply', plan, ...words).status, 64, words.join(' '))
      assert.equal(tree.config('web'), web)
    }
  })

  it('writes a plan over a plan, and over nothing else', () => {
    write(both)
    const plan = join(folder, 'plan')
    assert.equal(run('plan', '--out', plan).status, 2)
    assert.equal(run('plan', '--out', plan).status, 2)
    assert.equal(run('plan', '--out', file()).status, 65)
    assert.equal(readFileSync(file(), 'utf8'), both)
    assert.equal(run('plan', '--out', join(folder, 'nosuch/plan')).status, 65)
  })

  it('has nothing to do for an empty plan', () => {
    apply(both)
    const plan = join(folder, 'plan')
    assert.equal(run('plan', '--out', plan).status, 0)
    const { status, stdout } = tree.run('apply', plan)
    assert.equal(status, 0)
    assert.match(stdout, /empty/)
  })

  it('drops what it remembers of a container that is gone, with a word', () => {
    apply(both)
    rmSync(join(tree.root, 'var/lib/lxc/web'), { recursive: true })
    const { stdout } = run('destroy')
    assert.match(stdout, /there is no container web any more.*\[record-dropped\]/)
    assert.equal(tree.config('db'), db)
  })

  it('takes a change of several hosts back by its whole id alone', () => {
    apply(both)
    const { status, stdout } = run('rollback', '12345')
    assert.equal(status, 1)
    assert.match(stdout, /whole id/)
  })

  for (const text of [
    '',
    '{}',
    '[]',
    '{"schema":"lxcnet.plan/1"}',
    '{"schema":"lxcnet.plan/1","hosts":[{"target":{"name":"h1"}}]}',
    readFileSync(import.meta.filename, 'utf8'),
  ])
    it(`refuses as a plan: ${JSON.stringify(text.slice(0, 40))}`, () => {
      writeFileSync(file(), text)
      const { status, stderr } = tree.run('apply', file())
      assert.equal(status, 65)
      assert.match(stderr, /Code: bad-plan/)
    })

  it('is imported from what is there, with an empty plan', () => {
    const { status, stdout, stderr } = tree.run('import', '-H', 'localhost', '--out', file())
    assert.equal(status, 0, stdout + stderr)
    assert.match(readFileSync(file(), 'utf8'), /mtu: 1500 {2}# \/var\/lib\/lxc\/web\/config:5/)
    assert.equal(run('plan').status, 0)
    assert.equal(tree.run('import', '-H', 'localhost', '--out', file()).status, 64)
  })

  it('is imported without what clones share, and says so', () => {
    const clone = `${web}lxc.net.0.hwaddr = 00:16:3e:00:53:01\n`
    tree.write('/var/lib/lxc/web/config', clone)
    tree.write('/var/lib/lxc/web2/config', clone)
    const { status, stderr } = tree.run('import', '-H', 'localhost', '--out', file())
    assert.equal(status, 0, stderr)
    assert.match(stderr, /Left out: web2 on localhost: NIC 0: hwaddr 00:16:3e:00:53:01 is another's already/)
    assert.equal(run('plan').status, 0)
  })

  describe('with objects', () => {
    const shims = (text: string): string => `hosts: { localhost: {} }\nshims: ${text}\n`
    const one = shims('{ eth1: { address: 192.0.2.1/24, ifname: shim0 } }')
    const piece = '/etc/lxcnet/net.d/40-shim-eth1'

    it('is planned, applied, and then as planned', () => {
      write(one)
      assert.equal(run('plan').status, 2)
      assert.deepEqual(
        differences().map(({ object, key, want, have, origin }) => [object, key, want, have, origin]),
        [['shim eth1', 'present', ['yes'], [], 'site-file']],
      )
      assert.equal(run('apply').status, 0)
      assert.match(tree.read(piece), /^address='192\.0\.2\.1\/24'$/m)
      assert.equal(run('plan').status, 0)
      assert.equal(run('diff').status, 0)
    })

    it('sets a word and makes it what it was, byte for byte', () => {
      assert.equal(tree.run('shim', 'create', 'eth1', '--address', '192.0.2.7/24', '--ifname', 'shim0').status, 0)
      const before = tree.read(piece)
      apply(one)
      assert.match(tree.read(piece), /^address='192\.0\.2\.1\/24'$/m)
      assert.equal(run('destroy').status, 0)
      assert.equal(tree.read(piece), before)
    })

    it('takes away what the site made, with all that came along', () => {
      apply(one)
      apply(shims('{ eth2: { address: 192.0.2.1/24 } }'))
      assert.throws(() => tree.read(piece))
      assert.equal(run('destroy').status, 0)
      for (const file of ['/etc/lxcnet/boot', '/etc/lxcnet/net.d/40-shim-eth2', '/var/lib/lxcnet/site-default.json'])
        assert.throws(() => tree.read(file), file)
    })

    it('goes on with records of before there were objects', () => {
      const record =
        '{"schema":"lxcnet.site-record/1","site":"default","containers":{"db":{"0":{"created":true,"keys":{}}}}}'
      tree.write('/var/lib/lxcnet/site-default.json', record)
      tree.write('/var/lib/lxc/db/config', `${db}lxc.net.0.type = empty\n`)
      apply(one)
      assert.equal(tree.config('db'), db)
      assert.equal(run('destroy').status, 0)
    })

    it('means objects with --only where a word has a slash, else containers', () => {
      write(shims('{ eth1: { address: 192.0.2.1/24 }, eth2: { address: 192.0.2.1/24 } }'))
      assert.equal(run('apply', '--only', '*').status, 0)
      assert.throws(() => tree.read(piece))
      assert.equal(run('apply', '--only', 'shim/*1').status, 0)
      assert.match(tree.read(piece), /^parent='eth1'$/m)
      assert.throws(() => tree.read('/etc/lxcnet/net.d/40-shim-eth2'))
    })

    it('says who made a difference, also where an object is gone', () => {
      apply(one)
      write(one.replace('192.0.2.1', '192.0.2.2'))
      assert.deepEqual(
        differences().map(({ key, origin }) => [key, origin]),
        [['address', 'site-file']],
      )
      write(one)
      assert.equal(tree.run('shim', 'set', 'eth1', 'address=192.0.2.3/24').status, 0)
      const [changed] = differences()
      assert.deepEqual([changed?.have, changed?.origin], [['192.0.2.3/24'], 'lxcnet'])
      tree.write(piece, tree.read(piece).replace('192.0.2.3', '192.0.2.4'))
      assert.deepEqual([differences()[0]?.have, differences()[0]?.origin], [['192.0.2.4/24'], 'other'])
      assert.equal(tree.run('shim', 'delete', 'eth1').status, 0)
      const [gone] = differences()
      assert.deepEqual([gone?.key, gone?.have, gone?.origin], ['present', [], 'lxcnet'])
      assert.match(gone?.change?.command ?? '', /^lxcnet shim delete eth1/)
    })

    it('is kept as a plan, which is refused when what it was made from has changed', () => {
      apply(one)
      write(one.replace('192.0.2.1', '192.0.2.2'))
      const plan = join(folder, 'plan')
      assert.equal(run('plan', '--out', plan).status, 2)
      tree.write(piece, `${tree.read(piece)}\n# by hand\n`)
      assert.match(tree.run('apply', plan).stdout, /\[stale\]/)
      assert.equal(run('plan', '--out', plan).status, 2)
      const { status, stdout } = tree.run('apply', plan)
      assert.equal(status, 0, stdout)
      assert.match(tree.read(piece), /192\.0\.2\.2/)
    })

    it('is imported, with an empty plan', () => {
      apply(one)
      const other = join(folder, 'other.yaml')
      const { status, stdout, stderr } = tree.run('import', '-H', 'localhost', '--site', 'other', '--out', other)
      assert.equal(status, 0, stdout + stderr)
      assert.match(readFileSync(other, 'utf8'), /^shims:\n {2}eth1: {2}# \/etc\/lxcnet\/net\.d\/40-shim-eth1\n/m)
      assert.match(stderr, /, 1 object in /)
      assert.equal(tree.run('plan', '-f', other).status, 0)
    })
  })

  it('works on a tree for the host localhost alone', () => {
    write(both.replaceAll('localhost', 'h1'))
    const { status, stderr } = run('plan')
    assert.equal(status, 64)
    assert.match(stderr, /--root is a tree on this machine/)
    assert.equal(lxcnet(['list', '--root', tree.root, '-H', 'h1']).status, 64)
  })
})
