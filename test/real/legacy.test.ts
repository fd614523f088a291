/** The syntax of LXC before 2.1 on a host whose LXC does not read it any more: edited as it is, and upgraded. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, check, list, pings, read, refused, show, start } from './live.ts'

const base = `lxc.utsname = NAME
lxc.rootfs = /srv/tiny
lxc.rootfs.options = ro
lxc.init.cmd = /sbin/init
lxc.haltsignal = SIGKILL
lxc.aa_profile = unconfined
lxc.autodev = 1
lxc.mount.auto = proc:mixed sys:mixed
lxc.tty = 0
lxc.console = none
`

describe('the syntax of LXC before 2.1', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.ok(`for br in br0 br1; do ip link add "$br" type bridge forward_delay 0; ip link set "$br" up; done
ip addr add 10.8.0.1/24 dev br0; ip addr add 10.9.0.1/24 dev br1`)
  })

  after(() => lab.down())

  const config = (name: string) => `/var/lib/lxc/${name}/config`
  const write = (name: string, net: string) => h1.write(config(name), base.replace('NAME', name) + net)
  const text = async (name: string) => (await h1.read(config(name))).toString()
  const loads = async (name: string) => (await h1.sh('lxc-info -n "$1" -H -s', {}, name)).status === 0

  it('is listed, edited in its own words, refused by LXC, upgraded and started', async () => {
    await write(
      'old',
      `# the first NIC
lxc.network.type = veth
lxc.network.link = br0
lxc.network.flags = up
lxc.network.hwaddr = 00:16:3e:00:00:01
lxc.network.ipv4 = 10.8.0.5/24 10.8.0.255
# the second
lxc.network.type = veth
lxc.network.link = br1
lxc.network.flags = up
lxc.network.hwaddr = 00:16:3e:00:00:02
lxc.network.ipv4 = 10.9.0.5/24 10.9.0.255
`,
    )
    assert.equal(await loads('old'), false)
    const row = (await list(h1, 'old')).containers[0]
    assert.equal(row?.refused, true)
    assert.deepEqual(
      row?.nics.map(({ style, link, addresses }) => [style, link, addresses[0]]),
      [
        ['legacy', 'br0', '10.8.0.5/24'],
        ['legacy', 'br1', '10.9.0.5/24'],
      ],
    )
    const { findings } = await check(h1, 'old')
    assert.ok(
      findings.some(({ severity, message }) => severity === 'error' && /lxc\.network|5\.0\.2|3\.0/.test(message)),
    )
    await change(h1, 'set old:1 ipv4.address=10.9.0.6/24 mtu=1400')
    assert.match(await text('old'), /^lxc\.network\.ipv4 = 10\.9\.0\.6\/24 10\.9\.0\.255$/m)
    assert.match(await text('old'), /^lxc\.network\.mtu = 1400$/m)
    await change(h1, 'unset old:1 mtu')
    await change(h1, 'create old --type macvlan --link eth1')
    assert.equal((await text('old')).match(/^lxc\.network\.type/gm)?.length, 3)
    assert.equal((await refused(h1, 'create old --type veth --mode router --link eth0')).code, 'not-in-legacy')
    await change(h1, 'delete old:2')
    const report = await change(h1, 'upgrade old')
    assert.equal(report.result, 'applied')
    assert.match(await text('old'), /^# the first NIC\nlxc\.net\.0\.type = veth$/m)
    assert.equal(await loads('old'), true)
    for (const [key, value] of [
      ['0.link', 'br0'],
      ['0.ipv4.address', '10.8.0.5/24'],
      ['1.link', 'br1'],
      ['1.ipv4.address', '10.9.0.6/24'],
      ['1.hwaddr', '00:16:3e:00:00:02'],
    ] as const) {
      assert.deepEqual(await read(h1, 'old', key), [value], key)
    }
    await start(h1, 'old')
    await pings({
      reached: [
        [h1, null, '10.8.0.5'],
        [h1, null, '10.9.0.6'],
      ],
    })
    assert.deepEqual(
      (await show(h1, 'old')).containers[0]?.nics.map(({ live }) => live?.name),
      ['eth0', 'eth1'],
    )
    assert.deepEqual((await check(h1, 'old')).findings, [])
    await h1.stop('old')
    const back = await change(h1, ['rollback', String(report.id)])
    assert.equal(back.result, 'applied')
    assert.equal(await loads('old'), false)
  })

  /** What LXC makes of a file: its NICs, or nothing when it refuses the file. */
  const seen = async (name: string, nics: number): Promise<string[] | undefined> => {
    if (!(await loads(name))) return undefined
    const rows: string[] = []
    for (let index = 0; index < nics + 2; index++) {
      const keys = await h1.sh(
        'for key in type link ipv4.address script.up; do lxc-info -n "$1" -H -c "lxc.net.$2.$key" 2>/dev/null; done',
        {},
        name,
        `${index}`,
      )
      const words = keys.stdout
        .split('\n')
        .filter((word) => word !== '' && !word.includes('is not set') && !word.includes('invalid'))
      if (words.length > 0) rows.push(`${index}: ${words.join(' ')}`)
    }
    return rows
  }

  interface Defect {
    what: string
    net: string
    meant: string[]
  }

  const two = `lxc.network.type = veth
lxc.network.link = br0
`
  // each of these goes wrong with lxc-update-config of LXC 5.0.2
  const defects: Defect[] = [
    { what: 'a type that is commented out', net: `#lxc.network.type = phys\n${two}`, meant: ['0: veth br0'] },
    {
      what: 'a comment that mentions lxc.network.type',
      net: `${two}# lxc.network.type comes first\nlxc.network.ipv4 = 10.8.0.5/24 10.8.0.255\n`,
      meant: ['0: veth br0 10.8.0.5/24'],
    },
    {
      what: 'a file that has lxc.net.0 already',
      net: `lxc.net.0.type = macvlan\nlxc.net.0.link = eth1\n${two}`,
      meant: ['0: macvlan eth1', '1: veth br0'],
    },
    {
      what: 'an empty type, which takes all NICs back',
      net: `${two}lxc.network.type =\nlxc.network.type = veth\nlxc.network.link = br1\n`,
      meant: ['0: veth br1'],
    },
    { what: 'a last line without its end', net: two.trimEnd(), meant: ['0: veth br0'] },
    {
      what: 'a key with an index',
      net: `${two}lxc.network.0.ipv4 = 10.8.0.5/24 10.8.0.255\n`,
      meant: ['0: veth br0 10.8.0.5/24'],
    },
    {
      what: 'a hook whose path looks like a key',
      net: `${two}lxc.network.script.up = /etc/lxc.network.up\n`,
      meant: ['0: veth br0 /etc/lxc.network.up'],
    },
  ]

  for (const [at, { what, net, meant }] of defects.entries()) {
    it(`upgrade is right where lxc-update-config is not: ${what}`, async () => {
      const [theirs, ours] = [`theirs${at}`, `ours${at}`]
      for (const name of [theirs, ours]) await write(name, net)
      await h1.ok('cd /tmp && lxc-update-config -c "$1" >/dev/null 2>&1', {}, config(theirs))
      const made = await seen(theirs, meant.length)
      assert.notDeepEqual(made, meant, 'as a control: the old tool gets it wrong')
      await change(h1, `upgrade ${ours}`)
      assert.deepEqual(await seen(ours, meant.length), meant, await text(ours))
    })
  }

  it('upgrade also renames the keys that lxc-update-config forgets, and puts the right backend in front', async () => {
    for (const name of ['limits1', 'limits2']) {
      await h1.write(
        config(name),
        `lxc.utsname = ${name}\nlxc.rootfs = overlayfs:/srv/tiny:/tmp/delta\nlxc.limit.nofile = 1024\nlxc.network.type = empty\n`,
      )
    }
    await h1.ok('cd /tmp && lxc-update-config -c "$1" >/dev/null 2>&1', {}, config('limits1'))
    assert.equal(await loads('limits1'), false)
    await change(h1, 'upgrade limits2')
    assert.equal(await loads('limits2'), true)
    assert.equal(await h1.ok('lxc-info -n limits2 -H -c lxc.prlimit.nofile'), '1024\n')
    assert.match(await text('limits2'), /^lxc\.rootfs\.path = overlayfs:\/srv\/tiny:\/tmp\/delta$/m)
    for (const name of ['back1', 'back2']) {
      await h1.write(
        config(name),
        `lxc.rootfs.backend = overlayfs\nlxc.rootfs = /srv/tiny:/tmp/delta\nlxc.utsname = ${name}\nlxc.network.type = empty\n`,
      )
    }
    await h1.ok('cd /tmp && lxc-update-config -c "$1" >/dev/null 2>&1', {}, config('back1'))
    assert.match(await text('back1'), /= dir:/, 'as a control: another kind of storage')
    await change(h1, 'upgrade back2')
    assert.equal(await loads('back2'), true)
    assert.match(await text('back2'), /^lxc\.rootfs\.path = overlayfs:\/srv\/tiny:\/tmp\/delta$/m)
  })

  it('upgrade changes nothing where it cannot tell what is meant', async () => {
    await write('unclear', 'lxc.network.link = br0\nlxc.network.type = veth\n')
    const before = await text('unclear')
    const { code } = await refused(h1, 'upgrade unclear')
    assert.equal(code, 'legacy-key-before-type')
    assert.equal(await text('unclear'), before)
    await h1.ok('cd /tmp && lxc-update-config -c "$1" >/dev/null 2>&1', {}, config('unclear'))
    assert.match(await text('unclear'), /lxc\.net\.-1\.link/, 'as a control: the old tool guesses')
    assert.equal(await loads('unclear'), false)
  })

  it('upgrade twice is upgrade once', async () => {
    const { result } = await change(h1, 'upgrade ours0')
    assert.equal(result, 'unchanged')
    await change(h1, 'upgrade ours*')
  })
})
