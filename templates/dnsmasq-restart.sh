# $1 pid file, $2 bridge, $3 the host's address there, then the command line of a dnsmasq(8): ends the one that runs and
# starts this one. The bridge, its address, its rules and the leases stay, so that containers lose no packet; only an
# answer of dnsmasq itself can be late. Where the network is down nothing is done: its start will start it.
# $0 is `restart`, or `back` on the way back: there options that dnsmasq would refuse leave the one that runs.
ip -o -4 address show dev "$2" 2>/dev/null | grep -qF " $3/" || exit 0
file=$1
shift 3
runs() { pid=$(cat "$file") && tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -e "--pid-file=$file"; } 2>/dev/null
"$@" --test || { [ "$0" = back ] && runs; exit; }
if runs; then
  # its own control group: there the end of this login does not end it, and a stop of the unit does
  while IFS=: read -r _ kind path; do
    echo $$ >"/sys/fs/cgroup/${kind#name=}$path/cgroup.procs" || echo $$ >"/sys/fs/cgroup/unified$path/cgroup.procs"
  done <"/proc/$pid/cgroup"
  # as lxc-net does; the leases are on the disk at every instant
  kill -9 "$pid"
  # its sockets are closed before it is a zombie
  while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do sleep 0.01; done
fi 2>/dev/null
# meanwhile
"$@"
