#!/bin/sh
# Brings up a virtual machine as far as all of them are alike, waits there, and becomes one of them when the serial line
# says which. The wait is where the machine was saved once and from where its clones go on.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666,mode=620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/lock
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /var/lib/lxc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
/usr/sbin/sshd -f /etc/lab/sshd_config
# What is used often is in memory already when a clone begins.
for tool in '/opt/node/bin/node -p 0' 'lxc-start --version' 'lxc-info --version' 'lxc-attach --version' 'ping -V' \
  'nsenter -V' 'ip -V' 'modprobe -V' 'perl -v' 'cat' 'seq 1' 'grep -V'; do
  $tool </dev/null >/dev/null 2>&1
done

stty -F /dev/ttyS0 -echo -icrnl
echo READY >/dev/ttyS0
read -r name address gateway byte time seed files </dev/ttyS0

date -s "@$time" >/dev/null
# All clones were saved with the same state of the random generator: mix in the seed, and use it from now on.
perl -e 'open F, "+<", "/dev/urandom"; syswrite F, $ARGV[0]; ioctl F, 0x5207, 0' "$seed$time"
hostname "$name"
echo "$name" >/etc/hostname
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
ip -batch - <<LINKS
link set eth0 address 52:54:00:00:00:$byte
addr add $address/24 dev eth0
link set eth0 up
link set eth1 address 52:54:00:00:01:$byte
link set eth1 up
route add default via $gateway
LINKS
# The saved machine had seen other disks in the place of these: forget what it read of them.
blockdev --flushbufs /dev/vdb
blockdev --flushbufs /dev/vdc
mount -o ro /dev/vdb /opt/lxcnet
if [ -n "$files" ]; then # those of the machine that rebooted, see vm.ts
  mount /data
  tar -xpf /data/files.tar -C /
  (cd / && xargs -r rm -rf) </data/gone
  umount /data
fi
echo UP >/dev/ttyS0
exec busybox init </dev/null >/dev/null 2>&1
