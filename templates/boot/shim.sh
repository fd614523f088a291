# A macvlan of the host's own, by which it reaches the macvlan containers on the same parent.

up() {
  [ -e "/sys/class/net/$ifname" ] || ip link add "$ifname" link "$parent" type macvlan mode bridge || return
  for a in $address; do
    case $subnet_route in
      yes) ip address replace "$a" dev "$ifname" ;;
      *) ip address replace "$a" dev "$ifname" noprefixroute ;; # the kernel's route to the subnet stays where it is
    esac || return
  done
  ip link set "$ifname" up || return
  for r in $route; do ip route replace "$r" dev "$ifname" || return; done
}

# Only a macvlan: whatever else has the name is not lxcnet's.
down() {
  ip -d link show "$ifname" 2>/dev/null | grep -q ' macvlan ' || return 0
  ip link delete "$ifname"
}

check() {
  for a in $address; do
    ip -o address show dev "$ifname" 2>/dev/null | grep -qF " $a " || return
  done
}

PATH=$PATH:/usr/sbin:/sbin
case $1 in
  up | down | check) "$1" ;;
  keep) ;;
  *) echo "usage: sh $0 up|down|check|keep" >&2; exit 2 ;;
esac
