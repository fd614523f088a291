/**
 * The system's ssh: for certificates, hardware keys, Kerberos, and whatever else ssh2 lacks.
 *
 * One ssh logs in and stays in the background as the master of a control socket (ControlMaster of ssh_config(5)); each
 * shell is a further ssh that passes its streams to it. A master left by a killed lxcnet ends by itself.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exit, LxcnetError } from '../core/error.ts'
import type { Hop } from './jump-hosts.ts'
import { opensshFailure } from './openssh-failure.ts'
import { fixedWords, type OpenSshOptions, proxyWords } from './openssh-words.ts'
import type { Session } from './session.ts'
import type { Shell } from './shell.ts'
import { asArgument } from './ssh-words.ts'
import { type Destination, obstacleIn } from './unreachable.ts'

/** How long a master waits for the next shell, such as while a person reads a plan. */
const idleSeconds = 300

/** The masters of a run, and the folder of their sockets. */
export class OpenSsh {
  readonly #options: OpenSshOptions
  readonly #masters = new Set<Master>()
  #folder: string | undefined
  #count = 0

  constructor(options: OpenSshOptions) {
    this.#options = options
  }

  /**
   * @throws {LxcnetError} `unreachable`, `login-refused`, `host-key-unknown`, `host-key-changed` …; `ssh-unsupported`
   * where there is no ssh
   */
  async open(destination: Destination, hops: readonly Hop[]): Promise<Master> {
    this.#folder ??= this.#makeFolder()
    this.#count += 1
    const files = { socket: join(this.#folder, `${this.#count}`), said: join(this.#folder, `${this.#count}.said`) }
    const words = [...fixedWords(destination.login, this.#options), ...proxyWords(hops, this.#options, files.said)]
    const master = new Master(files, words, destination)
    await master.logIn(hops)
    this.#masters.add(master)
    return master
  }

  /**
   * A path for sockets must be short: unix(7) has 108 bytes, others 104, of which ssh takes 17 for a name in between
   * (muxserver_listen() in OpenSSH's mux.c).
   */
  #makeFolder(): string {
    const base = tmpdir().length > 60 ? '/tmp' : tmpdir()
    const folder = mkdtempSync(join(base, 'lxcnet-ssh-')) // 0700
    process.once('exit', this.#onExit)
    return folder
  }

  /** Also when lxcnet ends by an error, without close(). */
  readonly #onExit = (): void => {
    for (const master of this.#masters) if (master.isOpen) spawnSync('ssh', master.exitWords, { stdio: 'ignore' })
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#masters].map((master) => master.close()))
    this.#masters.clear()
    process.off('exit', this.#onExit)
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }
}

/** In the folder of the run. */
interface Files {
  socket: string
  /** What the ssh to each jump host says. */
  said: string
}

class Master implements Session {
  readonly #files: Files
  readonly #words: readonly string[]
  readonly #destination: Destination

  constructor(files: Files, words: readonly string[], destination: Destination) {
    this.#files = files
    this.#words = words
    this.#destination = destination
  }

  /** The master removes its socket when it ends. */
  get isOpen(): boolean {
    return existsSync(this.#files.socket)
  }

  /** A connection that breaks while it comes about is tried once more, as with the built-in SSH. */
  async logIn(hops: readonly Hop[]): Promise<void> {
    const one = await this.#logInOnce()
    if (one.status === 0) return
    const isBroken = obstacleIn(one.said) === 'closed' && !/verification failed|denied|prohibited/i.test(one.said)
    if (isBroken) await sleep(500)
    const last = isBroken ? await this.#logInOnce() : one
    if (last.status !== 0) throw await opensshFailure(last.said, this.#destination, hops)
  }

  async #logInOnce(): Promise<{ status: number | null; said: string }> {
    const settings = ['ControlMaster=yes', `ControlPersist=${idleSeconds}`, 'LogLevel=INFO']
    const child = this.#spawn([...settings.flatMap((setting) => ['-o', setting]), '-N'])
    child.stdin?.destroy()
    child.stdout?.destroy()
    let said = ''
    child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      said += text
    })
    const { timeoutMs } = this.#destination
    const timer = setTimeout(() => {
      said += 'Connection timed out\n' // ConnectTimeout of ssh does not cover the login
      child.kill()
    }, timeoutMs + 1000)
    try {
      const [status] = await once(child, 'exit')
      // Older OpenSSH keeps the error output open in the background: fork_postauth() in ssh.c.
      if (status !== 0 && !child.stderr?.closed) await once(child, 'close')
      child.stderr?.destroy()
      return { status, said: this.#takeSaidOnTheWay() + said }
    } catch (cause) {
      throw this.#noProgram(cause)
    } finally {
      clearTimeout(timer)
    }
  }

  /** What went wrong with the jump hosts since this was asked last. */
  #takeSaidOnTheWay(): string {
    const { said } = this.#files
    if (!existsSync(said)) return ''
    const text = readFileSync(said, 'latin1')
    rmSync(said)
    return text
  }

  /** Where the master is gone in this moment, ssh logs in anew, by the same words and checks. */
  async start(commandLine: string): Promise<Shell> {
    const child = this.#spawn(['-o', 'ControlMaster=no', '-o', 'LogLevel=ERROR'], commandLine)
    const { stdin, stdout, stderr } = child
    const { promise: status, resolve } = Promise.withResolvers<number | null>()
    // ssh(1), EXIT STATUS: 255 is an error of ssh, and what it makes of a shell that a signal ended.
    child.on('close', (code) => resolve(code === 255 ? null : code))
    const kill = (): void => {
      child.kill()
      resolve(null)
    }
    await once(child, 'spawn').catch((cause) => {
      throw this.#noProgram(cause)
    })
    if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes')
    return { stdin, stdout, stderr, status, kill }
  }

  /** In a session of its own: what interrupts lxcnet must not interrupt a transaction, nor may ssh ask a terminal. */
  #spawn(words: readonly string[], ...command: string[]): ChildProcess {
    const { host, login } = this.#destination
    const path = ['-o', `ControlPath=${this.#files.socket.replaceAll('%', '%%')}`]
    const all = [...words, ...path, ...this.#words, ...login.sshWords, ...command]
    return spawn(
      'ssh',
      all.map((word) => asArgument(host, word)),
      {
        detached: true,
        env: { ...process.env, SSH_ASKPASS_REQUIRE: 'never' },
      },
    )
  }

  #noProgram(cause: unknown): LxcnetError {
    return new LxcnetError('ssh-unsupported', `${this.#destination.host}: ssh cannot be started: ${cause}`, {
      exit: exit.unreachable,
      suggestions: ['install the package openssh-client', 'or --transport ssh2, for a login that needs no ssh'],
      cause,
    })
  }

  get exitWords(): string[] {
    return ['-F', 'none', '-O', 'exit', '-S', this.#files.socket, 'host']
  }

  async close(): Promise<void> {
    if (!this.isOpen) return
    await once(spawn('ssh', this.exitWords, { stdio: 'ignore' }), 'exit')
  }
}
