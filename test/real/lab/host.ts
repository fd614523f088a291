// A host of the lab as tests see it. How a command reaches the host is left to the two kinds of hosts; everything else
// is commands, and so the same for both.

import { type Command, execute, type Result, type RunOptions, text } from './machine.ts'

/** What every command on a host gets for an environment. */
export const environment = {
  HOME: '/root',
  LANG: 'C.UTF-8',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TERM: 'dumb',
}

const containerConfig = `lxc.rootfs.path = dir:/srv/tiny
lxc.rootfs.options = ro
lxc.init.cmd = /sbin/init
lxc.signal.halt = SIGKILL
lxc.signal.reboot = SIGTERM
lxc.apparmor.profile = unconfined
lxc.autodev = 1
lxc.mount.auto = proc:mixed sys:mixed
lxc.mount.entry = tmpfs tmp tmpfs mode=1777 0 0
lxc.mount.entry = tmpfs run tmpfs mode=755 0 0
lxc.tty.max = 0
lxc.pty.max = 64
lxc.console.path = none
`

const startScript = `log=/var/log/lxc/$1.log
mkdir -p /var/log/lxc
rm -f "$log"
lxc-start -d -n "$1" -o "$log" -l INFO && exit
status=$?
grep ' ERROR ' "$log" >&2
exit "$status"`

// LXC calls a container stopped before its monitor has put the network back; the monitor's cgroup goes at the end, and
// then the monitor. After a crash the cgroup has another number.
const stopScript = `monitors=$(pgrep -x -f "\\[lxc monitor] [^ ]* $1")
lxc-stop -k -n "$1" 2>/dev/null
for monitor in $monitors; do
  for _ in $(seq 500); do
    [ -e "/proc/$monitor" ] || break
    sleep 0.02
  done
done
for _ in $(seq 500); do
  cat "/sys/fs/cgroup/lxc.monitor.$1/cgroup.events" "/sys/fs/cgroup/lxc.monitor.$1"-[0-9]*/cgroup.events 2>/dev/null |
    grep -q 'populated 1' || exit 0
  sleep 0.02
done
echo "container $1 does not stop" >&2
exit 1`

// It leaves the shell before it listens, and writes its pid after: that it could not is only in its log.
const sshdScript = `rm -f "$1.pid" "$1.log"
/usr/sbin/sshd -f "$1.conf" -E "$1.log" -o "PidFile=$1.pid" -p "$2" &&
for _ in $(seq 500); do
  [ ! -s "$1.pid" ] || exec cat "$1.pid"
  ! grep -q '^Cannot bind' "$1.log" || break
  sleep 0.02
done
cat "$1.log" >&2
exit 1`

const endScript = `connections=$(pgrep -P "$1")
kill -9 "$1" $connections 2>/dev/null || :`

const writeScript = `mkdir -p "$(dirname "$1")" && cat >"$1" && { [ -z "$2" ] || chmod "$2" "$1"; }`

/** A second sshd on a host. */
export interface Sshd {
  /** The process that listens; it has a child for each connection. */
  pid: number
  /** What it has logged so far. */
  log(): Promise<string>
  /** Ends it and its connections, at once. */
  stop(): Promise<void>
}

export abstract class LabHost {
  readonly name: string
  /** On the management LAN. */
  readonly address: string
  /** How long a command may take when the caller does not say. */
  protected patienceMs = 60_000

  constructor(name: string, address: string) {
    this.name = name
    this.address = address
  }

  /** The command on this machine that runs `argv` on the host. */
  abstract command(argv: string[], env?: Record<string, string>, terminal?: boolean): Command

  #execute(argv: string[], { env = {}, ...rest }: RunOptions = {}) {
    return execute(this.command(argv, env), { timeoutMs: this.patienceMs, ...rest })
  }

  async run(argv: string[], options?: RunOptions): Promise<Result> {
    return text(await this.#execute(argv, options))
  }

  /** Runs a script; further values are its $1, $2 ... */
  sh(script: string, options?: RunOptions, ...values: string[]): Promise<Result> {
    return this.run(['sh', '-c', script, 'sh', ...values], options)
  }

  /** Runs a script that has to succeed, and returns what it printed. */
  async ok(script: string, options?: RunOptions, ...values: string[]): Promise<string> {
    const result = await this.sh(script, options, ...values)
    if (result.status === 0) return result.stdout
    throw new Error(
      `${this.name}: status ${result.status ?? result.signal} of\n${script}\n${result.stderr}${result.stdout}`,
    )
  }

  /** Runs the command line as it was built. */
  lxcnet(args: string[], options?: RunOptions): Promise<Result> {
    return this.run(['/opt/node/bin/node', '/opt/lxcnet/bin/run.js', ...args], options)
  }

  async read(path: string): Promise<Buffer> {
    const { status, stdout, stderr } = await this.#execute(['cat', '--', path])
    if (status === 0) return stdout
    throw new Error(`${this.name}: ${stderr.toString().trim()}`)
  }

  async write(path: string, data: string | Buffer, mode?: number): Promise<void> {
    await this.ok(writeScript, { input: data }, path, mode?.toString(8) ?? '')
  }

  /**
   * Starts a second sshd, which is like the host's own but for the lines of sshd_config(5) in `config`; what they name
   * is as they say, or they replace all lines of that name.
   */
  async sshd({ port, config = '' }: { port: number; config?: string }): Promise<Sshd> {
    const keyword = (line: string) => line.trim().split(/[\s=]/, 1)[0]?.toLowerCase()
    const named = new Set(config.split('\n').map(keyword))
    const rest = (await this.read('/etc/lab/sshd_config')).toString().split('\n')
    const lines = [...rest.filter((line) => !named.has(keyword(line))), config, '']
    const place = `/run/lab-sshd-${port}`
    await this.write(`${place}.conf`, lines.join('\n'))
    const pid = Number(await this.ok(sshdScript, {}, place, `${port}`))
    return {
      pid,
      log: () => this.ok(`cat ${place}.log`),
      stop: async () => void (await this.ok(endScript, {}, `${pid}`)),
    }
  }

  /** Writes the configuration of a container that runs one static busybox; `lines` are added to it. */
  async container(name: string, lines: string[] = []): Promise<void> {
    const config = `lxc.uts.name = ${name}\n${containerConfig}${lines.map((line) => `${line}\n`).join('')}`
    await this.write(`/var/lib/lxc/${name}/config`, config)
  }

  /** Starts a container. Why it did not start is in the error output, in LXC's own words. */
  start(name: string): Promise<Result> {
    return this.sh(startScript, {}, name)
  }

  /** Stops a container at once and waits until LXC has cleaned up behind it. */
  async stop(name: string): Promise<void> {
    await this.ok(stopScript, {}, name)
  }

  inside(name: string, argv: string[]): Promise<Result> {
    return this.run(['lxc-attach', '-n', name, '--', ...argv])
  }

  /** Whether pings from a container, or from the host itself, are answered. */
  async ping(from: string | null, to: string, { count = 1, waitSeconds = 1 } = {}): Promise<boolean> {
    const ping = `ping -n -q -c ${count} -W ${waitSeconds} "$1"`
    const script = from === null ? ping : `nsenter -t "$(lxc-info -n "$2" -pH)" -n ${ping}`
    const { status, stderr } = await this.sh(script, {}, to, from ?? '')
    if (status !== 0 && status !== 1) throw new Error(`${this.name}: ping ${to}: ${stderr.trim()}`)
    return status === 0
  }
}
