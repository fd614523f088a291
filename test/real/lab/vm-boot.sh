#!/bin/busybox sh
# The first process of a virtual machine, from the initrd: loads what is needed to see the disks, lays memory over the
# root file system, and moves into it.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs dev /dev
for module in $($bb cat /mod/order); do
  $bb insmod "/mod/$module.ko" || echo "cannot load $module"
done
tries=0
while [ ! -b /dev/vda ] && [ "$tries" -lt 100 ]; do
  $bb sleep 0.05
  tries=$((tries + 1))
done
$bb mount -t ext4 -o ro,noload /dev/vda /ro
$bb mount -t tmpfs tmpfs /rw
$bb mkdir /rw/upper /rw/work
$bb mount -t overlay -o lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work overlay /root
$bb mount --move /proc /root/proc
$bb mount --move /sys /root/sys
$bb mount --move /dev /root/dev
$bb mount --move /rw /root/rw
exec $bb switch_root /root /bin/sh /usr/local/sbin/vm-init
