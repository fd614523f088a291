# A bridge with an address, and a dnsmasq on it that gives addresses and names. Its rules are in 50-firewall.
# What was brought up is kept in $state, so that what is there is taken down and nothing else.
# shellcheck disable=SC2154 # the settings stand in front
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
state=/run/lxcnet/nat-$name
pidfile=/run/lxcnet/dnsmasq-$name.pid
leasefile=/var/lib/misc/dnsmasq.$bridge.leases
link=/sys/class/net/$bridge
sysctls=/run/lxcnet/nat.sysctls

# server COMMAND...: runs COMMAND with the command line of the dnsmasq, as lxc-net has it for its own.
server() {
  conf=/etc/lxcnet/dnsmasq/$name.conf
  [ -f "$conf" ] || conf=/dev/null
  for user in lxc-dnsmasq dnsmasq nobody; do
    ! grep -q "^$user:" /etc/passwd || break
  done
  set -- "$@" "$(command -v dnsmasq)" "--conf-file=$conf"
  [ -z "$domain" ] || set -- "$@" -s "$domain" -S "/$domain/"
  set -- "$@" -u "$user" --strict-order --bind-interfaces "--pid-file=$pidfile" --listen-address "${address%/*}" \
    --dhcp-range "$range" "--dhcp-lease-max=$leases" --dhcp-no-override --except-interface=lo "--interface=$bridge" \
    "--dhcp-leasefile=$leasefile" --dhcp-authoritative
  [ -z "$mtu" ] || set -- "$@" "--dhcp-option=option:mtu,$mtu"
  [ -z "$ipv6" ] || set -- "$@" "--dhcp-range=${ipv6%/*},ra-only" --listen-address "${ipv6%/*}"
  "$@"
}

# running: sets pid to that of the dnsmasq, if it runs.
running() {
  read -r pid <"$pidfile" && tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -e "--pid-file=$pidfile"
} 2>/dev/null

# as_wanted: it runs with this very command line.
as_wanted() { running && [ "$(tr '\0' '\n' <"/proc/$pid/cmdline")" = "$(server printf '%s\n')" ]; }

stop_server() {
  running || return 0
  kill "$pid"
  tries=0
  while running && [ "$tries" -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  ! running || kill -9 "$pid"
  rm -f "$pidfile"
}

# It outlives the login or the unit that starts it: where systemd runs, in a scope of its own.
start_server() {
  mkdir -p "${leasefile%/*}"
  if [ -e "$state.leases" ]; then mv "$state.leases" "$leasefile" || return; fi
  if [ -d /run/systemd/system ]; then
    server systemd-run --quiet --scope --collect --slice=system.slice --description="dnsmasq of $bridge"
  else
    server command
  fi
}

has() { ip -o address show dev "$bridge" 2>/dev/null | grep -qF " $1 "; }

# forget ADDRESS...: those that lxcnet gave the bridge before and that it is not to have any more.
forget() {
  for old; do
    [ "$old" = "$address" ] || [ "$old" = "$ipv6" ] || ! has "$old" || ip address del "$old" dev "$bridge" || return
  done
}

# A host that forwards hears no router advertisements unless told to (ip-sysctl, accept_ra): those links that live by them
# are told. What was changed is kept, for all networks together.
forward_ipv6() {
  all=/proc/sys/net/ipv6/conf/all/forwarding
  [ "$(cat "$all")" = 0 ] || return 0
  for one in $({ ip -6 route show proto ra && ip -6 -o address show dynamic | sed 's/^[0-9]*:/dev/'; } |
    sed -n 's/.*\<dev *\([^ ]*\).*/\1/p' | sort -u); do
    one=/proc/sys/net/ipv6/conf/$one/accept_ra
    if [ "$(cat "$one")" = 1 ]; then
      echo 2 >"$one"
      echo "$one 1" >>"$sysctls"
    fi
  done
  echo "$all 0" >>"$sysctls"
  echo 1 >"$all"
}

# lxc_net_forwards: lxc-net may need it too, see its start_ipv6(). Its dnsmasq tells; where none runs, nobody knows.
lxc_net_forwards() {
  [ -e /run/lxc/network_up ] || return
  read -r pid </run/lxc/dnsmasq.pid && words=$(tr '\0' '\n' <"/proc/$pid/cmdline") || return 0
  case $words in *,ra-only*) ;; *) return 1 ;; esac
} 2>/dev/null

