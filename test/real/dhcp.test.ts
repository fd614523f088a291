/** Reservations on a real host: LXC's own lxc-net and dnsmasq, and containers that ask it for an address. */
import assert from 'node:assert/strict'
import type { CheckReport } from '../../src/report/check.ts'
import type { LeasesReport } from '../../src/report/leases.ts'
import type { ObjectsReport } from '../../src/report/objects.ts'
import { Lab, type LabHost, type LightHost } from './lab/lab.ts'
import { change, lostDuring, pings, read, refused, start } from './live.ts'

const settings = '/etc/default/lxc-net'
const hosts = '/etc/lxcnet/dnsmasq/lxc-net.hosts'
const pidFile = '/run/lxc/dnsmasq.pid'

const veth = ['lxc.net.0.type = veth', 'lxc.net.0.link = lxcbr0', 'lxc.net.0.flags = up']

const leases = async (host: LabHost): Promise<LeasesReport['leases']> =>
  (JSON.parse((await host.lxcnet(['dhcp', 'leases', '--json'])).stdout) as LeasesReport).leases

const found = async (host: LabHost): Promise<ObjectsReport['objects']> =>
  (JSON.parse((await host.lxcnet(['dhcp', 'show', '--json'])).stdout) as ObjectsReport).objects

/** Asks DHCP inside a running container, by a name if one is given. @returns its address */
async function lease(host: LabHost, container: string, ...words: string[]): Promise<string> {
  const asked = await host.inside(container, ['udhcpc', '-n', '-q', '-f', '-t', '10', '-T', '1', ...words])
  assert.equal(asked.status, 0, asked.stderr)
  return /lease of (\S+) obtained/.exec(asked.stderr)?.[1] ?? ''
}

/** Codes of what `check` says of reservations, and of which. */
const faults = async (host: LabHost): Promise<unknown[]> =>
  (JSON.parse((await host.lxcnet(['check', '--json'])).stdout) as CheckReport).findings
    .filter(({ object }) => object?.startsWith('dhcp'))
    .map(({ code, object }) => [code, object])

/** Everything that a change may leave behind: files, links, rules without counters, and the dnsmasq with all its words. */
const traces = (host: LabHost): Promise<string> =>
  host.ok(`find /etc /var/lib/lxc -type f ! -path '*/lxc/*/rootfs/*' -exec sha256sum {} + | sort
find /etc/lxcnet 2>/dev/null
ip -o link | sed 's/^[0-9]*: //; s/<[^>]*>//; s/ state [A-Z]*//; s/@[^:]*//; s/veth[^:]*/veth/; s/ether .*//' | sort
ip -o address | grep -v fe80 | awk '{print $2, $4}' | sort
nft -s list ruleset
ps -eo args | grep '[d]nsmasq --'`)

const dnsmasq = async (host: LabHost): Promise<string> => (await host.ok(`cat ${pidFile}`)).trim()

/** dhcp_release(1) of dnsmasq-utils, which the hosts lack: the DHCPRELEASE that it sends, RFC 2131 §4.4.6. */
const dhcpRelease = `#!/opt/node/bin/node
const [, , bridge, address, mac, clientId] = process.argv
const shown = require('node:child_process').execFileSync('ip', ['-4', '-o', 'address', 'show', 'dev', bridge])
const [, server] = / inet ([0-9.]+)/.exec(shown)
const octets = (text, base, by) => Buffer.from(text.split(by).map((one) => parseInt(one, base)))
const fixed = Buffer.alloc(236)
fixed.set([1, 1, 6])
octets(address, 10, '.').copy(fixed, 12)
octets(mac, 16, ':').copy(fixed, 28)
const id = clientId === undefined ? Buffer.alloc(0) : octets(clientId, 16, ':')
const options = [[99, 130, 83, 99, 53, 1, 7, 54, 4], octets(server, 10, '.'), id.length > 0 ? [61, id.length] : [], id, [255]]
const socket = require('node:dgram').createSocket('udp4')
socket.send(Buffer.concat([fixed, ...options.map((one) => Buffer.from(one)), Buffer.alloc(60)]), 67, server, () => socket.close())
`

