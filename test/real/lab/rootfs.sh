#!/bin/sh
# Builds what every lab host is made of, once, into a cache directory:
#
#   rootfs-STAMP   a plain Debian with LXC and the network tools; never written to again after it is built
#   layer-STAMP    overlay layers with all that differs from plain Debian: `base` for every host, `systemd` on top of it
#                  for hosts with systemd as pid 1; `keys` holds the ssh key that opens every host
#
# The stamps come from the package list and from this file, so that a change of either builds anew. Everything is built
# beside its final name and renamed when complete; a lock keeps two runs apart.
#
#   rootfs.sh CACHE LAB     prints the two paths, the root file system first
#     LAB      the lab that they are for: when CACHE/run has no other, what older lists have built is removed
set -eu
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

packages='systemd systemd-sysv libpam-systemd udev kmod dbus lxc openvswitch-switch dnsmasq-base openssh-server openssh-client iproute2
  nftables iptables busybox-static ifupdown bridge-utils iputils-ping iputils-arping procps psmisc tcpdump
  netcat-openbsd ethtool attr acl e2fsprogs util-linux libstdc++6 libatomic1 sudo csh python3 netplan.io'

die() {
  echo "lab: $*" >&2
  exit 1
}

[ $# = 2 ] || die 'usage: rootfs.sh CACHE LAB'
cache=$1 lab=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || die 'the lab is built from Debian, on Debian'
# shellcheck disable=SC2086
stamp=$(echo "$suite" $packages | sha256sum | cut -c 1-12)
rootfs=$cache/rootfs-$stamp
layer=$cache/layer-$({ echo "$stamp"; cat "$here/rootfs.sh"; } | sha256sum | cut -c 1-12)

build_rootfs() {
  # The machine's own apt sources say which mirror can be reached: the file that names this release is used as it is.
  sources=$(grep -lsE "[ :]$suite( |\$)" /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
    /etc/apt/sources.list.d/*.list | head -n 1)
  [ -n "$sources" ] || die "no apt source of this machine names $suite"
  rm -rf "$1"
  # shellcheck disable=SC2086
  mmdebstrap --quiet --variant=apt --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --include="$(echo $packages | tr ' ' ,)" \
    "$suite" "$1" "$sources" >"$cache/rootfs.log" 2>&1 ||
    die "mmdebstrap: $(grep -m 1 '^E:' "$cache/rootfs.log" || tail -n 1 "$cache/rootfs.log") ($cache/rootfs.log)"
}

# The part of the base layer under /dev: the hosts mount no devtmpfs, which would show the machine's devices.
build_dev() {
  while read -r name major minor; do
    mknod -m 666 "$1/$name" c "$major" "$minor"
  done <<LIST
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
net/tun 10 200
console 1 3
LIST
  ln -s pts/ptmx "$1/ptmx"
  ln -s /proc/self/fd "$1/fd"
  ln -s fd/0 "$1/stdin"
  ln -s fd/1 "$1/stdout"
  ln -s fd/2 "$1/stderr"
}

# The root that all test containers share, read-only: one static busybox and no service.
build_tiny() {
  mkdir -p "$1/bin" "$1/sbin" "$1/etc" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/run" "$1/root" "$1/var/run" "$1/mnt" \
    "$1/usr/bin" "$1/usr/sbin" "$1/etc/udhcpc"
  cp "$rootfs/bin/busybox" "$1/bin/busybox"
  chroot "$1" /bin/busybox --install -s
  printf '::sysinit:/bin/true\n' >"$1/etc/inittab"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\n' >"$1/etc/group"
  printf '127.0.0.1 localhost\n' >"$1/etc/hosts"
  : >"$1/etc/resolv.conf"
  # A static libc has no other look-up modules than these, and crashes when it is told to use one.
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$1/etc/nsswitch.conf"
  cat >"$1/etc/udhcpc/default.script" <<'SCRIPT'
#!/bin/sh
case $1 in
  deconfig) ip link set "$interface" up; ip -4 addr flush dev "$interface" ;;
  bound | renew)
    ip addr add "$ip/$mask" dev "$interface" 2>/dev/null
    [ -z "$router" ] || ip route replace default via "${router%% *}" dev "$interface"
    ;;
esac
SCRIPT
  chmod +x "$1/etc/udhcpc/default.script"
}

# Who else may log in with the lab's key: somebody for each way to become root, and one whose shell is not a POSIX sh.
build_users() {
  mkdir -p "$1/etc/sudoers.d" "$1/home"
  for file in passwd group shadow; do
    cp -p "$rootfs/etc/$file" "$1/etc/$file"
  done
  hash=$(chroot "$rootfs" perl -e 'print crypt("secret-of-asker", q($6$lab$))')
  while read -r name id shell password rule; do
    echo "$name:x:$id:$id::/home/$name:$shell" >>"$1/etc/passwd"
    echo "$name:x:$id:" >>"$1/etc/group"
    echo "$name:$password:19000:0:99999:7:::" >>"$1/etc/shadow"
    [ -z "$rule" ] || echo "$name ALL=(ALL:ALL) $rule" >>"$1/etc/sudoers.d/lab"
    mkdir -p "$1/home/$name/.ssh"
    cp "$2/id.pub" "$1/home/$name/.ssh/authorized_keys"
    chmod 700 "$1/home/$name" "$1/home/$name/.ssh"
    chown -R "$id:$id" "$1/home/$name"
  done <<LIST
admin 2001 /bin/bash * NOPASSWD: ALL
asker 2002 /bin/bash $hash ALL
plain 2003 /bin/sh *
fisher 2004 /bin/csh * NOPASSWD: ALL
LIST
  chmod 440 "$1/etc/sudoers.d/lab"
}

build_base() {
  keys=$2
  mkdir -p "$1/etc/lab" "$1/etc/lxc" "$1/etc/network" "$1/root/.ssh" "$1/dev/net" "$1/dev/pts" "$1/dev/shm" "$1/opt/lxcnet" \
    "$1/opt/node/bin" "$1/usr/local/bin"
  build_dev "$1/dev"
  build_tiny "$1/srv/tiny"
  : >"$1/opt/node/bin/node"
  cat >"$1/usr/local/bin/lxcnet" <<'SCRIPT'
#!/bin/sh
exec /opt/node/bin/node /opt/lxcnet/bin/run.js "$@"
SCRIPT
  chmod +x "$1/usr/local/bin/lxcnet"
  printf 'lxc.net.0.type = empty\n' >"$1/etc/lxc/default.conf"
  printf '::sysinit:/sbin/ifup -a\n::respawn:/usr/sbin/sshd -D -f /etc/lab/sshd_config\n' >"$1/etc/inittab"
  printf 'auto lo\niface lo inet loopback\n' >"$1/etc/network/interfaces"
  : >"$1/etc/resolv.conf"
  cp "$keys/hostkey" "$1/etc/lab/hostkey"
  cp "$keys/id" "$1/root/.ssh/id_ed25519"
  cp "$keys/id.pub" "$1/root/.ssh/authorized_keys"
  cp "$keys/known_hosts" "$1/root/.ssh/known_hosts"
  chmod 700 "$1/root" "$1/root/.ssh"
  chmod 600 "$1/etc/lab/hostkey" "$1/root/.ssh/id_ed25519"
  build_users "$1" "$keys"
  cat >"$1/etc/lab/sshd_config" <<'CONFIG'
HostKey /etc/lab/hostkey
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 200
MaxSessions 200
PidFile none
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
Subsystem sftp /usr/lib/openssh/sftp-server
CONFIG
}

# What hosts with systemd have in another way: sessions by PAM and logind, and no unit that would touch the kernel all
# hosts share, or that only costs time.
build_systemd() {
  units=$1/etc/systemd/system
  mkdir -p "$units/ssh.service.d" "$units/multi-user.target.wants" "$1/etc/lab"
  sed 's/^UsePAM no/UsePAM yes/' "$2/etc/lab/sshd_config" >"$1/etc/lab/sshd_config"
  for unit in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
    systemd-udev-trigger.service systemd-udev-settle.service systemd-sysctl.service systemd-binfmt.service \
    proc-sys-fs-binfmt_misc.automount systemd-modules-load.service systemd-random-seed.service \
    kmod-static-nodes.service systemd-remount-fs.service systemd-journal-flush.service \
    systemd-journal-catalog-update.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-pstore.service systemd-firstboot.service \
    systemd-sysusers.service systemd-update-done.service systemd-timesyncd.service systemd-tmpfiles-clean.timer \
    getty.target getty-static.service console-getty.service getty@tty1.service serial-getty@ttyS0.service \
    modprobe@.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount dev-hugepages.mount \
    dev-mqueue.mount sys-fs-fuse-connections.mount apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer dpkg-db-backup.timer ovs-record-hostname.service ldconfig.service; do
    ln -s /dev/null "$units/$unit"
  done
  printf '[Service]\nType=simple\nExecStartPre=\nExecStart=\nExecStart=/usr/sbin/sshd -D -f /etc/lab/sshd_config\n' \
    >"$units/ssh.service.d/lab.conf"
  # Without this it is sometimes left unstarted.
  ln -s /lib/systemd/system/ovs-vswitchd.service "$units/multi-user.target.wants/"
}

build_layer() {
  rm -rf "$1"
  mkdir -p "$1/keys"
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$1/keys/id"
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$1/keys/hostkey"
  echo "h*,vm*,198.18.*,[h*]:*,[vm*]:*,[198.18.*]:* $(cut -d ' ' -f 1-2 "$1/keys/hostkey.pub")" >"$1/keys/known_hosts"
  build_base "$1/base" "$1/keys"
  build_systemd "$1/systemd" "$1/base"
}

remove_old() {
  for other in "$cache"/run/*; do
    [ ! -e "$other" ] || [ "$other" = "$cache/run/$lab" ] || return 0
  done
  for old in "$cache"/rootfs-* "$cache"/layer-*; do
    [ "$old" = "$rootfs" ] || [ "$old" = "$layer" ] || rm -rf "$old"
  done
}

umask 022
mkdir -p "$cache"
# Whoever is about to use what is there waits too: a run that builds may first remove it.
exec 9>"$cache/rootfs.lock"
flock 9
if [ ! -d "$rootfs" ] || [ ! -d "$layer" ]; then
  remove_old
  if [ ! -d "$rootfs" ]; then
    build_rootfs "$cache/rootfs-new"
    mv "$cache/rootfs-new" "$rootfs"
  fi
  if [ ! -d "$layer" ]; then
    build_layer "$cache/layer-new"
    mv "$cache/layer-new" "$layer"
  fi
fi
printf '%s\n%s\n' "$rootfs" "$layer"
