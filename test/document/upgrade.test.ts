import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LxcnetError } from '../../src/core/error.ts'
import { evaluate } from '../../src/document/effective.ts'
import { parse, print } from '../../src/document/lxc-config.ts'
import { upgrade } from '../../src/document/upgrade.ts'
import { legacyConfig, modernConfig } from './samples.ts'

const run = (text: string) => {
  const { lines, changes, problems } = upgrade(parse(text), 'config')
  return { text: print(lines), changes, codes: problems.map(({ code }) => code), problems }
}

const see = (text: string, lxcVersion: string) =>
  evaluate({ file: '', lines: parse(text) }, { include: () => [], lxcVersion })

const shape = (text: string, version: string) =>
  see(text, version).nics.map(({ index, keys }) => [
    index,
    [...keys].map(([sub, values]) => [sub, ...values.map(({ value }) => value)]),
  ])

describe('upgrade', () => {
  const table: { name: string; before: string; after: string; codes?: string[] }[] = [
    // what lxc-update-config 5.0.2 gets wrong, case by case
    {
      name: 'does not count a commented type',
      before: '#lxc.network.type = veth\nlxc.network.type = veth\n# see lxc.network.type\nlxc.network.link = a\n',
      after: '#lxc.network.type = veth\nlxc.net.0.type = veth\n# see lxc.network.type\nlxc.net.0.link = a\n',
    },
    {
      name: 'leaves a file whose first key has no type',
      before: 'lxc.network.link = a\nlxc.network.type = veth\nlxc.utsname = b\n',
      after: 'lxc.network.link = a\nlxc.network.type = veth\nlxc.utsname = b\n',
      codes: ['legacy-key-before-type'],
    },
    {
      name: 'upgrades keys with an index',
      before:
        'lxc.network.type = veth\nlxc.network.type = veth\nlxc.network.0.ipv4 = 192.0.2.1/24\nlxc.network.1.ipv6.gateway = auto\n',
      after:
        'lxc.net.0.type = veth\nlxc.net.1.type = veth\nlxc.net.0.ipv4.address = 192.0.2.1/24\nlxc.net.1.ipv6.gateway = auto\n',
    },
    {
      name: 'numbers behind the NICs that are there',
      before: 'lxc.net.0.type = veth\nlxc.net.0.link = a\nlxc.network.type = macvlan\nlxc.network.link = b\n',
      after: 'lxc.net.0.type = veth\nlxc.net.0.link = a\nlxc.net.1.type = macvlan\nlxc.net.1.link = b\n',
    },
    {
      name: 'gives a key to the NIC that LXC 2.1 gave it to',
      before: 'lxc.network.type = veth\nlxc.net.0.type = veth\nlxc.network.link = a\n',
      after: 'lxc.net.1.type = veth\nlxc.net.0.type = veth\nlxc.net.0.link = a\n',
    },
    {
      name: 'makes an empty type a clear of all',
      before: 'lxc.network.type = veth\nlxc.network.type =\nlxc.network.type = macvlan\n',
      after: 'lxc.net.0.type = veth\nlxc.net =\nlxc.net.0.type = macvlan\n',
    },
    {
      name: 'upgrades a last line without line end',
      before: 'lxc.network.type = veth\nlxc.network.link = a',
      after: 'lxc.net.0.type = veth\nlxc.net.0.link = a',
    },
    {
      name: 'leaves the text of values',
      before:
        'lxc.network.type = veth\nlxc.network.script.up = /a lxc.network.type lxc.mount = b\nlxc.hook.start = /x lxc.utsname = y\n',
      after:
        'lxc.net.0.type = veth\nlxc.net.0.script.up = /a lxc.network.type lxc.mount = b\nlxc.hook.start = /x lxc.utsname = y\n',
    },
    {
      name: 'puts the backend before the path, wherever it stands',
      before: 'lxc.rootfs.backend = lvm\nlxc.rootfs = /dev/vg/a\nlxc.arch = amd64\n',
      after: 'lxc.rootfs.path = lvm:/dev/vg/a\nlxc.arch = amd64\n',
    },
    {
      name: 'takes a backend below the path',
      before: 'lxc.rootfs = "/a"\nlxc.rootfs.backend = btrfs',
      after: 'lxc.rootfs.path = "btrfs:/a"\n',
    },
    {
      name: 'keeps the prefix of a path',
      before: 'lxc.rootfs = overlayfs:/a:/b\nlxc.rootfs.backend = overlayfs\n',
      after: 'lxc.rootfs.path = overlayfs:/a:/b\n',
    },
    { name: 'puts no prefix where there is no backend', before: 'lxc.rootfs = /a\n', after: 'lxc.rootfs.path = /a\n' },
    {
      name: 'renames limits',
      before: 'lxc.limit.nofile = 1024\nlxc.limit =\n',
      after: 'lxc.prlimit.nofile = 1024\nlxc.prlimit =\n',
    },
    {
      name: 'reports includes and leaves them',
      before: 'lxc.include = /a\nlxc.network.type = veth\n',
      after: 'lxc.include = /a\nlxc.net.0.type = veth\n',
      codes: ['include-not-upgraded'],
    },
    {
      name: 'keeps CRLF and lone CR',
      before: 'lxc.network.type = veth\r\nlxc.network.link = a\rlxc.utsname = b\r\n',
      after: 'lxc.net.0.type = veth\r\nlxc.net.0.link = a\rlxc.uts.name = b\r\n',
    },
    // and what it gets right
    {
      name: 'keeps indent and spacing',
      before: '\tlxc.network.type=veth\n  lxc.network.ipv4  =  192.0.2.1/24 \n',
      after: '\tlxc.net.0.type=veth\n  lxc.net.0.ipv4.address  =  192.0.2.1/24 \n',
    },
    {
      name: 'numbers sections',
      before: 'lxc.network.type = veth\nlxc.network.flags = up\n\nlxc.network.type = phys\nlxc.network.link = eth1\n',
      after: 'lxc.net.0.type = veth\nlxc.net.0.flags = up\n\nlxc.net.1.type = phys\nlxc.net.1.link = eth1\n',
    },
    {
      name: 'clears all with lxc.network',
      before: 'lxc.network =\nlxc.network.type = veth\n',
      after: 'lxc.net =\nlxc.net.0.type = veth\n',
    },
    {
      name: 'drops keys without successor',
      before: 'lxc.kmsg = 0\nlxc.pivotdir = x\nlxc.pts = 1024\nlxc.mount = /fstab\nlxc.mount.entry = a\n',
      after: 'lxc.pty.max = 1024\nlxc.mount.fstab = /fstab\nlxc.mount.entry = a\n',
    },
    {
      name: 'renames the rest',
      before:
        'lxc.id_map = u 0 1 2\nlxc.aa_profile = a\nlxc.seccomp = /s\nlxc.console = none\nlxc.tty = 4\nlxc.haltsignal = SIGPWR\nlxc.init_cmd = /i\nlxc.loglevel = 1\n',
      after:
        'lxc.idmap = u 0 1 2\nlxc.apparmor.profile = a\nlxc.seccomp.profile = /s\nlxc.console.path = none\nlxc.tty.max = 4\nlxc.signal.halt = SIGPWR\nlxc.init.cmd = /i\nlxc.log.level = 1\n',
    },
    {
      name: 'leaves what LXC does not read',
      before: 'lxc.utsname = a\n LXC.network.type = veth\nprose\n\0lxc.network.type = veth',
      after: 'lxc.uts.name = a\n LXC.network.type = veth\nprose\n\0lxc.network.type = veth',
      codes: ['looks-like-setting', 'nul-byte'],
    },
    {
      name: 'leaves a key of a NIC that is not there',
      before: 'lxc.network.type = veth\nlxc.network.3.link = a\n',
      after: 'lxc.network.type = veth\nlxc.network.3.link = a\n',
      codes: ['legacy-no-such-nic'],
    },
    {
      name: 'leaves a file where LXC 2.1 takes a modern key for a legacy NIC',
      before: 'lxc.net.3.type = veth\nlxc.network.type = veth\nlxc.net.2.link = a\n',
      after: 'lxc.net.3.type = veth\nlxc.network.type = veth\nlxc.net.2.link = a\n',
      codes: ['mixed-styles'],
    },
  ]
  for (const { name, before, after, codes } of table) {
    it(name, () => {
      const result = run(before)
      assert.equal(result.text, after)
      assert.deepEqual(result.codes, codes ?? [])
      assert.deepEqual(run(after).text, after, 'a second run changes nothing')
    })
  }

  it('tells what it changed, line by line', () => {
    assert.deepEqual(run('# a\r\n lxc.network.type = veth\r\nlxc.kmsg = 0').changes, [
      { line: 2, before: ' lxc.network.type = veth', after: ' lxc.net.0.type = veth' },
      { line: 3, before: 'lxc.kmsg = 0', after: '' },
    ])
  })

  it('points at what stands in its way', () => {
    const [problem] = run('# a\nlxc.network.link = b\n').problems
    assert.deepEqual(problem?.place, { file: 'config', line: 2, column: 1, length: 20, text: 'lxc.network.link = b' })
  })

  it("refuses Proxmox's file", () => {
    const text = 'arch: amd64\nnet0: name=eth0,bridge=vmbr0\n'
    assert.throws(
      () => run(text),
      (error) => error instanceof LxcnetError && error.code === 'proxmox-file',
    )
  })

  it('gives LXC 5 the NICs that LXC 2.1 saw', () => {
    fc.assert(
      fc.property(legacyConfig, (before) => {
        const { text, codes } = run(before)
        if (codes.some((code) => code.startsWith('legacy'))) return assert.equal(text, before)
        assert.deepEqual(shape(text, '5.0.2'), shape(before, '2.1.1'))
        assert.deepEqual(
          see(text, '5.0.2').problems.filter(({ code }) => /legacy|mixed|clear-before/.test(code)),
          [],
        )
        assert.equal(run(text).text, text)
      }),
      { numRuns: 3000 },
    )
  })

  it('leaves a modern file to the byte', () => {
    fc.assert(fc.property(modernConfig, (text) => assert.equal(run(text).text, text)))
  })
})
