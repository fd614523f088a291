#!/bin/sh
# Installs the Debian packages that the lab of real hosts and the tests around it need, as far as they are missing.
#
#   install.sh [light] [vm] [tests]    the groups to look at; all of them when none is named
#
# Says one line about what it installed, and nothing when nothing was missing. Package lists are fetched only when
# something has to be installed, so that a complete machine needs neither a network nor apt.
set -u
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive

# A tool that shows that the package is there, and the package.
light='mmdebstrap:mmdebstrap ip:iproute2 unshare:util-linux mount:mount ssh-keygen:openssh-client'
vm='qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs cpio:cpio lz4:lz4 depmod:kmod ssh:openssh-client'
tests='nft:nftables ping:iputils-ping busybox:busybox-static shellcheck:shellcheck setfattr:attr setfacl:acl dash:dash tcpdump:tcpdump
  tmux:tmux mandoc:mandoc ps:procps ansible:ansible-core'

die() {
  echo "install: $*" >&2
  exit 1
}

wanted=''
[ $# -gt 0 ] || set -- light vm tests
for group; do
  case $group in
    light) wanted="$wanted $light" ;;
    vm) wanted="$wanted $vm" ;;
    tests) wanted="$wanted $tests" ;;
    *) die "no such group: $group (light, vm, tests)" ;;
  esac
done

missing=''
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null 2>&1 && continue
  case "$missing " in *" ${pair#*:} "*) ;; *) missing="$missing ${pair#*:}" ;; esac
done
missing=${missing# }
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 || die "missing: $missing (and there is no apt-get to install it with)"
[ "$(id -u)" = 0 ] || die "missing: $missing (only root can install it)"
log=$(mktemp) || die 'no room for a temporary file'
trap 'rm -f "$log"' EXIT
# One source that cannot be reached does not matter, unless a package is missing for it: the installation says so.
apt-get -qq -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || :
# shellcheck disable=SC2086
apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install $missing >"$log" 2>&1 ||
  die "apt-get install $missing: $(grep -m 1 '^E:' "$log" || tail -n 1 "$log")"
echo "install: installed $missing"
