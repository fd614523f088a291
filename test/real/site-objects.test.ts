/** A site file with what hosts have besides NICs, on real hosts: made, meddled with, mended, imported, taken away. */
import assert from 'node:assert/strict'
import type { CheckReport } from '../../src/report/check.ts'
import type { DiffReport } from '../../src/report/diff.ts'
import type { ImportReport } from '../../src/report/import.ts'
import { fitting } from '../commands/schema.ts'
import { assertTidy, fleet } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, pings, start, traces } from './live.ts'

const file = '/root/lxcnet.yaml'

/** The host reaches its macvlan container by a shim; each host has its own subnet. */
const site = `site: lab
hosts: { h1: {}, h2: {} }
shims:
  br0:
    address: 10.5.1.1/24
    on: { h2: { address: 10.5.2.1/24, route: 10.5.9.0/24 } }
  eth1: { hosts: h2, address: 10.6.0.1/24, ifname: way }
containers:
  mv@h1: { nics: { 0: { type: macvlan, mode: bridge, link: br0, ipv4: 10.5.1.2/24 } } }
  mv@h2: { nics: { 0: { type: macvlan, mode: bridge, link: br0, ipv4: 10.5.2.2/24 } } }
`

describe('a site with objects', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost
  let untouched: string[][]

  before(async () => {
    lab = await Lab.up({ hosts: 2, systemd: true })
    ;[h1, h2] = lab.hosts as [LightHost, LightHost]
    for (const host of [h1, h2]) {
      await host.ok('ip link add br0 type bridge forward_delay 0; ip link set br0 up')
      await host.container('mv')
    }
    untouched = await everything()
  })
  after(() => lab?.down())

  const everything = () => Promise.all([h1, h2].map((host) => traces(host)))
  const write = (text: string): Promise<unknown> => h1.write(file, text)
  const cycle = <R = object>(line: string) => fleet<R>(h1, `${line} -f ${file}`)
  const ends = async (line: string): Promise<[number | null, Record<string, string>]> => {
    const { status, ends } = await cycle(line)
    return [status, ends]
  }
  const rows = async (): Promise<unknown[]> => {
    const { report } = await cycle<DiffReport>('diff')
    return report.hosts.flatMap(({ host, report }) =>
      (report?.differences ?? []).map(({ object, key, want, have, origin }) => [
        `${host} ${object} ${key}`,
        want.join(),
        have.join(),
        origin,
      ]),
    )
  }
  const both = async (): Promise<void> =>
    pings({
      reached: [
        [h1, null, '10.5.1.2'],
        [h2, null, '10.5.2.2'],
        [h2, 'mv', '10.5.2.1'],
      ],
      lost: [
        [h1, null, '10.5.1.9'],
        [h2, 'mv', '10.5.2.9'],
      ],
    })

  it('is applied in one change with the NICs, and there is nothing left to do', async () => {
    await write(site)
    assert.deepEqual(await ends('plan'), [2, { h1: 'planned', h2: 'planned' }])
    assert.deepEqual(await everything(), untouched, 'a plan changes nothing')
    assert.deepEqual(await ends('apply'), [0, { h1: 'applied', h2: 'applied' }])
    await start(h1, 'mv')
    await start(h2, 'mv')
    await both()
    for (const verb of ['plan', 'apply']) assert.deepEqual(await ends(verb), [0, { h1: 'unchanged', h2: 'unchanged' }])
    assert.deepEqual(await ends('diff'), [0, { h1: 'ok', h2: 'ok' }])
  })

  it('is imported as one entry for both hosts, with an empty plan', async () => {
    const { status, stdout, stderr } = await h1.lxcnet(['import', '-H', 'h1,h2', '--site', 'other', '--json'])
    assert.equal(status, 0, stderr)
    const { text, leftOut } = fitting<ImportReport>(stdout)
    assert.deepEqual(leftOut, [])
    assert.match(
      text,
      /^shims:\n {2}br0: .*\n {4}address: 10\.5\.1\.1\/24\n {4}ifname: shim-br0\n {4}on:\n {6}h2:\n {8}address: 10\.5\.2\.1\/24\n {8}route: 10\.5\.9\.0\/24\n {2}eth1: .*\n {4}hosts:\n {6}- h2\n/m,
    )
    await h1.write('/root/other.yaml', text)
    assert.equal((await h1.lxcnet(['plan', '-f', '/root/other.yaml'])).status, 0)
  })

  it('tells what others have done, and mends it', async () => {
    await change(h1, 'shim delete br0 -H h1')
    await change(h1, 'shim set br0 address=10.5.2.7/24 -H h2')
    await h2.ok('sed -i "s/^address=.*/address=\'10.6.0.8\\/24\'/" /etc/lxcnet/net.d/40-shim-eth1')
    assert.deepEqual(await rows(), [
      ['h1 shim br0 present', 'yes', '', 'lxcnet'],
      ['h2 shim br0 address', '10.5.2.1/24', '10.5.2.7/24', 'lxcnet'],
      ['h2 shim eth1 address', '10.6.0.1/24', '10.6.0.8/24', 'other'],
    ])
    assert.deepEqual(await ends('apply'), [0, { h1: 'applied', h2: 'applied' }])
    await both()
    assert.deepEqual(await ends('diff'), [0, { h1: 'ok', h2: 'ok' }])
  })

  it('is checked with the rest of the host, and not where a container is named', async () => {
    await h2.ok('ip link delete way')
    const { stdout, status } = await h1.lxcnet(['check', '-H', 'h2', '--json'])
    const { findings } = fitting<CheckReport>(stdout)
    assert.equal(status, 1)
    assert.deepEqual(
      findings.map(({ container, object, code }) => [container, object, code]),
      [[null, 'shim eth1', 'shim-down']],
    )
    assert.equal((await h1.lxcnet(['check', 'mv', '-H', 'h2'])).status, 0)
    await h2.ok('sh /etc/lxcnet/boot')
  })

  it('keeps a plan, and refuses it when an object has changed since', async () => {
    await write(site.replace('10.5.1.1/24', '10.5.1.3/24'))
    assert.equal((await cycle('plan --out /root/kept.plan')).status, 2)
    await change(h1, 'shim set br0 route=10.5.8.0/24 -H h1')
    assert.deepEqual((await fleet(h1, 'apply /root/kept.plan')).ends, { h1: 'failed stale' })
    assert.equal((await cycle('plan --out /root/kept.plan')).status, 2)
    assert.deepEqual((await fleet(h1, 'apply /root/kept.plan')).ends, { h1: 'applied' })
    await pings({ reached: [[h1, 'mv', '10.5.1.3']], lost: [[h1, 'mv', '10.5.1.1']] })
    await write(site)
    assert.equal((await cycle('apply')).status, 0)
  })

  it('changes no host when one of them cannot have what it says', async () => {
    const now = await everything()
    const wrong = site
      .replace('10.5.1.1/24', '10.5.1.4/24')
      .replace('  eth1:', '  nolink: { hosts: h2, address: 10.7.0.1/24 }\n  eth1:')
    await write(wrong)
    assert.deepEqual((await cycle('apply')).ends, { h1: 'skipped', h2: 'failed shim-no-parent' })
    assert.deepEqual(await everything(), now)
    await write(site)
  })

  it('takes a part back with --only', async () => {
    assert.deepEqual(await ends('destroy --only shim/eth*'), [0, { h1: 'unchanged', h2: 'applied' }])
    assert.equal(await h2.ok('ls /etc/lxcnet/net.d'), '40-shim-br0\n')
    assert.deepEqual(await ends('apply'), [0, { h1: 'unchanged', h2: 'applied' }])
  })

  it('is rolled back as a whole', async () => {
    for (const host of [h1, h2]) await host.stop('mv')
    const now = await everything()
    await write(site.replace('10.5.1.1/24', '10.5.1.4/24').replace('10.5.2.1/24', '10.5.2.4/24'))
    const { report } = await cycle('apply')
    assert.notDeepEqual(await everything(), now)
    await cycle(`rollback ${report.id}`)
    assert.deepEqual(await everything(), now)
    await write(site)
  })

  it('is destroyed without a trace', async () => {
    assert.deepEqual(await ends('destroy'), [0, { h1: 'applied', h2: 'applied' }])
    assert.deepEqual(await everything(), untouched)
    for (const host of [h1, h2]) {
      await assertTidy(host)
      assert.equal(await host.ok('ls /etc/lxcnet 2>/dev/null; ls /var/lib/lxcnet'), 'journal\n')
    }
  })
})

