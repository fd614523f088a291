/**
 * A host of a fleet, before anything was asked of it: how the operator calls it and how to log in there.
 *
 * What is left out is for ~/.ssh/config and ssh's own defaults to say.
 */
export interface Target {
  /** As the operator named it: the name in reports, and what ssh's configuration is asked about. Unique in a run. */
  name: string
  /** What ssh is given instead of the name: an address, or another alias of ~/.ssh/config. */
  address?: string
  port?: number
  user?: string
  identityFile?: string
  /** ssh's ProxyJump: `[user@]host[:port]`, several separated by commas. */
  jump?: string
  /** Further words for ssh(1), from ansible_ssh_common_args and the like; only the system's ssh understands them all. */
  sshArgs?: readonly string[]
  transport?: Transport
  /** Become root by sudo(8)? By default: when the login is not root's. */
  sudo?: boolean
  /** From the inventory; never printed. */
  sudoPassword?: string
  /** -P for this host alone. */
  lxcpath?: string
}

export const transports = ['auto', 'ssh2', 'openssh'] as const
export type Transport = (typeof transports)[number]
