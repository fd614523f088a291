# shellcheck disable=SC2030,SC2031 # what a subshell sets is for itself alone
# --- called with up, down or check ---
#
# networks() and forwards() of the piece say what is wanted, one call a line. They are run for one chain after the other,
# named by $chain, and what they call prints what that chain gets, in the language of $engine: nft where that can do NAT,
# else iptables. What was loaded last, and how the kernel lists it, is kept in $state, so that `check` can tell whether
# both are still the same.
# shellcheck disable=SC2013,SC2015,SC2030,SC2031,SC2034,SC2046,SC2086 # lists of words without blanks or patterns (set -f), read above
set -f
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
state=/run/lxcnet/firewall
resolved=''

# network NAME WORD...
network() {
  bridge='' subnets='' masquerade=off isolated=no services=no through=''
  for word; do
    case $word in
      bridge=*) bridge=${word#*=} ;;
      subnet=*) subnets="$subnets ${word#*=}" ;;
      masquerade=*) masquerade=${word#*=} ;;
      isolated=*) isolated=${word#*=} ;;
      services=*) services=${word#*=} ;;
      through=*) through="$through ${word#*=}" ;;
    esac
  done
  "${engine}_network"
}

# each_subnet COMMAND: for each subnet of a network that hides: behind outside, or whatever address it leaves by when
# that is empty.
each_subnet() {
  [ "$masquerade" != off ] || return 0
  for subnet in $subnets; do
    family_of "$masquerade" && outside=$family && family_of "$subnet"
    if [ "$masquerade" != on ] && [ "$outside" = "$family" ]; then outside=$masquerade; else outside=''; fi
    "$1"
  done
}

family_of() { case $1 in *:*) family=ip6 ;; *) family=ip ;; esac; }

# commas WORD...
commas() {
  list=$1
  shift
  for word; do list="$list, $word"; done
  echo "$list"
}

isolates() { grep -q ' isolated=yes ' "$0"; }

# ways_out: the links by which an isolated network leaves: those with a default route, in whatever table.
ways_out() {
  ! isolates || for family in 4 6; do
    ip "-$family" route show table all default 2>/dev/null
  done | sed -n 's/.* dev \([^ ]*\).*/\1/p' | grep -vx lo | sort -u
}

