/** `lxcnet check` against what the host really has: each finding is one that LXC or the kernel confirms. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, check, codes, list, refused, show, start } from './live.ts'

const veth = (link: string, more: string[] = []): string[] =>
  ['type = veth', `link = ${link}`, 'flags = up', ...more].map((line) => `lxc.net.0.${line}`)

describe('check on a real host', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.ok('ip link add br0 type bridge forward_delay 0; ip link set br0 up; ip addr add 10.8.0.1/24 dev br0')
    await h1.write('/etc/default/lxc-net', 'USE_LXC_BRIDGE="false"\n')
  })

  after(() => lab.down())

  const of = async (name: string) => codes(await check(h1, name), name)

  it('finds nothing where all is well, and exits 0', async () => {
    await h1.container('good', veth('br0', ['ipv4.address = 10.8.0.5/24 10.8.0.255', 'hwaddr = 00:16:3e:00:00:05']))
    await start(h1, 'good')
    const { status, stdout } = await h1.lxcnet(['check'])
    assert.deepEqual([status, stdout], [0, '1 container: 0 errors, 0 warnings\n'])
  })

  it('finds a link that is not there; LXC does not start', async () => {
    await h1.container('nolink', veth('br7'))
    assert.deepEqual(await of('nolink'), ['error link-not-found'])
    assert.notEqual((await h1.start('nolink')).status, 0)
    assert.equal((await h1.lxcnet(['check', 'nolink'])).status, 1)
    await h1.ok('ip link add br7 type bridge; ip link set br7 up')
    assert.deepEqual(await of('nolink'), [])
    await start(h1, 'nolink')
    await h1.stop('nolink')
  })

  it('finds a veth on a link that is no bridge; LXC does not start', async () => {
    await h1.container('nobridge', veth('eth1'))
    assert.deepEqual(await of('nobridge'), ['error link-not-bridge'])
    assert.notEqual((await h1.start('nobridge')).status, 0)
    await h1.container('nobridge', ['lxc.net.0.type = macvlan', ...veth('eth1', ['macvlan.mode = bridge']).slice(1)])
    assert.deepEqual(await of('nobridge'), [])
    await start(h1, 'nobridge')
    await h1.stop('nobridge')
  })

  it('finds an address twice: an error while the other container runs, a warning while it is stopped', async () => {
    await h1.container('twin', veth('br0', ['ipv4.address = 10.8.0.5/24 10.8.0.255']))
    assert.deepEqual(await of('twin'), ['error duplicate-address'])
    assert.deepEqual(await of('good'), ['warning duplicate-address'], 'the twin is stopped')
    const { notes } = await change(h1, 'set twin:0 ipv4.address=10.8.0.5/16')
    assert.deepEqual(
      notes.map(({ severity, code }) => `${severity} ${code}`),
      ['warning duplicate-address'],
      'it was so before',
    )
    await h1.container('third')
    const { code } = await refused(h1, 'create third --type veth --link br0 --ipv4 10.8.0.5/24')
    assert.equal(code, 'duplicate-address')
    await h1.stop('good')
    assert.deepEqual(await of('twin'), ['warning duplicate-address'])
    await change(h1, 'set twin:0 ipv4.address=next:10.8.0.0/24')
    assert.deepEqual((await list(h1, 'twin')).containers[0]?.nics[0]?.addresses, ['10.8.0.2/24'])
    assert.deepEqual(await of('twin'), [])
  })

  it('finds the address and the name of a link of the host', async () => {
    await h1.container('clash', veth('br0', ['ipv4.address = 10.8.0.1/24 10.8.0.255', 'veth.pair = eth1']))
    assert.deepEqual((await of('clash')).sort(), ['error duplicate-address', 'error duplicate-pair'])
    assert.notEqual((await h1.start('clash')).status, 0)
    await h1.container('clash')
  })

  it('finds a phys that another container has', async () => {
    await h1.ok('ip link add px0 type veth peer name px1; ip link set px1 up')
    for (const name of ['phys1', 'phys2'])
      await h1.container(name, ['lxc.net.0.type = phys', 'lxc.net.0.link = px0', 'lxc.net.0.flags = up'])
    assert.deepEqual([await of('phys1'), await of('phys2')], [['warning phys-taken'], ['warning phys-taken']])
    await start(h1, 'phys1')
    assert.deepEqual([await of('phys1'), await of('phys2')], [['warning phys-taken'], ['error phys-taken']])
    assert.notEqual((await h1.start('phys2')).status, 0)
    await h1.stop('phys1')
    await h1.container('phys2')
    assert.deepEqual(await of('phys1'), [])
    await h1.container('phys1')
  })

  it('finds what LXC refuses while the container runs, and does not lose sight of it', async () => {
    await h1.container('sick', veth('br0', ['ipv4.address = 10.8.0.9/24 10.8.0.255']))
    await start(h1, 'sick')
    const good = await h1.read('/var/lib/lxc/sick/config')
    await h1.write('/var/lib/lxc/sick/config', `${good}lxc.net.0.mtuu = 1400\n`)
    assert.notEqual((await h1.sh('lxc-info -n sick')).status, 0, 'LXC cannot even tell that it runs')
    const { findings } = await check(h1, 'sick')
    assert.deepEqual(findings.map(({ severity, place }) => [severity, place?.file, place?.line]).slice(0, 1), [
      ['error', '/var/lib/lxc/sick/config', good.toString().split('\n').length],
    ])
    const row = (await list(h1, 'sick')).containers[0]
    assert.deepEqual([row?.name, row?.refused, row?.nics.length], ['sick', true, 1])
    assert.ok(row?.state === 'unknown' || row?.state === 'running', `${row?.state}: it is not called stopped`)
    assert.match((await h1.lxcnet(['list'])).stdout, /^sick .* refused$/m)
    assert.equal((await show(h1, 'sick')).containers[0]?.restart, null)
    const { notes } = await change(h1, 'set sick:0 mtu=1400')
    assert.ok(
      notes.some(({ severity, message }) => severity === 'warning' && /mtuu/.test(message)),
      'said, not refused',
    )
    await change(h1, 'unset sick:0 mtuu')
    assert.deepEqual(await of('sick'), ['warning mtu-lowers-bridge'])
    assert.equal(await h1.ok('lxc-info -n sick -sH'), 'RUNNING\n')
    await h1.stop('sick')
  })

  it('finds that an include wins, and set refuses to write a line that LXC would not take', async () => {
    await h1.write('/etc/lxc/site.conf', 'lxc.net.0.link = br7\n')
    await h1.container('inc', [...veth('br0'), 'lxc.include = /etc/lxc/site.conf'])
    assert.equal(await h1.ok('lxc-info -n inc -H -c lxc.net.0.link'), 'br7\n')
    const row = (await list(h1, 'inc')).containers[0]
    assert.equal(row?.nics[0]?.link, 'br7')
    const key = (await show(h1, 'inc')).containers[0]?.nics[0]?.keys.find((one) => one.key === 'link')
    assert.deepEqual([key?.value, key?.file, key?.line], ['br7', '/etc/lxc/site.conf', 1])
    const before = await h1.read('/var/lib/lxc/inc/config')
    for (const line of [
      'set inc:0 link=br9 --allow link-not-found',
      'unset inc:0 link',
      'create inc --type macvlan --link eth1 --replace 0',
    ]) {
      const { code } = await refused(h1, line)
      assert.equal(code, 'include-wins', line)
    }
    assert.deepEqual(await h1.read('/var/lib/lxc/inc/config'), before)
    await change(h1, 'set inc:0 mtu=1400')
    assert.equal(await h1.ok('lxc-info -n inc -H -c lxc.net.0.mtu'), '1400\n', 'other keys can be set')
  })

  it('reads the folders that are included as LXC does, in the order of the folder', async () => {
    const line = (link: string): string => `lxc.net.0.link = ${link}\n`
    const folders: [string, string[]][] = [
      ['/etc/lxc/one.d', ['only.conf']],
      ['/etc/lxc/hidden.d', ['.only.conf', '.conf', 'other.config']],
      ['/etc/lxc/several.d', ['z.conf', 'a.conf', 'm.conf', '.k.conf']],
      ['/etc/lxc/reversed.d', ['.k.conf', 'm.conf', 'a.conf', 'z.conf']],
      // whose files are brought for every container, sorted
      ['/usr/share/lxc/config', ['zz.conf', 'aa.conf', 'mm.conf']],
    ]
    const before = await h1.ok('ls -A /usr/share/lxc/config')
    for (const [folder, names] of folders) {
      await h1.ok(`mkdir -p ${folder}`)
      for (const [at, name] of names.entries()) await h1.write(`${folder}/${name}`, line(`br${at + 1}`))
    }
    await h1.ok(`mkdir -p /etc/lxc/linked.d/folder.conf /etc/lxc/empty.d
      echo '${line('br8').trim()}' >/etc/lxc/elsewhere; ln -s ../elsewhere /etc/lxc/linked.d/l.conf
      ln -s several.d /etc/lxc/link.d`)
    for (const folder of [...folders.map(([one]) => one), '/etc/lxc/linked.d', '/etc/lxc/empty.d', '/etc/lxc/link.d']) {
      await h1.container('folder', [...veth('br0'), `lxc.include = ${folder}`])
      const taken = (await h1.ok('lxc-info -n folder -H -c lxc.net.0.link')).trim()
      const key = (await show(h1, 'folder')).containers[0]?.nics[0]?.keys.find((one) => one.key === 'link')
      assert.equal(key?.value, taken, folder)
      assert.equal(taken === 'br0', folder === '/etc/lxc/empty.d', folder)
    }
    await h1.ok('rm -r /usr/share/lxc/config/zz.conf /usr/share/lxc/config/aa.conf /usr/share/lxc/config/mm.conf')
    assert.equal(await h1.ok('ls -A /usr/share/lxc/config'), before)
    await h1.ok('rm -r /var/lib/lxc/folder')
  })

  it('finds an include that is missing, on which LXC refuses the whole file', async () => {
    await h1.container('gone', [...veth('br0'), 'lxc.include = /etc/lxc/none.conf'])
    assert.notEqual((await h1.sh('lxc-info -n gone -c lxc.net.0.link')).status, 0)
    const found = await of('gone')
    assert.equal(found.length, 1)
    assert.match(found[0] ?? '', /^error .*include/)
  })

  it('has no error for what LXC starts', async () => {
    const starts: [lines: string[], found: string[]][] = [
      [['type = none', 'flags = up'], ['warning wrong-type-key']],
      [['type = empty', 'link = br0', 'flags = up'], ['warning wrong-type-key']],
      [['type = veth', 'link = br0', 'flags = 1'], ['warning bad-flags']],
      [['type = veth', 'link = br0', 'flags = up', 'mtu = 0'], []],
      [['type = veth', 'link = br0', 'flags = up', 'mtu = 0x5dc'], ['warning bad-mtu']],
      [['type = veth', 'link = br0', 'flags = up', 'hwaddr = 00163E0000AB'], ['warning bad-mac']],
      [['type = veth', 'link = br0', 'flags = up', 'hwaddr = 00:16:3E:00:00:AB'], []],
      [['type = veth', 'link = br0', 'flags = up', 'ipv4.address = 10.9.0.5'], ['warning prefix-missing']],
      [['type = veth', 'link = br0', 'flags = up', 'ipv4.address = 10.9.0.5/030'], ['warning octal-number']],
      [['type = veth', 'link = br0', 'flags = up', 'ipv6.address = 2001:db8::5'], ['warning prefix-missing']],
      [['type = veth', 'link = br0', 'flags = up', 'ipv4.address = 239.0.0.5/24'], ['warning address-multicast']],
    ]
    for (const [lines, found] of starts) {
      const config = lines.map((line) => `lxc.net.0.${line}`)
      await h1.container('odd', config)
      assert.deepEqual(await of('odd'), found, lines.join('; '))
      const { status, stderr } = await h1.start('odd')
      assert.equal(status, 0, `${lines.join('; ')}: ${stderr}`)
      await h1.stop('odd')
    }
    await h1.container('odd', [
      ...veth('br0', ['name = lan%d']),
      ...veth('br0', ['name = lan%d']).map((line) => line.replace('.0.', '.1.')),
    ])
    assert.deepEqual(await of('odd'), [])
    await start(h1, 'odd')
    assert.deepEqual((await show(h1, 'odd')).containers[0]?.restart, [])
    await h1.stop('odd')
  })

  it('lists each name of a config that is linked, with the state of its own', async () => {
    await h1.container('one', veth('br0'))
    await h1.ok('ln -s one /var/lib/lxc/other')
    await start(h1, 'one')
    const { containers } = await list(h1)
    assert.deepEqual(
      containers.filter(({ name }) => ['one', 'other'].includes(name)).map(({ name, state }) => `${name} ${state}`),
      ['one running', 'other stopped'],
    )
    assert.deepEqual(await of('one'), ['warning shared-config'])
    assert.deepEqual(await of('other'), ['warning shared-config'])
    await h1.stop('one')
    await h1.ok('rm /var/lib/lxc/other')
  })
})
