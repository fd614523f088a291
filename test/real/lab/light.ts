// Light hosts: sets of namespaces, each with its own init, file system, network and containers, on the machine's kernel.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ground from './ground.ts'
import { environment, LabHost } from './host.ts'
import { type Command, execute, here, launch, must, project, together, until, within } from './machine.ts'

/** Where the parts are that hosts are built of. */
export interface Parts {
  rootfs: string
  layer: string
}

export class LightHost extends LabHost {
  readonly #lab: string

  constructor(lab: string, number: number) {
    super(`h${number}`, `198.18.0.${10 + number}`)
    this.#lab = lab
  }

  get pid(): number {
    const pid = ground.pidOf(this.#lab, this.name)
    if (pid === undefined) throw new Error(`lab: host ${this.name} is not running`)
    return pid
  }

  override command(argv: string[], env: Record<string, string> = {}): Command {
    const variables = Object.entries({ ...environment, ...env }).map(([name, value]) => `${name}=${value}`)
    const enter = ['nsenter', '-t', `${this.pid}`, '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w']
    const cgroup = join(ground.cgroup(this.#lab), this.name, 'init.scope')
    return { argv: within(cgroup, [...enter, '/usr/bin/env', '-i', ...variables, ...argv]) }
  }
}

/** Starts hosts h1 to hN on the lab's two networks. */
export async function raise(lab: string, lan: number, count: number, parts: Parts, systemd: boolean) {
  if (count > 16) raiseLimits()
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const hosts = numbers.map((number) => new LightHost(lab, number))
  for (const { name } of hosts) boot(lab, name, parts, systemd)
  await together(
    hosts.map(({ name }) =>
      until(
        () => ground.pidOf(lab, name),
        30_000,
        () => failure(lab, name),
      ),
    ),
  )

  const cable = (number: number, nic: number) =>
    `link add v${nic}h${number} master lab${nic} up type veth peer name eth${nic} ` +
    `address 02:1b:00:00:0${nic}:${number.toString(16).padStart(2, '0')} netns ${hosts[number - 1]?.pid}`
  const cables = numbers.flatMap((number) => [cable(number, 0), cable(number, 1)])
  if (count > 0) await must(['nsenter', '-t', `${lan}`, '-n', 'ip', '-batch', '-'], { input: `${cables.join('\n')}\n` })
  await together(hosts.map((host) => connect(host, systemd)))
  return hosts
}

/** Limits that all hosts on a kernel share, and that are meant for one. */
function raiseLimits(): void {
  const wanted = {
    'fs/inotify/max_user_instances': 8192,
    'kernel/pty/max': 16384,
    'net/ipv4/neigh/default/gc_thresh2': 32768,
    'net/ipv4/neigh/default/gc_thresh3': 65536,
    'net/ipv6/neigh/default/gc_thresh2': 32768,
    'net/ipv6/neigh/default/gc_thresh3': 65536,
  }
  for (const [name, value] of Object.entries(wanted)) {
    const file = join('/proc/sys', name)
    if (existsSync(file) && Number(readFileSync(file, 'latin1')) < value) writeFileSync(file, `${value}`)
  }
}

function boot(lab: string, name: string, { rootfs, layer }: Parts, systemd: boolean): void {
  const run = ground.folder(lab)
  mkdirSync(join(run, name))
  const lower = [...(systemd ? [join(layer, 'systemd')] : []), join(layer, 'base'), rootfs].join(':')
  const busybox = join(rootfs, 'bin/busybox')
  const init = [busybox, 'sh', join(here, 'host-init.sh'), name, run, lower, process.execPath, project]
  const namespaces = ['unshare', '-n', '-m', '-u', '-i', '-p', '-C', '--propagation', 'private']
  // The shell between unshare and init starts the next process, which is pid 1, and leaves: nobody has to wait.
  const start = [busybox, 'sh', '-c', '"$@" & exit', '-']
  launch(
    ground.member(lab, name),
    [...namespaces, ...start, ...init, systemd ? 'systemd' : 'busybox'],
    run,
    `${name}.log`,
  )
}

function failure(lab: string, name: string): string {
  return `host ${name} does not start: ${ground.record(lab, `${name}.log`)?.trim() || 'it does not say why'}`
}

async function connect(host: LightHost, systemd: boolean): Promise<void> {
  const input = `link set lo up
addr add ${host.address}/24 dev eth0
link set eth0 up
link set eth1 up
route add default via 198.18.0.1
`
  await must(['nsenter', '-t', `${host.pid}`, '-n', 'ip', '-batch', '-'], { input })
  await until(
    () => listens(host.pid),
    30_000,
    () => `host ${host.name}: sshd does not answer`,
  )
  if (systemd) await execute(host.command(['systemctl', 'is-system-running', '--wait']))
}

/** Whether the host listens on the ssh port, as the kernel's table of its sockets says. */
function listens(pid: number): true | undefined {
  return / [0-9A-F]+:0016 0+:0000 0A /.test(readFileSync(`/proc/${pid}/net/tcp`, 'latin1')) ? true : undefined
}
