/** What happens to containers that run: a change waits for the restart and says so, or does the restart itself. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, check, codes, link, links, list, pings, read, refused, show, start } from './live.ts'

describe('changes of running containers', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.ok(`for br in br0 br1; do ip link add "$br" type bridge forward_delay 0; ip link set "$br" up; done
ip addr add 10.8.0.1/24 dev br0; ip addr add 10.9.0.1/24 dev br1`)
    for (const [at, name] of ['web1', 'web2', 'web3'].entries()) {
      await h1.container(name)
      await change(h1, `create ${name} --type veth --link br0 --ipv4 10.8.0.1${at}/24`)
    }
  })

  after(() => lab.down())

  beforeEach(async () => {
    for (const name of ['web1', 'web2', 'web3']) {
      await h1.stop(name)
      await start(h1, name)
    }
  })

  const pending = async () =>
    (await list(h1, 'web*')).containers.filter(({ restart }) => restart === 'pending').map(({ name }) => name)
  const differs = async (name: string) => (await show(h1, name)).containers[0]?.restart
  const journal = async () => (await h1.ok('ls /var/lib/lxcnet/journal')).split('\n').filter(Boolean)
  const stat = (name: string) => h1.ok('stat -c "%i %y %z %s %a" "$1"', {}, `/var/lib/lxc/${name}/config`)
  const pid = async (name: string) => (await h1.ok('lxc-info -n "$1" -pH', {}, name)).trim()

  it('set without --restart says that the restart is pending, until LXC does it', async () => {
    const before = await pid('web1')
    const report = await change(h1, 'set web1:0 mtu=1400')
    assert.deepEqual(
      [report.result, report.pending, report.summary],
      ['applied', ['web1'], ['web1: NIC 0: mtu (not set) becomes 1400']],
    )
    assert.equal(report.changes[0]?.impact, 'restart')
    assert.equal(await pid('web1'), before, 'the container is left alone')
    assert.equal((await link(h1, 'web1', 'eth0')).mtu, 1500)
    assert.deepEqual(await pending(), ['web1'])
    assert.deepEqual(await differs('web1'), ['NIC 0 (eth0): MTU 1500 becomes 1400'])
    const { stdout } = await h1.lxcnet(['list'])
    assert.match(stdout, /^web1 +running +0 +veth +br0 +10\.8\.0\.10\/24 +restart$/m)
    const shown = await h1.lxcnet(['show', 'web1'])
    assert.match(shown.stdout, /A restart is pending:\n {2}NIC 0 \(eth0\): MTU 1500 becomes 1400/)
    await h1.ok('lxc-stop -n web1 && lxc-start -n web1')
    assert.equal((await link(h1, 'web1', 'eth0')).mtu, 1400)
    assert.deepEqual([await pending(), await differs('web1')], [[], []])
  })

  it('a change by hand is noticed as well, and so is one that was taken back', async () => {
    await h1.ok("sed -i 's/^lxc.net.0.link.*/lxc.net.0.link = br1/' /var/lib/lxc/web2/config")
    assert.deepEqual([await pending(), await differs('web2')], [['web2'], ['NIC 0 (eth0): link br0 becomes br1']])
    await h1.ok("sed -i 's/^lxc.net.0.link.*/lxc.net.0.link = br0/' /var/lib/lxc/web2/config")
    assert.deepEqual(await pending(), [])
  })

  it('set --restart gives the live NIC its new values', async () => {
    const report = await change(h1, 'set web1:0 mtu=1300 link=br1 ipv4.address=10.9.0.7/24 name=lan0 --restart')
    assert.deepEqual([report.result, report.pending], ['applied', []])
    const inside = await link(h1, 'web1', 'lan0')
    assert.equal(inside.mtu, 1300)
    assert.ok(inside.addr_info.some(({ local, broadcast }) => local === '10.9.0.7' && broadcast === '10.9.0.255'))
    assert.equal((await links(h1, null)).find(({ ifindex }) => ifindex === inside.link_index)?.master, 'br1')
    assert.deepEqual(await pending(), [])
    await pings({
      reached: [
        [h1, 'web1', '10.9.0.1'],
        [h1, null, '10.9.0.7'],
      ],
      lost: [[h1, null, '10.8.0.10']],
    })
  })

  it('set --restart restarts nothing that is stopped', async () => {
    await h1.stop('web1')
    await change(h1, 'set web1:0 link=br0 ipv4.address=10.8.0.10/24 mtu=1400 --restart')
    assert.equal((await list(h1, 'web1')).containers[0]?.state, 'stopped')
    await change(h1, 'unset web1:0 mtu name')
    await start(h1, 'web1')
  })

  it('unset --restart takes the value away', async () => {
    await change(h1, 'set web2:0 mtu=1280 --restart')
    assert.equal((await link(h1, 'web2', 'eth0')).mtu, 1280)
    await change(h1, 'unset web2:0 mtu --restart')
    assert.deepEqual(await read(h1, 'web2', '0.mtu'), [])
    assert.deepEqual(await pending(), [])
    await change(h1, 'set web2:0 ipv4.address+=10.8.0.50/24 --restart')
    assert.equal((await link(h1, 'web2', 'eth0')).addr_info.filter(({ family }) => family === 'inet').length, 2)
    assert.deepEqual((await change(h1, 'set web2:0 ipv4.address-=10.8.0.50/24')).pending, ['web2'])
  })

  it('a change that the live NIC cannot show is pending too, in the words of the command that makes it', async () => {
    const report = await change(h1, 'set web2:0 ipv4.gateway=10.8.0.1')
    assert.deepEqual([report.result, report.pending], ['applied', ['web2']])
    const restarted = await change(h1, 'unset web2:0 ipv4.gateway --restart')
    assert.deepEqual(restarted.pending, [])
  })

  it('a pattern is one change of all containers, and one rollback takes it back', async () => {
    const configs = () => h1.ok('cat /var/lib/lxc/web?/config')
    const before = await configs()
    const entries = await journal()
    const report = await change(h1, 'set web*:0 mtu=1400 --restart')
    assert.equal(report.changes.filter(({ kind }) => kind === 'file').length, 3)
    assert.deepEqual((await journal()).length, entries.length + 1)
    for (const name of ['web1', 'web2', 'web3']) assert.equal((await link(h1, name, 'eth0')).mtu, 1400)
    const back = await change(h1, ['rollback', String(report.id)])
    assert.deepEqual([back.result, back.pending.toSorted()], ['applied', ['web1', 'web2', 'web3']])
    assert.equal(await configs(), before)
    const history = JSON.parse((await h1.lxcnet(['history', '--json'])).stdout) as {
      entries: { id: string; state: string; command: string }[]
    }
    assert.deepEqual(
      history.entries.slice(-2).map(({ id, state }) => [id, state]),
      [
        [report.id, 'taken-back'],
        [back.id, 'committed'],
      ],
    )
    assert.match(history.entries.at(-2)?.command ?? '', /^lxcnet set 'web\*:0' mtu=1400 --restart --json$/)
    const { stdout } = await h1.lxcnet(['history', String(report.id)])
    assert.match(stdout, /\+lxc\.net\.0\.mtu = 1400/)
    // the rollback is a change like any other
    await change(h1, ['rollback', String(back.id).split('-').at(-1) ?? ''])
    assert.equal(await h1.ok('grep -h mtu /var/lib/lxc/web?/config'), 'lxc.net.0.mtu = 1400\n'.repeat(3))
    await change(h1, 'unset web*:0 mtu')
  })

  it('a free address for each container of a pattern is another one for each', async () => {
    const report = await change(h1, 'set web*:0 ipv4.address=next:10.8.0.64/26 --restart')
    const given = (await list(h1, 'web*')).containers.map(({ nics }) => nics[0]?.addresses[0])
    assert.deepEqual(given, ['10.8.0.66/26', '10.8.0.67/26', '10.8.0.68/26'])
    await pings({
      reached: [
        [h1, 'web1', '10.8.0.68'],
        [h1, 'web1', '10.8.0.67'],
      ],
    })
    await change(h1, ['rollback', String(report.id)])
  })

  it('a rollback that would lose a later change is refused', async () => {
    const first = await change(h1, 'set web3:0 mtu=1300')
    await change(h1, 'set web3:0 mtu=1301')
    const text = await stat('web3')
    const { code } = await refused(h1, ['rollback', String(first.id)])
    assert.equal(code, 'changed-since')
    assert.equal(await stat('web3'), text)
    await change(h1, 'unset web3:0 mtu')
  })

  it('set type= keeps what the new type has, and the restart makes it live', async () => {
    const [mac] = await read(h1, 'web3', '0.hwaddr')
    const report = await change(h1, 'set web3:0 type=macvlan link=eth1 --restart')
    assert.deepEqual([report.result, report.pending], ['applied', []])
    assert.deepEqual(
      [await read(h1, 'web3', '0.type'), await read(h1, 'web3', '0.macvlan.mode')],
      [['macvlan'], ['bridge']],
    )
    const inside = await link(h1, 'web3', 'eth0')
    assert.deepEqual(
      [inside.linkinfo?.info_kind, inside.linkinfo?.info_data?.mode, inside.address],
      ['macvlan', 'bridge', mac],
    )
    await change(h1, 'set web3:0 mode=private')
    assert.deepEqual(
      [await pending(), await differs('web3')],
      [['web3'], ['NIC 0 (eth0): mode bridge becomes private']],
    )
    await change(h1, 'set web3:0 type=veth link=br0 --restart')
    assert.equal((await link(h1, 'web3', 'eth0')).linkinfo?.info_kind, 'veth')
    assert.deepEqual(codes(await check(h1, 'web3'), 'web3'), [])
    await pings({ reached: [[h1, null, '10.8.0.12']] })
  })

  it('delete waits for the restart as well', async () => {
    await change(h1, 'create web3 --type veth --link br1 --ipv4 10.9.0.33/24')
    assert.deepEqual([await pending(), await differs('web3')], [['web3'], ['NIC 1 (eth1) is not there yet']])
    await h1.stop('web3')
    await start(h1, 'web3')
    const report = await change(h1, 'delete web3:1')
    assert.deepEqual([report.pending, await differs('web3')], [['web3'], ['eth1 is still there']])
    await change(h1, 'delete web3:0 --restart')
    assert.deepEqual(
      (await links(h1, 'web3')).map(({ ifname }) => ifname),
      ['lo'],
    )
    assert.deepEqual(await pending(), [])
    await change(h1, 'create web3 --type veth --link br0 --ipv4 10.8.0.12/24 --restart')
    await pings({ reached: [[h1, null, '10.8.0.12']] })
  })

  it('a request that is met already changes nothing and says so', async () => {
    const before = [await stat('web1'), await journal(), await pid('web1')]
    for (const line of [
      'set web1:0 link=br0',
      'unset web1:0 mtu',
      'upgrade web1',
      'create web1 --type veth --link br0 --ipv4 10.8.0.10/24 --index 0',
      'set web1:0 link=br0 --restart',
    ]) {
      const { status, stdout } = await h1.lxcnet(line.split(' '))
      assert.equal(status, 0, `${line}: ${stdout}`)
      assert.match(stdout, /Already so; nothing to change\.\n/, line)
      assert.deepEqual((await change(h1, line)).result, 'unchanged')
      assert.equal((await h1.lxcnet([...line.split(' '), '--dry-run'])).status, 0)
    }
    assert.deepEqual([await stat('web1'), await journal(), await pid('web1')], before)
  })

  it('--dry-run exits 2 and changes nothing', async () => {
    const before = [await stat('web1'), await journal(), await pid('web1')]
    for (const line of ['set web1:0 mtu=1300 --restart', 'delete web1:0', 'create web1 --type empty']) {
      assert.equal((await h1.lxcnet([...line.split(' '), '--dry-run'])).status, 2)
    }
    assert.deepEqual([await stat('web1'), await journal(), await pid('web1')], before)
  })

  it('a restart that fails is told with its reason, and the change can be taken back', async () => {
    const { status, stdout } = await h1.lxcnet(
      'create web1 --type veth --link br9 --allow link-not-found --restart --json'.split(' '),
    )
    const report = JSON.parse(stdout)
    assert.deepEqual([status, report.result], [1, 'restart-failed'])
    assert.match(report.reason, /lxc-start/)
    assert.equal((await list(h1, 'web1')).containers[0]?.state, 'stopped')
    await change(h1, ['rollback', report.id])
    await start(h1, 'web1')
    assert.deepEqual(await pending(), [])
  })

  it('a frozen container is running, as far as a change goes', async () => {
    await h1.ok('lxc-freeze -n web1')
    const report = await change(h1, 'set web1:0 mtu=1400')
    assert.deepEqual(report.pending, ['web1'])
    assert.equal((await list(h1, 'web1')).containers[0]?.state, 'frozen')
    await h1.ok('lxc-unfreeze -n web1')
    await change(h1, 'unset web1:0 mtu')
    assert.deepEqual(await pending(), [])
  })
})
