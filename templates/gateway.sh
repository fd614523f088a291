# Gateways of this host, and whether their rules are there.
# shellcheck disable=SC2154 # lx_root comes from host.sh

# gateway_paths: the hook, and the settings of each gateway.
gateway_paths() {
  lx_path /etc/lxcnet/hooks/gateway
  for lx_c in "$lx_root"/etc/lxcnet/gateways/*; do
    [ ! -f "$lx_c" ] || lx_path "${lx_c#"$lx_root"}"
  done
}

# gateway_live: what the hook says of each; its status is 0 where all is there.
gateway_live() {
  for lx_c in /etc/lxcnet/gateways/*; do
    if [ -f "$lx_c" ]; then lx_run "gateway/${lx_c##*/}" sh -c 'exec sh /etc/lxcnet/hooks/gateway check "$0" 2>&1' "${lx_c##*/}"; fi
  done
}
