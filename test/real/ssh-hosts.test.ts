/** Hosts that are odd but sound are changed like others; of one that lacks a tool it is said which, and nothing is done. */
import assert from 'node:assert/strict'
import type { CheckReport } from '../../src/report/check.ts'
import type { ListReport } from '../../src/report/list.ts'
import { assertTidy, config, fleet, furnish, plainConfig } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { read } from './live.ts'

/** How a host is made odd, and made even again. */
interface Oddity {
  name: string
  arrange: string
  undo: string
}

const wrong = (year: number): Oddity => ({
  name: `whose clock says ${year}`,
  arrange: `printf '#!/bin/sh\\nexec /bin/date -d ${year}-01-19T03:14:07Z "$@"\\n' >/usr/local/sbin/date; chmod +x /usr/local/sbin/date
date | grep -q ${year}; touch -d ${year}-01-19T03:14:07Z /var/lib/lxc/web01/config /var/lib/lxc/web01 /var/lib/lxc`,
  undo: 'rm /usr/local/sbin/date',
})

const odd: Oddity[] = [
  wrong(1970),
  wrong(2038),
  {
    name: 'whose login scripts talk, on both streams',
    arrange: `for file in /root/.bashrc /root/.profile /etc/profile /etc/bash.bashrc /etc/ssh/sshrc; do
  [ ! -e "$file" ] || cp -a "$file" "$file.kept"
  printf 'echo "Welcome to @h2 tar 0 0 -"; echo "Have a nice day" >&2; printf "no end of line"\\n' >"$file"
done`,
    undo: `for file in /root/.bashrc /root/.profile /etc/profile /etc/bash.bashrc /etc/ssh/sshrc; do
  rm "$file"; [ ! -e "$file.kept" ] || mv "$file.kept" "$file"
done`,
  },
  {
    name: 'whose sh is busybox ash',
    arrange: 'ln -sf busybox /bin/sh; sh --help 2>&1 | grep -q BusyBox',
    undo: 'ln -sf dash /bin/sh',
  },
  { name: 'whose sh is bash', arrange: 'ln -sf bash /bin/sh', undo: 'ln -sf dash /bin/sh' },
  {
    name: 'that is busybox all over',
    arrange: 'ln -sf busybox /bin/sh; busybox --install -s /usr/local/sbin; tar --help 2>&1 | grep -q BusyBox',
    undo: 'rm /usr/local/sbin/*; ln -sf dash /bin/sh',
  },
  { name: 'whose /tmp runs nothing', arrange: 'mount -o remount,noexec /tmp', undo: 'mount -o remount,exec /tmp' },
  { name: 'whose /tmp is read-only', arrange: 'mount -o remount,ro /tmp', undo: 'mount -o remount,rw /tmp' },
  {
    name: 'whose /tmp is no directory',
    arrange: 'umount /tmp && rmdir /tmp && touch /tmp',
    undo: 'rm /tmp && mkdir -m 1777 /tmp && mount -t tmpfs -o mode=1777 tmpfs /tmp',
  },
]

/** Commands that a change needs, and the package that brings each. */
const tools = [
  ['tar', 'tar', 'which cannot be read without'],
  ['xargs', 'findutils', 'which cannot be read without'],
  ['find', 'findutils', 'which cannot be read without'],
  ['flock', 'util-linux', 'nothing was changed'],
  ['sha256sum', 'coreutils', 'nothing was changed'],
] as const

describe('a host of a fleet', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost
  let h3: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 3 })
    ;[h1, h2, h3] = lab.hosts as [LightHost, LightHost, LightHost]
  })

  after(() => lab?.down())

  beforeEach(async () => {
    for (const host of [h2, h3]) await host.ok('rm -rf /var/lib/lxcnet')
    await furnish([h2, h3], 'web01')
  })

  const create = 'create web01 --type veth --link br0 -H h2,h3'

  const oddly = async ({ arrange, undo }: Oddity, test: () => Promise<void>): Promise<void> => {
    await h2.ok(`set -e\n${arrange}`)
    try {
      await test()
    } finally {
      await h2.run(['busybox', 'sh', '-c', undo])
    }
  }

  for (const oddity of odd) {
    it(`${oddity.name} is changed and changed back like others`, () =>
      oddly(oddity, async () => {
        const made = await fleet(h1, create)
        assert.deepEqual([made.status, made.ends], [0, { h2: 'applied', h3: 'applied' }], JSON.stringify(made.reasons))
        const listed = await fleet<ListReport>(h1, 'list -H h2,h3')
        const [mine, other] = listed.report.hosts.map(({ report }) =>
          report?.containers[0]?.nics.map(({ type }) => type),
        )
        assert.deepEqual([mine, other], [['veth'], ['veth']])
        const checked = await fleet<CheckReport>(h1, 'check -H h2,h3')
        assert.equal(checked.status, 0)
        assert.equal((await fleet(h1, create)).ends['h2'], 'unchanged')
        await assertTidy(h2)
        const back = await fleet(h1, made.report.rollback?.slice(1) ?? [])
        assert.deepEqual([back.status, back.ends], [0, { h2: 'applied', h3: 'applied' }], JSON.stringify(back.reasons))
        for (const host of [h2, h3]) assert.equal(await config(host, 'web01'), plainConfig('web01'))
      }))
  }

  it('whose sshd has a banner is changed like others', async () => {
    await h2.write('/etc/issue.lab', 'Authorised use only.\n@1 tar 0 0 -\n')
    const sshd = await h2.sshd({ port: 2207, config: 'Banner /etc/issue.lab' })
    const { status, ends } = await fleet(h1, 'create web01 --type veth --link br0 -H h2:2207,h3')
    assert.deepEqual([status, ends], [0, { h2: 'applied', h3: 'applied' }])
    await sshd.stop()
  })

  for (const [tool, debianPackage, consequence] of tools) {
    const away = { arrange: `mv /bin/${tool} /bin/${tool}.away`, undo: `mv /bin/${tool}.away /bin/${tool}` }
    it(`without ${tool} is told what to install, and the other is done`, () =>
      oddly({ name: tool, ...away }, async () => {
        const { status, ends, reasons, report } = await fleet(h1, `${create} --max-failures 1`)
        assert.deepEqual([status, ends], [3, { h2: 'failed missing-tool', h3: 'applied' }])
        assert.match(reasons['h2'] ?? '', new RegExp(`^no \`${tool}\` on this host[,;] ${consequence}$`))
        const [fix = ''] = report.hosts[0]?.suggestions ?? []
        assert.ok(fix.includes(debianPackage), fix)
        assert.equal(await config(h2, 'web01'), plainConfig('web01'))
        assert.deepEqual(await read(h3, 'web01', '0.link'), ['br0'])
        assert.equal((await h2.sh('ls -A /var/lib/lxcnet 2>/dev/null')).stdout, '')
      }))
  }
})
