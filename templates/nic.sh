# The container side of a snapshot: configs, which containers run, and their live NICs.
# lx_lxcpath: where the containers are, set by nic_lxcpath; lx_live: 1 on a live host, empty under --root.
# shellcheck disable=SC2154 # lx_root, lx_live and lx_real come from host.sh

# nic_lxcpath GIVEN FALLBACK: the path given, else lxc.lxcpath of the system configuration, else the fallback.
nic_lxcpath() {
  lx_lxcpath=$1
  if [ -z "$lx_lxcpath" ] && [ -n "$lx_live" ]; then
    lx_lxcpath=$(lxc-config lxc.lxcpath 2>/dev/null </dev/null)
  elif [ -z "$lx_lxcpath" ] && [ -r "$lx_root/etc/lxc/lxc.conf" ]; then
    # initutils.c: a comment only in column 0, the first match wins, the rest of the line as it is
    lx_lxcpath=$(sed -n '/^#/d; /lxc\.lxcpath/{s/^[^=]*=[ 	]*//;s/[ 	]*$//;p;q;}' "$lx_root/etc/lxc/lxc.conf")
  fi
  lx_lxcpath=${lx_lxcpath:-$2}
  while [ "$lx_lxcpath" != "${lx_lxcpath%/}" ]; do lx_lxcpath=${lx_lxcpath%/}; done
  lx_frame lxcpath 0 - "$lx_lxcpath"
}

# nic_link NAME: frames a config that is a link, that cannot be read, or that is no file.
nic_link() {
  lx_name=$1
  lx_links "$lx_base/$lx_name/config"
  lx_canon "$lx_base/$lx_name/config" || return
  lx_dir=$lx_root${lx_real%/*}
  if [ -d "$lx_dir" ] && ! [ -x "$lx_dir" ]; then
    lx_frame unreadable 0 "$lx_base/$lx_name/config" '' # a plain user among the containers of root
  elif [ -e "$lx_root$lx_real" ] && ! [ -f "$lx_root$lx_real" ]; then
    lx_frame unreadable 0 "$lx_base/$lx_name/config" ''
  fi
}

# nic_links [NAME...]: frames every config, or each of those named, that is not a plain readable file where its name says.
nic_links() {
  lx_canon "$lx_lxcpath" || return
  lx_base=$lx_real
  [ "$lx_base" = "$lx_lxcpath" ] || lx_frame link 0 "$lx_lxcpath" "$lx_base"
  if [ "$#" -gt 0 ]; then
    for lx_name in "$@"; do nic_link "$lx_name"; done
    return
  fi
  for lx_c in "$lx_root$lx_base"/*; do
    if [ -L "$lx_c" ] || [ -L "$lx_c/config" ] || ! [ -f "$lx_c/config" ] || ! [ -r "$lx_c/config" ]; then
      nic_link "${lx_c##*/}"
    fi
  done
}

# nic_paths [NAME...]: the config of every container, or of those named, for lx_tar; in the shell's own sorted order.
nic_paths() {
  lx_canon "$lx_lxcpath" || return
  lx_base=$lx_real
  if [ "$#" -gt 0 ]; then
    for lx_name in "$@"; do lx_path "$lx_base/$lx_name/config"; done
    return
  fi
  for lx_c in ".$lx_base"/*; do
    if [ -L "$lx_c" ] || [ -L "$lx_c/config" ]; then
      lx_path "$lx_base/${lx_c##*/}/config"
    elif [ -f "$lx_c/config" ] && [ -r "$lx_c/config" ]; then
      lx_add "$lx_c/config"
    fi
  done
}

# nic_usual: the files that distributions have for configs to include, so that a second round is rarely needed.
nic_usual() {
  lx_canon /usr/share/lxc/config && [ "$lx_real" = /usr/share/lxc/config ] || return 0
  for lx_c in ".$lx_real"/*.conf; do
    if [ -f "$lx_c" ] && [ -r "$lx_c" ] && [ ! -L "$lx_c" ]; then lx_add "$lx_c"; fi
  done
}

# nic_scripts PATH...: frames which hooks are there and can be run, by status 0.
nic_scripts() {
  for lx_c in "$@"; do
    if [ -f "$lx_root$lx_c" ] && [ -x "$lx_root$lx_c" ]; then lx_frame run 0 "script/$lx_c" ''; else lx_frame run 1 "script/$lx_c" ''; fi
  done
}

# nic_host: LXC's version and the default routes.
nic_host() {
  lx_run lxc-version lxc-start --version
  lx_run routes ip -j route show default
  lx_run routes6 ip -j -6 route show default
}

# nic_live [NAME...]: the host's links with the switches of Open vSwitch, whose ports ip(8) does not know, and of the running containers (all, or those named) the init process and the
# links inside, one process a container since each has a network namespace of its own.
nic_live() {
  lx_run links ip -j -d address show
  # without its server ovs-vsctl(8) only waits
  if [ -S "$lx_root/run/openvswitch/db.sock" ]; then
    lx_run ovs ovs-vsctl -t 3 --format=json --columns=name,ports list Bridge -- --columns=_uuid,name list Port
  fi
  # lxc_container.c:list_active_containers() reads the same table: a running container listens on an abstract socket
  lx_run active grep -a "@$lx_lxcpath/.*/command" /proc/net/unix
  [ -n "$lx_out" ] || return
  lx_run running lxc-ls -P "$lx_lxcpath" --active -f -F NAME,STATE,PID
  lx_list=$lx_out
  while [ -n "$lx_list" ]; do
    lx_line=${lx_list%%"
"*}
    case $lx_list in *"
"*) lx_list=${lx_list#*"
"} ;; *) lx_list='' ;; esac
    while [ "$lx_line" != "${lx_line% }" ]; do lx_line=${lx_line% }; done
    lx_pid=${lx_line##* } lx_wanted=''
    [ "$#" -gt 0 ] || lx_wanted=1
    for lx_name in "$@"; do
      case $lx_line in "$lx_name "*) lx_wanted=1 ;; esac
    done
    case $lx_wanted$lx_pid in
      1*[!0-9]* | 1 | '') ;;
      1*) lx_run "live/$lx_pid" nsenter -t "$lx_pid" -n ip -j -d address show ;;
    esac
  done
}
