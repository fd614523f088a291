/**
 * The decision about a host's key, and its words, the same for every transport.
 *
 * StrictHostKeyChecking of ssh_config(5) is not followed: whoever reaches hosts as root has to know them. The operator
 * says --host-key accept-new, or the key is in known_hosts. A changed or revoked key is refused whatever was said.
 */
import { exit, LxcnetError } from '../core/error.ts'
import { quote } from '../core/shell.ts'
import { accept, fingerprint, KnownHosts, lookupName } from './known-hosts.ts'
import type { Login } from './login.ts'
import { keyType } from './public-key.ts'

export type HostKeyPolicy = 'strict' | 'accept-new'

/** Whose key it is: the host as in reports, and the login that says where its key is recorded. */
export interface Shown {
  host: string
  login: Login
}

export class HostKeys {
  readonly policy: HostKeyPolicy
  readonly #read = new Map<string, KnownHosts>()

  constructor(policy: HostKeyPolicy) {
    this.policy = policy
  }

  /** The known_hosts files of a login, read once a run. */
  known({ knownHosts }: Login): KnownHosts {
    const files = knownHosts.join('\n')
    let known = this.#read.get(files)
    if (known === undefined) {
      known = KnownHosts.read(knownHosts)
      this.#read.set(files, known)
    }
    return known
  }

  /**
   * Lets a known key pass, and an unknown one after recording it where that was asked for.
   *
   * @param address the peer's, where CheckHostIP wants it looked up too
   * @throws {LxcnetError} `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `known-hosts-write`
   */
  check(shown: Shown, key: Buffer, address: string | undefined): void {
    const { login } = shown
    const { hostKeyName, hostKeyPort, recordHostKeyIn } = login
    const outcome = this.known(login).check(hostKeyName, address, hostKeyPort, key)
    const seen = `${keyType(key)} ${fingerprint(key)}`
    if (outcome.verdict === 'changed') throw hostKeyChanged(shown, seen, outcome.places)
    if (outcome.verdict === 'revoked') throw hostKeyRevoked(shown, seen, outcome)
    if (outcome.verdict === 'known') return
    if (this.policy === 'strict' || recordHostKeyIn === undefined) throw hostKeyUnknown(shown, seen)
    accept(recordHostKeyIn, hostKeyName, hostKeyPort, key, login.hashKnownHosts)
    this.#read.clear()
  }
}

interface Recorded {
  file: string
  line: number
  /** Undefined where the transport does not tell. */
  fingerprint?: string
}

/** @param seen type and fingerprint of the key that the host showed; '' where the transport does not tell */
export function hostKeyUnknown({ host, login }: Shown, seen: string): LxcnetError {
  const ignored = /^(no|off|accept-new)$/.test(login.strict)
    ? ` (StrictHostKeyChecking ${login.strict} of your ssh configuration is not followed)`
    : ''
  return new LxcnetError(
    'host-key-unknown',
    `${host}: its host key${seen && ` ${seen}`} is in no known_hosts file${ignored}`,
    {
      exit: exit.unreachable,
      suggestions: [
        'compare it with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the console of that host',
        'then log in there once by hand, or add --host-key accept-new',
      ],
    },
  )
}

export function hostKeyChanged({ host, login }: Shown, seen: string, places: readonly Recorded[]): LxcnetError {
  const recorded = places.map(({ file, line, fingerprint: print }) => `${file}:${line}${print ? ` has ${print}` : ''}`)
  const [first] = places
  const name = lookupName(login.hostKeyName, login.hostKeyPort)
  const remove = [...new Set(places.map(({ file }) => file))].map(
    (file) => `ssh-keygen -f ${quote(file)} -R ${quote(name)}`,
  )
  return new LxcnetError(
    'host-key-changed',
    `${host}: shows another host key than the one on record: ${seen || 'a new one'}; ${recorded.join(', ')}`,
    {
      exit: exit.unreachable,
      ...(first && { place: { file: first.file, line: first.line } }),
      suggestions: [
        'somebody may be between you and the host, or it was installed anew: ask whoever runs it',
        `once the new key is known to be right: \`${remove.join('; ') || `ssh-keygen -R ${quote(name)}`}\``,
      ],
    },
  )
}

export function hostKeyRevoked({ host }: Shown, seen: string, place: Recorded | undefined): LxcnetError {
  return new LxcnetError('host-key-revoked', `${host}: its host key ${seen} is marked as revoked`.replace('  ', ' '), {
    exit: exit.unreachable,
    ...(place && { place: { file: place.file, line: place.line } }),
    suggestions: ['do not connect; have whoever runs the host give it a new key'],
  })
}
