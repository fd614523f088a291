#!/bin/busybox sh
# The first process of a light host, already alone in its own net, mount, uts, ipc, pid and cgroup namespaces: builds
# the host's root from overlay layers in memory, moves into it and becomes init. All of it goes with the process.
#
#   host-init.sh NAME RUN LOWER NODE PROJECT INIT
#     RUN      the lab's directory: NAME.pid is written there, NAME is the empty directory to mount on, and
#              hosts the file that names all hosts
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

work=$run/$name
mount -t tmpfs -o size=2g,mode=755 "lab-$name" "$work"
root=$work/root
mkdir "$work/upper" "$work/work" "$root" "$work/lxc"
mount -t overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "lab-$name" "$root"
mount --bind "$work/lxc" "$root/var/lib/lxc" # not on the overlay, so that containers can have overlays of their own
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"             # mounted from inside the network namespace: shows this host's devices
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --bind "$root/dev" "$root/dev"         # a mount point, or systemd puts the machine's devices over it
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/run/sshd" "$root/run/lock"
mount --bind "$node" "$root/opt/node/bin/node"
mount -o remount,bind,ro "$root/opt/node/bin/node"
mount --bind "$project" "$root/opt/lxcnet"
mount -o remount,bind,ro "$root/opt/lxcnet"

hostname "$name"
echo "$name" >"$root/etc/hostname"
cp "$run/hosts" "$root/etc/hosts"
printf 'auto lo\niface lo inet loopback\n' >"$root/etc/network/interfaces"
: >"$root/etc/resolv.conf"
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"

# A process in the root of its cgroup tree would keep the tree from having controllers.
mkdir "$root/sys/fs/cgroup/init.scope"
echo 0 >"$root/sys/fs/cgroup/init.scope/cgroup.procs"

mkdir "$root/.old"
cd "$root"
pivot_root . .old
cd /
mv ".old$run/$name.pid.new" ".old$run/$name.pid" # from here on the host can be entered
umount -l /.old
rmdir /.old
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=lab
case $init in
  systemd) exec /lib/systemd/systemd </dev/null >/dev/null 2>&1 ;;
  *) exec /bin/busybox init </dev/null >/dev/null 2>&1 ;;
esac
