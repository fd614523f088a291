/** `lxcnet host list`, `add` and `remove` on files, and `host check` of hosts that are not there. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lxcnet, type Ran } from './cli.ts'
import { fitting } from './schema.ts'

describe('lxcnet host', () => {
  let home: string
  let file: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'lxcnet-home-'))
    file = join(home, '.config/lxcnet/hosts')
  })
  afterEach(() => rmSync(home, { recursive: true }))

  /** Without the inventories of this machine's user. */
  const host = (...args: string[]): Ran =>
    lxcnet(['host', ...args], { HOME: home, XDG_CONFIG_HOME: '', LXCNET_INVENTORY: '', ANSIBLE_INVENTORY: '' })
  const put = (text: string): void => {
    mkdirSync(join(home, '.config/lxcnet'), { recursive: true })
    writeFileSync(file, text)
  }
  const ok = (ran: Ran): string => {
    assert.equal(ran.status, 0, ran.stderr + ran.stdout)
    return ran.stdout
  }
  const json = (...args: string[]): { [key: string]: unknown; schema: string } =>
    fitting(host(...args, '--json').stdout)

  const fleet = `lxc01 ansible_host=192.0.2.1 ansible_user=admin ansible_become_password='s3 cret'
[web]
web[01:03]
[web:vars]
ansible_port = 2222
ansible_ssh_common_args = -J root@gw.example.org
[odd]
odd1 ansible_host="{{ address }}"
`

  describe('list', () => {
    it('shows name, address, user, jump host and groups', () => {
      put(fleet)
      assert.equal(
        ok(host('list')),
        `HOST   ADDRESS          USER   JUMP                 GROUPS
lxc01  192.0.2.1        admin  -                    ungrouped
web01  web01 port 2222  -      root@gw.example.org  web
web02  web02 port 2222  -      root@gw.example.org  web
web03  web03 port 2222  -      root@gw.example.org  web
odd1   ?                -      -                    odd
?: odd1: ansible_host={{ address }} is a template, which only Ansible can fill in
`,
      )
    })

    it('has no column that says nothing', () => {
      put('h1\nh2\n')
      assert.equal(ok(host('list')).split('\n')[0], 'HOST  ADDRESS  GROUPS')
    })

    it('takes patterns, groups and limits', () => {
      put(fleet)
      const names = (...args: string[]): unknown =>
        (json('list', ...args)['hosts'] as { name: string }[]).map(({ name }) => name)
      assert.deepEqual(names('web0[12]'), ['web01', 'web02'])
      assert.deepEqual(names('-g', 'web', '--limit', '!web02'), ['web01', 'web03'])
      assert.deepEqual(names(), ['lxc01', 'web01', 'web02', 'web03', 'odd1'])
      assert.equal(host('list', 'wbe').status, 64)
    })

    it('never shows a password', () => {
      put(fleet)
      for (const args of [['-v'], ['--json']])
        assert.match(ok(host('list', ...args)), /ansible_become_password"?(:| =) "?\*\*\*/)
      assert.doesNotMatch(ok(host('list', '-v')) + ok(host('list', '--json')), /cret/)
    })

    it('says what it does not read beside the inventory', () => {
      put('h1\n')
      mkdirSync(join(home, '.config/lxcnet/group_vars'))
      assert.match(ok(host('list')), /^Not read: .*\/group_vars, which Ansible reads too\.$/m)
    })

    it('says every line that is wrong', () => {
      put('h1 a\n[web\nh2 b\n')
      const { status, stderr } = host('list')
      assert.equal(status, 65)
      assert.match(stderr, /hosts:1:4\nh1 a\n {3}\^\n/)
      assert.match(stderr, /hosts:2:1: .*\n.*hosts:3:4: /)
    })
  })

  describe('add', () => {
    it('shows the line, and writes nothing with --dry-run', () => {
      put('h1\n')
      const { status, stdout } = host('add', 'h2', '--jump', 'gw', '--dry-run')
      assert.equal(status, 2)
      assert.match(stdout, /\+h2 ansible_ssh_common_args='-J gw'\n/)
      assert.equal(readFileSync(file, 'utf8'), 'h1\n')
      assert.deepEqual(json('add', 'h2', '--dry-run'), {
        schema: 'lxcnet.host-edit/1',
        host: 'h2',
        file,
        result: 'planned',
        created: false,
        diff: ['+h2'],
      })
    })

    it('edits the file that -i names, which may be new', () => {
      const other = join(home, 'fleet')
      ok(host('add', 'h1', '-i', other))
      ok(host('add', 'h2', '-i', other))
      assert.equal(readFileSync(other, 'utf8'), 'h1\nh2\n')
      assert.match(ok(host('list', '-i', other)), /h2/)
    })

    it('refuses what is there or cannot be a host', () => {
      put('h1\n')
      for (const [args, code] of [
        [['h1'], 'host-exists'],
        [['h[1:3]'], 'bad-target'],
        [['h2', '--address', '-oProxyCommand=x'], 'bad-target'],
        [['h2', '--port', '70000'], 'usage'],
        [['h2', '-g', 'a,b'], 'usage'],
      ] as const)
        assert.equal(json('add', ...args)['code'], code, args.join(' '))
      assert.equal(readFileSync(file, 'utf8'), 'h1\n')
    })
  })

  describe('remove', () => {
    it('takes the lines of the host out and shows them without secrets', () => {
      put(fleet)
      const said = ok(host('remove', 'lxc01'))
      assert.match(said, /-lxc01 ansible_host=192\.0\.2\.1 ansible_user=admin ansible_become_password=\*\*\*\n/)
      assert.equal(readFileSync(file, 'utf8'), fleet.slice(fleet.indexOf('[web]')))
    })

    it('refuses a host in a range, and one that is not there', () => {
      put(fleet)
      assert.equal(json('remove', 'web02')['code'], 'host-in-range')
      assert.equal(json('remove', 'web09')['code'], 'no-host')
      assert.equal(readFileSync(file, 'utf8'), fleet)
    })
  })

  describe('check', () => {
    it('exits 4 when no host can be reached, each with its reason', () => {
      put('h1 ansible_host=127.0.0.1 ansible_port=1\n[web]\nh2 ansible_host=127.0.0.2 ansible_port=1\n')
      const ran = host('check')
      assert.equal(ran.status, 4, ran.stderr)
      assert.match(ran.stdout, /^h1 +down /m)
      assert.match(ran.stdout, /^h2 +down /m)
      assert.match(ran.stdout, /\n\nh1: .+\nh2: .+\n$/)
    })

    it('says which variable keeps it from a host that is meant', () => {
      put(fleet)
      const { status, stderr } = host('check', 'odd1')
      assert.equal(status, 65)
      assert.match(stderr, /hosts:8:6\n.*\n {5}\^+\n/)
    })

    it('does not look at a tree', () => assert.equal(host('check', '--root', home).status, 64))
  })
})
