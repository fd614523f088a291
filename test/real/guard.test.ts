/**
 * Changes that move the host's own address, over the SSH connection that stands on it: a wrong one comes back by
 * itself, a right one is kept because a new login came through.
 */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import type { FleetReport } from '../../src/report/fleet.ts'
import { Lab, type LabHost } from './lab/lab.ts'

const site = `hosts: { h2: {} }
containers:
  web01: { host: h2, nics: { 0: { type: macvlan, mode: bridge, link: eth1 } } }
`

interface Move {
  /** Done by sh, and taken back by it. */
  script: string
  undo: string
  /** See plan/plan.ts. */
  reach?: string[]
}

const toBridge = (address: string): string =>
  `ip link add br0 type bridge forward_delay 0 && ip link set eth0 master br0 && ip link set br0 up &&
   ip addr flush dev eth0 && ip addr add ${address}/24 dev br0`
const back = `ip link del br0 2>/dev/null; ip addr replace 198.18.0.12/24 dev eth0`

describe('the guard of the path to a host', function () {
  this.timeout(200_000)
  let lab: Lab
  let controller: LabHost
  let host: LabHost

  beforeEach(async () => {
    lab = await Lab.up({ hosts: 2 })
    ;[controller, host] = lab.hosts as LabHost[] as [LabHost, LabHost]
    await host.container('web01')
    await controller.write('/root/lxcnet.yaml', site)
  })
  afterEach(() => lab.down())

  /** A kept plan, with a step that moves the address put in front of its own. */
  async function apply({ script, undo, reach = [] }: Move) {
    const { status } = await controller.lxcnet(['plan', '-f', '/root/lxcnet.yaml', '--out', '/root/plan'])
    assert.equal(status, 2)
    const plan = JSON.parse((await controller.read('/root/plan')).toString())
    const step = {
      kind: 'run',
      argv: ['sh', '-c', script],
      undo: ['sh', '-c', undo],
      why: 'moves the address',
      impact: 'host-path',
    }
    plan.hosts[0].draft.changes.unshift(step)
    plan.hosts[0].draft.reach = reach
    await controller.write('/root/plan', JSON.stringify(plan))
    const ran = await controller.lxcnet(['apply', '/root/plan', '--json', '--connect-timeout', '3'], {
      timeoutMs: 180_000,
    })
    const report = JSON.parse(ran.stdout) as FleetReport<ChangeReport>
    return { status: ran.status, ending: report.hosts[0], stderr: ran.stderr }
  }

  const config = async (): Promise<string> => (await host.read('/var/lib/lxc/web01/config')).toString()
  const state = async (): Promise<string> => (await host.lxcnet(['history'])).stdout

  it('takes a change back that cuts the way to the host', async () => {
    const before = await config()
    const { status, ending } = await apply({ script: toBridge('198.18.0.222'), undo: back })
    assert.equal(status, 5, JSON.stringify(ending))
    assert.equal(ending?.result, 'rolled-back')
    assert.match(ending?.reason ?? '', /no new login came through in time/)
    assert.equal(await config(), before)
    assert.match(await host.ok('ip -br addr show dev eth0'), /198\.18\.0\.12\/24/)
    assert.equal((await host.sh('ip link show br0')).status, 1)
    assert.equal((await controller.lxcnet(['list', '-H', 'h2'])).status, 0)
    assert.match(await state(), /rolled back/)
  })

  it('keeps one after which the host can be reached as before', async () => {
    const { status, ending, stderr } = await apply({ script: toBridge('198.18.0.12'), undo: back })
    assert.equal(status, 0, JSON.stringify(ending) + stderr)
    assert.equal(ending?.result, 'applied')
    assert.match(await config(), /macvlan/)
    assert.match(await host.ok('ip -br addr show dev br0'), /198\.18\.0\.12\/24/)
    assert.match(await state(), /done/)
    assert.equal((await controller.lxcnet(['list', '-H', 'h2'])).status, 0)
  })

  it('keeps one that moves the host to an address that the plan names, where its own key answers', async () => {
    const { status, ending } = await apply({ script: toBridge('198.18.0.222'), undo: back, reach: ['198.18.0.222'] })
    assert.equal(status, 0, JSON.stringify(ending))
    assert.match(await host.ok('ip -br addr show dev br0'), /198\.18\.0\.222\/24/)
    assert.match(await state(), /done/)
  })

  it('does not let a container take the link that the way goes over', async () => {
    await host.start('web01')
    await host.ok('ip route del default')
    const line = 'create web01 --type phys --link eth0 --restart -H h2 --json'
    const { status, stdout } = await controller.lxcnet(line.split(' '))
    assert.equal(status, 65, stdout)
    assert.match(stdout, /"phys-cuts-way"/)
    const other = await controller.lxcnet(line.replace('eth0', 'eth1').split(' '))
    assert.equal(other.status, 0, other.stdout)
  })

  it('does not take another host at that address for it', async () => {
    // the controller itself answers there, with a host key of its own
    await controller.ok(
      'ssh-keygen -q -t ed25519 -N "" -f /tmp/other && cp /etc/lab/hostkey /tmp/kept && cat /tmp/other >/etc/lab/hostkey && ip addr add 198.18.0.223/24 dev eth0',
    )
    const { status, ending } = await apply({ script: toBridge('198.18.0.222'), undo: back, reach: ['198.18.0.223'] })
    assert.equal(status, 5, JSON.stringify(ending))
    assert.match(await host.ok('ip -br addr show dev eth0'), /198\.18\.0\.12\/24/)
  })
})
