/**
 * The nouns under attack: killed in the middle, two at once, hostile words, a full disk, and things of the same name made
 * by hand. Afterwards the host is as it was or as it shall be, and what lxcnet did not make is there.
 */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { Noun } from '../../src/workflow/noun/noun.ts'
import { nouns } from '../../src/workflow/nouns/index.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, refused, start, traces as tracesOfNetwork } from './live.ts'

interface Attacked {
  title: string
  /** Index of the host on which it is attacked. */
  on: number
  create: string
  delete: string
  /** Another one of the same noun, made at the same time. */
  another: string
  prepare?: (host: LightHost) => Promise<unknown>
  clear?: (host: LightHost) => Promise<unknown>
}

const bridgesByHand = (host: LightHost) =>
  host.ok(`for bridge in lxcbr1 lxcbr2; do
  ip link add $bridge type bridge forward_delay 0 && ip link set $bridge up || exit
done
ip link add port0 type veth peer name port1; ip link set port0 master lxcbr2 up; ip link set port1 up
ip link add port2 type veth peer name port3; ip link set port2 master lxcbr1 up; ip link set port3 up`)
const noBridgesByHand = (host: LightHost) =>
  host.ok('for link in port0 port2 lxcbr1 lxcbr2; do ip link delete $link || exit; done')

const attacked: Attacked[] = [
  {
    title: 'a further NAT network',
    on: 0,
    create: 'nat create blue --subnet 10.7.0.0/24',
    delete: 'nat delete blue',
    another: 'nat create green --subnet 10.8.0.0/24',
  },
  {
    title: 'lxc-net',
    on: 0,
    create: 'nat set lxc-net subnet=10.9.0.0/24',
    delete: 'nat set lxc-net subnet=10.0.3.0/24',
    another: 'nat set lxc-net domain=lxc',
    prepare: (host) => change(host, 'nat enable'),
    clear: (host) => host.ok('/usr/libexec/lxc/lxc-net stop force'),
  },
  {
    title: 'a DHCP reservation',
    on: 1,
    create: 'dhcp reserve mail 10.0.3.16 --mac 00:00:5e:00:53:01',
    delete: 'dhcp unreserve mail',
    another: 'dhcp reserve web 10.0.3.17 --mac 00:00:5e:00:53:02',
    prepare: (host) => change(host, 'nat enable'),
    clear: (host) => host.ok('/usr/libexec/lxc/lxc-net stop force'),
  },
  {
    title: 'a bridge with an address',
    on: 2,
    create: 'bridge create br9 --address 10.0.9.1/24',
    delete: 'bridge delete br9',
    another: 'bridge create br8 --address 10.0.8.1/24',
  },
  {
    title: 'a bridge with an uplink',
    on: 2,
    create: 'bridge create br9 --uplink eth1 --address 198.18.1.231/24',
    delete: 'bridge delete br9',
    another: 'bridge create br8',
  },
  {
    title: 'a switch of Open vSwitch',
    on: 3,
    create: 'ovs create sw0 --datapath netdev --address 192.168.100.1/24 --uplink eth1',
    delete: 'ovs delete sw0',
    another: 'ovs create sw1 --datapath netdev --address 192.168.101.1/24',
  },
  {
    title: 'a gateway',
    on: 3,
    create: 'gateway create own --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.6.0/24 --members web',
    delete: 'gateway delete own',
    another: 'gateway create second --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.7.0/24',
    prepare: async (host) => {
      await bridgesByHand(host)
      const nic = (type: string, link: string, address: string): string[] => [
        `type = ${type}`,
        `link = ${link}`,
        'flags = up',
        `ipv4.address = ${address}`,
      ]
      const numbered = (lines: string[], index: number) => lines.map((line) => `lxc.net.${index}.${line}`)
      await host.container('own', [
        ...numbered(nic('veth', 'lxcbr1', '198.18.1.60/24'), 0),
        ...numbered([...nic('macvlan', 'lxcbr2', '10.0.6.1/24'), 'macvlan.mode = bridge'], 1),
      ])
      // it has its NIC, which would get a random MAC else
      const inside = [...nic('macvlan', 'lxcbr2', '10.0.6.2/24'), 'macvlan.mode = bridge', 'hwaddr = 00:00:5e:00:53:03']
      await host.container('web', numbered(inside, 0))
      await host.container('second')
      await start(host, 'own')
    },
    clear: async (host) => {
      await host.stop('own')
      await host.ok('rm -r /var/lib/lxc/own /var/lib/lxc/web /var/lib/lxc/second')
      await noBridgesByHand(host)
    },
  },
  {
    title: 'a forward',
    on: 1,
    create: 'forward create 8080/tcp --to 192.0.2.5:80',
    delete: 'forward delete 8080/tcp',
    another: 'forward create 8081/tcp --to 192.0.2.6:80',
  },
  {
    title: 'a shim',
    on: 2,
    create: 'shim create lxcbr2 --address 10.0.5.5/24',
    delete: 'shim delete lxcbr2',
    another: 'shim create lxcbr1 --address 10.0.4.5/24',
    prepare: bridgesByHand,
    clear: noBridgesByHand,
  },
]

