# --- by nft(8): the table inet lxcnet, replaced as a whole in one transaction ---
# shellcheck disable=SC2046,SC2086,SC2154 # words without blanks or patterns, set by firewall.sh

# One table for IPv4 and IPv6 can do NAT since Linux 5.2.
nft_works() {
  command -v nft >/dev/null &&
    echo 'table inet lxcnet-probe { chain probe { type nat hook output priority -101; }; }' | nft -c -f - 2>/dev/null
}

# Priorities are one ahead of the usual ones, so that what else is there (lxc-net, Docker) comes second; in numbers, since
# nft before 1.0.9 knows the names in some hooks only. The empty chain tells the table from somebody else's.
nft_rules() {
  cat <<'EOF'
add table inet lxcnet
delete table inet lxcnet
table inet lxcnet {
  chain written-by-lxcnet {
  }
  chain forwards {
EOF
  forwards
  cat <<'EOF'
  }
  chain prerouting {
    type nat hook prerouting priority -101; policy accept;
    fib daddr type local jump forwards
  }
  chain output {
    type nat hook output priority -101; policy accept;
    fib daddr type local jump forwards
  }
  chain postrouting {
    type nat hook postrouting priority 99; policy accept;
EOF
  chain=postrouting && networks
  cat <<'EOF'
  }
  chain isolation {
    type filter hook forward priority -1; policy accept;
    ct state established,related accept
    ct status dnat accept
EOF
  chain=isolation && networks
  cat <<'EOF'
  }
  chain loopback {
    type filter hook prerouting priority -301; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }
}
EOF
}

nft_forward() {
  case $family in ip6) target=[$address] ;; *) target=$address ;; esac
  echo "    ${listen:+$family daddr $listen }${sources:+$family saddr { $(commas $sources) \} }$protocol dport $ports" \
    "dnat $family to $target${port:+:$port}"
}

nft_hairpin() {
  [ "$chain" = postrouting ] || return 0
  echo "    ct status dnat $family saddr $subnet $family daddr $subnet masquerade"
  [ "$family" = ip6 ] || [ -z "$bridge" ] || echo "    oifname \"$bridge\" ip saddr 127.0.0.0/8 masquerade"
}

# DHCP and DNS of the host need no rule: no table can let through what another one drops.
nft_network() {
  case $chain/$isolated in
    postrouting/*) each_subnet nft_leave ;;
    isolation/yes)
      echo "    oifname \"$bridge\" iifname != \"$bridge\" reject with icmpx type admin-prohibited"
      echo "    iifname \"$bridge\" oifname != { $(commas $(printf '"%s" ' $bridge $ways)) } reject with icmpx type admin-prohibited"
      ;;
  esac
}

nft_leave() {
  echo "    $family saddr $subnet $family daddr != $subnet oifname != { $(commas $bridges) }" \
    "${outside:+snat $family to }${outside:-masquerade}"
}

nft_list() { nft -s list table inet lxcnet 2>/dev/null; }

nft_up() {
  if ! nft list chain inet lxcnet written-by-lxcnet >/dev/null 2>&1 && nft list table inet lxcnet >/dev/null 2>&1; then
    echo 'lxcnet: there is a table inet lxcnet that lxcnet did not write' >&2
    return 1
  fi
  printf '%s\n' "$wanted" | nft -f -
}

nft_down() {
  ! nft list chain inet lxcnet written-by-lxcnet >/dev/null 2>&1 || nft delete table inet lxcnet
}
