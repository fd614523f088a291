/** `create --template`: lxc-create makes the container and lxcnet its NIC; what is wrong is said before either. */
import assert from 'node:assert/strict'
import { Lab, type LabHost } from './lab/lab.ts'
import { change, list, pings, read, refused, start } from './live.ts'

// What lxc-create expects of a template: it is called with --path, --name, --rootfs and the caller's own arguments.
const tiny = `#!/bin/sh
for word in "$@"; do
  case $word in
    --path=*) path=\${word#*=} ;;
    --name=*) name=\${word#*=} ;;
    fail) echo "cannot fetch the image" >&2; exit 7 ;;
  esac
done
cat >>"$path/config" <<CONFIG
lxc.uts.name = $name
lxc.init.cmd = /sbin/init
lxc.signal.halt = SIGKILL
lxc.apparmor.profile = unconfined
lxc.autodev = 1
lxc.mount.auto = proc:mixed sys:mixed
lxc.tty.max = 0
lxc.console.path = none
CONFIG
sed -i 's,^lxc.rootfs.path.*,lxc.rootfs.path = dir:/srv/tiny,' "$path/config"
echo "lxc.rootfs.options = ro" >>"$path/config"
echo "$@" >"$path/arguments"
`

describe('create --template', () => {
  let lab: Lab
  let h1: LabHost

  before(async () => {
    lab = await Lab.up({ hosts: 1 })
    const [first] = lab.hosts
    assert.ok(first)
    h1 = first
    await h1.ok('ip link add br0 type bridge forward_delay 0; ip link set br0 up; ip addr add 10.8.0.1/24 dev br0')
    await h1.write('/usr/share/lxc/templates/lxc-tiny', tiny, 0o755)
  })

  after(() => lab.down())

  const there = async (name: string) => (await h1.sh('test -e "/var/lib/lxc/$1"', {}, name)).status === 0
  const veth = '--type veth --link br0 --ipv4 10.8.0.5/24'

  it('makes a container that starts with the NIC', async () => {
    const report = await change(h1, `create new1 ${veth} --replace 0 --template tiny -- --release one two`)
    assert.equal(report.result, 'applied')
    assert.match(await h1.ok('cat /var/lib/lxc/new1/arguments'), / --release one two$/m)
    assert.deepEqual([await read(h1, 'new1', '0.type'), await read(h1, 'new1', '0.link')], [['veth'], ['br0']])
    assert.equal((await list(h1, 'new1')).containers[0]?.nics.length, 1)
    await start(h1, 'new1')
    await pings({
      reached: [
        [h1, 'new1', '10.8.0.1'],
        [h1, null, '10.8.0.5'],
      ],
    })
    await h1.stop('new1')
  })

  it('adds the NIC alone where the container is there already', async () => {
    const before = await h1.ok('stat -c %i /var/lib/lxc/new1/arguments')
    await change(h1, 'create new1 --type macvlan --link eth1 --template tiny')
    assert.equal(await h1.ok('stat -c %i /var/lib/lxc/new1/arguments'), before)
    assert.deepEqual(await read(h1, 'new1', '1.type'), ['macvlan'])
  })

  it('makes no container for a NIC that cannot be', async () => {
    for (const [flags, code] of [
      ['--type veth --link br9', 'link-not-found'],
      ['--type veth --link br0 --ipv4 10.8.0.5', 'prefix-missing'],
      ['--type veth --link br0 --ipv4 10.8.0.300/24 --allow bad-address', 'bad-address'],
      ['--type macvlan --link eth1 --pair x1', 'wrong-type-key'],
      ['--type phys --link eth0', 'phys-default-route'],
    ] as const) {
      assert.equal((await refused(h1, `create bad ${flags} --template tiny`)).code, code, flags)
      assert.equal(await there('bad'), false, flags)
    }
    assert.equal((await refused(h1, 'create ../bad --type empty --template tiny')).code, 'bad-container-name')
    assert.equal(await h1.ok('ls /var/lib/lxc'), 'new1\n')
  })

  it('--dry-run makes nothing', async () => {
    const { status, stdout } = await h1.lxcnet(`create dry ${veth} --template tiny --dry-run`.split(' '))
    assert.equal(status, 2, stdout)
    assert.match(stdout, /\$ lxc-create .*-n dry .*-t tiny/)
    assert.equal(await there('dry'), false)
  })

  it('says why the template failed, and leaves nothing behind', async () => {
    const { code, message, exit } = await refused(
      h1,
      'create broken --type veth --link br0 --ipv4 next:10.8.0.0/24 --template tiny -- fail',
    )
    assert.deepEqual([code, exit], ['lxc-create-failed', 1])
    assert.match(message, /cannot fetch the image/)
    assert.equal(await there('broken'), false)
    const missing = await refused(h1, 'create broken --type veth --link br0 --ipv4 next:10.8.0.0/24 --template nosuch')
    assert.equal(missing.code, 'lxc-create-failed')
    assert.match(missing.message, /nosuch/)
  })

  it('works with a template that makes no root file system', async () => {
    await change(h1, 'create bare --type veth --link br0 --ipv4 next:10.8.0.0/24 --replace 0 --template none')
    assert.deepEqual(await read(h1, 'bare', '0.ipv4.address'), ['10.8.0.2/24'])
  })
})
