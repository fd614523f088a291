/** The cycle of a site file on real hosts: plan, apply, diff, somebody meddles, apply mends, destroy hands back. */
import assert from 'node:assert/strict'
import type { DiffReport, DiffRow } from '../../src/report/diff.ts'
import type { ImportReport } from '../../src/report/import.ts'
import { fitting } from '../commands/schema.ts'
import { assertTidy, config, fleet, furnish, plainConfig } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, read, refused } from './live.ts'

const site = `site: lab
hosts: { h2: {}, h3: {} }
networks:
  front: { type: veth, link: br0, mtu: 1400 }
containers:
  web01:
    host: h2
    nics:
      0: { network: front, ipv4: 10.9.0.11/24 }
      1: { type: macvlan, mode: bridge, link: eth1 }
  web02:
    host: h3
    nics:
      0: { network: front, ipv4: [10.9.0.12/24, 10.9.0.13/24] }
`

/** By a hand with habits: the site sets some keys of its NIC, and none of the rest is its business. */
const byHand = `# by hand
lxc.uts.name=web02
lxc.rootfs.path = dir:/srv/tiny

\tlxc.net.0.type   =  veth
lxc.net.0.link = br0\t
lxc.net.0.mtu=1500
lxc.net.0.hwaddr = 00:16:3e:00:53:02
# the end, and no line end`

/** What a host remembers of a site that had set a NIC of a container that is gone. */
const record =
  '{"schema":"lxcnet.site-record/1","site":"default","containers":{"plain":{"0":{"created":true,"keys":{"type":{"set":["veth"],"before":[]}}}}}}'

