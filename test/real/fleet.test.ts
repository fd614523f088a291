/** One change of many hosts: who is changed when, what is shown, what becomes of it when some fail, and the way back. */
import assert from 'node:assert/strict'
import { assertTidy, config, fleet, furnish, onTerminal, plainConfig } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, read } from './live.ts'

/** The real mv(1) behind one that fails where source and target look like this. */
const failingMv = (...patterns: string[]): string => `#!/bin/sh
case "$*" in
  ${patterns.join(' | ')}) echo "mv: cannot move: a fault" >&2; exit 1 ;;
esac
exec /bin/mv "$@"
`

/** Waits for a word before it puts the new config in its place. */
const waitingMv = `#!/bin/sh
case "$*" in
  *-new*/var/lib/lxc/web01/config)
    touch /root/reached
    until [ -e /root/go ]; do sleep 0.05; done ;;
esac
exec /bin/mv "$@"
`

/** What puts the new config in its place, and what puts the old one back. */
const forward = (name: string): string => `*-new*/var/lib/lxc/${name}/config`
const backward = (name: string): string => `*-old*/var/lib/lxc/${name}/config`

/** Says on the host when it begins and ends, by the clock that all light hosts share, and takes its time. */
const slowTar = `#!/bin/sh
stamp() { read -r up _ </proc/uptime; echo "$1 $up" >>/root/tar.log; }
stamp begin
sleep 0.4
/bin/tar "$@"
status=$?
stamp end
exit "$status"
`

