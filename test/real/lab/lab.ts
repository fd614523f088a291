// A lab of real hosts on one machine, for tests and for the demonstration: light hosts, which are namespaces on the
// machine's kernel, and virtual machines, with a kernel of their own, all on the same two networks.
//
//   const lab = await Lab.up({ hosts: 2 })
//   await lab.hosts[0].ok('ip link add br0 type bridge')
//   await lab.down()

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as ground from './ground.ts'
import * as light from './light.ts'
import {
  type Command,
  cache,
  execute,
  here,
  launch,
  must,
  type Result,
  type RunOptions,
  text,
  together,
  until,
  within,
} from './machine.ts'
import { canHost } from './probe.ts'
import * as vm from './vm.ts'

export type { LabHost } from './host.ts'
export type { LightHost } from './light.ts'
export type { Result, RunOptions } from './machine.ts'
export type { VmHost } from './vm.ts'

export interface LabOptions {
  /** Light hosts, named h1, h2 ... */
  hosts?: number
  /** Virtual machines, named vm1, vm2 ... */
  vms?: number
  /** Whether the light hosts run systemd, with PAM and logind; else they run busybox init. */
  systemd?: boolean
  /** Whether what the light hosts write goes to this machine's disk, where a sync takes its time; else into memory. */
  persistent?: boolean
}

export class Lab {
  readonly id: string
  hosts: light.LightHost[] = []
  vms: vm.VmHost[] = []
  #proxies = 0

  private constructor(id: string) {
    this.id = id
  }

  static async up({ hosts = 0, vms = 0, systemd = false, persistent = false }: LabOptions): Promise<Lab> {
    const obstacle = await canHost()
    if (obstacle) throw new Error(`lab: ${obstacle}`)
    await must(['sh', join(here, 'install.sh'), 'light', ...(vms > 0 ? ['vm'] : [])], { timeoutMs: 900_000 })
    ground.sweep()
    const lab = new Lab(ground.create())
    try {
      const build = ['unshare', '-m', '--propagation', 'private', 'sh', join(here, 'rootfs.sh'), cache, lab.id]
      const built = await must(build, { timeoutMs: 900_000 })
      const [rootfs = '', layer = ''] = built.split('\n')
      const parts = { rootfs, layer }
      const lan = await lab.#openNetworks(hosts, vms, join(layer, 'keys'))
      const raised = await together([
        light.raise(lab.id, lan, hosts, parts, { systemd, persistent }),
        vm.raise(lab.id, lan, vms, parts),
      ])
      lab.hosts = raised[0]
      lab.vms = raised[1]
      return lab
    } catch (error) {
      await lab.down()
      throw error
    }
  }

  async #openNetworks(hosts: number, vms: number, keys: string): Promise<number> {
    const run = ground.folder(this.id)
    const names = (count: number, name: string, first: number) =>
      Array.from({ length: count }, (_, index) => `198.18.0.${first + index} ${name}${index + 1}\n`)
    writeFileSync(
      join(run, 'hosts'),
      ['127.0.0.1 localhost\n', ...names(hosts, 'h', 11), ...names(vms, 'vm', 231)].join(''),
    )
    const ssh = `User root\nIdentityFile ${keys}/id\nGlobalKnownHostsFile ${keys}/known_hosts\n`
    writeFileSync(join(run, 'ssh_config'), ssh)
    const holder = ['unshare', '-n', '-m', '--propagation', 'private', 'sh', join(here, 'lan-init.sh'), run]
    launch(ground.member(this.id, 'lan'), holder, run, 'lan.log')
    const failure = () => `no networks: ${ground.record(this.id, 'lan.log')?.trim()}`
    return until(() => ground.pidOf(this.id, 'lan'), 30_000, failure)
  }

  /** Runs a script in the network namespace that holds the networks, lab0 for management and lab1 for data. */
  async lan(script: string, options?: RunOptions): Promise<Result> {
    return text(await execute(this.lanCommand(['sh', '-c', script]), options))
  }

  /** The command on this machine that runs `argv` there. */
  lanCommand(argv: string[]): Command {
    const pid = ground.pidOf(this.id, 'lan')
    if (pid === undefined) throw new Error('lab: the lab is down')
    return { argv: within(join(ground.cgroup(this.id), 'lan'), ['nsenter', '-t', `${pid}`, '-n', '-m', ...argv]) }
  }

  /** Starts `proxy.ts` with these arguments there, at 198.18.0.1. */
  async proxy(...args: string[]): Promise<{ stop(): Promise<void> }> {
    const log = `proxy${++this.#proxies}.log`
    const { argv } = this.lanCommand([process.execPath, fileURLToPath(new URL('./proxy.ts', import.meta.url)), ...args])
    const child = launch(join(ground.cgroup(this.id), 'lan'), argv, ground.folder(this.id), log)
    const ended = once(child, 'exit')
    const said = () => ground.record(this.id, log) ?? ''
    const answer = () => (said() === 'ready\n' || child.exitCode !== null ? said() : undefined)
    if ((await until(answer, 30_000, () => `no proxy: ${said()}`)) !== 'ready\n') throw new Error(`lab: ${said()}`)
    const stop = async () => {
      child.kill('SIGKILL')
      await ended
    }
    return { stop }
  }

  /** Lets the lab live on when this process ends, until somebody ends it. */
  keep(): void {
    ground.keep(this.id, JSON.stringify({ hosts: this.hosts.length, vms: this.vms.length }))
  }

  /** The labs that live on like that, the newest last. */
  static kept(): Lab[] {
    return ground.kept().map((id) => {
      const { hosts, vms } = JSON.parse(ground.record(id, 'kept') ?? '{}') as Required<LabOptions>
      const lab = new Lab(id)
      lab.hosts = Array.from({ length: hosts }, (_, index) => new light.LightHost(id, index + 1))
      lab.vms = Array.from({ length: vms }, (_, index) => new vm.VmHost(id, index + 1))
      return lab
    })
  }

  /** Ends the labs of runners that died without doing so, and says which. */
  static sweep(): string[] {
    return ground.sweep()
  }

  /** Why this machine cannot have light hosts, or null when it can. */
  static canHost(): Promise<string | null> {
    return canHost()
  }

  /** Ends the lab with all its processes; does no harm when it has ended. */
  async down(): Promise<void> {
    ground.destroy(this.id)
    this.hosts = []
    this.vms = []
  }
}
