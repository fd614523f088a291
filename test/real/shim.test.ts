/** The host's own macvlan: the host reaches its macvlan containers, also after a boot, and nothing is left when it goes. */
import assert from 'node:assert/strict'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, pings, refused, start, traces } from './live.ts'

describe('shim', () => {
  let lab: Lab
  let host: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 1, systemd: true })
    host = lab.hosts[0] as LightHost
    await host.ok('ip link add lxcbr2 type bridge forward_delay 0; ip link set lxcbr2 up')
    await host.container('mv')
    await change(host, 'create mv --type macvlan --mode bridge --link lxcbr2 --ipv4 10.0.5.3/24')
    await start(host, 'mv')
  })

  after(() => lab.down())

  it('lets the host reach a macvlan container, which it did not before, and goes without a trace', async () => {
    const before = await traces(host)
    await pings({ reached: [[host, null, '198.18.0.1']], lost: [[host, null, '10.0.5.3']] })
    const { id, changes } = await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')
    assert.ok(changes.every(({ impact }) => impact === 'live'))
    await pings({
      reached: [
        [host, null, '10.0.5.3'],
        [host, 'mv', '10.0.5.5'],
      ],
      lost: [[host, 'mv', '10.0.5.9']],
    })
    assert.equal((await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')).result, 'unchanged')
    await change(host, `rollback ${id}`)
    assert.deepEqual(await traces(host), before)
    assert.equal(await host.ok('ls -d /etc/lxcnet 2>/dev/null || echo none'), 'none\n')
  })

  it('is refused where its name or its parent is not what it takes', async () => {
    assert.equal((await refused(host, 'shim create nolink --address 10.0.5.5/24')).code, 'shim-no-parent')
    await host.ok('ip link add shim-lxcbr2 type bridge')
    assert.equal((await refused(host, 'shim create lxcbr2 --address 10.0.5.5/24')).code, 'name-taken')
    await host.ok('ip link delete shim-lxcbr2')
    assert.equal((await refused(host, 'shim create lxcbr2 --address 10.0.5.5')).code, 'bad-address')
    assert.equal((await refused(host, 'shim delete lxcbr2')).code, 'no-object')
  })

  it('changes its address, and is there again after a boot', async () => {
    await change(host, 'shim create lxcbr2 --address 10.0.5.5/24')
    await change(host, 'shim set lxcbr2 address=10.0.5.6/24')
    await pings({ reached: [[host, 'mv', '10.0.5.6']], lost: [[host, 'mv', '10.0.5.5']] })
    await host.write('/etc/systemd/system/br2.service', bridgeUnit)
    await host.ok('systemctl enable br2')
    await host.reboot()
    await host.ok('systemctl is-system-running --wait || systemctl is-active lxcnet')
    await start(host, 'mv')
    await pings({ reached: [[host, null, '10.0.5.3']], lost: [[host, null, '10.0.5.9']] })
    await change(host, 'shim delete lxcbr2')
    assert.equal(
      await host.ok('ls -d /etc/lxcnet /etc/systemd/system/lxcnet.service 2>/dev/null || echo none'),
      'none\n',
    )
  })
})

const bridgeUnit = `[Unit]
Before=network.target
Wants=network.target
[Service]
Type=oneshot
ExecStart=/bin/ip link add lxcbr2 type bridge forward_delay 0
ExecStart=/bin/ip link set lxcbr2 up
[Install]
WantedBy=multi-user.target
`