/** Links, addresses, routes, rules and files, and what else a noun sets: programs, forwarding, rules in a container. */
const traces = async (host: LightHost): Promise<string[]> => [
  ...(await tracesOfNetwork(host)).sort(), // Open vSwitch lists the ports of a switch in no order
  ...(
    await host.ok(
      `find /etc -type l | sort
ps -eo args | grep '[d]nsmasq --' | sort
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/route_localnet | tr '\\n' ' '
pid=$(lxc-info -n own -pH 2>/dev/null) && [ -n "$pid" ] &&
  nsenter -t "$pid" -n sh -c 'nft -s list ruleset; cat /proc/sys/net/ipv4/ip_forward'
exit 0`,
    )
  ).split('\n'),
]

/** Says which lines are there that were not, and which are not there that were. */
function same(now: string[], before: string[], where = ''): void {
  const without = (lines: string[], others: string[]): string[] => {
    const left = [...others]
    return lines.filter((line) => {
      const at = left.indexOf(line)
      if (at !== -1) left.splice(at, 1)
      return at === -1
    })
  }
  assert.deepEqual({ more: without(now, before), less: without(before, now) }, { more: [], less: [] }, where)
}

/**
 * In front of what changes a host: counts the calls of each session of lxcnet's own, and at one of them kills the
 * session, which is the shell of the change with all that it has started. A daemon has a session of its own.
 */
const wrapper = (name: string) => `#!/bin/dash
name=${name}
for real in /usr/sbin/$name /usr/bin/$name; do [ ! -x "$real" ] || break; done
[ -n "$LXCNET_COUNT" ] || exec "$real" "$@"
n=0
[ ! -e "$LXCNET_COUNT/$name" ] || read -r n <"$LXCNET_COUNT/$name"
n=$((n + 1))
echo "$n" >"$LXCNET_COUNT/$name"
what=''
case $name in mv) for what; do :; done ;; sync) what=$1 ;; esac
echo "$name $n \${what##*/}" >>"$LXCNET_COUNT/log"
end() {
  read -r _ _ _ _ _ session _ </proc/$$/stat
  for stat in /proc/[0-9]*/stat; do
    read -r pid _ _ _ _ of _ 2>/dev/null <"$stat" || continue
    [ "$of" != "$session" ] || [ "$pid" = $$ ] || victims="$victims $pid"
  done
  : >"$LXCNET_COUNT/killed"
  /bin/kill -9 $victims $$
}
case $LXCNET_KILL in
  "before $name $n") end ;;
  "after $name $n") "$real" "$@"; end ;;
esac
exec "$real" "$@"
`

const startOvs = `mkdir -p /run/openvswitch
/usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor 2>/dev/null`

const commands = 'mv sync rm ip nft iptables ovs-vsctl ifup ifdown brctl update-rc.d nsenter'.split(' ')

