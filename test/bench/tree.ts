/** A host's files as a fleet of containers leaves them, for `--root`: configs as lxc-create of Debian 12 writes them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** On a disk: /tmp is memory on many hosts, where nothing takes the time that it takes elsewhere. */
const folder = '/var/tmp'

export const containerName = (n: number): string => `c${String(n).padStart(5, '0')}`

/** Calls `use` with the path of a tree of that many containers, and removes it whatever happens. */
export async function withTree<T>(containers: number, use: (tree: string) => T | Promise<T>): Promise<T> {
  const tree = mkdtempSync(join(folder, 'lxcnet-bench-'))
  const stop = (): never => process.exit(130) // runs what is bound to the exit
  const clean = (): void => rmSync(tree, { recursive: true, force: true })
  process.once('exit', clean).once('SIGINT', stop).once('SIGTERM', stop)
  try {
    plant(tree, containers)
    return await use(tree)
  } finally {
    process.off('exit', clean).off('SIGINT', stop).off('SIGTERM', stop)
    clean()
  }
}

function plant(tree: string, containers: number): void {
  const write = (path: string, text: string): void => {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  write('etc/lxc/default.conf', 'lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n')
  for (const [name, text] of Object.entries(packaged)) write(`usr/share/lxc/config/${name}`, text)
  for (let n = 1; n <= containers; n++) write(`var/lib/lxc/${containerName(n)}/config`, config(n))
}

/** What the package lxc of Debian 12 ships and the configs below include. */
const packaged: Record<string, string> = {
  'common.conf': `# Default configuration shared by all containers

# Setup the LXC devices in /dev/lxc/
lxc.tty.dir = lxc

# Allow for 1024 pseudo terminals
lxc.pty.max = 1024

# Setup 4 tty devices
lxc.tty.max = 4

# Drop some harmful capabilities
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio

# Ensure hostname is changed on clone
lxc.hook.clone = /usr/share/lxc/hooks/clonehostname

# CGroup whitelist
lxc.cgroup.devices.deny = a
${['c *:* m', 'b *:* m', 'c 1:3 rwm', 'c 1:5 rwm', 'c 1:7 rwm', 'c 5:0 rwm', 'c 5:1 rwm', 'c 5:2 rwm', 'c 1:8 rwm', 'c 1:9 rwm', 'c 136:* rwm'].map((rule) => `lxc.cgroup.devices.allow = ${rule}\n`).join('')}
# Setup the default mounts
lxc.mount.auto = cgroup:mixed proc:mixed sys:mixed
lxc.mount.entry = /sys/fs/fuse/connections sys/fs/fuse/connections none bind,optional 0 0

# Blacklist some syscalls which are not safe in privileged
# containers
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp

# Lastly, include all the configs from /usr/share/lxc/config/common.conf.d/
lxc.include = /usr/share/lxc/config/common.conf.d/
`,
  'common.conf.d/00-lxcfs.conf':
    'lxc.hook.mount = /usr/share/lxcfs/lxc.mount.hook\nlxc.hook.post-stop = /usr/share/lxcfs/lxc.reboot.hook\n',
  'common.conf.d/README': 'All files in this directory whose names end in .conf are included by common.conf\n',
  'userns.conf':
    'lxc.cgroup.devices.deny =\nlxc.cgroup.devices.allow =\nlxc.mount.entry = /dev/full dev/full none bind,create=file 0 0\n',
}

/** 60 lines and more; every third container has two NICs, every fourth is unprivileged. */
function config(n: number): string {
  const name = containerName(n)
  const [high, low] = [n >> 8, n & 255]
  const mac = `${hex(high)}:${hex(low)}`
  return `# Template used to create this container: /usr/share/lxc/templates/lxc-download
# Parameters passed to the template: -d debian -r bookworm -a amd64
# Template script checksum (SHA-1): 273c51343604eb85f7e294c8da0a5eb769d648f3
# For additional config options, please look at lxc.container.conf(5)

# Uncomment the following line to support nesting containers:
#lxc.include = /usr/share/lxc/config/nesting.conf
# (Be aware this has security implications)


# Distribution configuration
lxc.include = /usr/share/lxc/config/common.conf
${n % 4 === 0 ? 'lxc.include = /usr/share/lxc/config/userns.conf' : '# (privileged)'}
lxc.arch = linux64

# Container specific configuration
${n % 4 === 0 ? 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536' : '# lxc.idmap = u 0 100000 65536\n# lxc.idmap = g 0 100000 65536'}
lxc.apparmor.profile = generated
lxc.apparmor.allow_nesting = 1
lxc.rootfs.path = dir:/var/lib/lxc/${name}/rootfs
lxc.uts.name = ${name}
lxc.start.auto = ${n % 2}
lxc.start.delay = 5
lxc.group = onboot

# Limits
lxc.cgroup2.memory.max = 2G
lxc.cgroup2.memory.swap.max = 0
lxc.cgroup2.cpu.max = 200000 100000
lxc.cgroup2.pids.max = 4096
lxc.prlimit.nofile = 65536

# Mounts
lxc.mount.entry = /srv/shared srv/shared none bind,ro,create=dir 0 0
lxc.mount.entry = /srv/${name} srv/data none bind,create=dir 0 0
lxc.mount.entry = tmpfs tmp tmpfs nosuid,nodev 0 0

# Environment
lxc.environment = TZ=Etc/UTC
lxc.environment = LANG=C.UTF-8

# Network configuration
lxc.net.0.type = veth
lxc.net.0.link = lxcbr0
lxc.net.0.flags = up
lxc.net.0.name = eth0
lxc.net.0.hwaddr = 00:16:3e:00:${mac}
lxc.net.0.ipv4.address = 10.0.${high}.${low}/16
lxc.net.0.ipv4.gateway = 10.0.255.254
${n % 3 === 0 ? secondNic(mac, high, low) : noSecondNic}
# Logs
lxc.log.level = INFO
lxc.log.file = /var/log/lxc/${name}.log
# ${name} belongs to team ${n % 17}
`
}

const secondNic = (mac: string, high: number, low: number): string => `
lxc.net.1.type = macvlan
lxc.net.1.macvlan.mode = bridge
lxc.net.1.link = eth1
lxc.net.1.flags = up
lxc.net.1.name = eth1
lxc.net.1.hwaddr = 00:16:3e:01:${mac}
lxc.net.1.ipv6.address = fd00:5::${high}:${low}/64
`

const noSecondNic = '\n# lxc.net.1: none yet\n# lxc.net.1.type = macvlan\n# lxc.net.1.link = eth1\n\n'

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
