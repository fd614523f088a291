/** SSH as a way to hosts: openers of sessions behind the port of host/. */
import type { Target, Transport } from '../core/target.ts'
import type { Connection } from '../host/port.ts'

/** What the operator is asked for, once a run; undefined when nobody is there to answer. */
export interface Secrets {
  passphrase(keyFile: string): Promise<string | undefined>
  /** Of `user` at `host` for sudo; asked at once when --ask-sudo-password says so, else never. */
  sudoPassword(host: string, user: string): Promise<string | undefined>
}

export interface SshOptions {
  transport: Transport
  /** --host-key: an unknown key is refused, or written into known_hosts. A changed one is always refused. */
  hostKey: 'strict' | 'accept-new'
  connectTimeoutMs: number
  secrets: Secrets
}

/** All that the hosts of one run share: parsed keys, the answers of `ssh -G`, jump hosts, passphrases. */
export class Ssh {
  readonly #options: SshOptions
  constructor(options: SshOptions) {
    this.#options = options
  }
  /** Nothing is connected before the first exec. */
  host(target: Target): Connection {
    throw new Error(`not yet: ${target.name} ${this.#options.transport}`)
  }
  /** Ends what hosts share: jump hosts, masters. */
  async close(): Promise<void> {}
}
