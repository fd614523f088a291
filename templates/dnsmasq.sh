# What the networks' dnsmasq read, what they have leased, and which of them run.
# shellcheck disable=SC2154 # lx_root, lx_live, lx_real come from host.sh, lx_net_etc from lxc-net.sh
# shellcheck disable=SC2015 # A && B || C: C also when B fails is what is meant here

# dnsmasq_confs: the files of options, a path a line: of lxc-net as its settings plainly say or its dnsmasq was told, and
# lxcnet's own.
dnsmasq_confs() {
  for lx_c in "$lx_root$lx_net_etc/lxc" "$lx_root$lx_net_etc/lxc-net"; do
    [ ! -f "$lx_c" ] || sed -nE 's/^[ 	]*(export[ 	]+)?LXC_DHCP_CONFILE=["'\'']?(\/[^"'\'' 	;#$`]+).*/\2/p' "$lx_c"
  done
  if [ -n "$lx_live" ] && lx_pid=$(cat /run/lxc/dnsmasq.pid 2>/dev/null); then
    tr '\0' '\n' <"/proc/$lx_pid/cmdline" 2>/dev/null | sed -n 's/^--conf-file=//p'
  fi
  for lx_c in "$lx_root"/etc/lxcnet/dnsmasq/*.conf; do
    [ ! -f "$lx_c" ] || echo "${lx_c#"$lx_root"}"
  done
}

# dnsmasq_files: those that are files, and the hosts files that they name, a path a line.
dnsmasq_files() {
  dnsmasq_confs | sort -u | while IFS= read -r lx_c; do
    lx_canon "$lx_c" && [ -f "$lx_root$lx_real" ] || continue
    echo "$lx_c"
    sed -nE 's/^[ 	]*dhcp-hosts(file|dir)[ 	]*=[ 	]*"?(\/[^" 	]*).*/\2/p' "$lx_root$lx_real" 2>/dev/null
  done
}

dnsmasq_links() {
  lx_list=$(dnsmasq_files)
  # shellcheck disable=SC2086 # a path a word
  (IFS='
' && set -f && lx_links $lx_list)
}

dnsmasq_paths() {
  dnsmasq_files | sort -u | while IFS= read -r lx_c; do
    lx_canon "$lx_c" || continue
    if [ -d "$lx_root$lx_real" ]; then
      for lx_c in "$lx_root$lx_real"/*; do [ ! -f "$lx_c" ] || lx_path "${lx_c#"$lx_root"}"; done
    else
      lx_path "$lx_c"
    fi
  done
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
    lx_conf=$(printf '%s\n' "$lx_out" | sed -n 's/^--conf-file=//p')
    [ ! -f "$lx_conf" ] || lx_run "dnsmasq-outdated$lx_c" test "$lx_conf" -nt "$lx_c"
  done
  if command -v dhcp_release >/dev/null; then lx_frame run 0 dhcp-release ''; fi
}

# dnsmasq_interfaces NAME: /etc/network/interfaces of a container whose root is a plain directory. No link is followed:
# what lies in there is the container's.
dnsmasq_interfaces() {
  lx_canon "$lx_lxcpath/$1/config" && [ -f "$lx_root$lx_real" ] || return 0
  lx_c=$(sed -nE 's/^[ 	]*lxc\.rootfs(\.path)?[ 	]*=[ 	]*(dir:)?(\/[^:]*[^: 	])[ 	]*$/\3/p' "$lx_root$lx_real" | tail -n 1)
  [ -n "$lx_c" ] && lx_canon "$lx_c" && [ -d "$lx_root$lx_real" ] || return 0
  lx_c=$lx_real/etc/network/interfaces
  lx_canon "$lx_c" && [ "$lx_real" = "$lx_c" ] && lx_path "$lx_c"
}