describe('dhcp: reservations on real dnsmasq', () => {
  let lab: Lab
  let host: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    host = lab.hosts[0] as LabHost
    await host.ok('/usr/libexec/lxc/lxc-net start')
    for (const name of ['mail', 'web']) await host.container(name, veth)
  })

  after(() => lab.down())

  it('the first one restarts dnsmasq without a packet lost, holds from the next lease, and goes without a trace', async () => {
    await start(host, 'mail')
    const first = await lease(host, 'mail')
    assert.notEqual(first, '10.0.3.16')
    const before = await traces(host)
    let id: string | null = null
    const lost = await lostDuring([host, 'mail', '10.0.3.1'], async () => {
      const report = await change(host, 'dhcp reserve mail 10.0.3.16')
      id = report.id
      assert.deepEqual(
        report.notes.map(({ code }) => code),
        ['dhcp-lease-waits'],
      )
      // a restart of dnsmasq is said to be one, and nothing is worse than that but the container's own config
      assert.ok(report.changes.some(({ kind, impact }) => kind === 'run' && impact === 'reconnect'))
    })
    assert.equal(lost, 0)
    const mac = (await host.ok('nsenter -t "$(lxc-info -n mail -pH)" -n ip -o link show eth0')).replace(
      /.*link\/ether (\S+).*/s,
      '$1',
    )
    assert.deepEqual(await read(host, 'mail', '0.hwaddr'), [mac], 'it keeps the MAC that it runs with')
    assert.equal((await host.read(hosts)).toString().split('\n')[1], `${mac},10.0.3.16,mail`)
    assert.equal((await change(host, 'dhcp reserve mail 10.0.3.16')).result, 'unchanged')

    await host.stop('mail')
    await change(host, 'dhcp release mail')
    assert.deepEqual(await leases(host), [])
    await start(host, 'mail')
    assert.equal(await lease(host, 'mail'), '10.0.3.16')
    await pings({ reached: [[host, null, '10.0.3.16']], lost: [[host, null, '10.0.3.15']] })
    const [row] = await leases(host)
    assert.deepEqual([row?.address, row?.container, row?.state, row?.reserved], ['10.0.3.16', 'mail', 'live', true])
    assert.ok((row?.secondsLeft ?? 0) > 3000, 'of the hour that dnsmasq gives')
    assert.match((await host.lxcnet(['dhcp', 'list'])).stdout, /^mail +leased +10\.0\.3\.16 +\S+ +lxc-net$/m)
    assert.deepEqual(await found(host), [
      {
        name: 'mail',
        state: 'leased',
        from: hosts,
        own: true,
        settings: { address: ['10.0.3.16'], nic: ['0'], mac: [mac], network: ['lxc-net'] },
      },
    ])
    await host.stop('mail')
    await change(host, `rollback ${id}`)
    await start(host, 'mail')
    assert.equal(await traces(host), before)
    await host.stop('mail')
    // it will have another MAC, and the address is still leased to this one
    assert.equal((await refused(host, 'dhcp reserve mail 10.0.3.16')).code, 'dhcp-lease-held')
    await change(host, 'dhcp release 10.0.3.16')
  })

  it('every further one is a line and a SIGHUP: the same dnsmasq goes on, and gives it', async () => {
    await change(host, 'dhcp reserve mail 10.0.3.16')
    const pid = await dnsmasq(host)
    const { changes } = await change(host, 'dhcp reserve web next:')
    assert.ok(changes.every(({ impact }) => impact === 'live'))
    assert.equal(await dnsmasq(host), pid)
    const web = (await found(host)).find(({ name }) => name === 'web')
    const address = web?.settings['address']?.[0] ?? ''
    assert.equal(address, '10.0.3.2', 'the first of the range')
    await start(host, 'web')
    assert.equal(await lease(host, 'web'), address)
    assert.equal((await change(host, 'dhcp reserve web next:')).result, 'unchanged')
    await change(host, 'dhcp reserve web 10.0.3.20')
    assert.equal(await lease(host, 'web'), '10.0.3.20', 'moved, for the next lease')
    const { id } = await change(host, 'dhcp unreserve web')
    assert.equal(await dnsmasq(host), pid)
    await change(host, `rollback ${id}`)
    assert.equal(await lease(host, 'web'), '10.0.3.20')
    await host.stop('web')
  })

  it('a client that is no container is known by the name that it asks by, or by its MAC', async () => {
    await change(host, 'dhcp reserve printer 10.0.3.30')
    await change(host, 'dhcp reserve phone 10.0.3.31 --mac 00:16:3e:00:53:01')
    const text = (await host.read(hosts)).toString()
    assert.match(text, /^printer,10\.0\.3\.30$/m)
    assert.match(text, /^00:16:3e:00:53:01,10\.0\.3\.31,phone$/m)
    await host.container('guest', [...veth, 'lxc.net.0.hwaddr = 00:16:3e:00:53:01'])
    await start(host, 'guest')
    assert.equal(await lease(host, 'guest'), '10.0.3.31')
    const use = await refused(host, 'dhcp release 10.0.3.31')
    assert.match(
      use.message,
      /^dhcp guest: it runs and uses 10\.0\.3\.31, which stays reserved for it, but has no name/,
    )
    const { summary } = await change(host, 'dhcp release 10.0.3.31 --allow dhcp-in-use')
    assert.deepEqual(summary, ['dhcp guest: 10.0.3.31 is not leased any more, and stays reserved'])
    await host.stop('guest')
    await host.container('guest', [...veth, 'lxc.net.0.hwaddr = 00:16:3e:00:53:02'])
    await start(host, 'guest')
    assert.equal(await lease(host, 'guest', '-x', 'hostname:printer'), '10.0.3.30')
    await host.stop('guest')
    for (const name of ['printer', 'phone']) await change(host, `dhcp unreserve ${name}`)
  })

  it('a MAC that LXC would draw at every start is drawn once for all', async () => {
    await host.container('drawn', [...veth, 'lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx'])
    await change(host, 'dhcp reserve drawn 10.0.3.32')
    assert.match((await host.read('/var/lib/lxc/drawn/config')).toString(), /hwaddr = 00:16:3e(:[0-9a-f]{2}){3}$/m)
    await start(host, 'drawn')
    assert.equal(await lease(host, 'drawn'), '10.0.3.32')
    await host.stop('drawn')
    await change(host, 'dhcp unreserve drawn')
  })

  it('two commands at once never give the same address', async () => {
    const names = ['one', 'two', 'three']
    const ran = await Promise.all(names.map((name) => host.lxcnet(['dhcp', 'reserve', name, 'next:'])))
    for (const [at, { status, stderr }] of ran.entries()) {
      assert.ok(status === 0 || status === 75, stderr) // done, or told that another one is at it
      if (status !== 0) await change(host, `dhcp reserve ${names[at]} next:`)
    }
    const given = (await found(host))
      .filter(({ name }) => names.includes(name))
      .map(({ settings }) => settings['address'])
    assert.equal(new Set(given.flat()).size, 3, String(given))
    for (const name of names) await change(host, `dhcp unreserve ${name}`)
  })

  it('the range of a network moves out of the way of reservations', async () => {
    const { id } = await change(host, 'dhcp range lxc-net 10.0.3.100,10.0.3.119')
    await start(host, 'drawn')
    assert.match(await lease(host, 'drawn'), /^10\.0\.3\.1[01]\d$/)
    await change(host, 'dhcp reserve drawn 10.0.3.33')
    assert.equal(await lease(host, 'drawn'), '10.0.3.33')
    await host.stop('drawn')
    await change(host, 'dhcp unreserve drawn')
    await change(host, `rollback ${id}`)
  })

  it('a further network has reservations of its own, which go with it and come back with it', async () => {
    const clean = await traces(host)
    const pid = await dnsmasq(host)
    await change(host, 'nat create blue --subnet 10.7.0.0/24')
    await host.container('inner', [veth[0] ?? '', 'lxc.net.0.link = blue', 'lxc.net.0.flags = up'])
    await change(host, 'dhcp reserve inner 10.7.0.50')
    const blue = await host.ok('cat /run/lxcnet/dnsmasq-blue.pid')
    await change(host, 'dhcp reserve other next:10.7.0.0/24')
    assert.equal(await host.ok('cat /run/lxcnet/dnsmasq-blue.pid'), blue, 'a SIGHUP')
    assert.equal(await dnsmasq(host), pid, 'the dnsmasq of lxc-net has nothing to do with it')
    await start(host, 'inner')
    assert.equal(await lease(host, 'inner'), '10.7.0.50')
    await host.stop('inner')
    const moved = await change(host, 'nat set blue subnet=10.17.0.0/24')
    assert.deepEqual(
      moved.notes.map(({ code, message }) => [code, /reserved for inner, other is not in 10\.17/.test(message)]),
      [['dhcp-outside', true]],
    )
    await change(host, `rollback ${moved.id}`)
    const { id } = await change(host, 'nat delete blue')
    assert.ok((await found(host)).every(({ settings }) => settings['network']?.[0] === 'lxc-net'))
    assert.equal((await traces(host)).replace(/^.*\/inner\/config\n/m, ''), clean.replace(/^.*\/inner\/config\n/m, ''))
    await change(host, `rollback ${id}`)
    await start(host, 'inner')
    assert.equal(await lease(host, 'inner'), '10.7.0.50')
    await host.stop('inner')
    await change(host, 'nat delete blue')
    await host.ok('rm -r /var/lib/lxc/inner')
  })

  it('is refused where the address is not to be had', async () => {
    await host.container('still', [...veth, 'lxc.net.0.ipv4.address = 10.0.3.40/24'])
    await start(host, 'guest')
    const taken = await lease(host, 'guest')
    const no = async (words: string): Promise<string> => (await refused(host, `dhcp reserve web ${words}`)).code
    assert.equal(await no('10.0.4.16'), 'dhcp-no-network')
    assert.equal(await no('10.0.4.16 --network lxc-net'), 'dhcp-outside')
    assert.equal(await no('10.0.3.255'), 'dhcp-outside')
    assert.equal(await no('10.0.3.0'), 'dhcp-outside')
    assert.equal(await no('10.0.3.1'), 'dhcp-address-taken')
    assert.equal(await no('10.0.3.16'), 'dhcp-address-taken')
    assert.equal(await no('10.0.3.40'), 'duplicate-address')
    assert.equal(await no(taken), 'dhcp-lease-held')
    assert.equal(await no('10.0.3.50 --nic 1'), 'dhcp-no-nic')
    assert.equal(await no('10.0.3.50 --network blue'), 'dhcp-no-network')
    assert.equal(await no('10.0.3.50/24'), 'bad-address')
    const [mac = ''] = await read(host, 'mail', '0.hwaddr')
    const twice = await refused(host, `dhcp reserve db 10.0.3.50 --mac ${mac}`)
    assert.deepEqual([twice.code, twice.suggestions[0]], ['dhcp-twice', 'lxcnet dhcp unreserve mail'])
    assert.equal(twice.message, `dhcp db: ${mac} has 10.0.3.16 already, reserved for mail`)
    assert.equal((await refused(host, 'dhcp reserve 12h 10.0.3.50')).code, 'bad-object-name')
    assert.equal((await refused(host, 'dhcp unreserve nobody')).code, 'no-object')
    assert.equal((await refused(host, 'dhcp release 10.0.3.77')).code, 'no-lease')
    const used = await refused(host, `dhcp release ${taken}`)
    assert.deepEqual([used.code, /given to the next who asks/.test(used.message)], ['dhcp-in-use', true])
    await host.stop('guest')
  })

  it('says when the container sets an address by itself', async () => {
    const { notes } = await change(host, 'dhcp reserve still 10.0.3.41')
    assert.deepEqual(
      notes.map(({ code, message }) => [code, /its config/.test(message)]),
      [['dhcp-static-inside', true]],
    )
    await change(host, 'dhcp unreserve still')
    await host.ok('mkdir -p /srv/debian/etc/network')
    await host.write(
      '/srv/debian/etc/network/interfaces',
      'auto eth0\niface eth0 inet static\n  address 10.0.3.42/24\n',
    )
    await host.container('debian', veth)
    await host.ok('sed -i "s|^lxc.rootfs.path = .*|lxc.rootfs.path = dir:/srv/debian|" /var/lib/lxc/debian/config')
    const inside = await change(host, 'dhcp reserve debian 10.0.3.43')
    assert.deepEqual(
      inside.notes.map(({ code, message }) => [code, /its own \/etc\/network\/interfaces/.test(message)]),
      [['dhcp-static-inside', true]],
    )
    assert.match((await read(host, 'debian', '0.hwaddr'))[0] ?? '', /^00:16:3e:/, 'a MAC that stays')
    // what a container makes of its own files leads nowhere else
    await host.ok('cd /srv/debian/etc/network && ln -sf /etc/network/interfaces interfaces')
    await host.write('/etc/network/interfaces', 'iface eth0 inet static\n')
    assert.deepEqual((await change(host, 'dhcp reserve debian 10.0.3.44')).notes, [])
    await host.ok('cd /srv/debian/etc/network && rm interfaces && truncate -s 8G interfaces')
    assert.deepEqual((await change(host, 'dhcp reserve debian 10.0.3.45')).notes, [])
    await change(host, 'dhcp unreserve debian')
  })

  it('a lease of a container that is gone is stale, and its address free once it is released', async () => {
    await start(host, 'guest')
    const address = await lease(host, 'guest')
    await host.stop('guest')
    await host.ok('rm -r /var/lib/lxc/guest')
    const row = (await leases(host)).find((one) => one.address === address)
    assert.deepEqual([row?.state, row?.container], ['stale', null])
    assert.equal((await refused(host, `dhcp reserve web ${address}`)).code, 'dhcp-lease-held')
    await change(host, `dhcp release ${address}`)
    await change(host, `dhcp reserve web ${address}`)
    await start(host, 'web')
    assert.equal(await lease(host, 'web'), address)
    await host.stop('web')
    await change(host, 'dhcp unreserve web')
  })

  it('a lease ends without a restart of dnsmasq where the host has dhcp_release', async () => {
    await host.write('/usr/bin/dhcp_release', dhcpRelease, 0o755)
    await start(host, 'web')
    const address = await lease(host, 'web')
    await host.stop('web')
    const pid = await dnsmasq(host)
    const { changes } = await change(host, `dhcp release ${address}`)
    assert.deepEqual(
      changes.map(({ impact }) => impact),
      ['live'],
    )
    assert.deepEqual([await dnsmasq(host), (await leases(host)).filter((one) => one.address === address)], [pid, []])
    await host.ok('rm /usr/bin/dhcp_release')
  })

  it('check finds what is wrong with reservations', async () => {
    await host.write(hosts, `${await host.ok(`cat ${hosts}`)}00:16:3e:00:53:77,10.0.3.16,gone\nout,10.9.9.9\n`)
    assert.deepEqual(await faults(host), [
      ['dhcp-twice', 'dhcp gone'],
      ['dhcp-container-gone', 'dhcp gone'],
      ['dhcp-outside', 'dhcp out'],
    ])
    await host.write(hosts, await host.ok(`grep -v 'gone\\|out' ${hosts}`))
    assert.deepEqual(await faults(host), [])
    await host.ok('sleep 0.05; echo "# by hand" >>/etc/lxcnet/dnsmasq/lxc-net.conf')
    assert.deepEqual(await faults(host), [['dhcp-not-read', 'dhcp']])
    const pid = await dnsmasq(host)
    await change(host, 'dhcp reserve web next:')
    assert.notEqual(await dnsmasq(host), pid, 'the next reservation has it read all of it')
    await change(host, 'dhcp unreserve web')
    assert.deepEqual(await faults(host), [])
    await host.ok('sed -i "/by hand/d" /etc/lxcnet/dnsmasq/lxc-net.conf')
  })

  it('the way back brings a dnsmasq that somebody has killed meanwhile', async () => {
    await change(host, 'dhcp unreserve mail')
    const before = await traces(host)
    const { id } = await change(host, 'dhcp reserve printer 10.0.3.61')
    await host.ok(`kill -9 "$(cat ${pidFile})"`)
    await change(host, `rollback ${id}`)
    assert.equal(await traces(host), before)
    await change(host, 'dhcp reserve mail 10.0.3.16')
  })

  it('in a directory tree the files are written, and what they name is said', async () => {
    await host.ok('mkdir -p /srv/tree/etc/lxc /srv/tree/var/lib && cp -r /etc/default /srv/tree/etc/')
    await host.ok("sed -i '/lxcnet/d' /srv/tree/etc/default/lxc-net; cp -r /srv/tree/etc/default /srv/default")
    const { changes, leftOut } = await change(host, 'dhcp reserve printer 10.0.3.30 --root /srv/tree')
    assert.ok(changes.every(({ kind }) => kind === 'file'))
    assert.deepEqual(leftOut, [])
    assert.match(await host.ok(`cat /srv/tree${hosts}`), /^printer,10\.0\.3\.30$/m)
    await change(host, 'dhcp unreserve printer --root /srv/tree')
    assert.equal(await host.ok('diff -r /srv/default /srv/tree/etc/default; ls /srv/tree/etc'), 'default\nlxc\n')
  })

  it('while dnsmasq does not run it is written, and there from its start', async () => {
    await host.ok('/usr/libexec/lxc/lxc-net stop; rm /var/lib/misc/dnsmasq.lxcbr0.leases')
    const { notes } = await change(host, 'dhcp reserve web 10.0.3.60')
    assert.deepEqual(
      notes.map(({ code }) => code),
      ['dhcp-not-running'],
    )
    await host.ok('/usr/libexec/lxc/lxc-net start')
    await start(host, 'web')
    assert.equal(await lease(host, 'web'), '10.0.3.60')
    await host.stop('web')
  })

  it('with the last one everything of lxcnet is gone from lxc-net', async () => {
    await change(host, 'dhcp unreserve web')
    await change(host, 'dhcp unreserve mail')
    assert.deepEqual(await found(host), [])
    assert.doesNotMatch((await host.read(settings)).toString(), /lxcnet/)
    assert.equal(await host.ok('ls -d /etc/lxcnet 2>/dev/null || echo none'), 'none\n')
    assert.match(await host.ok('ps -eo args'), /^dnsmasq --conf-file=\/dev\/null /m)
    await start(host, 'web')
    assert.match(await lease(host, 'web'), /^10\.0\.3\./) // the old one, while its lease lasts, or another
    await host.stop('web')
  })
})

