#!/bin/sh
# Fetches Debian's kernel for virtual machines and unpacks it, modules and all, without installing it.
#
#   vm-kernel.sh DIR
set -eu
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

name() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

package=$(name)
if [ -z "$package" ]; then
  apt-get -qq update
  package=$(name)
fi
[ -n "$package" ] || {
  echo 'lab: no apt source has the package linux-image-cloud-amd64' >&2
  exit 1
}
mkdir -p "$1/download"
cd "$1/download"
get() { apt-get -qq -o APT::Sandbox::User=root download "$package"; }
get || { apt-get -qq update && get; } # an old package list names a version that the mirror has no more
dpkg -x linux-image-*.deb "$1"
cd "$1"
rm -r download
depmod -b "$1" "$(ls lib/modules)"
