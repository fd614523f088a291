# A switch of Open vSwitch. Its database keeps switch and ports over a boot, but not the addresses; and it keeps the ports
# of containers that a crash has ended, which are dead.
#
# external_ids:lxcnet of a port is the switch for which this file has put it there; external_ids:lxcnet-address of the
# bridge are the addresses that it has. Both tell what may be taken away again.
# shellcheck disable=SC2154 # the settings stand in front

vsctl() { ovs-vsctl -t 10 "$@"; }
say() { echo "lxcnet: switch $name: $*" >&2; }

# answers: ovs-vswitchd does; at boot it may take its time.
answers() {
  command -v ovs-vsctl >/dev/null || { say 'no ovs-vsctl: install openvswitch-switch'; return 1; }
  for wait in 1 1 1 1 1 2 2 2 2 2 3 3 3 3 3 0; do
    ! ovs-appctl -T 2 -t ovs-vswitchd version >/dev/null 2>&1 || return 0
    [ "$wait" = 0 ] || sleep "$wait"
  done
  say 'ovs-vswitchd does not answer'
  return 1
}

# tunnel_of SPEC: sets port, type, remote and key of `vxlan:198.18.0.12:42` or `gre:[2001:db8::2]:5`.
tunnel_of() {
  type=${1%%:*} key=${1##*:} remote=${1#*:}
  remote=${remote%:*} remote=${remote#[} remote=${remote%]}
  port=$(printf %s "$name $1" | cksum)
  port=tun-${port%% *}
}

# ports: the uplinks and tunnels by name.
ports() {
  for one in $uplink; do echo "$one"; done
  for one in $tunnel; do tunnel_of "$one" && echo "$port"; done
}

own_ports() { vsctl --bare --columns=name find Port "external_ids:lxcnet=\"$name\""; }
had_addresses() { vsctl --if-exists get Bridge "$name" external_ids:lxcnet-address 2>/dev/null | tr -d '"'; }

# has LIST WORD
has() {
  for each in $1; do [ "$each" != "$2" ] || return 0; done
  return 1
}

stp_enable() { if [ "$stp" = on ]; then echo true; else echo false; fi; }

switch() {
  set -- --may-exist add-br "$name" -- set Bridge "$name" "datapath_type=${datapath:-system}"
  set -- "$@" "stp_enable=$(stp_enable)" "external_ids:lxcnet-address=\"$address\""
  if [ -n "$vlan_id" ]; then set -- "$@" -- set Port "$name" "tag=$vlan_id"; else set -- "$@" -- clear Port "$name" tag; fi
  if [ -n "$mtu" ]; then set -- "$@" -- set Interface "$name" "mtu_request=$mtu"
  else set -- "$@" -- clear Interface "$name" mtu_request; fi
  wanted=$(ports)
  for one in $(own_ports); do
    has "$wanted" "$one" || set -- "$@" -- --if-exists del-port "$name" "$one"
  done
  for one in $uplink; do
    set -- "$@" -- --may-exist add-port "$name" "$one" -- set Port "$one" "external_ids:lxcnet=\"$name\""
  done
  for one in $tunnel; do
    tunnel_of "$one"
    set -- "$@" -- --may-exist add-port "$name" "$port" -- set Port "$port" "external_ids:lxcnet=\"$name\"" \
      -- set Interface "$port" "type=$type" "options:remote_ip=\"$remote\"" "options:key=\"$key\""
  done
  vsctl "$@"
}

addresses() {
  for one in $1; do
    has "$address" "$one" || ip address del "$one" dev "$name" 2>/dev/null
  done
  ip link set "$name" up || return
  for one in $uplink; do ip link set "$one" up || return; done
  for one in $address; do
    case $one in
      *:*) ip address replace "$one" dev "$name" ;;
      *) ip address replace "$one" broadcast + dev "$name" ;;
    esac || return
  done
}

# pairs: host-side names that configs of containers fix.
pairs() {
  path=$(lxc-config lxc.lxcpath 2>/dev/null)
  sed -n 's/^[ 	]*lxc\.net[a-z0-9.]*\.veth\.pair[ 	]*=[ 	]*//p' "${path:-/var/lib/lxc}"/*/config 2>/dev/null
}

# bury: takes out the ports of containers whose links are gone: with one of them in the way, LXC itself starts no
# container that has the same veth.pair (its add-port fails: "already exists").
bury() {
  known=$(pairs)
  set --
  for one in $(vsctl list-ports "$name"); do
    [ ! -e "/sys/class/net/$one" ] || continue
    case $one in
      veth*) ;;
      *) has "$known" "$one" || [ -n "$(vsctl --if-exists get Port "$one" external_ids:lxc-container)" ] || continue ;;
    esac
    set -- "$@" -- --if-exists del-port "$name" "$one"
  done
  [ "$#" -eq 0 ] || vsctl "$@"
}

up() {
  answers || return
  before=$(had_addresses)
  switch && addresses "$before" && bury && return
  [ "$datapath" = netdev ] || [ -d /sys/module/openvswitch ] ||
    say 'the kernel has no openvswitch module: --datapath netdev needs none'
  return 1
}

check() {
  now=$(vsctl get Bridge "$name" datapath_type stp_enable -- get Port "$name" tag -- get Interface "$name" mtu_request)
  [ "$now" = "${datapath:-system}
$(stp_enable)
${vlan_id:-[]}
${mtu:-[]}" ] || { say 'is not as it was set'; return 1; }
  for one in $(ports); do
    [ "$(vsctl port-to-br "$one")" = "$name" ] || { say "$one is not one of its ports"; return 1; }
    why=$(vsctl get Interface "$one" error)
    [ "$why" = '[]' ] || { say "$one: $why"; return 1; }
  done
  for one in $address; do
    ip -o address show dev "$name" 2>/dev/null | grep -qF " $one " || { say "no address $one"; return 1; }
  done
}

# Waits for the daemon, so that the link is gone too; without one the database alone is told.
down() {
  command -v ovs-vsctl >/dev/null || return 0
  vsctl --if-exists del-br "$name" || vsctl --no-wait --if-exists del-br "$name"
}

PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
case $1 in
  up | down | check) "$1" ;;
  *) echo "usage: sh $0 up|down|check" >&2; exit 2 ;;
esac
