# Who filters and listens on this host besides lxcnet, and whether the rules of lxcnet stand.
# shellcheck disable=SC2154 # lx_root comes from host.sh

# firewall_sockets STATE FILE...: listening sockets of proc(5) /proc/net/tcp, in any namespace of IP.
firewall_sockets() {
  lx_c=$1
  shift
  grep -h "^ *[0-9]*: [0-9A-F]*:[0-9A-F]* [0-9A-F]*:[0-9A-F]* $lx_c " "$@"
}

# firewall_dnat: rules of others that lead ports elsewhere.
firewall_dnat() {
  if command -v nft >/dev/null; then
    nft list tables | while read -r _ lx_c lx_p; do
      [ "$lx_c $lx_p" = 'inet lxcnet' ] || nft list table "$lx_c" "$lx_p"
    done | grep dnat
  fi
  [ ! -s /proc/net/ip_tables_names ] || iptables-save -t nat | grep -e '-j DNAT' | grep -v LXCNET-
}

firewall_live() {
  lx_run firewall-tcp firewall_sockets 0A /proc/net/tcp /proc/net/tcp6
  lx_run firewall-udp firewall_sockets 07 /proc/net/udp /proc/net/udp6
  lx_run firewall-bridged cat /proc/sys/net/bridge/bridge-nf-call-iptables
  lx_run firewall-dnat firewall_dnat
  lx_run firewall-chains nft list chains
  # the kernel's own iptables; that of nft shows above, and asking for it would make its tables
  if [ -s /proc/net/ip_tables_names ]; then
    lx_run firewall-forward iptables -w 2 -S FORWARD
    lx_run firewall-docker iptables -w 2 -S DOCKER-USER
  fi
  if [ -f "$lx_root/etc/lxcnet/net.d/50-firewall" ]; then
    lx_run firewall-check sh "$lx_root/etc/lxcnet/net.d/50-firewall" check
  fi
}
