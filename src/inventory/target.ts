/**
 * How to log in to a host of the inventory, from its variables.
 *
 * Names and their order: lib/ansible/plugins/connection/ssh.py (where both are set, the older ansible_ssh_* wins) and
 * lib/ansible/plugins/become/sudo.py.
 */
import { LxcnetError } from '../core/error.ts'
import { type Target, type Transport, transports } from '../core/target.ts'
import type { Variable } from './document.ts'
import type { HostEntry } from './groups.ts'
import { checkWord } from './names.ts'
import { words } from './words.ts'

/** lxcnet's own variables; any other lxcnet_* is a slip. */
export const ownVariables = ['lxcnet_transport', 'lxcnet_lxcpath'] as const

/** Never to be shown. */
export const isSecret = (key: string): boolean => /pass(word|wd|phrase)?$|secret|token/i.test(key)

/**
 * @throws {LxcnetError} `bad-inventory` where a variable that lxcnet needs has a value it cannot use: a template, a vault,
 *   a connection that is not SSH
 */
export function targetOf({ name, vars }: HostEntry): Target {
  const needed = (...keys: string[]): Needed | undefined => {
    const variable = keys.map((key) => vars.get(key)).findLast((one) => one !== undefined)
    return variable === undefined ? undefined : new Needed(name, variable)
  }
  needed('ansible_connection')?.oneOf(['ssh', 'smart', 'openssh', 'paramiko', 'paramiko_ssh'], notSsh(name))
  needed('ansible_become_method')?.oneOf(['sudo'], ['let the login be root, or one that may use sudo'])
  needed('ansible_become_user')?.oneOf(['root'], ['lxcnet works as root'])
  const { jump, args } = sshArguments(
    ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'].flatMap((key) => needed(key) ?? []),
  )
  const address = needed('ansible_host', 'ansible_ssh_host')?.word()
  const lxcpath = needed('lxcnet_lxcpath')
  if (lxcpath !== undefined && !lxcpath.text.startsWith('/')) throw lxcpath.wrong('is not an absolute path')
  return defined({
    name,
    address: address === name ? undefined : address,
    port: needed('ansible_port', 'ansible_ssh_port')?.port(),
    user: needed('ansible_user', 'ansible_ssh_user')?.word(),
    identityFile: needed('ansible_private_key_file', 'ansible_ssh_private_key_file')?.text,
    jump,
    sshArgs: args.length === 0 ? undefined : args,
    transport: needed('lxcnet_transport')?.oneOf(transports, [`one of ${transports.join(', ')}`]) as
      | Transport
      | undefined,
    sudo: needed('ansible_become')?.truth(),
    sudoPassword: needed('ansible_become_password', 'ansible_become_pass')?.text,
    lxcpath: lxcpath?.text,
  })
}

const notSsh = (name: string): string[] => [
  `lxcnet reaches hosts by SSH; to leave this one out: --limit '!${name}'`,
  'for this machine itself: no -H, -g or --limit at all',
]

/** Without the fields that nothing was said of. */
function defined(fields: { [K in keyof Target]: Target[K] | undefined }): Target {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as Target
}

/** A variable that lxcnet acts on, as it is for one host. */
class Needed {
  readonly text: string
  readonly #host: string
  readonly #variable: Variable

  constructor(host: string, variable: Variable) {
    this.text = variable.value
    this.#host = host
    this.#variable = variable
    if (/\{\{|\{%/.test(this.text)) throw this.wrong('is a template, which only Ansible can fill in')
    if (/^\$ANSIBLE_VAULT|^!vault/.test(this.text)) throw this.wrong('is in a vault, which only Ansible can open')
  }

  wrong(reason: string, suggestions?: readonly string[]): LxcnetError {
    const { key, value, place } = this.#variable
    const shown = isSecret(key) ? key : `${key}=${value}`
    return new LxcnetError('bad-inventory', `${this.#host}: ${shown} ${reason}`, {
      // the line of a secret is not shown
      place: isSecret(key) ? { file: place.file, line: place.line } : place,
      suggestions: suggestions === undefined ? ['correct the line'] : [...suggestions],
    })
  }

  /** What goes to ssh as a word of its command line. */
  word(): string {
    try {
      checkWord(this.text)
    } catch (error) {
      throw this.wrong(`cannot be given to ssh: ${(error as Error).message}`)
    }
    return this.text
  }

  port(): number {
    const port = /^\d{1,5}$/.test(this.text) ? Number(this.text) : 0
    if (port < 1 || port > 65535) throw this.wrong('is not a port', ['a number from 1 to 65535'])
    return port
  }

  /** As lib/ansible/module_utils/parsing/convert_bool.py. */
  truth(): boolean {
    const word = this.text.toLowerCase()
    if (/^(y|yes|on|1|true|t|1\.0)$/.test(word)) return true
    if (/^(n|no|off|0|false|f|0\.0)$/.test(word)) return false
    throw this.wrong('is neither yes nor no', ['yes or no'])
  }

  oneOf(words: readonly string[], way: readonly string[]): string {
    if (words.includes(this.text)) return this.text
    throw this.wrong('is not supported', way)
  }

  words(): string[] {
    try {
      return words(this.text).map(({ text }) => text)
    } catch (error) {
      throw this.wrong(`cannot be cut into words: ${(error as Error).message}`)
    }
  }
}

/** A jump host, which both transports know, and the other words, which only ssh(1) understands. */
function sshArguments(variables: readonly Needed[]): { jump: string | undefined; args: string[] } {
  let jump: string | undefined
  const args: string[] = []
  const rest = variables.flatMap((variable) => variable.words())
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, flag = '', attached = ''] = /^(-[oJ])(.*)$/s.exec(word) ?? []
    if (flag === '') {
      if (word !== '-C') args.push(word) // compression: nothing here is large
      continue
    }
    const value = attached === '' ? (rest.shift() ?? '') : attached
    const option = flag === '-J' ? `ProxyJump=${value}` : value
    const [, host] = /^ProxyJump(?:[ \t]*=[ \t]*|[ \t]+)([^ \t]+)$/i.exec(option) ?? []
    if (host !== undefined) jump ??= host === 'none' ? undefined : host
    // what Ansible shares connections by; lxcnet has its own way
    else if (!/^Control(Master|Persist|Path)[ \t=]/i.test(option)) args.push('-o', option)
  }
  return { jump, args }
}
