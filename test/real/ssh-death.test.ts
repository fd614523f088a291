/** Hosts that run out of space, lose their sshd or their power, or have two clients at once, in the middle of a change. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { HistoryReport } from '../../src/report/history.ts'
import type { ListReport } from '../../src/report/list.ts'
import { fitting } from '../commands/schema.ts'
import { assertTidy, config, fleet, furnish, plainConfig } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, link, read, refused, start } from './live.ts'

/** Waits at the config of web01 for a word: the new file has just been put there. */
const waitingSync = `#!/bin/sh
/bin/sync "$@"
[ "$*" = /var/lib/lxc/web01 ] && [ ! -e /root/reached ] || exit 0
touch /root/reached
until [ -e /root/go ]; do sleep 0.05; done
`

const untilUnlocked =
  'for _ in $(seq 1500); do flock -n -s /var/lib/lxcnet/journal true && exit; sleep 0.02; done; exit 1'

describe('a change in trouble', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost
  let h3: LightHost
  let h4: LightHost
  let hosts: LightHost[]

  before(async () => {
    lab = await Lab.up({ hosts: 5 })
    ;[h1, h2, h3, h4] = lab.hosts as [LightHost, LightHost, LightHost, LightHost]
    hosts = lab.hosts
    await h1.ok('printf "ServerAliveInterval 1\\nServerAliveCountMax 3\\n" >/root/.ssh/config')
  })

  after(() => lab?.down())

  beforeEach(async () => {
    await Promise.all(
      hosts.map((host) => host.ok('rm -rf /usr/local/sbin/* /var/lib/lxcnet /var/lib/lxc/* /root/reached /root/go')),
    )
    await furnish(hosts, 'web01')
  })

  const create = ['create', 'web01', '--type', 'veth', '--link', 'br0', '-H', 'h1,h2,h3,h4,h5']
  /** All files that a change may touch, with what is in them. */
  const look = (host: LightHost): Promise<string> =>
    host.ok('cd / && find var/lib/lxc etc/lxc -type f -exec sha256sum {} + | sort -k 2; find var/lib/lxc -name ".*"')

  describe('without space', () => {
    const mounted = async (place: string, test: () => Promise<void>): Promise<void> => {
      await h3.ok(
        'mkdir -p "$1"; cp -a "$1" /root/kept; mount -t tmpfs -o size=32k small "$1"; cp -a /root/kept/. "$1"',
        {},
        place,
      )
      try {
        await test()
      } finally {
        await h3.ok('umount "$1"; rm -rf /root/kept', {}, place)
      }
    }
    const fill = 'cat /dev/zero >"$1/filler" 2>/dev/null; [ -s "$1/filler" ]'

    for (const [what, place, result] of [
      ['its journal', '/var/lib/lxcnet', /^failed (cannot-change|no-rights)$/],
      ['the files themselves', '/var/lib/lxc/web01', /^rolled-back$/],
    ] as const) {
      it(`for ${what}, one host of five stays as it was, and a rerun does what is left`, () =>
        mounted(place, async () => {
          await h3.ok(fill, {}, place)
          const before = await look(h3)
          const { status, ends, reasons } = await fleet(h1, create)
          assert.equal(status, 3)
          assert.deepEqual({ ...ends, h3: '' }, { h1: 'applied', h2: 'applied', h3: '', h4: 'applied', h5: 'applied' })
          assert.match(ends['h3'] ?? '', result)
          assert.match(reasons['h3'] ?? '', /[Nn]o space|disk full|full or read-only|cannot write/)
          assert.equal(await look(h3), before)
          await assertTidy(h3)
          await h3.ok('rm "$1/filler"; mount -o remount,size=1m "$1"', {}, place)
          const again = await fleet(h1, create)
          const { h3: done, ...rest } = again.ends
          assert.deepEqual([again.status, done, new Set(Object.values(rest))], [0, 'applied', new Set(['unchanged'])])
          await assertTidy(h3)
        }))
    }
  })

  describe('whose host goes away', () => {
    beforeEach(async () => {
      await h2.write('/usr/local/sbin/sync', waitingSync, 0o755)
    })
    const reached = () => h2.ok('for _ in $(seq 1500); do [ ! -e /root/reached ] || exit 0; sleep 0.02; done; exit 1')

    it('by its sshd: the host finishes by itself, meanwhile it is locked, then the next run finds it done', async () => {
      const run = fleet(h1, create)
      await reached()
      await h2.ok('kill -9 $(pgrep -f "^sshd: root@notty")')
      const { status, ends, reasons } = await run
      assert.deepEqual([status, ends['h2'], ends['h3']], [3, 'failed interrupted', 'applied'])
      assert.match(reasons['h2'] ?? '', /^the connection broke .* what became of it is not known$/)
      const meanwhile = await refused(h1, 'set web01:0 mtu=1400 -H h2')
      assert.deepEqual([meanwhile.code, meanwhile.exit], ['locked', 75])
      const state = async () =>
        (await fleet<HistoryReport>(h1, 'history -H h2,h3')).report.hosts[0]?.report?.entries[0]?.state
      assert.equal(await state(), 'running')
      await h2.ok(`touch /root/go; ${untilUnlocked}`)
      assert.equal(await state(), 'committed')
      const after = await fleet(h1, create)
      assert.deepEqual([after.status, after.ends['h2']], [0, 'unchanged'])
      await assertTidy(h2)
    })

    it('by its sshd while the container restarts: the change stands, and the container comes up', async () => {
      await h2.ok('rm /usr/local/sbin/sync')
      await h2.container('web02', ['lxc.net.0.type = veth', 'lxc.net.0.link = br0', 'lxc.hook.pre-start = /root/hook'])
      await h2.write('/root/hook', '#!/bin/sh\n: >/root/reached; until [ -e /root/go ]; do sleep 0.05; done\n', 0o755)
      await h2.ok('touch /root/go')
      await start(h2, 'web02')
      await h2.ok('rm /root/go /root/reached')
      const run = h1.lxcnet('set web02:0 mtu=1400 --restart -H h2 --json'.split(' '))
      await reached()
      await h2.ok('kill -9 $(pgrep -f "^sshd: root@notty"); touch /root/go')
      const { status, stdout } = await run
      const { result, reason } = fitting<ChangeReport>(stdout)
      assert.deepEqual([status, result], [1, 'unverified'], stdout)
      assert.match(reason ?? '', /could not be read again/)
      await h2.ok('lxc-wait -n web02 -s RUNNING -t 60')
      assert.equal((await link(h2, 'web02', 'eth0')).mtu, 1400)
      const again = await change(h1, 'set web02:0 mtu=1400 --restart -H h2')
      assert.equal(again.result, 'unchanged')
      await h2.stop('web02')
      await assertTidy(h2)
    })

    it('by a power cut: the next run takes back what was unfinished, says so, and does it', async () => {
      const run = fleet(h1, create)
      await reached()
      await h2.kill()
      const { status, ends, reasons } = await run
      assert.deepEqual([status, ends['h2'], ends['h3']], [3, 'failed interrupted', 'applied'])
      assert.match(reasons['h2'] ?? '', /what became of it is not known/)
      await h2.reboot()
      await h2.ok('rm /usr/local/sbin/sync; ip link add br0 type bridge; ip link set br0 up')
      assert.match(await config(h2, 'web01'), /^lxc.net.0.type = veth$/m, 'the power went after the rename')
      const listed = await fleet<ListReport>(h1, 'list -H h2,h3')
      const [left] = listed.report.hosts[0]?.report?.unfinished ?? []
      assert.equal(left?.state, 'abandoned')
      const after = await fleet(h1, create)
      assert.deepEqual([after.status, after.ends['h2'], after.ends['h3']], [0, 'applied', 'unchanged'])
      const note = after.report.hosts[1]?.report?.notes.find(({ code }) => code === 'recovered')
      assert.match(
        note?.message ?? '',
        new RegExp(`^${left?.id} was left unfinished by a killed run and has been taken back`),
      )
      await assertTidy(h2)
    })

    it('by a power cut: what it left is taken back by the id of the run, too', async () => {
      const run = fleet(h1, create)
      await reached()
      await h2.kill()
      const { report } = await run
      await h2.reboot()
      await h2.ok('rm /usr/local/sbin/sync')
      const { status, ends } = await fleet(h1, report.rollback?.slice(1) ?? [])
      assert.deepEqual([status, ends['h2'], ends['h3']], [0, 'unchanged', 'applied'])
      for (const host of hosts) assert.equal(await config(host, 'web01'), plainConfig('web01'), host.name)
      await assertTidy(h2)
    })
  })

  it('that two clients make at once is made by both, one after the other, or one is told to wait', async () => {
    await change(h1, 'create web01 --type veth --link br0 -H h2')
    const wanted: string[] = []
    for (let round = 1; round <= 10; round++) {
      const clients = [
        [h1, `10.9.1.${round}/24`],
        [h4, `10.9.2.${round}/24`],
      ] as const
      const runs = clients.map(async ([client, address]) => {
        const { status, stdout } = await client.lxcnet([
          'set',
          'web01:0',
          `ipv4.address+=${address}`,
          '-H',
          'h2',
          '--json',
        ])
        const { code } = JSON.parse(stdout) as { code?: string }
        if (status === 0) wanted.push(address)
        else assert.deepEqual([status, code], [75, 'locked'], stdout)
      })
      await Promise.all(runs)
      assert.ok(wanted.length >= round)
    }
    console.log(`      20 changes at once: ${wanted.length} made, ${20 - wanted.length} locked out`)
    assert.deepEqual((await read(h2, 'web01', '0.ipv4.address')).toSorted(), wanted.toSorted())
    await assertTidy(h2)
  })
})
