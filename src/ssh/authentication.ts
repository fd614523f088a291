/**
 * What a login offers to sshd, in the order of ssh(1): the agent's keys, those that the configuration names first, then
 * the key files. Files come last and late, since the passphrase of one may have to be asked for. No passwords.
 */
import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2'
import { exit, LxcnetError } from '../core/error.ts'
import { publicHalf } from './identity.ts'
import type { Keys } from './keys.ts'
import { fingerprint } from './known-hosts.ts'
import type { Login } from './login.ts'

/** Runs what may wait for a person, while no time runs out. */
export type Unhurried = <T>(work: () => Promise<T>) => Promise<T>

export class Authentication {
  readonly #login: Login
  readonly #keys: Keys
  /** In words, for the message when nothing of it served. */
  readonly #offered: string[] = []
  readonly #problems: string[] = []

  constructor(login: Login, keys: Keys) {
    this.#login = login
    this.#keys = keys
  }

  async *methods(unhurried: Unhurried): AsyncGenerator<AnyAuthMethod, void> {
    const { user: username, agent: socket } = this.#login
    const held = socket === undefined ? [] : await this.#agentKeys(socket)
    if (socket !== undefined && held.length > 0) {
      for (const key of held) this.#offered.push(`the agent's ${key.comment} ${fingerprint(key.getPublicSSH())}`)
      yield { type: 'agent', username, agent: await agentWith(socket, held) }
    }
    // What the agent has was offered already: a passphrase would be asked for in vain.
    for (const file of this.#login.identityFiles.filter((file) => !held.some((key) => isKeyOf(file, key)))) {
      for (const { key } of await unhurried(() => this.#keys.load({ ...this.#login, identityFiles: [file] }))) {
        this.#offered.push(file)
        yield { type: 'publickey', username, key }
      }
    }
  }

  /** sshd ends a connection after MaxAuthTries keys, so those that the configuration names come first. */
  async #agentKeys(socket: string): Promise<ParsedKey[]> {
    const { default: ssh2 } = await import('ssh2')
    const { promise, resolve } = Promise.withResolvers<ParsedKey[]>()
    ssh2.createAgent(socket).getIdentities((error, keys) => {
      if (error) this.#problems.push(`no agent answers at ${socket}`)
      resolve((keys ?? []) as ParsedKey[])
    })
    const held = await promise
    const { identityFiles, identitiesOnly } = this.#login
    const named = identityFiles.flatMap((file) => held.filter((key) => isKeyOf(file, key)))
    return identitiesOnly ? named : [...new Set([...named, ...held])]
  }

  /** @param accepted the methods that sshd would go on with, by its last answer */
  refusal(host: string, accepted: readonly string[]): LxcnetError {
    const { user, identityFiles } = this.#login
    const problems = this.#keys.problems.filter(({ file }) => identityFiles.includes(file))
    const offered = this.#offered.length > 0 ? `offered were ${this.#offered.join(', ')}` : 'there was no key to offer'
    const reasons = [offered, ...this.#problems, ...problems.map(({ message }) => message)]
    if (accepted.length > 0 && !accepted.includes('publickey')) reasons.push(`sshd takes ${accepted.join(', ')} only`)
    const code = this.#offered.length === 0 && problems[0] !== undefined ? problems[0].code : 'login-refused'
    return new LxcnetError(code, `${host}: sshd refuses ${user}: ${reasons.join('; ')}`, {
      exit: exit.unreachable,
      suggestions: [
        ...problems.map(({ fix }) => fix),
        `put a key there: \`ssh-copy-id ${user}@${this.#login.host}\``,
        'name the user and the key: User and IdentityFile in ~/.ssh/config, or ansible_user in the inventory',
      ],
    })
  }
}

const isKeyOf = (file: string, key: ParsedKey): boolean => publicHalf(file)?.blob.equals(key.getPublicSSH()) ?? false

/** The agent, as if these were all of its keys and in this order. */
async function agentWith(socket: string, keys: ParsedKey[]): Promise<BaseAgent> {
  const { default: ssh2 } = await import('ssh2')
  const agent = ssh2.createAgent(socket)
  agent.getIdentities = (callback) => callback(null, keys)
  return agent
}
