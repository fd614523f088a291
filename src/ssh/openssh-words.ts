/** What the system's ssh is called with, whatever its configuration says. */
import { quote, quoteAll } from '../core/shell.ts'
import type { HostKeyPolicy } from './host-keys.ts'
import type { Hop } from './jump-hosts.ts'
import { defaultKeepAliveSeconds } from './log-in.ts'
import type { Login } from './login.ts'

export interface OpenSshOptions {
  hostKeys: HostKeyPolicy
  connectTimeoutMs: number
}

/** ssh(1) keeps the first value that it gets for a setting: these go before all others. */
export function fixedWords(login: Login, { hostKeys, connectTimeoutMs }: OpenSshOptions): string[] {
  const settings = {
    BatchMode: 'yes',
    StrictHostKeyChecking: hostKeys === 'strict' ? 'yes' : 'accept-new',
    UpdateHostKeys: 'no', // known_hosts is the operator's
    ConnectTimeout: `${Math.ceil(connectTimeoutMs / 1000)}`,
    ServerAliveInterval: `${login.keepAlive.intervalSeconds || defaultKeepAliveSeconds}`,
    ClearAllForwardings: 'yes',
    RemoteCommand: 'none',
    PermitLocalCommand: 'no',
  }
  return ['-T', '-a', '-x', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}

/**
 * The way through jump hosts as a ProxyCommand: ssh's own ProxyJump would check their host keys by the configuration
 * alone. Without a hop there is nothing to say: a ProxyCommand of the configuration stays.
 *
 * @param said file for what goes wrong on the way: with ControlPersist ssh throws the errors of its ProxyCommand away
 *   (ssh_proxy_connect() in OpenSSH's sshconnect.c)
 */
export function proxyWords(hops: readonly Hop[], options: OpenSshOptions, said?: string): string[] {
  const last = hops.at(-1)
  if (last === undefined) return []
  const words = [...fixedWords(last.login, options), ...proxyWords(hops.slice(0, -1), options)]
  // The tokens of -W are for this command line; those within are for the next.
  const literal = (word: string): string => word.replaceAll('%', '%%')
  const command = quoteAll(['ssh', ...words.map(literal), '-W', '[%h]:%p', ...last.login.sshWords.map(literal)])
  return ['-o', `ProxyCommand=${command}${said === undefined ? '' : ` 2>>${quote(literal(said))}`}`]
}
