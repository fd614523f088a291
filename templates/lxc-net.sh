# LXC's own network and the further NAT networks of lxcnet: where their settings are, and what runs of them.
# shellcheck disable=SC2154 # lx_root, lx_real come from host.sh

# lxc_net_find: the script that brings LXC's network up, and the directory where it looks for its settings.
lxc_net_find() {
  lx_net='' lx_net_etc=''
  for lx_c in "$lx_root"/usr/libexec/lxc/lxc-net "$lx_root"/usr/lib/*/lxc/lxc-net "$lx_root"/usr/lib/lxc/lxc-net \
    "$lx_root"/usr/lib64/lxc/lxc-net "$lx_root"/usr/local/libexec/lxc/lxc-net; do
    [ -f "$lx_c" ] && lx_net=${lx_c#"$lx_root"} && break
  done
  if [ -n "$lx_net" ]; then
    lx_frame run 0 lxc-net-script "$lx_net"
    lx_net_etc=$(sed -n 's/^distrosysconfdir="\{0,1\}\(\/[^"]*\)"\{0,1\}$/\1/p' "$lx_root$lx_net")
  elif [ -d "$lx_root/etc/sysconfig" ]; then
    lx_net_etc=/etc/sysconfig # as meson.build of LXC chooses
  fi
  lx_net_etc=${lx_net_etc:-/etc/default}
  lx_frame run 0 lxc-net-etc "$lx_net_etc"
}

# lxc_net_files: settings that are links or cannot be read, and whether the unit is masked.
lxc_net_files() {
  lx_links "$lx_net_etc/lxc" "$lx_net_etc/lxc-net"
  [ "$(readlink "$lx_root/etc/systemd/system/lxc-net.service")" != /dev/null ] || lx_frame run 0 lxc-net-masked ''
}

# lxc_net_settings NAME...: as lxc-net itself gets them: its own, and over them those of the files it sources.
# In a shell of its own: such a file may end it.
lxc_net_settings() {
  # shellcheck disable=SC2016 # for the inner shell
  env -i PATH="$PATH" sh -c '
    script=$0
    eval "$(sed "/^\[ ! -f .*sysconfdir\/lxc/q" "$script")" >/dev/null
    for name in "$@"; do eval "printf \"%s=%s\\n\" $name \"\$$name\""; done' "$lx_net" "$@"
}

lxc_net_values() {
  [ -z "$lx_net" ] || lx_run lxc-net-values lxc_net_settings "$@"
}

# lxc_net_live NAME...: the values of these settings, and what runs.
lxc_net_live() {
  lxc_net_values "$@"
  if [ -e /run/lxc/network_up ]; then lx_frame run 0 lxc-net-up ''; fi
  if [ -d /run/systemd/system ]; then
    lx_run lxc-net-unit systemctl show -p LoadState -p UnitFileState -p ActiveState lxc-net.service
  fi
  for lx_c in /etc/lxcnet/net.d/30-nat-*; do
    [ -f "$lx_c" ] || continue
    lx_run "nat/${lx_c##*/30-nat-}" sh "$lx_c" check
  done
  lx_run nat-routes ip -j route show table all
  lx_run nat-routes6 ip -j -6 route show table all
  # whether they work, as lxc-net asks; chains, since nft reads every rule before it lists tables
  lx_run nat-nft nft list chains
  lx_run nat-iptables iptables -w -L -n
  if command -v dnsmasq >/dev/null; then lx_frame run 0 nat-dnsmasq ''; fi
}

# lxc_net_paths: the script, and the files that it sources.
lxc_net_paths() {
  [ -z "$lx_net" ] || lx_path "$lx_net"
  lx_path "$lx_net_etc/lxc" "$lx_net_etc/lxc-net"
}