describe('dhcp: a dnsmasq that an admin has set up', () => {
  let lab: Lab
  let host: LabHost
  const conf = '/srv/dns/lxc.conf'
  const own = `# ours
dhcp-option=option:ntp-server,10.0.3.1 # time
dhcp-host=00:16:3E:00:53:11,10.0.3.111,old ,12h
dhcp-hostsfile=/srv/dns/more
`

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    host = lab.hosts[0] as LabHost
    await host.write(conf, own)
    await host.write('/srv/dns/more', '# more\n00:16:3e:00:53:12,10.0.3.112\n')
    await host.ok(`echo 'LXC_DHCP_CONFILE="${conf}"' >>${settings}; /usr/libexec/lxc/lxc-net start`)
    await host.container('old', [...veth, 'lxc.net.0.hwaddr = 00:16:3e:00:53:11'])
    await host.container('more', [...veth, 'lxc.net.0.hwaddr = 00:16:3e:00:53:12'])
    await host.container('new', veth)
  })

  after(() => lab.down())

  it('is understood: its own reservations are listed, and what they take is taken', async () => {
    assert.deepEqual(
      (await found(host)).map(({ name, from, own, settings }) => [name, from, own, settings['address']?.[0]]),
      [
        ['old', conf, false, '10.0.3.111'],
        ['more', '/srv/dns/more', false, '10.0.3.112'],
      ],
    )
    assert.equal((await change(host, 'dhcp reserve old 10.0.3.111')).result, 'unchanged')
    assert.equal((await refused(host, 'dhcp reserve new 10.0.3.111')).code, 'dhcp-address-taken')
    assert.equal((await refused(host, 'dhcp unreserve old')).code, 'not-ours')
    assert.equal((await refused(host, 'dhcp reserve phone 10.0.3.5 --mac 00:16:3e:00:53:11')).code, 'dhcp-by-hand')
  })

  it('gets one line and keeps all others, and its reservations move where they stand', async () => {
    const before = await traces(host)
    const first = await change(host, 'dhcp reserve new 10.0.3.120')
    assert.equal((await host.read(conf)).toString(), `${own}dhcp-hostsfile=${hosts}\n`)
    const moved = await change(host, 'dhcp reserve old 10.0.3.113')
    assert.match((await host.read(conf)).toString(), /^dhcp-host=00:16:3E:00:53:11,10\.0\.3\.113,old ,12h$/m)
    const pid = await dnsmasq(host)
    const more = await change(host, 'dhcp reserve more 10.0.3.114')
    assert.equal(await dnsmasq(host), pid, 'a file of reservations needs no restart')
    for (const [name, address] of [
      ['old', '10.0.3.113'],
      ['more', '10.0.3.114'],
      ['new', '10.0.3.120'],
    ] as const) {
      await start(host, name)
      assert.equal(await lease(host, name), address)
      await host.stop(name)
    }
    for (const { id } of [more, moved, first]) await change(host, `rollback ${id}`)
    assert.equal(await traces(host), before)
  })

  it('is left as it was, and running, when what it would have to read is wrong', async () => {
    const pid = await dnsmasq(host)
    await host.write(conf, `${own}no-such-option\n`)
    const files = await host.ok('find /etc -type f -exec sha256sum {} + | sort')
    const { status } = await host.lxcnet(['dhcp', 'reserve', 'new', '10.0.3.121'])
    assert.equal(status, 5)
    assert.equal(await host.ok('find /etc -type f -exec sha256sum {} + | sort'), files)
    assert.equal(await dnsmasq(host), pid)
    await host.write(conf, own)
  })

  it('is found, and kept, also where its settings make its path of other variables and it does not run', async () => {
    const said = await host.read(settings)
    await host.ok(`/usr/libexec/lxc/lxc-net stop
sed -i 's|^LXC_DHCP_CONFILE=.*|where=/srv/dns; LXC_DHCP_CONFILE="$where/lxc.conf"|' ${settings}`)
    const built = await host.read(settings)
    await change(host, 'dhcp reserve new 10.0.3.122')
    assert.equal((await host.read(conf)).toString(), `${own}dhcp-hostsfile=${hosts}\n`)
    assert.deepEqual(await host.read(settings), built)
    await change(host, 'dhcp unreserve new')
    await host.ok(`echo 'LXC_DHCP_CONFILE="$nowhere"' >>${settings}`)
    assert.equal((await refused(host, 'dhcp reserve new 10.0.3.122')).code, 'dhcp-conf-by-hand')
    await host.write(settings, said)
    await host.ok('/usr/libexec/lxc/lxc-net start')
  })

  it('keeps its lines when the last of lxcnet goes', async () => {
    await change(host, 'dhcp reserve new 10.0.3.121')
    await change(host, 'dhcp unreserve new')
    assert.equal((await host.read(conf)).toString(), own)
    assert.match((await host.read(settings)).toString(), /^LXC_DHCP_CONFILE="\/srv\/dns\/lxc\.conf"$/m)
  })
})

describe('dhcp: a host with systemd', () => {
  let lab: Lab
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    host = lab.hosts[0] as LightHost
    await change(host, 'nat enable')
    await host.container('mail', veth)
  })

  after(() => lab.down())

  it('keeps dnsmasq in the unit of lxc-net, and the reservation over a boot', async () => {
    const group = `cat /proc/$(cat ${pidFile})/cgroup`
    const before = await host.ok(group)
    assert.match(before, /lxc-net\.service/)
    await change(host, 'dhcp reserve mail 10.0.3.16')
    assert.equal(await host.ok(group), before)
    await host.reboot()
    await host.ok(
      'for n in $(seq 300); do systemctl is-active -q lxc-net && exit; sleep 0.1; done; systemctl status lxc-net; exit 1',
    )
    await start(host, 'mail')
    assert.equal(await lease(host, 'mail'), '10.0.3.16')
    await host.stop('mail')
  })
})
