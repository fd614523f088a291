/** The one door to a host: run one text of POSIX sh there. Local and SSH transports implement it. */
export interface Host {
  /** As the operator named it; `localhost` for this machine. */
  readonly name: string
  /**
   * Has a shell run `script` as root there and resolves when it has ended, whatever its exit status.
   *
   * The first argument of the script is SSH_CONNECTION as the login shell had it, '' when there is none. A transport
   * connects with the first call and keeps the connection; calls may overlap.
   *
   * @param script bytes as latin1 text
   * @throws {LxcnetError} with `exit.unreachable` when no shell could be started; see ssh/codes.ts
   */
  exec(script: string, options?: ExecOptions): Promise<ExecResult>
}

/** A host together with the connection to it. */
export interface Connection extends Host {
  /**
   * The same host by a connection of its own, for proof that a new login is possible.
   *
   * @param address other than the one the host is known by; its host key is still checked under the known name
   */
  anew(address?: string): Connection
  /** Ends the connection, if there is one; harmless when called twice. */
  close(): Promise<void>
}

export interface ExecOptions {
  /** The shell is given up after this long: `status` is null then. */
  timeoutMs?: number
}

export interface ExecResult {
  stdout: Buffer
  stderr: string
  /** null when a signal ended the shell, the connection broke or the time was up. */
  status: number | null
}
