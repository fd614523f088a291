/** Paths and sockets as ssh_config(5) writes them. */
import { hostname, userInfo } from 'node:os'

/** Bytes as latin1. */
interface LocalUser {
  name: string
  uid: number
  home: string
}

let user: LocalUser | undefined

/** Who runs lxcnet; the home is the one of the account, as for ssh, whatever $HOME says. A directory may have to tell. */
export function localUser(): LocalUser {
  if (user === undefined) {
    const { username, uid, homedir } = userInfo()
    user = { name: bytes(username), uid, home: bytes(homedir) }
  }
  return user
}

/** IdentityAgent as ssh.c reads it: SSH_AUTH_SOCK, none, $VARIABLE or a path. */
export function agentSocket(configured = 'SSH_AUTH_SOCK'): string | undefined {
  if (configured.toLowerCase() === 'none') return undefined
  const [, variable = configured] = /^\$([^{].*)$/.exec(configured) ?? []
  const isVariable = configured === 'SSH_AUTH_SOCK' || configured.startsWith('$')
  const socket = isVariable ? bytes(process.env[variable] ?? '') : configured
  return socket === '' ? undefined : socket
}

/** `ssh -G` prints several paths in one line, with blanks between and within them: one begins at each ~ or root. */
export const pathList = (value: string | undefined): string[] => value?.split(/ (?=[~/])/) ?? []

interface Tokens {
  /** As the host was called on the command line. */
  word: string
  host: string
  port: number
  user: string
  alias: string | undefined
}

/**
 * Paths as ssh.c expands them: ~, ${VARIABLE} and the TOKENS of ssh_config(5), which `ssh -G` leaves in some.
 *
 * %C and %j, which hold the whole connection, are left as they are: no file is called so.
 */
export function tokenExpander({ word, host, port, user, alias }: Tokens): (path: string) => string {
  const local = localUser()
  const machine = bytes(hostname())
  const tokens: Record<string, string> = {
    '%': '%',
    d: local.home,
    h: host,
    i: `${local.uid}`,
    k: alias ?? word,
    L: machine.replace(/\..*$/, ''),
    l: machine,
    n: word,
    p: `${port}`,
    r: user,
    u: local.name,
  }
  return (path) =>
    expandHome(path).replace(/%(.)|\$\{([^}]+)\}/g, (whole, token: string | undefined, variable = '') => {
      if (token !== undefined) return tokens[token] ?? whole
      const value = process.env[variable]
      return value === undefined ? whole : bytes(value)
    })
}

/** ~/FILE; the homes of others, ~USER/FILE, are left as they are. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, () => localUser().home)
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1')
