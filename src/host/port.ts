/** The one door to a host: run one text of POSIX sh there. Local and SSH transports implement it. */
export interface Host {
  /** As the operator named it; `localhost` for this machine. */
  readonly name: string
  /**
   * Feeds `script` to `sh -s` and resolves when that shell has ended, whatever its exit status.
   *
   * @param script bytes as latin1 text
   * @throws {LxcnetError} `unreachable` when no shell could be started
   */
  exec(script: string): Promise<ExecResult>
}

export interface ExecResult {
  stdout: Buffer
  stderr: string
  /** null when a signal ended the shell or the connection broke. */
  status: number | null
}