/** One of everything, each hanging on another: NICs on bridges and switches that the same plan makes. */
const everyNoun = `hosts: { localhost: {} }
switches:
  sw0: { datapath: netdev, address: 10.46.0.1/24 }
bridges:
  br5: { address: 10.45.0.1/24 }
  br6: { uplink: eth1 }
nat:
  blue: { subnet: 10.47.0.0/24, domain: blue }
shims:
  br5: { address: 10.45.0.9/24 }
gateways:
  gw: { uplink: br6, inside: br5, subnet: 10.48.0.0/24, members: mem }
reservations:
  web: { address: 10.0.3.77, network: lxc-net }
  printer: { address: 10.47.0.78, mac: 00:00:5e:00:53:78, network: blue }
forwards:
  8080/tcp: { to: "web:80" }
containers:
  gw: { host: localhost }
  mem: { host: localhost }
  web:
    host: localhost
    nics:
      0: { type: veth, link: blue, ipv4: 10.47.0.5/24, ipv4-gateway: 10.47.0.1 }
      1: { type: veth, link: sw0, vlan-id: 7 }
      2: { type: veth, link: lxcbr0 }
`

describe('a site with an object of every noun', () => {
  let lab: Lab
  let host: LightHost
  let untouched: string[]

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    host = lab.hosts[0] as LightHost
    await host.ok('systemctl start lxc-net')
    for (const name of ['gw', 'mem', 'web']) await host.container(name)
    untouched = await traces(host)
    await host.write(file, everyNoun)
  })
  after(() => lab?.down())

  const run = async (line: string, status = 0): Promise<string> => {
    const ran = await host.lxcnet([...line.split(' '), '-f', file])
    assert.equal(ran.status, status, `lxcnet ${line}: ${ran.stdout.slice(-3000)}${ran.stderr}`)
    return ran.stdout
  }

  it('is made by one plan, and there is nothing left to do', async () => {
    await run('plan', 2)
    await run('apply --yes')
    await run('plan')
    await run('diff')
    await run('check')
  })

  const works = async (): Promise<void> => {
    await start(host, 'gw', 'mem', 'web')
    await pings({
      reached: [
        [host, 'web', '10.47.0.1'],
        [host, 'web', '198.18.0.1'],
        [host, 'mem', '10.48.0.1'],
        [host, null, '10.45.0.9'],
        [host, null, '10.46.0.1'],
      ],
      lost: [
        [host, 'web', '10.47.0.99'],
        [host, 'mem', '10.48.0.99'],
      ],
    })
    for (const name of ['gw', 'mem', 'web']) await host.stop(name)
    await run('plan')
  }

  it('works', works)

  it('is there again after a reboot, and works', async () => {
    await host.reboot()
    await run('diff')
    await run('check')
    await works()
  })

  it('is imported with all of it, and its plan is empty', async () => {
    const { status, stdout, stderr } = await host.lxcnet(['import', '-H', 'localhost', '--site', 'other', '--json'])
    assert.equal(status, 0, stderr)
    const { text, leftOut } = fitting<ImportReport>(stdout)
    assert.deepEqual(leftOut, [])
    for (const one of [
      /^ {2}sw0:/m,
      /^ {2}br6:/m,
      /^ {2}blue:/m,
      /^shims:/m,
      /^ {2}gw:/m,
      /^ {2}8080\/tcp:/m,
      /^ {4}address: 10\.0\.3\.77$/m,
      /^ {4}address: 10\.47\.0\.78$/m,
    ])
      assert.match(text, one)
    assert.doesNotMatch(text, /script-up/, 'the hook of a switch is its link')
    await host.write('/root/other.yaml', text)
    assert.equal((await host.lxcnet(['plan', '-f', '/root/other.yaml'])).status, 0)
  })

  it('loses one reservation, of a network that stays', async () => {
    await host.write(file, everyNoun.replace(/ {2}printer: .*\n/, ''))
    assert.match(await run('diff', 2), /^ +dhcp printer +present +- +yes +the site file$/m)
    await run('apply --yes')
    await run('plan')
  })

  it('is destroyed without a trace, and made again, and rolled back without one', async () => {
    await run('destroy --yes')
    assert.deepEqual(await traces(host), untouched)
    const { rollback } = JSON.parse(await run('apply --json')) as { rollback: string[] }
    await run('plan')
    assert.equal((await host.lxcnet([...rollback.slice(1), '--yes'])).status, 0)
    assert.deepEqual(await traces(host), untouched)
  })
})
