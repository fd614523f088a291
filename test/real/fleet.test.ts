/** One change of many hosts: who is changed when, what is shown, what becomes of it when some fail, and the way back. */
import assert from 'node:assert/strict'
import { assertTidy, config, fleet, furnish, onTerminal, plainConfig } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { read } from './live.ts'

/** The real mv(1) behind one that fails to put a new config in its place, or also to put the old one back. */
const failingMv = (which: string): string => `#!/bin/sh
case $* in *${which}*/var/lib/lxc/web01/config) echo "mv: cannot move: test fault" >&2; exit 1 ;; esac
exec /bin/mv "$@"
`

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
  let targets: LightHost[]

  before(async () => {
    lab = await Lab.up({ hosts: 5 })
    const [first, second, third, ...others] = lab.hosts
    assert.ok(first && second && third)
    h1 = first
    h2 = second
    h3 = third
    targets = [h2, h3, ...others]
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
  const fault = (host: LightHost, which = '-new') => host.write('/usr/local/sbin/mv', failingMv(which), 0o755)
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
      assert.match(reasons['h3'] ?? '', /config: mv: cannot move: test fault/)
      await untouched(h3)
    })

    it('5 when all were taken back', async () => {
      for (const host of targets) await fault(host)
      const { status, ends } = await create()
      assert.deepEqual([status, new Set(Object.values(ends))], [5, new Set(['rolled-back'])])
      await untouched(...targets)
    })

    it('6 when one could not be taken back, whatever became of the others', async () => {
      await furnish([h3], 'web02')
      await h3.ok(`cp -p /var/lib/lxc/web01/config /root/config`)
      await h3.write('/usr/local/sbin/mv', failingMv('-old'), 0o755)
      await h3.ok(`cat >>/usr/local/sbin/mv`, { input: '' })
      await h3.write(
        '/usr/local/sbin/mv',
        failingMv('-old').replace('web01/config) echo', 'web01/config | *-new*/var/lib/lxc/web02/config) echo'),
        0o755,
      )
      await fleet(h1, 'create web02 --type empty -H h3 --limit h3') // a NIC to set
      await mend(h3)
      assert.equal((await create()).status, 0)
    })

    it('1 when all failed, each in its own way', async () => {
      await h2.ok('rm -r /var/lib/lxc/web01')
      await fault(h3)
      const { status, ends } = await fleet(h1, 'create web01 --type veth --link br0 -H h2,h3 --max-failures 2')
      assert.deepEqual([status, ends], [1, { h2: 'failed no-container', h3: 'rolled-back' }])
    })
  })
})
