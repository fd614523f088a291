# What the networks' dnsmasq read, what they have leased, and which of them run.
# shellcheck disable=SC2154 # lx_root, lx_live, lx_real come from host.sh, lx_net, lx_net_etc from lxc-net.sh
# shellcheck disable=SC2015 # A && B || C: C also when B fails is what is meant here
# shellcheck disable=SC2086 # what stands unquoted is a list of paths, split at newlines

# dnsmasq_find: sets lx_dnsmasq to the files of options, a path a line, and the hosts files that they name: of lxc-net as
# its settings plainly say, or else a shell makes of them, and lxcnet's own.
dnsmasq_find() {
  lx_list=$(sed -nE 's/^[ 	]*(export[ 	]+)?LXC_DHCP_CONFILE=["'\'']?(\/[^"'\'' 	;#$`]+).*/\2/p' \
    "$lx_root$lx_net_etc/lxc" "$lx_root$lx_net_etc/lxc-net" 2>/dev/null)
  if [ -z "$lx_list" ] && [ -n "$lx_live" ] && [ -n "$lx_net" ]; then
    lx_list=$(lxc_net_settings LXC_DHCP_CONFILE </dev/null 2>/dev/null | sed 's/^[^=]*=//')
  fi
  for lx_c in "$lx_root"/etc/lxcnet/dnsmasq/*.conf; do
    [ ! -f "$lx_c" ] || lx_list="$lx_list
${lx_c#"$lx_root"}"
  done
  lx_dnsmasq='
'
  lx_old=$IFS
  IFS='
'
  set -f
  for lx_c in $lx_list; do dnsmasq_add "$lx_c"; done
  set +f
  IFS=$lx_old
}

# dnsmasq_add CONF: adds it and its hosts files, once.
dnsmasq_add() {
  case $lx_dnsmasq in *"
$1
"*) return ;; esac
  lx_canon "$1" && [ -f "$lx_root$lx_real" ] || return 0
  lx_dnsmasq="$lx_dnsmasq$1
$(sed -nE 's/^[ 	]*dhcp-hosts(file|dir)[ 	]*=[ 	]*"?(\/[^" 	]*).*/\2/p' "$lx_root$lx_real" 2>/dev/null)
"
}

dnsmasq_links() {
  (IFS='
' && set -f && lx_links $lx_dnsmasq)
}

# dnsmasq_paths: not by IFS in a subshell, as above: what lx_path adds would be lost with it.
dnsmasq_paths() {
  lx_list=$lx_dnsmasq
  while [ -n "$lx_list" ]; do
    lx_one=${lx_list%%"
"*} lx_list=${lx_list#*"
"}
    [ -z "$lx_one" ] || dnsmasq_path "$lx_one"
  done
}

# dnsmasq_path PATH: a file, or all files of a directory.
dnsmasq_path() {
  lx_canon "$1" || return
  if [ -d "$lx_root$lx_real" ]; then
    for lx_c in "$lx_root$lx_real"/*; do [ ! -f "$lx_c" ] || lx_path "${lx_c#"$lx_root"}"; done
  else
    lx_path "$1"
  fi
}

# dnsmasq_leases: the time on this host, and every file of leases.
dnsmasq_leases() {
  lx_run dnsmasq-now date +%s
  for lx_c in "$lx_root"/var/lib/misc/dnsmasq.*.leases; do
    lx_c=${lx_c#"$lx_root"}
    lx_canon "$lx_c" && [ -f "$lx_root$lx_real" ] && lx_run "leases$lx_c" cat "$lx_root$lx_real"
  done
}

# dnsmasq_live: the command lines of those that run, a word a line, and whether each has read its options as they are:
# it writes its pid file when it starts.
dnsmasq_live() {
  for lx_c in /run/lxc/dnsmasq.pid /run/lxcnet/dnsmasq-*.pid; do
    [ -f "$lx_c" ] && read -r lx_pid <"$lx_c" || continue
    # a pid may be another's by now
    lx_out=$(tr '\0' '\n' <"/proc/$lx_pid/cmdline" 2>/dev/null) || continue
    case "
$lx_out
" in
      *"
--pid-file=$lx_c
"*) lx_frame run 0 "dnsmasq$lx_c" "$lx_out" ;;
      *) continue ;;
    esac
    lx_conf=${lx_out##*--conf-file=}
    lx_conf=${lx_conf%%"
"*}
    [ ! -f "$lx_conf" ] || lx_run "dnsmasq-outdated$lx_c" find -L "$lx_conf" -newer "$lx_c"
  done
  if command -v dhcp_release >/dev/null; then lx_frame run 0 dhcp-release ''; fi
}

# dnsmasq_interfaces NAME: /etc/network/interfaces of a container whose root is a plain directory. No link is followed, and
# 64 KiB are enough: what lies in there is the container's.
dnsmasq_interfaces() {
  lx_canon "$lx_lxcpath/$1/config" && [ -f "$lx_root$lx_real" ] || return 0
  lx_c=$(sed -nE 's/^[ 	]*lxc\.rootfs(\.path)?[ 	]*=[ 	]*(dir:)?(\/[^:]*[^: 	])[ 	]*$/\3/p' "$lx_root$lx_real")
  lx_c=${lx_c##*"
"}
  [ -n "$lx_c" ] && lx_canon "$lx_c" && [ -d "$lx_root$lx_real" ] || return 0
  lx_c=$lx_real/etc/network/interfaces
  lx_canon "$lx_c" && [ "$lx_real" = "$lx_c" ] && [ -n "$(find "$lx_root$lx_c" -size -129 2>/dev/null)" ] && lx_path "$lx_c"
}
