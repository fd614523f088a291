# --- by iptables(8): chains LXCNET-* and one jump to each; upgrades find them by their names ---
# shellcheck disable=SC2046,SC2086,SC2154 # words without blanks or patterns, set by firewall.sh

# iptables_rules [4|6...]: what iptables-restore(8) gets; a chain that it declares is emptied in the same transaction.
iptables_rules() {
  [ $# -gt 0 ] || set -- $(versions)
  for version; do
    echo '*nat'
    for chain in LXCNET-FORWARDS LXCNET-POSTROUTING; do echo ":$chain - [0:0]" && networks && forwards; done
    echo COMMIT
    for table in mangle/ISOLATION filter/SERVICES; do
      chain=LXCNET-${table#*/} && echo "*${table%/*}" && echo ":$chain - [0:0]" && networks
      echo COMMIT
    done
    [ "$version" = 6 ] || echo "*raw
:LXCNET-LOOPBACK - [0:0]
-A LXCNET-LOOPBACK ! -i lo -d 127.0.0.0/8 -j DROP
COMMIT"
    echo "# IPv$version"
  done
}

# ours CHAIN: whether a rule belongs to the chain and the IP version that are being printed.
ours() {
  case $chain/$version/$family in
    "$1"/4/ip | "$1"/6/ip6) ;;
    *) return 1 ;;
  esac
}

iptables_forward() {
  ours LXCNET-FORWARDS || return 0
  case $family in ip6) target=[$address] ;; *) target=$address ;; esac
  for source in ${sources:-any}; do
    [ "$source" != any ] || source=''
    echo "-A $chain ${listen:+-d $listen }${source:+-s $source }-p $protocol --dport $first:$last" \
      "-j DNAT --to-destination $target${port:+:$port}"
  done
}

iptables_hairpin() {
  ours LXCNET-POSTROUTING || return 0
  echo "-A $chain -s $subnet -d $subnet -m conntrack --ctstate DNAT -j MASQUERADE"
  [ "$family" = ip6 ] || [ -z "$bridge" ] || echo "-A $chain -s 127.0.0.0/8 -o $bridge -j MASQUERADE"
}

iptables_network() {
  case $chain/$isolated/$services in
    LXCNET-POSTROUTING/*) each_subnet iptables_leave ;;
    LXCNET-ISOLATION/yes/*)
      echo "-A $chain ! -i $bridge -o $bridge -j DROP"
      for link in $bridge $ways; do echo "-A $chain -i $bridge -o $link -j RETURN"; done
      echo "-A $chain -i $bridge -j DROP"
      ;;
    LXCNET-SERVICES/*/yes)
      case $version in 4) dhcp=67 ;; *) dhcp=547 ;; esac
      echo "-A $chain -i $bridge -p udp --dport 53 -j ACCEPT"
      echo "-A $chain -i $bridge -p tcp --dport 53 -j ACCEPT"
      echo "-A $chain -i $bridge -p udp --dport $dhcp -j ACCEPT"
      ;;
  esac
}

iptables_leave() {
  ours "$chain" || return 0
  for other in $bridges; do echo "-A $chain -s $subnet -o $other -j RETURN"; done
  echo "-A $chain -s $subnet ! -d $subnet -j ${outside:+SNAT --to-source }${outside:-MASQUERADE}"
}

# tool 4|6 [-save|-restore]: sets tool to the command for that IP version; fails where the host lacks it.
tool() {
  case $1 in 4) tool=iptables$2 ;; *) tool=ip6tables$2 ;; esac
  command -v "$tool" >/dev/null
}

has_chain() { "$tool" -w -t "$1" -S "$2" >/dev/null 2>&1; }

# jump TABLE HOOK CHAIN [MATCH...]: from the chain HOOK, ahead of all else, once.
jump() {
  table=$1 hook=$2 chain=$3
  shift 3
  "$tool" -w -t "$table" -C "$hook" "$@" -j "$chain" 2>/dev/null ||
    "$tool" -w -t "$table" -I "$hook" "$@" -j "$chain"
}

# unjump TABLE HOOK CHAIN [MATCH...]
unjump() {
  table=$1 hook=$2 chain=$3
  shift 3
  has_chain "$table" "$chain" || return 0
  while "$tool" -w -t "$table" -D "$hook" "$@" -j "$chain" 2>/dev/null; do :; done
}

# remove_chain TABLE _ CHAIN ...
remove_chain() {
  ! has_chain "$1" "$3" || { "$tool" -w -t "$1" -F "$3" && "$tool" -w -t "$1" -X "$3"; }
}

# Isolation is in the table mangle, ahead of what lxc-net, at every start of its, and Docker accept in filter; there is no
# REJECT: ipt_REJECT.c, .table = "filter".
each_jump() {
  "$1" nat PREROUTING LXCNET-FORWARDS -m addrtype --dst-type LOCAL &&
    "$1" nat OUTPUT LXCNET-FORWARDS -m addrtype --dst-type LOCAL &&
    "$1" nat POSTROUTING LXCNET-POSTROUTING &&
    "$1" mangle FORWARD LXCNET-ISOLATION -m conntrack ! --ctstate ESTABLISHED,RELATED,DNAT &&
    "$1" filter INPUT LXCNET-SERVICES || return
  [ "$tool" != iptables ] || "$1" raw PREROUTING LXCNET-LOOPBACK
}

iptables_list() {
  for version in 4 6; do
    ! tool "$version" -save || "$tool" 2>/dev/null | sed -n '/^-A .*LXCNET-/p'
  done
}

iptables_up() {
  for version in $(versions); do
    tool "$version" -restore || { echo "lxcnet: no nft that can do NAT here, and no $tool" >&2 && return 1; }
    iptables_rules "$version" | "$tool" -w -n && tool "$version" '' && each_jump jump || return
  done
}

iptables_down() {
  for version in 4 6; do
    ! tool "$version" '' || { each_jump unjump && each_jump remove_chain; } || return
  done
}
