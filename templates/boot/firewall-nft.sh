# --- by nft(8): the table inet lxcnet, replaced as a whole in one transaction ---
# shellcheck disable=SC2046,SC2086,SC2154 # words without blanks or patterns, set by firewall.sh

nft_is_ours() { nft list chain inet lxcnet written-by-lxcnet >/dev/null 2>&1; }

# nft_works: sets maps to yes where forwards can be looked up in maps, which nft can since 0.9.4. One table for IPv4 and
# IPv6 can do NAT since Linux 5.2. What this kernel took before, it takes again.
nft_works() {
  command -v nft >/dev/null || return
  case $kept in *'map tcp-ip '*) maps=yes && return ;; esac
  for maps in yes ''; do
    nft_trial | nft -c -f - 2>/dev/null && return
  done
}

nft_trial() {
  echo 'table inet lxcnet-probe {'
  nft_maps
  echo 'chain probe { type nat hook output priority -101; }; }'
  nft_lookups lxcnet-probe probe
}

nft_maps() {
  [ -z "$maps" ] || for protocol in tcp udp; do
    echo "  map $protocol-ip { type inet_service : ipv4_addr . inet_service; }"
    echo "  map $protocol-ip6 { type inet_service : ipv6_addr . inet_service; }"
  done
}

# nft_lookups TABLE CHAIN
nft_lookups() {
  [ -z "$maps" ] || for protocol in tcp udp; do
    echo "add rule inet $1 $2 dnat ip to $protocol dport map @$protocol-ip"
    echo "add rule inet $1 $2 dnat ip6 to $protocol dport map @$protocol-ip6"
  done
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
EOF
  nft_maps
  cat <<'EOF'
  chain forwards {
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
  forwards
  nft_lookups lxcnet forwards
}

# A thousand are looked up as fast as one. What is more than a port and its target is a rule ahead of that.
nft_forward() {
  if [ "$maps$listen$sources$moved" = yes ] && [ "$first" = "$last" ]; then
    echo "add element inet lxcnet $protocol-$family { $ports : $address . ${port:-$ports} }"
    return
  fi
  case $family in ip6) target=[$address] ;; *) target=$address ;; esac
  echo "add rule inet lxcnet forwards ${listen:+$family daddr $listen }${sources:+$family saddr { $(commas $sources) \} }$protocol dport $ports" \
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
  if ! nft_is_ours && nft list table inet lxcnet >/dev/null 2>&1; then
    echo 'lxcnet: there is a table inet lxcnet that lxcnet did not write' >&2
    return 1
  fi
  printf '%s\n' "$wanted" | nft -f -
}

nft_down() {
  ! nft_is_ours || nft delete table inet lxcnet
}
