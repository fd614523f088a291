/**
 * Names of the keys that LXC 2.1 renamed and LXC 3.0 refuses, besides those of NICs.
 *
 * Source: the table of deprecated keys in LXC 2.1's confile.c, and `lxc-update-config`, which renames them.
 */

/** Legacy name → modern name; '' where the key has no effect any more and its lines go. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['lxc.aa_allow_incomplete', 'lxc.apparmor.allow_incomplete'],
  ['lxc.aa_profile', 'lxc.apparmor.profile'],
  ['lxc.console', 'lxc.console.path'],
  ['lxc.devttydir', 'lxc.tty.dir'],
  ['lxc.haltsignal', 'lxc.signal.halt'],
  ['lxc.id_map', 'lxc.idmap'],
  ['lxc.init_cmd', 'lxc.init.cmd'],
  ['lxc.init_gid', 'lxc.init.gid'],
  ['lxc.init_uid', 'lxc.init.uid'],
  ['lxc.kmsg', ''],
  ['lxc.limit', 'lxc.prlimit'],
  ['lxc.logfile', 'lxc.log.file'],
  ['lxc.loglevel', 'lxc.log.level'],
  ['lxc.mount', 'lxc.mount.fstab'],
  ['lxc.pivotdir', ''],
  ['lxc.pts', 'lxc.pty.max'],
  ['lxc.rebootsignal', 'lxc.signal.reboot'],
  ['lxc.rootfs', 'lxc.rootfs.path'],
  ['lxc.rootfs.backend', ''],
  ['lxc.se_context', 'lxc.selinux.context'],
  ['lxc.seccomp', 'lxc.seccomp.profile'],
  ['lxc.stopsignal', 'lxc.signal.stop'],
  ['lxc.syslog', 'lxc.log.syslog'],
  ['lxc.tty', 'lxc.tty.max'],
  ['lxc.utsname', 'lxc.uts.name'],
])

/** @returns the modern name, '' for a key without successor, undefined for a key that is not a legacy one */
export function modernKey(key: string): string | undefined {
  if (key.startsWith('lxc.limit.')) return `lxc.prlimit.${key.slice('lxc.limit.'.length)}`
  return renamed.get(key)
}
