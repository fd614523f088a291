# Who filters and listens on this host besides lxcnet, and whether the rules of lxcnet stand.
# shellcheck disable=SC2154 # lx_root comes from host.sh
lx_login=$1 # SSH_CONNECTION of sshd(8), "client port server port"; here, in no function, $1 is the script's own

# firewall_sockets STATE FILE...: listening sockets of proc(5) /proc/net/tcp, in any namespace of IP.
firewall_sockets() {
  lx_c=$1
  shift
  grep -h "^ *[0-9]*: [0-9A-F]*:[0-9A-F]* [0-9A-F]*:[0-9A-F]* $lx_c " "$@"
}

# firewall_dnat CHAINS: rules of others that lead ports elsewhere, as nft has them, in the tables of these chains.
firewall_dnat() {
  printf '%s\n' "$1" | sed -n 's/^table \(.*\) {$/\1/p' | while read -r lx_c lx_p; do
    [ "$lx_c $lx_p" = 'inet lxcnet' ] || nft list table "$lx_c" "$lx_p"
  done | grep -i dnat
}

# firewall_iptables: what matters of tables that nft does not show. Asked so, no iptables makes any.
firewall_iptables() {
  for lx_c in iptables-save iptables-legacy-save; do
    ! command -v "$lx_c" >/dev/null || "$lx_c"
  done | grep -e '^:FORWARD DROP' -e '^:DOCKER-USER' -e '^-A .*-j DNAT' | grep -v '^-A LXCNET-'
}

# firewall_ssh: PORT [ADDRESS] by which the host is administered: that of this login, else whatever sshd may listen on.
firewall_ssh() {
  if [ -n "$lx_login" ]; then
    lx_c=${lx_login##* } lx_p=${lx_login% *}
    echo "$lx_c ${lx_p##* }"
  else
    sed -n 's/^[[:space:]]*Port[[:space:]=]*\([0-9]*\).*/\1/p' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf
    echo 22
  fi
}

# firewall_tools: what could make rules.
firewall_tools() {
  command -v nft
  command -v iptables-restore
}

firewall_live() {
  lx_firewall=''
  if [ -f "$lx_root/etc/lxcnet/net.d/50-firewall" ]; then
    # it has all rules listed: the rest is asked meanwhile
    sh "$lx_root/etc/lxcnet/net.d/50-firewall" check </dev/null >/dev/null 2>&1 &
    lx_firewall=$!
  fi
  lx_run firewall-tcp firewall_sockets 0A /proc/net/tcp /proc/net/tcp6
  lx_run firewall-udp firewall_sockets 07 /proc/net/udp /proc/net/udp6
  lx_run firewall-bridged cat /proc/sys/net/bridge/bridge-nf-call-iptables
  lx_run firewall-chains nft list chains # tables would take a reading of every rule
  lx_run firewall-dnat firewall_dnat "$lx_out"
  if [ -s /proc/net/ip_tables_names ] || ! command -v nft >/dev/null; then lx_run firewall-iptables firewall_iptables; fi
  lx_run firewall-tools firewall_tools
  lx_run firewall-ssh firewall_ssh
  lx_run firewall-conntrack command -v conntrack
  if [ -n "$lx_firewall" ]; then
    wait "$lx_firewall"
    lx_frame run "$?" firewall-check ''
  fi
}