# hairpin SUBNET [bridge=BRIDGE]: clients and targets there are neighbours. A target would answer its neighbour past this
# host, from an address that the neighbour never asked: so the host asks in its own name; for 127.0.0.1 too where the bridge is named.
hairpin() {
  subnet=$1 bridge=${2:-} bridge=${bridge#*=}
  family_of "$subnet"
  "${engine}_hairpin"
}

# forward NAME WORD...: NAME is [LISTEN:]PORTS/PROTOCOL; `port` that of the target, where it is another one.
forward() {
  protocol=${1##*/} ports=${1%/*} listen='' container='' address='' port='' sources='' through='' moved=''
  case $ports in *:*) listen=${ports%:*} ports=${ports##*:} listen=${listen#[} listen=${listen%]} ;; esac
  for word; do
    case $word in
      address=*) address=${word#*=} ;;
      container=*) container=${word#*=} ;;
      port=*) port=${word#*=} ;;
      source=*) sources="$sources ${word#*=}" ;;
      through=*) through="$through ${word#*=}" ;;
    esac
  done
  [ -n "$address" ] || resolve "$container"
  [ -n "$address" ] || return 0 # the container does not run: nothing would answer
  family_of "$address"
  first=${ports%-*} last=${ports#*-}
  if [ -z "$port" ] || [ "$first" = "$last" ]; then
    "${engine}_forward"
    return
  fi
  moved=$((port - first)) end=$last # neither engine moves a range everywhere: one rule a port
  while [ "$first" -le "$end" ]; do
    ports=$first last=$first port=$((first + moved))
    "${engine}_forward"
    first=$((first + 1))
  done
}

# resolve LXCPATH/NAME: sets address to the one that the container has now, when it runs.
resolve() {
  case $resolved in *" $1="*) address=${resolved##*" $1="} address=${address%% *} && return ;; esac
  address=$(
    pid=$(lxc-info -P "${1%/*}" -n "${1##*/}" -pH 2>/dev/null </dev/null) && [ -n "$pid" ] &&
      nsenter -t "$pid" -n ip -o -4 address show up scope global 2>/dev/null
  )
  set -- "$1" $address # 2: eth0 inet 10.0.3.5/24 ...
  address=${5%/*}
  resolved="$resolved $1=$address "
}

# Words that are asked of all rules together: the IP versions, the bridges of networks, settings of the kernel.
versions() { echo 4 && (engine=version && networks && forwards) | sort -u; }
version_network() { case $subnets in *:*) echo 6 ;; esac; }
version_hairpin() { :; }
version_forward() { [ "$family" = ip ] || echo 6; }
bridge_network() { echo "$bridge"; }
bridge_hairpin() { :; }
sysctls() {
  echo /proc/sys/net/ipv4/ip_forward && (engine=sysctl && networks)
  ! grep -q '^  forward .* address=[^ ]*:' "$0" || ipv6_sysctls
}
sysctl_network() { :; }
# by this bridge 127.0.0.1 may leave; whatever comes in for it is dropped
sysctl_hairpin() { [ "$family" = ip6 ] || [ -z "$bridge" ] || echo "/proc/sys/net/ipv4/conf/$bridge/route_localnet"; }

# A host that forwards IPv6 hears no router advertisements unless it is told to (ip-sysctl, accept_ra): those links that
# live by them are told first.
ipv6_sysctls() {
  all=/proc/sys/net/ipv6/conf/all/forwarding
  [ -e "$all" ] || return 0
  set -- $(cat "$all" "$state/sysctls" 2>/dev/null)
  case $* in
    0* | *"$all"*)
      for path; do case $path in */accept_ra) echo "$path" ;; esac; done
      { ip -6 route show proto ra && ip -6 -o address show dynamic | sed 's/^[0-9]*:/dev/'; } |
        sed -n 's,.*\<dev *\([^ ]*\).*,/proc/sys/net/ipv6/conf/\1/accept_ra,p'
      ;;
  esac | sort -u
  echo "$all"
}

# off_and_on PATH: sets off and on to the values of a setting.
off_and_on() { case $1 in */accept_ra) off=1 on=2 ;; *) off=0 on=1 ;; esac; }

