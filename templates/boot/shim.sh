# A macvlan of the host's own, by which it reaches the macvlan containers on the same parent. The link is lxcnet's:
# `up` makes it what the settings say, and takes off what else is on it.
# shellcheck disable=SC2154 # the settings stand in front

is_ours() { ip -d link show "$ifname" 2>/dev/null | grep -q ' macvlan '; }

has() { case " $2 " in *" $1 "*) ;; *) return 1 ;; esac }

up() {
  [ -e "/sys/class/net/$ifname" ] || ip link add "$ifname" link "$parent" type macvlan mode bridge || return
  is_ours || { echo "$ifname is no macvlan, and not lxcnet's" >&2; return 1; }
  # the kernel's own addresses have scope link
  for a in $(ip -o address show dev "$ifname" scope global | sed 's/.* inet6\{0,1\} \([^ ]*\).*/\1/'); do
    has "$a" "$address" || ip address delete "$a" dev "$ifname" || return
  done
  for a in $address; do
    # nodad: an IPv6 address is of use at once, and it is lxcnet that chose it
    case $subnet_route$a in
      yes*:*) ip address replace "$a" dev "$ifname" nodad ;;
      yes*) ip address replace "$a" dev "$ifname" ;;
      *:*) ip address replace "$a" dev "$ifname" nodad noprefixroute ;;
      *) ip address replace "$a" dev "$ifname" noprefixroute ;; # the kernel's route to the subnet stays where it is
    esac || return
  done
  ip link set "$ifname" up || return
  for family in 4 6; do
    ip "-$family" route show dev "$ifname" proto boot | while read -r r _; do
      case $r in */*) ;; *:*) r=$r/128 ;; *) r=$r/32 ;; esac
      has "$r" "$route $host_route" || ip "-$family" route delete "$r" dev "$ifname" proto boot
    done
  done
  for r in $route $host_route; do ip route replace "$r" dev "$ifname" proto boot || return; done
}

# Only a macvlan: whatever else has the name is not lxcnet's.
down() {
  is_ours || return 0
  ip link delete "$ifname"
}

check() {
  is_ours || return
  for a in $address; do
    ip -o address show dev "$ifname" | grep -qF " $a " || return
  done
  for r in $route $host_route; do
    case $r in *:*) family=6 ;; *) family=4 ;; esac
    [ -n "$(ip "-$family" route show "$r" dev "$ifname")" ] || return
  done
}

PATH=$PATH:/usr/sbin:/sbin
case $1 in
  up | down | check) "$1" ;;
  *) echo "usage: sh $0 up|down|check" >&2; exit 2 ;;
esac
