/** gateway create, set and delete on a tree: what is written, what is kept, what is handed back. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ChangeReport } from '../../src/report/change.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Tree } from '../commands/cli.ts'

const nic = (index: number, ...keys: string[]): string => keys.map((key) => `lxc.net.${index}.${key}\n`).join('')
const bare = (name: string): string => `# mine\nlxc.uts.name = ${name}\n`
const onInside = (address: string, ...more: string[]): string =>
  nic(0, 'type = macvlan', 'macvlan.mode = bridge', 'link = lxcbr2', 'flags = up', `ipv4.address = ${address}`, ...more)
const words = ['--uplink', 'lxcbr1', '--inside', 'lxcbr2', '--subnet', '10.0.5.0/24']

describe('gateway on a tree', () => {
  let tree: Tree
  const use = (containers: Record<string, string>): void => {
    tree = new Tree(containers)
  }
  beforeEach(() => use({ dmz: bare('dmz'), web: bare('web'), db: bare('db') }))
  afterEach(() => tree.remove())

  const run = (...args: string[]): ChangeReport => {
    const { status, stdout, stderr } = tree.run('gateway', ...args, '--json')
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as ChangeReport
  }
  const refuse = (...args: string[]): { code: string; message: string; suggestions: string[] } => {
    const { status, stdout } = tree.run('gateway', ...args, '--json')
    assert.notEqual(status, 0, stdout)
    return JSON.parse(stdout)
  }
  const settings = () =>
    tree.json<ObjectsReport>('gateway', 'list').objects.map(({ name, settings }) => [name, settings])
  const lines = (name: string) =>
    tree
      .config(name)
      .split('\n')
      .filter((line) => line.startsWith('lxc.') && !line.includes('hwaddr'))
  const exists = (path: string): boolean => {
    try {
      tree.read(path)
      return true
    } catch {
      return false
    }
  }

  it('brings two NICs, the hook line, a NIC for each member, and says which commands it left out', () => {
    const { notes } = run('create', 'dmz', ...words, '--outside-address', '192.0.2.5/24', '--members', 'web,db')
    assert.deepEqual(notes, [])
    assert.deepEqual(lines('dmz'), [
      'lxc.uts.name = dmz',
      ...['type = veth', 'link = lxcbr1', 'flags = up', 'name = eth0', 'ipv4.address = 192.0.2.5/24'].map(
        (key) => `lxc.net.0.${key}`,
      ),
      ...[
        'type = macvlan',
        'macvlan.mode = bridge',
        'link = lxcbr2',
        'flags = up',
        'name = eth1',
        'ipv4.address = 10.0.5.1/24',
      ].map((key) => `lxc.net.1.${key}`),
      'lxc.hook.start-host = /etc/lxcnet/hooks/gateway',
    ])
    assert.ok(lines('db').includes('lxc.net.0.ipv4.address = 10.0.5.3/24'))
    assert.ok(lines('db').includes('lxc.net.0.ipv4.gateway = 10.0.5.1'))
    assert.equal(tree.read('/etc/lxcnet/hooks/gateway').split('\n', 1)[0], '#!/bin/sh')
    assert.equal(run('set', 'dmz').result, 'unchanged')
    run('delete', 'dmz')
    assert.deepEqual(
      [tree.config('dmz'), tree.config('web'), tree.config('db')],
      [bare('dmz'), bare('web'), bare('db')],
    )
    assert.equal(exists('/etc/lxcnet/hooks/gateway'), false)
  })

  it('takes the NICs that are there, changes none of them, and leaves them', () => {
    const dmz = `${bare('dmz')}${nic(0, 'type = veth', 'link = lxcbr1', 'flags = up', 'name = wan')}${nic(1, 'type = macvlan', 'macvlan.mode = bridge', 'link = lxcbr2', 'flags = up', 'name = lan', 'ipv4.address = 10.0.5.1/24')}`
    const web = bare('web') + onInside('10.0.5.7/24')
    use({ dmz, web })
    run('create', 'dmz', ...words, '--members', 'web')
    assert.equal(tree.config('dmz'), `${dmz}lxc.hook.start-host = /etc/lxcnet/hooks/gateway\n`)
    assert.equal(tree.config('web'), `${web}lxc.net.0.ipv4.gateway = 10.0.5.1\n`)
    assert.match(tree.read('/etc/lxcnet/gateways/dmz'), /^outside_nic='wan'\ninside_nic='lan'\nwas='web:0='$/m)
    run('delete', 'dmz')
    assert.deepEqual([tree.config('dmz'), tree.config('web')], [dmz, web])
  })

  it('refuses NICs that are there and are not as asked', () => {
    use({
      dmz: bare('dmz') + nic(0, 'type = veth', 'link = lxcbr1', 'flags = up', 'ipv4.address = 192.0.2.9/24'),
      web: bare('web') + nic(0, 'type = macvlan', 'macvlan.mode = bridge', 'link = lxcbr2', 'flags = up'),
      db:
        bare('db') +
        nic(0, 'type = macvlan', 'macvlan.mode = private', 'link = lxcbr2', 'flags = up', 'ipv4.address = 10.0.5.8/24'),
    })
    const differs = refuse('create', 'dmz', ...words, '--outside-address', '192.0.2.5/24')
    assert.equal(differs.code, 'gateway-nic')
    assert.match(differs.suggestions.join(), /lxcnet set dmz:0 ipv4\.address=192\.0\.2\.5\/24/)
    const none = refuse('create', 'dmz', ...words, '--members', 'web')
    assert.deepEqual([none.code, none.message], ['gateway-nic', 'web: NIC 0 on lxcbr2 has no address in 10.0.5.0/24'])
    assert.match(refuse('create', 'dmz', ...words, '--members', 'db').suggestions.join(), /mode=bridge/)
  })

  it('takes another way out from a member with consent only, and gives it back', () => {
    const web = `${bare('web')}${onInside('10.0.5.7/24', 'ipv4.gateway = 10.0.5.254')}`
    const db = `${bare('db')}${nic(0, 'type = veth', 'link = lxcbr0', 'flags = up', 'ipv4.address = 10.0.3.9/24', 'ipv4.gateway = 10.0.3.1')}`
    use({ dmz: bare('dmz'), web, db })
    const refusal = refuse('create', 'dmz', ...words, '--members', 'web,db')
    assert.equal(refusal.code, 'gateway-member-leaves')
    assert.equal(refusal.message.split('\n').length, 2)
    run('create', 'dmz', ...words, '--members', 'web,db', '--allow', 'gateway-member-leaves')
    assert.ok(lines('web').includes('lxc.net.0.ipv4.gateway = 10.0.5.1'))
    assert.ok(!lines('db').some((line) => line.startsWith('lxc.net.0.ipv4.gateway')))
    assert.equal(run('set', 'dmz').result, 'unchanged')
    run('set', 'dmz', 'members=db')
    assert.equal(tree.config('web'), web)
    run('delete', 'dmz')
    assert.equal(tree.config('db'), db)
  })

  it('leaves alone what somebody changed since, and says so', () => {
    use({ dmz: bare('dmz'), web: bare('web') + onInside('10.0.5.7/24') })
    run('create', 'dmz', ...words, '--members', 'web')
    tree.run('set', 'web:0', 'ipv4.gateway=10.0.5.99')
    const { notes } = run('delete', 'dmz')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['gateway-changed-since'],
    )
    assert.ok(lines('web').includes('lxc.net.0.ipv4.gateway = 10.0.5.99'))
  })

  it('warns of a NIC of a member that may bring a second way out by DHCP', () => {
    use({ dmz: bare('dmz'), web: bare('web') + nic(0, 'type = veth', 'link = lxcbr0', 'flags = up') })
    const { notes } = run('create', 'dmz', ...words, '--members', 'web')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['gateway-member-dhcp'],
    )
  })

  it('moves to another subnet, link and address with the NICs that it brought', () => {
    run('create', 'dmz', ...words, '--members', 'web')
    run('set', 'dmz', 'subnet=10.0.6.0/24', 'inside=lxcbr3', 'uplink=lxcbr4', 'address=10.0.6.254')
    assert.ok(lines('dmz').includes('lxc.net.0.link = lxcbr4'))
    assert.ok(lines('dmz').includes('lxc.net.1.ipv4.address = 10.0.6.254/24'))
    for (const line of ['link = lxcbr3', 'ipv4.address = 10.0.6.2/24', 'ipv4.gateway = 10.0.6.254'])
      assert.ok(lines('web').includes(`lxc.net.0.${line}`), line)
    assert.equal(run('set', 'dmz').result, 'unchanged')
    run('delete', 'dmz')
    assert.deepEqual([tree.config('dmz'), tree.config('web')], [bare('dmz'), bare('web')])
  })

  it('follows the members to another link when their NICs are their own', () => {
    const web = `${bare('web')}${onInside('10.0.5.7/24')}${onInside('10.0.6.7/24').replaceAll('net.0', 'net.1').replace('lxcbr2', 'lxcbr3')}`
    use({ dmz: bare('dmz'), web })
    run('create', 'dmz', ...words, '--members', 'web')
    run('set', 'dmz', 'inside=lxcbr3', 'subnet=10.0.6.0/24')
    assert.deepEqual(
      lines('web').filter((line) => line.includes('gateway')),
      ['lxc.net.1.ipv4.gateway = 10.0.6.1'],
    )
    run('delete', 'dmz')
    assert.equal(tree.config('web'), web)
  })

  it('puts back what was taken out by hand', () => {
    run('create', 'dmz', ...words, '--members', 'web')
    const [dmz, web] = [tree.config('dmz'), tree.config('web')]
    tree.write('/var/lib/lxc/dmz/config', dmz.replace(/^lxc\.hook.*\n/m, ''))
    tree.write('/var/lib/lxc/web/config', web.replace(/^lxc\.net\.0\.ipv4\.gateway.*\n/m, ''))
    tree.write('/etc/lxcnet/hooks/gateway', 'exit 1\n')
    run('set', 'dmz')
    assert.deepEqual([tree.config('dmz'), tree.config('web')], [dmz, web])
    assert.match(tree.read('/etc/lxcnet/hooks/gateway'), /^#!\/bin\/sh/)
  })

  it('shares its hook with other gateways, and a member is of one of them', () => {
    run('create', 'dmz', ...words, '--members', 'web')
    const other = ['--uplink', 'lxcbr1', '--inside', 'lxcbr3', '--subnet', '10.0.6.0/24']
    assert.equal(refuse('create', 'db', ...other, '--members', 'web').code, 'gateway-settings')
    run('create', 'db', ...other)
    run('delete', 'dmz')
    assert.ok(exists('/etc/lxcnet/hooks/gateway'))
    run('delete', 'db')
    assert.equal(exists('/etc/lxcnet/hooks/gateway'), false)
  })

  it('is refused on LXC before 3.0, which has no such hook', () => {
    assert.equal(refuse('create', 'dmz', ...words, '--lxc-version', '2.1.1').code, 'gateway-old-lxc')
    run('create', 'dmz', ...words, '--lxc-version', '3.0.4')
  })

  it('is refused where the container or a member is not there, and where another lxcpath has one of its name', () => {
    assert.equal(refuse('create', 'none', ...words).code, 'no-container')
    assert.equal(refuse('create', 'dmz', ...words, '--members', 'none').code, 'no-container')
    assert.equal(refuse('create', 'dmz', ...words, '--address', '10.0.9.1').code, 'gateway-settings')
    run('create', 'dmz', ...words)
    tree.write('/srv/lxc/dmz/config', bare('dmz'))
    assert.equal(refuse('create', 'dmz', ...words, '-P', '/srv/lxc').code, 'name-taken')
  })

  it('is found as it was told, so that the same again is no change, and is handed back whole', () => {
    const option = (flag: string, texts: readonly string[]) =>
      fc
        .option(fc.constantFrom(...texts), { nil: undefined })
        .map((text) => (text === undefined ? [] : [`--${flag}`, text]))
    const asked = fc.tuple(
      option('address', ['10.0.5.1', '10.0.5.254']),
      fc.constantFrom(
        [],
        ['--outside-address', 'dhcp'],
        ['--outside-address', '192.0.2.5/24', '--outside-gateway', '192.0.2.1'],
      ),
      option('members', ['web', 'db,web']),
      option('masquerade', ['on', 'off']),
    )
    const configs = fc.constantFrom(
      bare('web'),
      'lxc.uts.name=web\n\nlxc.include = /etc/lxc/none/\n',
      `${bare('web')}${onInside('10.0.5.7/24')}# the end\n`,
      `${nic(3, 'type = veth', 'link = lxcbr0', 'flags = up', 'ipv4.address = 10.0.3.9/24')}\n${bare('web')}`,
    )
    fc.assert(
      fc.property(asked, configs, configs, (parts, dmz, web) => {
        tree.remove()
        const before = { dmz: dmz.replace('10.0.5.7', '10.0.5.1'), web, db: bare('db') }
        use(before)
        const given = parts.flat()
        // a gateway that has a NIC inside already has its address
        if (dmz.includes('10.0.5.7') && given.includes('10.0.5.254')) return
        run('create', 'dmz', ...words, ...given)
        const told = Object.fromEntries(
          [...words, ...given].flatMap((word, at, all) =>
            word.startsWith('--') ? [[word.slice(2), (all[at + 1] ?? '').split(',')]] : [],
          ),
        )
        assert.deepEqual(settings(), [['dmz', told]])
        assert.equal(run('create', 'dmz', ...words, ...given).result, 'unchanged')
        run('delete', 'dmz')
        for (const [name, text] of Object.entries(before)) assert.equal(tree.config(name), text)
      }),
      { numRuns: 12 },
    )
  }).timeout(120_000)
})
