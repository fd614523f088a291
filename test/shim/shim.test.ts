/** The shim on a tree: what its piece says, what is refused, and what stays as it was worked out. */
import assert from 'node:assert/strict'
import type { ChangeReport } from '../../src/report/change.ts'
import { checkShimValue, hostRoute, sameSubnet, usualName } from '../../src/shim/index.ts'
import { Tree } from '../commands/cli.ts'

describe('the words of a shim', () => {
  for (const [flag, text, value] of [
    ['address', '10.0.5.5/24', '10.0.5.5/24'],
    ['address', '2001:DB8:0::5/64', '2001:db8::5/64'],
    ['route', '10.0.5.0/24', '10.0.5.0/24'],
    ['ifname', 'shim0', 'shim0'],
  ] as const)
    it(`takes ${flag} ${text}`, () => assert.deepEqual(checkShimValue(flag, text), { value }))

  for (const [flag, text, code] of [
    ['address', '10.0.5.5', 'bad-address'],
    ['address', 'next:10.0.5.0/24', 'bad-address'],
    ['address', '10.0.5.0/24', 'address-is-network'],
    ['address', '10.0.5.255/24', 'address-is-broadcast'],
    ['route', '10.0.5.7/24', 'bad-route'],
    ['ifname', 'a-name-that-is-too-long', 'bad-name'],
  ] as const)
    it(`refuses ${flag} ${text}`, () => {
      const result = checkShimValue(flag, text)
      assert.equal('code' in result && result.code, code)
    })

  it('has a name of at most 15 bytes', () => assert.equal(usualName('enp130s0f1np1'), 'shim-enp130s0f1'))

  it('knows a subnet whichever prefix is the longer, and never one of another family', () => {
    assert.ok(sameSubnet('10.0.5.5/24', '10.0.5.200/28'))
    assert.ok(sameSubnet('10.0.5.200/28', '10.0.5.201/16'))
    assert.ok(!sameSubnet('10.0.5.5/24', '10.0.6.5/24'))
    assert.ok(!sameSubnet('10.0.5.5/24', '2001:db8::5/64'))
    assert.deepEqual([hostRoute('10.0.5.3/24'), hostRoute('2001:db8::3/64')], ['10.0.5.3/32', '2001:db8::3/128'])
  })
})

describe('shim on a tree', () => {
  let tree: Tree
  beforeEach(() => {
    tree = new Tree({ web: 'lxc.uts.name = web\n' })
  })
  afterEach(() => tree.remove())

  const run = (line: string): ChangeReport => {
    const { status, stdout, stderr } = tree.run(...line.split(' '), '--json')
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as ChangeReport
  }
  const code = (line: string): string =>
    (JSON.parse(tree.run(...line.split(' '), '--json').stdout) as { code: string }).code
  const piece = (): string => tree.read('/etc/lxcnet/net.d/40-shim-lxcbr2')

  it('comes with a NIC, at a free address of its subnet, and takes more NICs without another word', () => {
    const first = run('create web --type macvlan --link lxcbr2 --ipv4 10.0.5.3/24 --host-access')
    assert.equal(first.summary.at(-1), 'shim lxcbr2: made, shim-lxcbr2 with 10.0.5.2/24')
    assert.ok(first.leftOut.some((text) => text.includes('40-shim-lxcbr2 up')))
    const text = piece()
    run('create web --type macvlan --link lxcbr2 --ipv4 10.0.5.4/24 --host-access')
    assert.equal(piece(), text)
    const taken = 'create web --type macvlan --link lxcbr2 --ipv4 10.0.5.2/24 --host-access'
    assert.equal(code(taken), 'duplicate-address')
    run(taken.replace(' --host-access', ''))
    assert.match(tree.run('check', '--json').stdout, /shim lxcbr2: 10\.0\.5\.2\/24 is also the address of web:2 there/)
    run('delete web:2')
    run('create web --type macvlan --link lxcbr2 --ipv4 10.0.6.3/24 --host-access')
    assert.match(piece(), /^address='10\.0\.5\.2\/24 10\.0\.6\.2\/24'$/m)
  })

  it('has an address that no NIC is given, also where nothing is known of the links of the host', () => {
    run('shim create lxcbr2 --address 10.0.5.2/24,2001:db8::2/64')
    run('create web --type veth --link lxcbr2 --ipv4 next:10.0.5.0/24 --ipv6 next:2001:db8::/64')
    assert.match(tree.config('web'), /ipv4\.address = 10\.0\.5\.3\/24/)
    assert.match(tree.config('web'), /ipv6\.address = 2001:db8::3\/64/)
  })

  it('takes the address that it is told, before or behind the container', () => {
    run('create --type macvlan --link lxcbr2 --host-access 10.0.5.9/24 web')
    assert.match(piece(), /^address='10\.0\.5\.9\/24'$/m)
    run('create --type macvlan --link lxcbr3 --ipv4 10.0.7.3/24 --host-access web')
    assert.match(tree.read('/etc/lxcnet/net.d/40-shim-lxcbr3'), /^address='10\.0\.7\.2\/24'$/m)
  })

  it('is refused for NICs that it does nothing for', () => {
    assert.equal(code('create web --type veth --link lxcbr2 --ipv4 10.0.5.3/24 --host-access'), 'host-access')
    assert.equal(
      code('create web --type macvlan --mode private --link lxcbr2 --ipv4 10.0.5.3/24 --host-access'),
      'host-access',
    )
    assert.equal(code('create web --type macvlan --link lxcbr2 --host-access'), 'host-access')
    assert.equal(code('create web --type macvlan --link lxcbr2 --host-access 10.0.5.5'), 'usage')
    assert.equal(tree.config('web'), 'lxc.uts.name = web\n')
  })

  it('is made, changed and removed, and the same again changes nothing', () => {
    run('shim create lxcbr2 --address 10.0.5.5/24')
    assert.equal(run('shim create lxcbr2 --address 10.0.5.5/24').result, 'unchanged')
    assert.equal(code('shim create lxcbr2 --address 10.0.5.6/24'), 'object-exists')
    run('shim set lxcbr2 route=10.9.0.0/16,10.8.0.1/32')
    assert.match(piece(), /^route='10\.9\.0\.0\/16 10\.8\.0\.1\/32'$/m)
    run('shim delete lxcbr2')
    assert.throws(piece)
  })
})