# set_sysctls PATH...: turns on those that are off, and off again what was turned on before and is not among them.
set_sysctls() {
  kept=''
  for path in $(cat "$state/sysctls" 2>/dev/null); do
    case " $* " in
      *" $path "*) kept="$kept $path" ;;
      *)
        # somebody else may have wanted it on by now, and found it so
        case $path in
          */ip_forward) ! needs_ipv4 || continue ;;
          */ipv6/*) ! needs_ipv6 || continue ;;
        esac
        off_and_on "$path"
        [ ! -e "$path" ] || echo "$off" >"$path"
        ;;
    esac
  done
  for path; do
    off_and_on "$path"
    [ -e "$path" ] && [ "$(cat "$path")" = "$off" ] && echo "$on" >"$path" || continue
    case " $kept " in *" $path "*) ;; *) kept="$kept $path" ;; esac
  done
  echo "$kept" >"$state/sysctls"
}

# Whether others forward IPv4 once the rules of lxcnet are gone: who masquerades does, Docker and libvirt for instance.
needs_ipv4() { [ -e /run/lxc/network_up ] || { nft list ruleset; iptables-save; } 2>/dev/null | grep -qi masquerade; }

# Whether lxc-net or a further network forwards IPv6: their own scripts say so, see nat.sh.
needs_ipv6() (
  set +f
  grep -qs : /run/lxcnet/nat-*.addresses && exit
  [ -e /run/lxc/network_up ] || exit
  # where its dnsmasq does not run, nobody knows
  read -r pid </run/lxc/dnsmasq.pid && words=$(tr '\0' '\n' <"/proc/$pid/cmdline") || exit 0
  case $words in *,ra-only*) ;; *) exit 1 ;; esac
) 2>/dev/null

# A bridge that was made anew has its own settings again.
sysctls_stand() {
  for path in $(sysctls); do off_and_on "$path" && { [ ! -e "$path" ] || [ "$(cat "$path")" != "$off" ] || return; }; done
}

# What the rules are made of, unless somebody has to be asked as well: containers for their addresses, or Docker.
made_of() {
  ! grep -q ' through=docker' "$0" && ! grep '^  forward ' "$0" | grep -qv ' address=' &&
    cat "$0" /etc/lxcnet/firewall.sh && ways_out
}

# want: the rules as they are to be; those that were loaded last while what they are made of is the same.
want() {
  made_of=$(made_of 2>/dev/null) kept=$(cat "$state/rules" 2>/dev/null)
  if [ -n "$made_of" ] && [ "$(cat "$state/made_of" 2>/dev/null)" = "$made_of" ]; then
    engine=$(cat "$state/engine") wanted=$kept passes=''
    return
  fi
  if nft_works; then engine=nft; else engine=iptables; fi
  bridges=$(engine=bridge && networks) ways=$(ways_out)
  wanted=$("${engine}_rules")
  passes=$(docker_rules)
}

# list: the rules as the kernel has them.
list() {
  [ "$engine" = iptables ] || nft_list
  [ "$engine$passes" = nft ] || iptables_list
}

loaded() {
  [ "$(cat "$state/engine" 2>/dev/null)" = "$engine" ] && [ "$kept" = "$wanted$passes" ] &&
    [ "$(list)" = "$(cat "$state/list")" ]
}

# forget: ends flows of UDP to targets of rules that are not wanted any more. The kernel translates each packet as it did
# the first one, and a flow lasts while packets come; one of TCP is another one after its end.
forget() {
  command -v conntrack >/dev/null || return 0
  grep -vxF -e "$wanted" "$state/rules" 2>/dev/null |
    sed -n -e 's/^add element .* udp-ip { .* : \(.*\) \. .*/\1:/p' \
      -e 's/^add element .* udp-ip6 { .* : \(.*\) \. .*/[\1]:/p' \
      -e 's/.*udp .*\(dnat ip6\{0,1\} to\|--to-destination\) //p' | sort -u | while read -r target; do
    case $target in
      \[*) target=${target#[} && conntrack -D -f ipv6 -p udp -g "${target%%]*}" ;;
      *) conntrack -D -p udp -g "${target%:*}" ;;
    esac
  done >/dev/null 2>&1 || : # none to delete: a failure of conntrack's
}

# await_way_out: at a boot the default route may come late, by DHCP on a link that is plugged in (allow-hotplug of
# interfaces(5)); until then an isolated network is shut in.
await_way_out() {
  n=0
  while [ "$n" -lt 300 ] && isolates 2>/dev/null; do
    [ -z "$(ways_out)" ] || exec sh "$0" up
    sleep 1
    n=$((n + 1))
  done
}

# Containers that start at once have this called at once: who comes later sees what the first one did.
up() {
  exec 9<"$0"
  ! command -v flock >/dev/null || flock -w 60 9
  want
  if ! loaded; then
    case $(cat "$state/engine" 2>/dev/null) in "$engine" | '') ;; *) down ;; esac
    mkdir -p "$state" && "${engine}_up" && docker_up && forget && echo "$engine" >"$state/engine" &&
      printf '%s\n' "$wanted$passes" >"$state/rules" && list >"$state/list" &&
      printf '%s\n' "$made_of" >"$state/made_of" || return
  fi
  # neither the lock nor the output of whoever called this is held
  if isolates && [ -z "$(ways_out)" ]; then (exec 9<&- </dev/null >/dev/null 2>&1 && await_way_out) & fi
  set_sysctls $(sysctls)
}

down() {
  nft_down || return
  (wanted='' && forget)
  case $(cat "$state/engine" "$state/rules" 2>/dev/null) in iptables*) iptables_down || return ;; esac
  case $(cat "$state/rules" 2>/dev/null) in *LXCNET-DOCKER*) docker_down || return ;; esac
  [ ! -d "$state" ] || set_sysctls
  rm -rf "$state"
}

case $1 in
  up | down) "$1" ;;
  check) want && loaded && sysctls_stand ;;
esac
