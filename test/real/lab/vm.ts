// Virtual machines as hosts: each has a kernel of its own with all of Debian's modules, which the machine's kernel may
// lack. The processor is emulated, which works everywhere and is about 25 times slower; so machines are not booted but
// cloned from one that was saved when it was up, and commands go through one ssh connection that stays open.

import { randomBytes } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as ground from './ground.ts'
import { environment, LabHost } from './host.ts'
import type { Parts } from './light.ts'
import { type Command, launch, must, project, together, until } from './machine.ts'
import { converse, Monitor } from './monitor.ts'
import { template } from './vm-build.ts'

export class VmHost extends LabHost {
  protected override patienceMs = 180_000
  readonly number: number
  readonly #lab: string

  constructor(lab: string, number: number) {
    super(`vm${number}`, `198.18.0.${230 + number}`)
    this.number = number
    this.#lab = lab
  }

  override command(argv: string[], env: Record<string, string> = {}, terminal = false): Command {
    const variables = Object.entries({ ...environment, ...env }).map(([name, value]) => `${name}=${value}`)
    const line = ['exec', 'env', ...[...variables, ...argv].map(quote)].join(' ')
    if (ground.pidOf(this.#lab, this.name) === undefined) throw new Error(`lab: host ${this.name} is not running`)
    // Without the connection there is no other way: this machine's own network may not be asked for the address.
    const only = ['-F', 'none', '-S', `${this.name}.ssh`, '-o', 'ProxyCommand=false', '-o', 'LogLevel=ERROR']
    const ssh = ['ssh', ...only, ...(terminal ? ['-t'] : []), `root@${this.address}`]
    return { argv: [...ssh, line], cwd: ground.folder(this.#lab) }
  }

  /** Ends the machine at once, as a power cut would. What was written to /data and synced is there after a restart. */
  kill(): void {
    ground.end(this.#lab, this.name)
  }

  /** A fresh machine of the same name with the same /data, which is not mounted until `mount /data`. */
  async restart(): Promise<void> {
    this.kill()
    await clone(this.#lab, this)
  }

  /** A fresh kernel with the files that there are now, all over the machine. init does what its /etc/inittab says. */
  async reboot(): Promise<void> {
    await this.ok(keepScript)
    this.kill()
    await clone(this.#lab, this, 'files')
  }
}

// Its root is memory over an image that never changes, /var/lib/lxc memory of its own. A whiteout of the overlay is a
// device 0:0. tar complains of what changes under its hands, as a log does.
const keepScript = `mount /data && cd /rw/upper
find . -type c -exec stat -c '%t:%T %n' {} + | sed -n 's/^0:0 //p' >/data/gone
tar -cpf /data/files.tar --exclude-from=/data/gone . -C / var/lib/lxc || [ $? = 1 ]
cd / && umount /data`

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** Starts machines vm1 to vmN on the lab's two networks. */
export async function raise(lab: string, lan: number, count: number, parts: Parts): Promise<VmHost[]> {
  if (count === 0) return []
  await projectDisk(lab)
  const home = await template(parts, (folder) => save(lab, lan, folder))
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  await plug(lan, numbers)
  copyFileSync(join(parts.layer, 'keys/id'), join(ground.folder(lab), 'id'))
  homes.set(lab, { home, lan })
  const vms = numbers.map((number) => new VmHost(lab, number))
  for (const { name } of vms) copyFileSync(join(home, 'data.img'), join(ground.folder(lab), `${name}.data`))
  await together(vms.map((vm) => clone(lab, vm)))
  return vms
}

/** What the machines of a lab are cloned from, and the process whose network they are plugged into. */
const homes = new Map<string, { home: string; lan: number }>()

/** The disk with the project as it is now: what a published package has, and the packages it needs. */
async function projectDisk(lab: string): Promise<void> {
  const staging = join(ground.folder(lab), 'project')
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>
  }
  const needed = Object.entries(lock.packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .map(([path]) => path)
  for (const path of ['bin', 'dist', 'hooks', 'man', 'templates', 'package.json', 'oclif.manifest.json', ...needed]) {
    const from = join(project, path)
    if (existsSync(from)) cpSync(from, join(staging, path), { recursive: true })
  }
  mkdirSync(staging, { recursive: true })
  // The size is part of what the saved machine remembers: it may not change with the contents.
  await must(['mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', staging, `${staging}.img`, '256M'])
  rmSync(staging, { recursive: true })
}

/** Gives machines their two network plugs. */
async function plug(lan: number, numbers: number[]): Promise<void> {
  const plugs = numbers.flatMap((number) => [0, 1].map((nic) => ({ name: `t${nic}vm${number}`, bridge: `lab${nic}` })))
  const lines = plugs.flatMap(({ name, bridge }) => [
    `tuntap add dev ${name} mode tap`,
    `link set ${name} master ${bridge} up`,
  ])
  await must(['nsenter', '-t', `${lan}`, '-n', 'ip', '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

/** Starts QEMU; the machine's files are in the lab's folder, under its name. */
function launchMachine(lab: string, lan: number, home: string, number: number, more: string[]): () => boolean {
  const name = `vm${number}`
  const disk = (id: string, file: string, readonly: boolean) => [
    ...['-drive', `file=${file},if=none,id=${id},format=raw,readonly=${readonly ? 'on' : 'off'}`],
    ...['-device', `virtio-blk-pci,drive=${id}`],
  ]
  const nic = (index: number) => [
    ...['-netdev', `tap,id=n${index},ifname=t${index}${name},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=n${index},mac=52:54:00:00:0${index}:fe,romfile=`],
  ]
  const boot = `console=ttyS0 panic=-1 quiet loglevel=3 net.ifnames=0 nokaslr mitigations=off tsc=reliable no_timer_check \
random.trust_cpu=on rcupdate.rcu_expedited=1 apparmor=0 rdinit=/init`
  const argv = [
    ...['nsenter', '-t', `${lan}`, '-n', 'qemu-system-x86_64', '-nodefaults', '-no-user-config', '-no-reboot'],
    ...['-display', 'none'],
    ...['-accel', 'tcg,thread=multi,tb-size=64', '-cpu', 'max', '-m', '512', '-smp', '1'],
    ...['-machine', 'pc,memory-backend=ram,usb=off,vmport=off'],
    ...['-kernel', join(home, 'vmlinux'), '-initrd', join(home, 'initrd'), '-append', boot],
    ...disk('root', join(home, 'root.img'), true),
    ...disk('project', 'project.img', true),
    ...disk('data', `${name}.data`, false),
    ...[0, 1].flatMap(nic),
    ...[
      '-chardev',
      `socket,id=serial,path=${name}.serial,server=on,wait=off,logfile=${name}.console`,
      '-serial',
      'chardev:serial',
    ],
    ...['-qmp', `unix:${name}.qmp,server=on,wait=off`],
    ...more,
  ]
  const folder = ground.folder(lab)
  for (const rest of ['serial', 'qmp', 'ssh']) rmSync(join(folder, `${name}.${rest}`), { force: true })
  const { pid = 0 } = launch(ground.member(lab, name), argv, folder, `${name}.log`)
  ground.note(lab, name, pid)
  return () => ground.pidOf(lab, name) !== undefined
}

function memory(home: string, share: boolean): string[] {
  return ['-object', `memory-backend-file,id=ram,size=512M,mem-path=${join(home, 'ram')},share=${share ? 'on' : 'off'}`]
}

/** Boots a machine, waits until it is up but nobody yet, and saves it. */
async function save(lab: string, lan: number, home: string): Promise<void> {
  const file = (what: string) => join(ground.folder(lab), `vm0.${what}`)
  await plug(lan, [0])
  copyFileSync(join(home, 'data.img'), file('data'))
  const alive = launchMachine(lab, lan, home, 0, memory(home, true))
  try {
    const [monitor] = await together([Monitor.open(file('qmp'), alive), converse(file('serial'), 'READY', alive)])
    await monitor.save(join(home, 'state'))
    monitor.close()
  } catch (error) {
    throw explained(lab, 'vm0', error)
  } finally {
    ground.end(lab, 'vm0')
  }
}

/** Starts a machine from the saved state and tells it who it is. */
async function clone(lab: string, vm: VmHost, files = ''): Promise<void> {
  const { home, lan } = homes.get(lab) ?? {}
  if (home === undefined || lan === undefined) throw new Error(`lab: ${vm.name} was started by another process`)
  const file = (what: string) => join(ground.folder(lab), `${vm.name}.${what}`)
  const alive = launchMachine(lab, lan, home, vm.number, [...memory(home, false), '-incoming', 'defer'])
  try {
    const monitor = await Monitor.open(file('qmp'), alive)
    await monitor.restore(join(home, 'state'))
    monitor.close()
    const byte = vm.number.toString(16).padStart(2, '0')
    const seed = randomBytes(32).toString('hex')
    const identity = [vm.name, vm.address, '198.18.0.1', byte, Math.floor(Date.now() / 1000), seed, files].join(' ')
    await converse(file('serial'), 'UP', alive, identity)
    await connectSsh(lab, lan, vm)
    await vm.write('/etc/hosts', readFileSync(join(ground.folder(lab), 'hosts')))
  } catch (error) {
    throw explained(lab, vm.name, error)
  }
}

async function connectSsh(lab: string, lan: number, vm: VmHost): Promise<void> {
  const trust = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  const options = [...trust, '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=60', '-o', 'IdentitiesOnly=yes', '-i', 'id']
  const ssh = ['ssh', ...options, '-N', '-M', '-S', `${vm.name}.ssh`, `root@${vm.address}`]
  const enter = ['nsenter', '-t', `${lan}`, '-n', ...ssh]
  const child = launch(ground.member(lab, vm.name), enter, ground.folder(lab), `${vm.name}.log`)
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  const there = () => (ended || existsSync(join(ground.folder(lab), `${vm.name}.ssh`)) ? true : undefined)
  await until(there, 90_000, () => 'ssh does not get through')
  if (ended) throw new Error('lab: ssh does not get through')
}

function explained(lab: string, name: string, error: unknown): Error {
  const said = ['log', 'console'].map((file) => ground.record(lab, `${name}.${file}`)?.trim().slice(-2000))
  return new Error(
    [`lab: ${name}: ${error instanceof Error ? error.message : error}`, ...said].filter(Boolean).join('\n'),
  )
}
