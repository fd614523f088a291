#!/bin/busybox sh
# The first process of a light host, already alone in its own net, mount, uts, ipc, pid and cgroup namespaces: builds
# the host's root from overlay layers, waits for its network cables, moves into the root and becomes init. All of it
# goes with the process, but for the disk.
#
#   host-init.sh NAME RUN LOWER NODE PROJECT INIT      descriptor 3 has a line when the cables are plugged in
#     RUN      the lab's directory: NAME.pid is written there, NAME is the host's disk, empty when it boots for the first
#              time, and hosts the file that names all hosts
#     LOWER    the overlay's lower directories
#     NODE     the Node.js binary and PROJECT the project, both shown read-only under /opt
#     INIT     busybox or systemd
set -eu
name=$1 run=$2 lower=$3 node=$4 project=$5 init=$6

# The machine's /proc is still the one mounted: this is the pid as the lab sees it, with its start time.
read -r stat </proc/self/stat
# shellcheck disable=SC2086
set -- $stat
echo "$1 ${22}" >"$run/$name.pid.new"

disk=$run/$name
root=$disk/root
first=false
[ -d "$root" ] || first=true
mkdir -p "$disk/upper" "$disk/work" "$disk/lxc" "$root"
mount -t overlay -o "lowerdir=$lower,upperdir=$disk/upper,workdir=$disk/work" "lab-$name" "$root"
mount --bind "$disk/lxc" "$root/var/lib/lxc" # not on the overlay, so that containers can have overlays of their own
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"             # mounted from inside the network namespace: shows this host's devices
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --bind "$root/dev" "$root/dev"         # a mount point, or systemd puts the machine's devices over it
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/run/sshd" "$root/run/lock" "$root/run/network"
mount --bind "$node" "$root/opt/node/bin/node"
mount -o remount,bind,ro "$root/opt/node/bin/node"
mount --bind "$project" "$root/opt/lxcnet"
mount -o remount,bind,ro "$root/opt/lxcnet"

if $first; then
  echo "$name" >"$root/etc/hostname"
  cp "$run/hosts" "$root/etc/hosts"
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
fi
hostname -F "$root/etc/hostname"
# Each boot has an id of its own, as systemd-nspawn gives its containers one (nspawn.c, setup_boot_id()).
cat /proc/sys/kernel/random/uuid >"$root/run/boot_id"
mount --bind "$root/run/boot_id" "$root/proc/sys/kernel/random/boot_id"
rm "$root/run/boot_id"
# The kernel gives user namespaces a proc only where one is seen with nothing over it (mnt_already_visible() in
# fs/namespace.c): a second one, at the place where LXC's nesting has it.
mkdir -p "$root/dev/.lxc/proc"
mount -t proc proc "$root/dev/.lxc/proc"

# A process in the root of its cgroup tree would keep the tree from having controllers.
mkdir "$root/sys/fs/cgroup/init.scope"
echo 0 >"$root/sys/fs/cgroup/init.scope/cgroup.procs"

mkdir -p "$root/.old"
cd "$root"
pivot_root . .old
cd /
mv ".old$run/$name.pid.new" ".old$run/$name.pid" # from here on the host can be entered
umount -l /.old
rmdir /.old
read -r _ <&3
exec 3<&-
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=lab
case $init in
  systemd) exec /lib/systemd/systemd </dev/null >/dev/null 2>&1 ;;
  *) exec /bin/busybox init </dev/null >/dev/null 2>&1 ;;
esac
