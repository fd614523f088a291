# What kind of host this is, and what it lacks: for `lxcnet host check`. Reads only, and needs no tar.
# shellcheck disable=SC2154 # lx_out comes from host.sh

# facts_line NAME VALUE: one line of the frame `facts`.
facts_line() {
  lx_facts="$lx_facts$1 $2
"
}

# facts_tools NAME...: those of these commands that are there.
facts_tools() {
  for lx_c in "$@"; do
    if command -v "$lx_c" >/dev/null; then facts_line tool "$lx_c"; fi
  done
}

# facts_init: what pid 1 is.
facts_init() {
  if [ -d /run/systemd/system ]; then # sd_booted(3)
    facts_line init systemd
  elif [ -d /run/openrc ]; then
    facts_line init openrc
  else
    lx_c=$(readlink /proc/1/exe)
    case ${lx_c##*/} in busybox) ;; init) lx_c=sysvinit ;; '') read -r lx_c </proc/1/comm ;; esac
    facts_line init "${lx_c##*/}"
  fi
}

# facts_network: who brings the host's own network up; netplan writes the files of one of the others.
facts_network() {
  for lx_c in /etc/netplan/*.yaml /lib/netplan/*.yaml /run/netplan/*.yaml; do
    [ -f "$lx_c" ] && facts_line network netplan && break
  done
  lx_out=''
  if [ -d /run/systemd/system ]; then
    lx_out=$(systemctl is-active systemd-networkd.service NetworkManager.service 2>/dev/null </dev/null)
  elif pidof NetworkManager >/dev/null 2>&1; then
    lx_out='inactive
active'
  fi
  case $lx_out in active*) facts_line network systemd-networkd ;; esac
  case $lx_out in *"
active"*) facts_line network NetworkManager ;; esac
  # interfaces(5): Debian's ifupdown, ifupdown2, ifupdown-ng and busybox read it
  if command -v ifup >/dev/null && grep -qs '^[ 	]*iface[ 	]' /etc/network/interfaces /etc/network/interfaces.d/*; then
    facts_line network ifupdown
  fi
}

# facts_kernel MODULE...: which of these the kernel has, built in or to load. Without modules its configuration says so;
# where that cannot be read either, nothing is said.
facts_kernel() {
  lx_c=$(uname -r)
  facts_line kernel "$lx_c"
  if [ -r "/lib/modules/$lx_c/modules.dep" ]; then
    lx_out=$(cat "/lib/modules/$lx_c/modules.builtin" "/lib/modules/$lx_c/modules.dep" 2>/dev/null | tr - _)
  elif [ -r /proc/config.gz ]; then
    lx_out=$(zcat /proc/config.gz 2>/dev/null)
  elif [ -r "/boot/config-$lx_c" ]; then
    lx_out=$(cat "/boot/config-$lx_c")
  else
    return 0
  fi
  facts_line modules known
  for lx_c in "$@"; do
    # MODULE=CONFIG_NAME
    case $lx_out in *"/${lx_c%%=*}.ko"* | *"${lx_c#*=}=y"*) facts_line module "${lx_c%%=*}" ;; esac
  done
}

# facts_traces: what lxcnet itself has put on this host.
facts_traces() {
  for lx_c in /etc/lxcnet /var/lib/lxcnet /run/lxcnet /etc/systemd/system/lxcnet* /etc/init.d/lxcnet*; do
    if [ -e "$lx_c" ] || [ -L "$lx_c" ]; then facts_line trace "$lx_c"; fi
  done
}

facts_read() {
  lx_facts=''
  facts_init
  facts_network
  facts_traces
  lx_run os cat /etc/os-release
  lx_run lxc-version lxc-start --version
  lx_run lxcpath lxc-config lxc.lxcpath
  lx_run nft nft --version
  lx_run iptables iptables --version
  lx_run ip ip -j -d link show lo
  if command -v ovs-vsctl >/dev/null; then lx_run ovs ovs-vsctl -t 3 --bare --columns=ovs_version list open_vswitch; fi
}

# facts_end: the lines that were gathered.
facts_end() {
  lx_frame facts 0 - "$lx_facts"
}
