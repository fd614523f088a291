# What lxcnet brings back at boot, and what starts it.
# shellcheck disable=SC2154 # lx_root, lx_live come from host.sh

# boot_init: what starts the services of the host. In a tree nothing runs: there it is what is installed.
boot_init() {
  if [ -d "$lx_root/run/systemd/system" ]; then # as sd_booted(3)
    lx_frame run 0 init systemd
  elif [ -z "$lx_live" ] && [ -e "$lx_root/lib/systemd/systemd" ]; then
    lx_frame run 0 init systemd
  elif [ -x "$lx_root/sbin/openrc-run" ]; then
    lx_frame run 0 init openrc
  elif [ -d "$lx_root/etc/rcS.d" ] && [ -d "$lx_root/etc/init.d" ] && command -v update-rc.d >/dev/null; then
    lx_frame run 0 init sysv
  else
    lx_frame run 0 init none
  fi
}

# boot_paths: the pieces, and the files that start them.
boot_paths() {
  lx_path /etc/lxcnet/boot /etc/systemd/system/lxcnet.service /etc/init.d/lxcnet
  for lx_c in "$lx_root"/etc/lxcnet/net.d/*; do
    [ ! -f "$lx_c" ] || lx_path "${lx_c#"$lx_root"}"
  done
}
