// Whether a machine can have light hosts at all: tries, in namespaces that are thrown away, what their start will do.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { canEndCgroups } from './ground.ts'
import { cache, cgroups, execute, text } from './machine.ts'

const trial = `fail() { echo "$1"; exit 1; }
mount -t tmpfs tmpfs /tmp || fail 'a memory file system cannot be mounted'
cd /tmp && mkdir lower upper work root sys cgroup
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root || fail 'overlayfs is not available'
mount -t sysfs sysfs sys || fail 'sysfs cannot be mounted in a new network namespace'
mount -t cgroup2 cgroup2 cgroup || fail 'cgroup2 cannot be mounted in a new cgroup namespace'
mknod null c 1 3 && : >null || fail 'device nodes cannot be made or used'
command -v ip >/dev/null || exit 0
ip link add br0 type bridge || fail 'the kernel has no bridges'
ip link add v0 type veth peer name v1 || fail 'the kernel has no veth pairs'`

/** The first reason against it in one line, or null. */
export async function canHost(): Promise<string | null> {
  if (process.platform !== 'linux') return 'real hosts need Linux'
  if (process.getuid?.() !== 0) return 'real hosts need root'
  return cgroupObstacle() ?? (await namespaceObstacle()) ?? debianObstacle()
}

function cgroupObstacle(): string | null {
  if (!existsSync(join(dirname(cgroups), 'cgroup.procs'))) return 'cgroup2 is not mounted'
  try {
    return canEndCgroups() ? null : 'the kernel cannot end a whole cgroup (Linux 5.14 and newer can)'
  } catch (error) {
    return `no cgroup can be made: ${error instanceof Error ? error.message : error}`
  }
}

async function namespaceObstacle(): Promise<string | null> {
  const namespaces = ['unshare', '-f', '-n', '-m', '-u', '-i', '-p', '-C', '--propagation', 'private']
  const { status, stdout, stderr } = text(await execute({ argv: [...namespaces, 'sh', '-c', trial] }))
  return status === 0 ? null : stdout.trim() || `no namespaces can be made: ${stderr.trim()}`
}

/** The hosts' file system is Debian's, built with the tools and from the mirror of a Debian machine. */
function debianObstacle(): string | null {
  if (existsSync(cache) && readdirSync(cache).some((name) => /^rootfs-[0-9a-f]+$/.test(name))) return null
  const debian = existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  return debian && existsSync('/usr/bin/apt-get') ? null : 'the file system of the hosts can only be built on Debian'
}