# The last network with IPv6 puts it back.
unforward_ipv6() {
  [ -e "$sysctls" ] && ! grep -qs : /run/lxcnet/nat-*.addresses && ! lxc_net_forwards || return 0
  while read -r one value; do
    [ ! -e "$one" ] || echo "$value" >"$one"
  done <"$sysctls"
  rm -f "$sysctls"
}

up() {
  mkdir -p /run/lxcnet
  if [ ! -e "$link" ]; then
    # written first: a bridge without this note is somebody else's
    echo "$bridge" >"$state" && ip link add "$bridge" type bridge || return
    # always the same, since containers remember their gateway's; and one that was set stays, whichever port comes and
    # goes: br_stp_recalculate_bridge_id()
    ip link set "$bridge" address "$(printf %s "$name" | sha256sum | sed 's/\(..\)\(..\)\(..\)\(..\)\(..\).*/02:\1:\2:\3:\4:\5/')" || return
    # it is the router: what containers advertise is not for the host
    [ ! -e "/proc/sys/net/ipv6/conf/$bridge" ] || echo 0 >"/proc/sys/net/ipv6/conf/$bridge/accept_ra"
  elif [ "$(cat "$state" 2>/dev/null)" != "$bridge" ]; then
    echo "there is a link $bridge already, which is not lxcnet's" >&2
    return 1
  fi
  # shellcheck disable=SC2046 # a list
  forget $(cat "$state.addresses" 2>/dev/null) || return
  echo "$address $ipv6" >"$state.addresses"
  [ -z "$mtu" ] || [ "$(cat "$link/mtu")" = "$mtu" ] || ip link set "$bridge" mtu "$mtu" || return
  has "$address" || ip address add "$address" broadcast + dev "$bridge" || return
  if [ -n "$ipv6" ]; then
    echo 0 >"/proc/sys/net/ipv6/conf/$bridge/accept_dad" # dnsmasq binds at once
    has "$ipv6" || ip address add "$ipv6" dev "$bridge" || return
    forward_ipv6
  else
    unforward_ipv6
  fi
  ip link set "$bridge" up || return
  # shellcheck disable=SC2013 # words
  for port in $(cat "$state.ports" 2>/dev/null); do # of a bridge that was taken down with containers on it
    [ ! -e "/sys/class/net/$port" ] || [ -e "/sys/class/net/$port/master" ] || ip link set "$port" master "$bridge" || return
  done
  rm -f "$state.ports"
  as_wanted || { stop_server && start_server; }
}

down() {
  stop_server
  [ "$(cat "$state" 2>/dev/null)" = "$bridge" ] || return 0
  if [ -e "$link" ]; then
    ports=''
    for port in "$link"/brif/*; do
      [ ! -e "$port" ] || ports="$ports ${port##*/}"
    done
    [ -z "$ports" ] || echo "$ports" >"$state.ports"
    ip link delete "$bridge" || return
  fi
  # until the next boot: for the way back, and for a bridge of another name
  [ ! -e "$leasefile" ] || mv "$leasefile" "$state.leases"
  rm -f "$state" "$state.addresses"
  unforward_ipv6
}

check() {
  [ -e "$link" ] && has "$address" && { [ -z "$ipv6" ] || has "$ipv6"; } && as_wanted
}

case $1 in
  up | down | check) "$1" ;;
  *) echo "usage: sh $0 up|down|check" >&2; exit 2 ;;
esac
