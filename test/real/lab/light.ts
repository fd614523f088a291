// Light hosts: sets of namespaces, each with its own init, file system, network and containers, on the machine's kernel.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import * as ground from './ground.ts'
import { environment, LabHost } from './host.ts'
import { type Command, execute, here, launch, must, project, together, until, within } from './machine.ts'

/** Where the parts are that hosts are built of. */
export interface Parts {
  rootfs: string
  layer: string
}

/** What hosts are started from, also again. */
interface Site {
  /** The process that holds the lab's networks and the disks of its hosts. */
  lan: number
  parts: Parts
  systemd: boolean
}

export class LightHost extends LabHost {
  readonly number: number
  readonly #lab: string
  readonly #site: Site | undefined

  constructor(lab: string, number: number, site?: Site) {
    super(`h${number}`, `198.18.0.${10 + number}`)
    this.number = number
    this.#lab = lab
    this.#site = site
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

  /**
   * Ends all processes of the host at once and unplugs its cables, as a power cut would, but for one thing: the disk is
   * memory and forgets nothing, synced or not. What a disk loses shows only on a virtual machine.
   */
  async kill(): Promise<void> {
    const { lan } = this.#origin
    ground.end(this.#lab, this.name)
    // The kernel takes its time to clear a network namespace away, and the cables with it; some may be gone already.
    const input = [0, 1].map((nic) => `link del v${nic}${this.name}\n`).join('')
    await execute(ip(lan, '-force'), { input })
  }

  /**
   * Boots the host again with the disk it had: /etc, /var, /root and the rest, but not /run, /tmp, links or processes.
   * Its cables have the same names and MACs, and eth0 the address that the lab gave it, unless the host's own network
   * configuration speaks of the NIC: then it is up to the host.
   */
  async reboot({ hard = true } = {}): Promise<void> {
    if (!hard) {
      await this.run(this.#origin.systemd ? ['systemctl', 'reboot'] : ['busybox', 'reboot'])
      const down = () => (ground.pidOf(this.#lab, this.name) === undefined ? true : undefined)
      await until(down, 120_000, () => `host ${this.name} does not shut down`)
    }
    await this.kill()
    await start(this.#lab, [this], this.#origin, ownNetwork)
  }

  get #origin(): Site {
    if (this.#site === undefined) throw new Error(`lab: ${this.name} was started by another process`)
    return this.#site
  }
}

/** Starts hosts h1 to hN on the lab's two networks. */
export async function raise(
  lab: string,
  lan: number,
  count: number,
  parts: Parts,
  { systemd, persistent }: { systemd: boolean; persistent: boolean },
) {
  if (count === 0) return []
  if (count > 16) raiseLimits()
  const site = { lan, parts, systemd }
  const hosts = Array.from({ length: count }, (_, index) => new LightHost(lab, index + 1, site))
  await makeDisks(lab, hosts, persistent ? undefined : lan)
  await start(lab, hosts, site, async () => '')
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

/**
 * Makes an empty disk for each host where it outlives the host, and goes with the lab.
 *
 * @param lan whose mount namespace has them in memory; without it they are folders on this machine's disk
 */
async function makeDisks(lab: string, hosts: LightHost[], lan: number | undefined): Promise<void> {
  const folders = hosts.map(({ name }) => join(ground.folder(lab), name))
  for (const folder of folders) mkdirSync(folder)
  if (lan === undefined) return
  const script = 'for disk; do mount -t tmpfs -o size=2g,mode=755 disk "$disk" || exit; done'
  await must(['nsenter', '-t', `${lan}`, '-m', 'sh', '-c', script, 'sh', ...folders])
}

/** What the network configuration of a host says, in whichever of Debian's ways. */
function ownNetwork(host: LightHost): Promise<string> {
  return host.ok(
    'cat /etc/network/interfaces /etc/network/interfaces.d/* /etc/systemd/network/* /etc/netplan/* 2>/dev/null || :',
  )
}

/** Boots hosts, and gives them addresses unless `own` finds that their own configuration does. */
async function start(
  lab: string,
  hosts: LightHost[],
  site: Site,
  own: (host: LightHost) => Promise<string>,
): Promise<void> {
  const gates = hosts.map(({ name }) => boot(lab, name, site))
  const alive = ({ name }: LightHost) =>
    until(
      () => ground.pidOf(lab, name),
      30_000,
      () => `host ${name} does not start: ${ground.record(lab, `${name}.log`)?.trim() || 'it does not say why'}`,
    )
  await together(hosts.map(alive))
  const cable = ({ number, pid }: LightHost, nic: number) =>
    `link add v${nic}h${number} master lab${nic} up type veth peer name eth${nic} ` +
    `address 02:1b:00:00:0${nic}:${number.toString(16).padStart(2, '0')} netns ${pid}\n`
  const input = hosts.flatMap((host) => [cable(host, 0), cable(host, 1)]).join('')
  await must(ip(site.lan).argv, { input })
  for (const gate of gates) gate.end('\n')
  await together(hosts.map(async (host) => connect(host, site.systemd, await own(host))))
}

/** Starts the first process of a host, which goes on when it reads a line from what is returned. */
function boot(lab: string, name: string, { lan, parts, systemd }: Site): Socket {
  const run = ground.folder(lab)
  const lower = [...(systemd ? [join(parts.layer, 'systemd')] : []), join(parts.layer, 'base'), parts.rootfs].join(':')
  const busybox = join(parts.rootfs, 'bin/busybox')
  const script = [busybox, 'sh', join(here, 'host-init.sh')]
  const init = [...script, name, run, lower, process.execPath, project, systemd ? 'systemd' : 'busybox']
  const disks = ['nsenter', '-t', `${lan}`, '-m']
  const namespaces = ['unshare', '-n', '-m', '-u', '-i', '-p', '-C', '--propagation', 'private']
  // The shell between unshare and init starts the next process, which is pid 1, and leaves: nobody has to wait.
  const leave = [busybox, 'sh', '-c', '"$@" & exit', '-']
  const argv = [...disks, ...namespaces, ...leave, ...init]
  const child = launch(ground.member(lab, name), argv, run, `${name}.log`, 'pipe')
  const gate = child.stdio[3] as Socket
  gate.on('error', () => {}) // it has no reader when the host did not start, which the log tells
  return gate
}

/** The command that runs a batch of ip(8) in the network namespace of a process. */
function ip(pid: number, ...options: string[]): Command {
  return { argv: ['nsenter', '-t', `${pid}`, '-n', 'ip', ...options, '-batch', '-'] }
}

async function connect(host: LightHost, systemd: boolean, own: string): Promise<void> {
  const address = `addr add ${host.address}/24 dev eth0\nlink set eth0 up\nroute add default via 198.18.0.1\n`
  const input = `${/\beth0\b/.test(own) ? '' : address}${/\beth1\b/.test(own) ? '' : 'link set eth1 up\n'}`
  await must(ip(host.pid).argv, { input })
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