interface Instant {
  moment: 'before' | 'after'
  /** `mv 3` */
  call: string
  /** Where mv(1) puts something, and the first that sync(1) writes: of a mark, its name. */
  what: string
}

describe('a noun that is attacked', function () {
  this.timeout(300_000)
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    for (const host of lab.hosts) {
      await host.ok(startOvs)
      await host.container('probe')
      await change(host, 'create probe --type empty')
      for (const name of commands) await host.write(`/usr/local/sbin/${name}`, wrapper(name), 0o755)
    }
  })

  after(() => lab.down())

  /** On all hosts at once, one noun after the other. */
  const each = async (body: (one: Attacked, host: LightHost) => Promise<void>): Promise<void> => {
    const onHost = async (host: LightHost, index: number): Promise<void> => {
      for (const one of attacked.filter(({ on }) => on === index)) {
        await one.prepare?.(host)
        const before = await traces(host)
        try {
          await body(one, host)
          same(await traces(host), before)
        } catch (cause) {
          throw new Error(`${one.title}: ${cause instanceof Error ? cause.message : cause}`, { cause })
        }
        await one.clear?.(host)
      }
    }
    const ends = await Promise.allSettled(lab.hosts.map(onHost))
    const faults = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []))
    assert.deepEqual(
      faults.map(({ message }) => message),
      [],
    )
  }

  describe('by a kill', () => {
    const counting = async (host: LightHost, line: string, kill: string) => {
      await host.ok('rm -rf /root/count; mkdir /root/count')
      return host.lxcnet([...line.split(' '), '--json'], { env: { LXCNET_COUNT: '/root/count', LXCNET_KILL: kill } })
    }

    /** The id of a change that is made undisturbed, and the instants at which it can be killed. */
    const counted = async (host: LightHost, line: string): Promise<{ id: string; instants: Instant[] }> => {
      const { status, stdout, stderr } = await counting(host, line, '')
      assert.equal(status, 0, `lxcnet ${line}: ${stdout}${stderr}`)
      const calls = (await host.ok('cat /root/count/log')).trim().split('\n')
      const end = calls.findLastIndex((call) => call.startsWith('rm ')) // of the marks
      const first = calls.findIndex((call) => call.startsWith('mv ')) // the journal comes to its place
      const instants = calls.slice(first, end + 1).flatMap((call): Instant[] => {
        const [name, n, what = ''] = call.split(' ')
        return (['before', 'after'] as const).map((moment) => ({ moment, call: `${name} ${n}`, what }))
      })
      return { id: (JSON.parse(stdout) as ChangeReport).id ?? '', instants }
    }

    /** Some of them, evenly, one in the middle of the first command, and those around the commit mark. */
    const some = (instants: Instant[], most: number): Instant[] => {
      const commit = instants.findIndex(({ what }) => what === 'committed')
      const begun = instants.findIndex(({ what }) => what === 'started.1')
      const stride = Math.max(1, Math.ceil(instants.length / most))
      return instants.filter(
        (_, index) => index % stride === 1 % stride || index === begun + 3 || Math.abs(index - commit) <= 1,
      )
    }

    const newest = async (host: LightHost): Promise<string> =>
      (await host.ok('ls /var/lib/lxcnet/journal | tail -n 1')).trim()

    /** Kills of each command line, besides those that every one gets. */
    const most = 3
    let kills = 0
    const ends = { before: 0, after: 0 }

    /** @returns whether it was complete when it was killed */
    const killed = async (
      host: LightHost,
      line: string,
      { moment, call, what }: Instant,
      [from, to]: [string[], string[]],
      byRollback: boolean,
    ): Promise<{ complete: boolean; id: string }> => {
      const where = `lxcnet ${line}, killed ${moment} ${call} ${what}`
      const previous = await newest(host)
      const { status, stdout } = await counting(host, line, `${moment} ${call}`)
      await host.ok('[ -e /root/count/killed ]').catch(() => assert.fail(`${where}: not reached: ${stdout}`))
      const id = await newest(host)
      const begun = id !== previous
      const found = begun ? await host.ok(`cd /var/lib/lxcnet/journal/${id}; ls committed clean 2>/dev/null || :`) : ''
      const said = JSON.parse(stdout) as { code?: string; result?: string }
      if (said.code !== 'interrupted')
        assert.match(`${status} ${said.result}`, /^(0 applied|1 unverified)$/, `${where}: ${stdout}`)
      if (byRollback && begun && !found.includes('committed')) {
        const { code } = await refused(host, `rollback ${id}`)
        assert.equal(code, 'not-committed', where)
      } else {
        const { result, notes } = await change(host, 'set probe:0 flags=up')
        assert.equal(result, 'unchanged')
        const told = notes.filter(({ code }) => code === 'recovered').map(({ message }) => message)
        if (!begun || found.includes('clean')) assert.deepEqual(told, [], where)
        else
          assert.match(
            told.join('\n'),
            new RegExp(`^${id} was ${found.includes('committed') ? 'complete' : '.*has been taken back$'}`),
            where,
          )
      }
      const complete = found.includes('committed')
      same(await traces(host), complete ? to : from, where)
      kills++
      ends[complete ? 'after' : 'before']++
      return { complete, id }
    }

    it('is as it was, or as it shall be, after the next command, which says so', async () => {
      await each(async ({ create, delete: remove }, host) => {
        const bare = await traces(host)
        const creating = await counted(host, create)
        const made = await traces(host)
        const deleting = await counted(host, remove)
        const gone = await traces(host)
        await change(host, `rollback ${deleting.id}`)
        same(await traces(host), made)
        const goingBack = await counted(host, `rollback ${creating.id}`)
        same(await traces(host), bare)
        let turn = 0
        for (const instant of some(creating.instants, most)) {
          const { complete, id } = await killed(host, create, instant, [bare, made], turn++ % 2 === 0)
          if (complete) await change(host, `rollback ${id}`)
        }
        let id = (await change(host, create)).id
        for (const instant of some(deleting.instants, most)) {
          const { complete, id: deletion } = await killed(host, remove, instant, [made, gone], turn++ % 2 === 0)
          if (complete) await change(host, `rollback ${deletion}`)
        }
        for (const instant of some(goingBack.instants, most)) {
          const { complete } = await killed(host, `rollback ${id}`, instant, [made, bare], turn++ % 2 === 0)
          if (complete) id = (await change(host, create)).id
        }
        await change(host, `rollback ${id}`)
      })
      console.log(`      ${kills} kills: ${ends.before} × taken back, ${ends.after} × complete`)
      assert.ok(ends.before > 50 && ends.after > 20)
    })
  })

  describe('by two at once', () => {
    const run = async (host: LightHost, line: string) => {
      const { status, stdout, stderr } = await host.lxcnet([...line.split(' '), '--json'])
      const said = JSON.parse(stdout) as { result?: string; id?: string; code?: string }
      if (status === 75) assert.equal(said.code, 'locked', line)
      else if (status !== 0) assert.equal(said.code, 'stale', `lxcnet ${line}: ${stdout}${stderr}`)
      else assert.match(said.result ?? '', /^(applied|unchanged)$/, line)
      return { line, ...said }
    }

    /** A dry run ends with 0 where nothing is left to do, and with 2 else. */
    const isThere = async (host: LightHost, line: string): Promise<boolean> => {
      const { status, stdout } = await host.lxcnet([...line.split(' '), '--dry-run'])
      assert.ok(status === 0 || status === 2, stdout)
      return status === 0
    }

    /** What was made last may have changed the same files, and is taken back first. */
    const takeBack = async (host: LightHost, ids: string[]): Promise<void> => {
      for (const id of ids.toReversed()) {
        const { status, stdout } = await host.lxcnet(['rollback', id, '--json'])
        if (status !== 0) assert.equal((JSON.parse(stdout) as { code?: string }).code, 'changed-since', stdout)
        else
          return takeBack(
            host,
            ids.filter((one) => one !== id),
          )
      }
      assert.deepEqual(ids, [], 'one of them can be taken back')
    }

    it('comes to what they said that they did', async () => {
      const tally = { made: 0, refused: 0 }
      await each(async ({ create, another }, host) => {
        const before = await traces(host)
        for (const lines of [
          [create, another],
          [create, create],
        ]) {
          const ends = await Promise.all(lines.map((line) => run(host, line)))
          const made = ends.filter(({ result }) => result === 'applied')
          assert.ok(made.length > 0)
          tally.made += made.length
          tally.refused += ends.filter(({ code }) => code !== undefined).length
          for (const line of new Set(lines))
            assert.equal(
              await isThere(host, line),
              made.some((end) => end.line === line),
              line,
            )
          await takeBack(
            host,
            made.map(({ id }) => id ?? ''),
          )
          same(await traces(host), before, lines.join(' and '))
        }
      })
      console.log(`      ${tally.made} made, ${tally.refused} locked out`)
    })
  })

  describe('by the rollback of another', () => {
    /** Refused, and then in the order in which it can be. */
    const robs = async (host: LightHost, lines: [string, string]): Promise<void> => {
      const before = await traces(host)
      const ids: string[] = []
      for (const line of lines) ids.push((await change(host, line)).id ?? '')
      const made = await traces(host)
      const { code, exit } = await refused(host, `rollback ${ids[0]}`)
      assert.deepEqual([code, exit], ['changed-since', 65])
      same(await traces(host), made)
      for (const id of ids.toReversed()) await change(host, `rollback ${id}`)
      same(await traces(host), before)
    }

    it('keeps what has it brought back at boot, and the hook that its container runs', async () => {
      for (const title of ['a shim', 'a gateway']) {
        const one = attacked.find((other) => other.title === title) as Attacked
        const host = lab.hosts[one.on] as LightHost
        await one.prepare?.(host)
        await robs(host, [one.create, one.another])
        await one.clear?.(host)
      }
    })
  })

  describe('by hostile words', () => {
    const hostile = [
      '../x',
      '-rf',
      'a b',
      'a;reboot',
      '$(id)',
      '`id`',
      "'",
      '"',
      'a\nb',
      'x'.repeat(200),
      '/',
      '\xc3\xa9',
      '',
      '*',
      '.',
    ]

    /** Those that go all the way to a host. */
    const worst = ['../x', '-rf', '$(id)', 'a\nb']

    it('takes none of them for a name', async () => {
      for (const { noun, name } of nouns)
        assert.deepEqual(
          hostile.filter((text) => name.pattern.test(text)),
          [],
          noun,
        )
      const names = attacked.filter(({ title }) => title !== 'lxc-net')
      await Promise.all(
        lab.hosts.map(async (host, index) => {
          const before = await traces(host)
          for (const { create, delete: remove } of names.filter((_, at) => at % lab.hosts.length === index))
            for (const name of worst) {
              for (const line of [create, remove]) {
                const [noun = '', verb = '', , ...rest] = line.split(' ')
                // behind -- no word is a flag
                const { code, exit } = await refused(host, [noun, verb, ...rest, '--', name])
                assert.match(`${exit} ${code}`, /^6[45] [a-z-]+$/, `${line}: ${JSON.stringify(name)}`)
              }
            }
          same(await traces(host), before)
        }),
      )
    })

    it('takes none of them for a value, and changes nothing', async () => {
      await each(async ({ title, create }, host) => {
        if (title === 'lxc-net') return // `set` takes no flags
        const { words, check } = nouns.find(({ noun }) => create.startsWith(`${noun} `)) as Noun
        const before = await traces(host)
        for (const { flag } of words)
          for (const text of hostile) {
            const line = create.replace(new RegExp(` --${flag} \\S+`), '').split(' ')
            // most are refused before a host is asked: a few of them go there all the same
            if (!('value' in check(flag, text)) && text !== 'a\nb') continue
            const { code, exit } = await refused(host, [...line, `--${flag}=${text}`])
            assert.match(`${exit} ${code}`, /^6[45] [a-z-]+$/, `--${flag}=${text}`)
          }
        same(await traces(host), before)
      })
    })
  })

  describe('by a full disk', () => {
    it('is refused before it has changed anything', async () => {
      await each(async ({ create }, host) => {
        const state = '/var/lib/lxcnet'
        await host.ok(`mv ${state} ${state}.kept; mkdir ${state}; mount -t tmpfs -o size=8k none ${state}`)
        const before = await traces(host)
        const { code, exit } = await refused(host, create)
        same(await traces(host), before)
        await host.ok(`umount ${state}; rmdir ${state}; mv ${state}.kept ${state}`)
        assert.match(`${exit} ${code}`, /^(77 no-rights|1 cannot-change)$/)
      })
    })
  })

  describe('where somebody has made the same by hand', () => {
    const byHand: { title: string; on: number; make: string; unmake: string; lines: [string, string][] }[] = [
      {
        title: 'a link of the name of a NAT network',
        on: 0,
        make: 'ip link add blue type bridge; ip address add 10.99.0.1/24 dev blue',
        unmake: 'ip link delete blue',
        lines: [
          ['nat create blue --subnet 10.7.0.0/24', 'nat-bridge-taken'],
          ['nat delete blue', 'no-object'],
        ],
      },
      {
        title: 'reservations',
        on: 0,
        make: `echo LXC_DHCP_CONFILE=/etc/lxc/dnsmasq.conf >>/etc/default/lxc-net
echo dhcp-host=mail,10.0.3.50 >/etc/lxc/dnsmasq.conf; /usr/libexec/lxc/lxc-net start`,
        unmake: `/usr/libexec/lxc/lxc-net stop; rm /etc/lxc/dnsmasq.conf; sed -i '/^LXC_DHCP_CONFILE/d' /etc/default/lxc-net`,
        lines: [['dhcp unreserve mail', 'not-ours']],
      },
      {
        title: 'a table of nft',
        on: 1,
        make: `nft 'table inet lxcnet { chain mine { }; }'`,
        unmake: 'nft delete table inet lxcnet',
        lines: [
          ['forward create 8080/tcp --to 192.0.2.5:80', 'table-taken'],
          ['forward delete 8080/tcp', 'no-object'],
          ['nat create blue --subnet 10.7.0.0/24', 'table-taken'],
        ],
      },
      {
        title: 'a bridge',
        on: 2,
        make: 'ip link add br9 type bridge; ip address add 10.0.9.1/24 dev br9; ip link set br9 up',
        unmake: 'ip link delete br9',
        lines: [
          ['bridge create br9 --address 10.0.9.1/24', 'name-taken'],
          ['bridge delete br9', 'no-object'],
          ['bridge create br8 --uplink br9', 'uplink-taken'],
        ],
      },
      {
        title: 'a macvlan',
        on: 2,
        make: `ip link add lxcbr2 type bridge; ip link set lxcbr2 up
ip link add shim-lxcbr2 link lxcbr2 type macvlan mode bridge; ip address add 10.0.5.7/24 dev shim-lxcbr2`,
        unmake: 'ip link delete shim-lxcbr2; ip link delete lxcbr2',
        lines: [
          ['shim create lxcbr2 --address 10.0.5.5/24', 'name-taken'],
          ['shim delete lxcbr2', 'no-object'],
        ],
      },
      {
        title: 'a switch of Open vSwitch',
        on: 3,
        make: 'ovs-vsctl add-br sw0 -- set bridge sw0 datapath_type=netdev',
        unmake: 'ovs-vsctl del-br sw0',
        lines: [
          ['ovs create sw0 --datapath netdev --address 192.168.100.1/24', 'object-exists'],
          ['ovs delete sw0', 'not-ours'],
        ],
      },
    ]

    for (const { title, on, make, unmake, lines } of byHand)
      it(`${title}: nothing of it is taken away`, async () => {
        const host = lab.hosts[on] as LightHost
        await host.ok(make)
        const before = await traces(host)
        for (const [line, code] of lines) {
          assert.equal((await refused(host, line)).code, code, line)
          same(await traces(host), before, line)
        }
        await host.ok(unmake)
      })
  })
})
