# The host's own network files: ifupdown's, systemd-networkd's, netplan's; and what lxcnet remembers of its bridges.
# shellcheck disable=SC2154 # lx_root, lx_live and lx_real come from host.sh

# bridge_read FILE DEPTH: adds FILE to lx_files, one a line, and what it has sourced: interfaces(5), INCLUDING OTHER FILES.
bridge_read() {
  [ "$2" -lt 8 ] && [ -f "$lx_root$1" ] && [ -r "$lx_root$1" ] || return 0
  case "
$lx_files" in *"
$1
"*) return 0 ;; esac
  lx_files="$lx_files$1
"
  while read -r lx_word lx_glob; do
    case $lx_glob in /*) ;; ?*) lx_glob=${1%/*}/$lx_glob ;; *) continue ;; esac
    [ "$lx_word" = source ] || lx_glob=${lx_glob%/}/'*'
    # the glob is a path of the tree: its blanks are not ours to split, its stars are
    lx_ifs=$IFS IFS=''
    # shellcheck disable=SC2086
    set -- "$1" "$2" "$lx_word" $lx_root$lx_glob
    IFS=$lx_ifs
    lx_one=$1 lx_depth=$2 lx_word=$3
    shift 3
    for lx_c in "$@"; do
      [ -f "$lx_c" ] || continue
      # source-directory takes no names with a dot: config.c, valid_interfaces_file()
      [ "$lx_word" = source ] || case ${lx_c##*/} in *[!A-Za-z0-9_-]*) continue ;; esac
      lx_more="$lx_more${lx_c#"$lx_root"} $((lx_depth + 1))
"
    done
    set -- "$lx_one" "$lx_depth"
  done <<LIST
$(sed -n 's/^[ 	]*\(source\|source-directory\)[ 	][ 	]*/\1 /p' "$lx_root$1")
LIST
}

# bridge_files: sets lx_files to the files of ifupdown, in the order in which they are read.
bridge_files() {
  lx_files='' lx_more='/etc/network/interfaces 0
'
  while [ -n "$lx_more" ]; do
    lx_line=${lx_more%%"
"*}
    lx_more=${lx_more#*"
"}
    bridge_read "${lx_line% *}" "${lx_line##* }"
  done
}

# bridge_frames: what manages the network here, as far as files tell.
bridge_frames() {
  bridge_files
  lx_frame run 0 interfaces "$lx_files"
  lx_out=''
  for lx_c in "$lx_root"/etc/netplan/*.yaml; do [ ! -f "$lx_c" ] || lx_out='netplan '; done
  [ ! -e "$lx_root/run/systemd/netif/state" ] && [ ! -e "$lx_root/etc/systemd/system/multi-user.target.wants/systemd-networkd.service" ] ||
    lx_out="${lx_out}networkd "
  [ ! -e "$lx_root/run/NetworkManager/NetworkManager.pid" ] || lx_out="${lx_out}networkmanager "
  for lx_c in sbin/ifup usr/sbin/ifup; do
    [ ! -e "$lx_root/$lx_c" ] || { lx_out="${lx_out}ifupdown "; break; }
  done
  lx_frame run 0 network-systems "$lx_out"
}

# bridge_live: links that cannot carry a bridge, or have no cable; who serves DHCP to which link under networkd.
bridge_live() {
  lx_list=''
  for lx_c in /sys/class/net/*; do
    [ ! -e "$lx_c/wireless" ] && [ ! -e "$lx_c/phy80211" ] || lx_list="$lx_list${lx_c##*/} "
  done
  lx_frame run 0 wireless "$lx_list"
  lx_list=''
  for lx_c in /sys/class/net/*; do
    # of a link that is down the kernel does not tell
    read -r lx_line 2>/dev/null <"$lx_c/carrier" || continue
    [ "$lx_line" != 0 ] || lx_list="$lx_list${lx_c##*/} "
  done
  lx_frame run 0 no-carrier "$lx_list"
  for lx_c in /run/systemd/netif/leases/*; do
    [ ! -f "$lx_c" ] || lx_run "networkd-lease/${lx_c##*/}" cat "$lx_c"
  done
}

# bridge_paths: the files themselves.
bridge_paths() {
  bridge_files
  lx_list=$lx_files
  while [ -n "$lx_list" ]; do
    lx_path "${lx_list%%"
"*}"
    lx_list=${lx_list#*"
"}
  done
  for lx_c in "$lx_root"/etc/systemd/network/*.netdev "$lx_root"/etc/systemd/network/*.network \
    "$lx_root"/run/systemd/network/*.network "$lx_root"/etc/netplan/*.yaml "$lx_root"/etc/lxcnet/bridges/*.json; do
    [ ! -f "$lx_c" ] || lx_path "${lx_c#"$lx_root"}"
  done
  lx_path /etc/lxc/default.conf
}
