/** How to log in to a host, from the variables of an inventory. */
import assert from 'node:assert/strict'
import { LxcnetError } from '../../src/core/error.ts'
import type { Target } from '../../src/core/target.ts'
import { inventoryOf } from '../../src/inventory/index.ts'

const targetOf = (text: string): Target => {
  const { hosts } = inventoryOf(text, 'hosts')
  const [host] = hosts.values()
  assert.ok(host)
  return host.target
}

describe('a target', () => {
  for (const [text, target] of [
    ['h1', { name: 'h1' }],
    ['h1 ansible_host=192.0.2.7', { name: 'h1', address: '192.0.2.7' }],
    ['h1 ansible_host=h1', { name: 'h1' }],
    ['h1:2222', { name: 'h1', port: 2222 }],
    ['[2001:db8::7]:2222', { name: '2001:db8::7', port: 2222 }],
    ['h1 ansible_user=admin ansible_port=23', { name: 'h1', port: 23, user: 'admin' }],
    ['h1 ansible_ssh_host=a ansible_ssh_port=24 ansible_ssh_user=b', { name: 'h1', address: 'a', port: 24, user: 'b' }],
    ['h1 ansible_host=new ansible_ssh_host=old', { name: 'h1', address: 'old' }],
    ['h1 ansible_ssh_private_key_file=~/.ssh/lxc', { name: 'h1', identityFile: '~/.ssh/lxc' }],
    ["h1 ansible_ssh_common_args='-J root@gw:22'", { name: 'h1', jump: 'root@gw:22' }],
    ["h1 ansible_ssh_common_args='-Jgw'", { name: 'h1', jump: 'gw' }],
    ["h1 ansible_ssh_common_args='-o ProxyJump=gw,gw2'", { name: 'h1', jump: 'gw,gw2' }],
    [`h1 ansible_ssh_extra_args='-oProxyJump=gw -4'`, { name: 'h1', jump: 'gw', sshArgs: ['-4'] }],
    [`h1 ansible_ssh_common_args='-o "ProxyJump gw"'`, { name: 'h1', jump: 'gw' }],
    [
      `h1 ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p gw" -J x'`,
      { name: 'h1', jump: 'x', sshArgs: ['-o', 'ProxyCommand=ssh -W %h:%p gw'] },
    ],
    ["h1 ansible_ssh_args='-C -o ControlMaster=auto -o ControlPersist=60s'", { name: 'h1' }],
    ['h1 ansible_become=no', { name: 'h1', sudo: false }],
    ['h1 ansible_become=True', { name: 'h1', sudo: true }],
    ['h1 ansible_become_password="a b"', { name: 'h1', sudoPassword: 'a b' }],
    ['h1 ansible_become_pass=x ansible_become_method=sudo', { name: 'h1', sudoPassword: 'x' }],
    ['h1 lxcnet_transport=openssh lxcnet_lxcpath=/srv/lxc', { name: 'h1', transport: 'openssh', lxcpath: '/srv/lxc' }],
    ['h1 ansible_python_interpreter="{{ python }}"', { name: 'h1' }],
    ['[w]\nh1\n[w:vars]\nansible_port = 2222 # of all\n', { name: 'h1', port: 2222 }],
  ] as [string, Target][]) {
    it(`of "${text.replaceAll('\n', '|')}"`, () => assert.deepEqual(targetOf(text), target))
  }

  for (const [text, message] of [
    ['h1 ansible_host="{{ address }}"', /^h1: ansible_host=\{\{ address \}\} is a template/],
    ['h1 ansible_become_pass="{{ vault_pass }}"', /^h1: ansible_become_pass is a template/],
    ["h1 ansible_user='$ANSIBLE_VAULT;1.1;AES256'", /is in a vault/],
    ['h1 ansible_connection=local', /ansible_connection=local is not supported/],
    ['h1 ansible_connection=winrm', /ansible_connection=winrm is not supported/],
    ['h1 ansible_become_method=su', /ansible_become_method=su is not supported/],
    ['h1 ansible_become_user=lxc', /is not supported/],
    ['h1 ansible_become=perhaps', /is neither yes nor no/],
    ['h1 ansible_port=70000', /is not a port/],
    ['h1 ansible_host="-oProxyCommand=x"', /cannot be given to ssh/],
    ['[w]\nh1\n[w:vars]\nansible_host = 192.0.2.7 # old\n', /cannot be given to ssh: it has a blank/],
    ['h1 lxcnet_transport=telnet', /is not supported/],
    ['h1 lxcnet_lxcpath=srv', /is not an absolute path/],
  ] as const) {
    it(`is refused, and only then, for "${text.replaceAll('\n', '|')}"`, () => {
      const { hosts } = inventoryOf(`${text}\n[other]\nh2\n`, 'hosts')
      assert.deepEqual(hosts.get('h2')?.target, { name: 'h2' })
      assert.throws(
        () => hosts.get('h1')?.target,
        (error) => {
          assert.ok(error instanceof LxcnetError)
          assert.match(error.message, message)
          assert.equal(error.place?.file, 'hosts')
          return true
        },
      )
    })
  }

  it('keeps a secret to itself, also in its own errors', () => {
    const text = 'h1 ansible_become_pass="{{ s3cret }}"\n'
    assert.throws(
      () => targetOf(text),
      (error) => !JSON.stringify([error, (error as Error).message]).includes('s3cret'),
    )
  })
})