describe('a fleet', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost
  let h3: LightHost
  let h4: LightHost
  let h5: LightHost
  let targets: LightHost[]

  before(async () => {
    lab = await Lab.up({ hosts: 5 })
    ;[h1, h2, h3, h4, h5] = lab.hosts as [LightHost, LightHost, LightHost, LightHost, LightHost]
    targets = [h2, h3, h4, h5]
  })

  after(() => lab?.down())

  beforeEach(async () => {
    await Promise.all(targets.map((host) => host.ok('rm -rf /usr/local/sbin/* /var/lib/lxcnet /var/lib/lxc/*')))
    await furnish(targets, 'web01')
  })

  afterEach(async () => {
    for (const host of targets) await assertTidy(host)
  })

  const all = ['-H', 'h2,h3,h4,h5']
  const create = (...more: string[]) =>
    fleet(h1, ['create', 'web01', '--type', 'veth', '--link', 'br0', ...all, ...more])
  const untouched = async (...hosts: LightHost[]) => {
    for (const host of hosts) assert.equal(await config(host, 'web01'), plainConfig('web01'), host.name)
  }
  const done = async (...hosts: LightHost[]) => {
    for (const host of hosts) assert.deepEqual(await read(host, 'web01', '0.link'), ['br0'], host.name)
  }
  const fault = (host: LightHost, ...patterns: string[]) =>
    host.write('/usr/local/sbin/mv', failingMv(...(patterns.length > 0 ? patterns : [forward('web01')])), 0o755)
  const mend = (host: LightHost) => host.ok('rm /usr/local/sbin/mv')

  describe('exits by the worst outcome', () => {
    it('0 when all are done, and when there is nothing to do', async () => {
      const { status, ends } = await create()
      assert.deepEqual([status, new Set(Object.values(ends))], [0, new Set(['applied'])])
      const again = await create()
      assert.deepEqual([again.status, new Set(Object.values(again.ends))], [0, new Set(['unchanged'])])
      assert.deepEqual([again.report.id, again.report.rollback], [null, null])
    })

    it('2 when they would be changed', async () => {
      const { status, ends } = await create('--dry-run')
      assert.deepEqual([status, new Set(Object.values(ends))], [2, new Set(['planned'])])
      await untouched(...targets)
    })

    it('3 when some were taken back', async () => {
      await fault(h3)
      const { status, ends, reasons } = await create()
      assert.deepEqual([status, ends], [3, { h2: 'applied', h3: 'rolled-back', h4: 'applied', h5: 'applied' }])
      assert.match(reasons['h3'] ?? '', /config: mv: cannot move: a fault/)
      await untouched(h3)
    })

    it('5 when all were taken back', async () => {
      for (const host of targets) await fault(host)
      const { status, ends } = await create()
      assert.deepEqual([status, new Set(Object.values(ends))], [5, new Set(['rolled-back'])])
      await untouched(...targets)
    })

    it('6 when one could not be taken back, whatever became of the others', async () => {
      await create()
      await furnish([h3], 'web02')
      await change(h1, 'create web02 --type veth --link br0 -H h3')
      await fault(h3, forward('web02'), backward('web01'))
      await h2.ok('rm -r /var/lib/lxc/web01')
      const { status, ends, reasons } = await fleet(h1, ['set', 'web*:0', 'mtu=1400', '--max-failures', '1', ...all])
      assert.deepEqual(ends, { h2: 'failed no-container', h3: 'rollback-failed', h4: 'applied', h5: 'applied' })
      assert.equal(status, 6)
      assert.match(reasons['h3'] ?? '', /web02\/config: mv: .*\n.*web01\/config: mv: cannot move/s)
      const shown = await h1.lxcnet(['history', '-H', 'h3'])
      assert.match(shown.stdout, / FAILED /)
    })

    it('1 when all failed, each in its own way', async () => {
      await h2.ok('rm -r /var/lib/lxc/web01')
      await fault(h3)
      const { status, ends } = await fleet(h1, 'create web01 --type veth --link br0 -H h2,h3 --max-failures 2')
      assert.deepEqual([status, ends], [1, { h2: 'failed no-container', h3: 'rolled-back' }])
    })
  })
  describe('in batches', () => {
    it('stops behind a canary that fails', async () => {
      await fault(h2)
      const { status, ends } = await create('--batch', '1,100%')
      assert.deepEqual(ends, { h2: 'rolled-back', h3: 'skipped', h4: 'skipped', h5: 'skipped' })
      assert.equal(status, 3)
      await untouched(...targets)
    })

    it('goes on behind one that does not, and begins nobody before it is done', async () => {
      const { status, events } = await create('--batch', '1,100%')
      assert.equal(status, 0)
      const order = events.map(({ host, step }) => `${host} ${step}`)
      const firstDone = order.indexOf('h2 done')
      assert.ok(firstDone > 0)
      for (const host of ['h3', 'h4', 'h5']) {
        assert.ok(order.indexOf(`${host} applying`) > firstDone, order.join(', '))
        assert.ok(order.indexOf(`${host} planned`) < order.indexOf('h2 applying'), 'every plan is known before')
      }
    })

    it('goes on as long as no more have failed than may', async () => {
      await fault(h2)
      await fault(h4)
      const one = await create('--batch', '1', '--max-failures', '1')
      assert.deepEqual(one.ends, { h2: 'rolled-back', h3: 'applied', h4: 'rolled-back', h5: 'skipped' })
      await untouched(h2, h4, h5)
      await done(h3)
      const two = await create('--batch', '1', '--max-failures', '2')
      assert.deepEqual(two.ends, { h2: 'rolled-back', h3: 'unchanged', h4: 'rolled-back', h5: 'applied' })
    })

    it('begins nobody when one cannot even be planned', async () => {
      await h3.ok('rm -r /var/lib/lxc/web01')
      const { status, ends } = await create()
      assert.deepEqual(ends, { h2: 'skipped', h3: 'failed no-container', h4: 'skipped', h5: 'skipped' })
      assert.equal(status, 3)
      await untouched(h2, h4, h5)
    })

    it('is refused with a size that is none, before any host is asked', async () => {
      const { status, stdout } = await h1.lxcnet([
        'set',
        'web01:0',
        'mtu=1400',
        '-H',
        'h2,nowhere',
        '--batch',
        'half',
        '--json',
      ])
      assert.deepEqual([status, JSON.parse(stdout).code], [64, 'usage'])
    })
  })

  it('is changed by the same command again where it was not yet', async () => {
    await fault(h2)
    assert.equal((await create()).status, 3)
    await mend(h2)
    const { status, ends } = await create()
    assert.deepEqual([status, ends], [0, { h2: 'applied', h3: 'unchanged', h4: 'unchanged', h5: 'unchanged' }])
  })

  it('is not changed where somebody else has changed what was shown, while others were at work', async () => {
    await h2.write('/usr/local/sbin/mv', waitingMv, 0o755)
    await h2.ok('rm -f /root/reached /root/go')
    const run = create('--batch', '1,100%')
    await h2.ok('for _ in $(seq 1500); do [ ! -e /root/reached ] || exit 0; sleep 0.02; done; exit 1')
    await h3.ok('echo "# in between" >>/var/lib/lxc/web01/config')
    await furnish([h4], 'web02') // which no plan speaks of
    await h2.ok('touch /root/go')
    const { status, ends } = await run
    assert.deepEqual([status, ends], [3, { h2: 'applied', h3: 'failed stale', h4: 'applied', h5: 'applied' }])
    assert.equal(await config(h3, 'web01'), `${plainConfig('web01')}# in between\n`)
    const again = await create()
    assert.deepEqual([again.status, again.ends['h3']], [0, 'applied'])
  })

  it('shows equal plans once, each MAC masked, and others beside them', async () => {
    await h3.ok('echo "# a comment" >>/var/lib/lxc/web01/config')
    const { stdout } = await h1.lxcnet(['create', 'web01', '--type', 'veth', '--link', 'br0', '--dry-run', ...all])
    assert.match(stdout, /^3 hosts alike, each with MACs of its own: h2, h4, h5$/m)
    assert.match(stdout, /^h3:$/m)
    assert.equal(stdout.match(/^ +\+lxc\.net\.0\.hwaddr = xx:xx:xx:xx:xx:xx$/gm)?.length, 1)
    assert.equal(stdout.match(/^ +\+lxc\.net\.0\.hwaddr = 00:16:3e:\S+$/gm)?.length, 1)
    assert.match(stdout, /^4 +would change +h\[2:5\]$/m)
    const { report } = await create()
    const macs = report.hosts.map(({ report }) => /hwaddr = (\S+)/.exec(JSON.stringify(report?.changes))?.[1])
    assert.equal(new Set(macs).size, 4, 'every host has a MAC of its own')
  })

  it('is taken back by one id on all hosts, byte for byte', async () => {
    await h3.ok("printf '#\\ttab \\r\\n' >>/var/lib/lxc/web01/config")
    const before = await Promise.all(targets.map((host) => config(host, 'web01')))
    await fault(h5)
    const { report } = await create()
    await mend(h5)
    assert.ok(report.rollback?.[0] === 'lxcnet' && report.id !== null)
    const { status, ends } = await fleet(h1, report.rollback.slice(1))
    assert.deepEqual([status, ends], [0, { h2: 'applied', h3: 'applied', h4: 'applied', h5: 'unchanged' }])
    assert.deepEqual(await Promise.all(targets.map((host) => config(host, 'web01'))), before)
    const slip = await h1.lxcnet(['rollback', '20261121-000000-00000', ...all, '--json'])
    assert.deepEqual([slip.status, JSON.parse(slip.stdout).code], [65, 'no-entry'], 'no host knows it: that is a slip')
  })

  it('has no more hosts at work at once than --parallel says', async () => {
    for (const host of targets) await host.write('/usr/local/sbin/tar', slowTar, 0o755)
    await Promise.all(targets.map((host) => host.ok('rm -f /root/tar.log')))
    assert.equal((await create('--parallel', '2', '--dry-run')).status, 2)
    const logs = await Promise.all(targets.map((host) => host.ok('cat /root/tar.log')))
    const steps = logs
      .join('')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .toSorted(([, one], [, other]) => Number(one) - Number(other))
    let now = 0
    const busy = steps.map(([what]) => (now += what === 'begin' ? 1 : -1))
    assert.equal(Math.max(...busy), 2, steps.join('\n'))
  })

  it('shows on a terminal how it goes, in lines that fit, and leaves nothing of that behind', async () => {
    for (const host of targets) await host.write('/usr/local/sbin/tar', slowTar, 0o755)
    await fault(h3)
    const { text, screen } = await onTerminal(
      h1,
      `lxcnet create web01 --type veth --link br0 ${all.join(' ')},nowhere -y`,
    )
    assert.match(text, /[01] of 5 hosts/)
    assert.match(text, /h2 {2}(reading|applying) {2}\d s/)
    assert.ok(
      screen.every((line) => line.length <= 80),
      screen.join('\n'),
    )
    const left = screen.filter((line) => /\d of 5 hosts|(reading|applying) {2}\d/.test(line))
    assert.deepEqual(left, [], screen.join('\n'))
    assert.match(screen.join('\n'), /^To take it back: lxcnet rollback .*\n\n?$/m)
    assert.equal(screen.filter((line) => /^h3: rolled back/.test(line)).length, 1, screen.join('\n'))
  })

  it('prints a line for each host that is done when nobody looks, and no escape codes', async () => {
    const { stdout, stderr } = await h1.lxcnet(['create', 'web01', '--type', 'veth', '--link', 'br0', ...all])
    assert.equal(stderr, '')
    assert.deepEqual(
      stdout.match(/^h\d: .*$/gm)?.toSorted(),
      ['h2', 'h3', 'h4', 'h5'].map((name) => `${name}: applied`),
    )
    assert.ok(!stdout.includes('\x1b'))
    const quiet = await h1.lxcnet(['set', 'web01:0', 'mtu=1400', '-q', ...all])
    assert.match(quiet.stdout, /^HOSTS +RESULT +WHICH\n4 +applied +h\[2:5\]\nTo take it back: .*\n$/)
  })

  it('shows no secret of the inventory anywhere', async () => {
    const secrets = ['secret-of-asker', 'a-wrong-secret']
    await h1.write(
      '/root/hosts',
      `h2 ansible_user=asker ansible_become_password=${secrets[0]}
h3 ansible_user=asker ansible_become_password=${secrets[1]}\n`,
    )
    await h1.write(
      '/root/lxcnet.yaml',
      'hosts: {h2: {}, h3: {}}\ncontainers: {web01@h2: {nics: {0: {type: veth, link: br0}}}}\n',
    )
    const said: string[] = []
    for (const line of [
      'create web01 --type veth --link br0 -g all --max-failures 1 --json',
      'plan -f /root/lxcnet.yaml --out /root/plan -v',
      'host list -v',
    ]) {
      const { stdout, stderr } = await h1.lxcnet([...line.split(' '), '-i', '/root/hosts'])
      said.push(stdout, stderr)
    }
    assert.match(said[0] ?? '', /sudo-password/)
    said.push(await h1.ok('cat /root/plan'))
    said.push(await h2.ok('grep -rl . /var/lib/lxcnet | xargs cat'))
    for (const secret of secrets) assert.ok(!said.join('\n').includes(secret))
  })
})
