#!/bin/sh
# Builds the disk images that all virtual machines share, in a mount namespace that takes the mounts with it:
#
#   root.img   what light hosts have, with the kernel's modules, Node.js and an init of its own; never written to
#   data.img   an empty file system; every machine gets a copy that it may write to, as /data
#   initrd     finds the disks and puts memory over the root
#
#   vm-image.sh DIR ROOTFS LAYER NODE      DIR/kernel is what vm-kernel.sh unpacked
set -eu
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
dir=$1 rootfs=$2 base=$3/base node=$4
here=$(cd "$(dirname "$0")" && pwd)
cd "$dir"

modules=kernel/lib/modules/$(ls kernel/lib/modules)
layer=$dir/layer
mkdir -p "$layer/etc/lab" "$layer/usr/lib/modules" "$layer/usr/local/sbin" "$layer/opt/node/bin" "$layer/data" "$layer/rw" mnt
cp -a "$modules" "$layer/usr/lib/modules/"
for unused in gpu media infiniband scsi nvme hv; do
  rm -rf "$layer/usr/lib/modules/${modules##*/}/kernel/drivers/$unused"
done
cp "$node" "$layer/opt/node/bin/node"
cp "$here/vm-init.sh" "$layer/usr/local/sbin/vm-init"
printf '::sysinit:/bin/true\n' >"$layer/etc/inittab"
printf '/dev/vdc /data ext4 noauto 0 0\n' >"$layer/etc/fstab"
mount -t overlay -o "ro,lowerdir=$layer:$base:$rootfs" overlay mnt
mke2fs -q -t ext4 -O '^has_journal,^metadata_csum' -m 0 -d mnt root.img 1G
mke2fs -q -t ext4 -m 0 data.img 64M
umount mnt

mkdir -p ird/bin ird/dev ird/proc ird/sys ird/ro ird/rw ird/root ird/mod
cp "$rootfs/bin/busybox" ird/bin/
install -m 755 "$here/vm-boot.sh" ird/init
# In this order: each needs the ones before it.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover \
  net_failover virtio_net overlay; do
  find "$modules" -name "$module.ko" -exec cp {} ird/mod/ ';'
  echo "$module" >>ird/mod/order
done
# Not compressed: unpacking is slow on an emulated processor.
(cd ird && find . | cpio -o -H newc -R 0:0 --quiet) >initrd
rm -rf ird mnt layer