describe('a site', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost
  let h3: LightHost
  let h4: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    ;[h1, h2, h3, h4] = lab.hosts as [LightHost, LightHost, LightHost, LightHost]
  })
  after(() => lab?.down())

  const write = (text: string) => h1.write('/root/lxcnet.yaml', text)
  const cycle = <R = object>(line: string) => fleet<R>(h1, `${line} -f /root/lxcnet.yaml`)
  const ends = async (line: string): Promise<[number | null, Record<string, string>]> => {
    const { status, ends } = await cycle(line)
    return [status, ends]
  }
  const inSync = async (): Promise<void> => {
    assert.deepEqual(await ends('plan'), [0, { h2: 'unchanged', h3: 'unchanged' }])
    assert.deepEqual(await ends('diff'), [0, { h2: 'ok', h3: 'ok' }])
  }
  const differences = async (): Promise<(DiffRow & { host: string })[]> => {
    const { status, report } = await cycle<DiffReport>('diff')
    assert.equal(status, 2)
    return report.hosts.flatMap(({ host, report }) => (report?.differences ?? []).map((row) => ({ host, ...row })))
  }

  describe('from plan to destroy', () => {
    const texts = async (): Promise<string[]> => [await config(h2, 'web01'), await config(h3, 'web02')]
    let before: string[]

    it('validates and plans', async () => {
      for (const host of [h2, h3]) await host.ok('rm -rf /var/lib/lxcnet /var/lib/lxc/*')
      await furnish([h2, h3], 'web01', 'web02')
      await h3.write('/var/lib/lxc/web02/config', byHand)
      before = await texts()
      await write(site)
      assert.equal((await h1.lxcnet(['validate', '-f', '/root/lxcnet.yaml'])).status, 0)
      assert.deepEqual(await ends('plan'), [2, { h2: 'planned', h3: 'planned' }])
      assert.deepEqual(await texts(), before, 'a plan changes nothing')
    })

    it('applies, and is what the file says from then on', async () => {
      assert.deepEqual(await ends('apply'), [0, { h2: 'applied', h3: 'applied' }])
      assert.deepEqual(await read(h2, 'web01', '0.mtu'), ['1400'])
      assert.deepEqual(await read(h2, 'web01', '1.type'), ['macvlan'])
      assert.deepEqual(await read(h3, 'web02', '0.mtu'), ['1400'])
      assert.deepEqual(await read(h3, 'web02', '0.ipv4.address'), ['10.9.0.12/24', '10.9.0.13/24'])
      await inSync()
      assert.deepEqual(await ends('apply'), [0, { h2: 'unchanged', h3: 'unchanged' }])
    })

    it('tells an edit by hand, and that it was not lxcnet', async () => {
      await h2.ok("sed -i 's/^lxc.net.0.mtu.*/lxc.net.0.mtu = 1280/' /var/lib/lxc/web01/config")
      const [row, ...more] = await differences()
      assert.deepEqual(more, [])
      assert.deepEqual(row, {
        host: 'h2',
        container: 'web01',
        nic: 0,
        object: null,
        key: 'mtu',
        want: ['1400'],
        have: ['1280'],
        set: ['1400'],
        origin: 'other',
        change: null,
      })
      const { stdout } = await h1.lxcnet(['diff', '-f', '/root/lxcnet.yaml'])
      assert.match(stdout, /web01:0 +mtu +1400 +1280 +not lxcnet$/m)
    })

    it('tells a later command by its id', async () => {
      const { id } = await change(h1, 'set web01:0 mtu=1300 -H h2')
      const [row] = await differences()
      assert.deepEqual([row?.have, row?.origin, row?.change?.id], [['1300'], 'lxcnet', id])
      assert.match(row?.change?.command ?? '', /^lxcnet set /)
      const { stdout } = await h1.lxcnet(['diff', '-f', '/root/lxcnet.yaml'])
      assert.match(stdout, new RegExp(`web01:0 +mtu +1400 +1300 +${id} root@h1$`, 'm'))
    })

    it('tells a NIC that is gone', async () => {
      await h2.ok("sed -i '/^lxc.net.1/d' /var/lib/lxc/web01/config")
      const rows = await differences()
      assert.deepEqual(
        rows.map(({ nic, key, want, have, origin }) => ({ nic, key, want, have, origin })),
        [
          { nic: 0, key: 'mtu', want: ['1400'], have: ['1300'], origin: 'other' },
          { nic: 1, key: 'type', want: ['macvlan'], have: [], origin: 'other' },
        ],
      )
    })

    it('mends all of it', async () => {
      assert.deepEqual(await ends('apply'), [0, { h2: 'applied', h3: 'unchanged' }])
      assert.deepEqual(await read(h2, 'web01', '1.type'), ['macvlan'])
      await inSync()
    })

    it('has no opinion of the order of NICs in the file', async () => {
      const [head = '', first = '', second = '', rest = ''] = site.split(
        /(?= {6}0: \{ network: front, ipv4: 10.9.0.11| {6}1: | {2}web02:)/,
      )
      await write(head + second + first + rest)
      await inSync()
      await write(site)
    })

    it('gives up what the file no longer mentions, and nothing else', async () => {
      await h3.ok("sed -i 's/^lxc.uts.name.*/lxc.uts.name=other/' /var/lib/lxc/web02/config")
      await write(site.replace(/ {6}1: .*\n/, '').replace(', ipv4: [10.9.0.12/24, 10.9.0.13/24]', ''))
      const rows = await differences()
      assert.deepEqual(
        rows.map(({ host, nic, key, want, origin }) => ({ host, nic, key, want, origin })),
        [
          { host: 'h2', nic: 1, key: 'type', want: [], origin: 'site-file' },
          { host: 'h3', nic: 0, key: 'ipv4.address', want: [], origin: 'site-file' },
        ],
      )
      assert.deepEqual(await ends('apply'), [0, { h2: 'applied', h3: 'applied' }])
      assert.deepEqual([await read(h2, 'web01', '1.type'), await read(h3, 'web02', '0.ipv4.address')], [[], []])
      assert.match(await config(h3, 'web02'), /^lxc.uts.name=other$/m)
      await h3.ok("sed -i 's/^lxc.uts.name.*/lxc.uts.name=web02/' /var/lib/lxc/web02/config")
      await write(site)
      assert.deepEqual(await ends('apply'), [0, { h2: 'applied', h3: 'applied' }])
    })

    it('destroys what it made and hands back what it found, byte for byte', async () => {
      assert.deepEqual(await ends('destroy'), [0, { h2: 'applied', h3: 'applied' }])
      assert.deepEqual(await texts(), before)
      for (const host of [h2, h3]) {
        await assertTidy(host)
        assert.equal(await host.ok('ls /var/lib/lxcnet'), 'journal\n', 'nothing is remembered of the site')
      }
      assert.deepEqual(await ends('destroy'), [0, { h2: 'unchanged', h3: 'unchanged' }])
      assert.deepEqual(await ends('plan'), [2, { h2: 'planned', h3: 'planned' }])
    })

    it('leaves what somebody changed since, and says so', async () => {
      assert.deepEqual(await ends('apply'), [0, { h2: 'applied', h3: 'applied' }])
      await change(h1, 'set web02:0 mtu=1250 -H h3')
      const { status, report } = await cycle('destroy')
      assert.equal(status, 0)
      assert.match(JSON.stringify(report), /"changed-since-set"/)
      assert.equal(await config(h3, 'web02'), byHand.replace('lxc.net.0.mtu=1500', 'lxc.net.0.mtu=1250'))
      assert.equal(await config(h2, 'web01'), plainConfig('web01'))
    })
  })

  describe('refuses', () => {
    beforeEach(async () => {
      await furnish([h2, h3], 'web01', 'web02')
      for (const host of [h2, h3]) await host.ok('rm -rf /var/lib/lxcnet')
    })
    const untouched = async (): Promise<void> => {
      for (const host of [h2, h3])
        for (const name of ['web01', 'web02']) assert.equal(await config(host, name), plainConfig(name), host.name)
    }

    it('the same MAC on two hosts, and changes neither', async () => {
      await write(site.replaceAll('network: front', 'network: front, hwaddr: "00:16:3e:00:53:07"'))
      for (const verb of ['plan', 'apply']) {
        const refusal = await refused(h1, `${verb} -f /root/lxcnet.yaml`)
        assert.match(refusal.code, /duplicate-mac/)
        assert.match(refusal.message, /00:16:3e:00:53:07/)
      }
      await untouched()
    })

    it('a MAC that another container has on another host, unknown to the file', async () => {
      await h3.ok(
        'printf "lxc.net.0.type = veth\\nlxc.net.0.hwaddr = 00:16:3e:00:53:08\\n" >>/var/lib/lxc/web01/config',
      )
      await write(site.replace('ipv4: 10.9.0.11/24', 'hwaddr: "00:16:3e:00:53:08"'))
      const { code, message } = await refused(h1, 'apply -f /root/lxcnet.yaml')
      assert.equal(code, 'duplicate-mac')
      assert.match(message, /web01:0 on h2 and web01:0 on h3/)
      assert.equal(await config(h2, 'web01'), plainConfig('web01'))
    })

    it('an address that is there twice on one LAN', async () => {
      const lan = site.replace('type: veth, link: br0, mtu: 1400', 'type: macvlan, mode: bridge, link: eth1')
      await write(lan.replace('10.9.0.11/24', '10.9.0.12/24').replace(/ +1: .*\n/, ''))
      assert.equal((await refused(h1, 'apply -f /root/lxcnet.yaml')).code, 'duplicate-address')
      await untouched()
    })

    it('no address that bridges of different hosts both have', async () => {
      await write(site.replace('10.9.0.11/24', '10.9.0.12/24'))
      assert.equal((await cycle('plan')).status, 2)
    })

    it('a plan of which one host has changed since, and changes no host', async () => {
      await write(site)
      const plan = '/root/kept.plan'
      await h1.ok(`rm -f ${plan}`)
      assert.equal((await cycle(`plan --out ${plan}`)).status, 2)
      assert.equal(await h1.ok(`stat -c %a ${plan}`), '600\n')
      await h3.ok('echo "# meanwhile" >>/var/lib/lxc/web01/config')
      const { status, ends } = await fleet(h1, `apply ${plan}`)
      assert.deepEqual([status, ends], [3, { h2: 'skipped', h3: 'failed stale' }])
      assert.equal(await config(h2, 'web01'), plainConfig('web01'))
      assert.equal(await config(h3, 'web02'), plainConfig('web02'))
    })

    it('nothing in a plan that still fits, and carries out that one, whatever the file says now', async () => {
      await write(site)
      assert.equal((await cycle('plan --out /root/good.plan')).status, 2)
      await write(site.replace('mtu: 1400', 'mtu: 1300'))
      const { status, ends } = await fleet(h1, 'apply /root/good.plan')
      assert.deepEqual([status, ends], [0, { h2: 'applied', h3: 'applied' }])
      assert.deepEqual(await read(h2, 'web01', '0.mtu'), ['1400'])
      const again = await fleet(h1, 'apply /root/good.plan')
      assert.deepEqual([again.status, again.ends], [1, { h2: 'failed stale', h3: 'failed stale' }])
    })

    it('a container that the host does not have, with the line that wants it', async () => {
      await write(site.replace('web02:', 'web09:'))
      const { ends, reasons } = await cycle('apply')
      assert.deepEqual(ends, { h2: 'skipped', h3: 'failed no-container' })
      assert.match(reasons['h3'] ?? '', /web09/)
      await untouched()
    })
  })

  it('has containers of one name on two hosts, each with its own', async () => {
    await furnish([h2, h3], 'web01')
    const nics = (mtu: number) => `{ nics: { 0: { type: veth, link: br0, mtu: ${mtu} } } }`
    await write(`hosts: { h2: {}, h3: {} }\ncontainers:\n  web01@h2: ${nics(1401)}\n  web01@h3: ${nics(1402)}\n`)
    assert.deepEqual(await ends('apply'), [0, { h2: 'applied', h3: 'applied' }])
    assert.deepEqual([await read(h2, 'web01', '0.mtu'), await read(h3, 'web01', '0.mtu')], [['1401'], ['1402']])
    await inSync()
  })

  it('is imported from hosts with all sorts of containers, and its plan is empty', async () => {
    for (const host of [h3, h4]) await host.ok('rm -rf /var/lib/lxcnet /var/lib/lxc/*')
    await furnish([h3, h4], 'plain')
    await h4.ok(`cd /var/lib/lxc
mkdir old many; echo 'lxc.net.0.flags = up' >/etc/lxc/shared.inc
cat >old/config <<'config'
lxc.utsname = old
lxc.rootfs = /srv/tiny
lxc.network.type = veth
lxc.network.link = br0
lxc.network.ipv4 = 10.9.0.21/24
lxc.network.type = empty
config
cat >many/config <<'config'
lxc.uts.name = many
lxc.rootfs.path = dir:/srv/tiny
lxc.net.3.type = veth
lxc.net.3.link = br0
lxc.net.3.ipv4.address = 10.9.0.22/24
lxc.net.3.ipv4.address = 10.9.0.23/24 10.9.0.255
lxc.net.0.type = macvlan
lxc.net.0.macvlan.mode = vepa
lxc.net.0.link = eth1
lxc.include = /etc/lxc/shared.inc
lxc.net.1.type = vlan
lxc.net.1.vlan.id = 12
lxc.net.1.link = eth1
lxc.net.2.type = phys
lxc.net.2.link = dummy9
config
lxc-copy -n many -N clone 2>/dev/null || { mkdir clone; sed s/many/clone/ many/config >clone/config; }`)
    await h3.write('/var/lib/lxc/plain/config', byHand.replaceAll('web02', 'plain'))
    const seen = await Promise.all([h3, h4].map((host) => host.ok('cat /var/lib/lxc/*/config | sha256sum')))
    await h1.ok('rm -f /root/lxcnet.yaml')
    const { status, stdout } = await h1.lxcnet(['import', '-H', 'h3,h4', '--out', '/root/lxcnet.yaml', '--json'])
    const report = fitting<ImportReport>(stdout)
    assert.equal(status, 0, stdout)
    assert.deepEqual([report.hosts, report.containers, report.unreachable], [2, 5, []])
    assert.deepEqual(await ends('plan'), [0, { h3: 'unchanged', h4: 'unchanged' }])
    assert.deepEqual(await ends('apply'), [0, { h3: 'unchanged', h4: 'unchanged' }])
    assert.deepEqual(await ends('diff'), [0, { h3: 'ok', h4: 'ok' }])
    assert.deepEqual(await Promise.all([h3, h4].map((host) => host.ok('cat /var/lib/lxc/*/config | sha256sum'))), seen)
    await h3.ok('rm -r /var/lib/lxc/plain; mkdir /var/lib/lxcnet')
    await h3.write('/var/lib/lxcnet/site-default.json', record)
    const older = await refused(h1, 'import -H h3,h4')
    assert.equal(older.code, 'import-not-empty')
    assert.match(older.message, /^h3 remembers a site default/)
    assert.equal((await h1.lxcnet(['import', '-H', 'h3,h4', '--site', 'new'])).status, 0)
    const twice = await refused(h1, 'import -H h3 --out /root/lxcnet.yaml')
    assert.deepEqual([twice.code, twice.exit], ['file-exists', 64])
  })

  it('is imported without the host that cannot be reached, which is said', async () => {
    const { status, stdout } = await h1.lxcnet(['import', '-H', 'h3,nowhere', '--site', 'new', '--json'])
    const report = fitting<ImportReport>(stdout)
    assert.deepEqual([status, report.hosts, report.unreachable.map(({ host }) => host)], [3, 1, ['nowhere']])
  })
})
