# $1 pid file, $2 bridge, $3 the host's address there: ends the dnsmasq(8) of a network and starts it anew. The bridge, its
# address, its rules and the leases stay, so that containers lose no packet; only an answer of dnsmasq itself can be late.
# Where the network is down nothing is done: its start will start it.
# As `restart` it starts with the words it has by now and the --conf-file in $4; where none runs, none is started.
# As `back`, on the way back, with the words from $4 on, also when it has gone; options that it would refuse leave it.
ip -o -4 address show dev "$2" 2>/dev/null | grep -qF " $3/" || exit 0
file=$1
shift 3
words() { pid=$(cat "$file") && tr '\0' '\n' <"/proc/$pid/cmdline" | grep "$@"; } 2>/dev/null
runs() { words -qxF -e "--pid-file=$file"; }
if [ "$0" = restart ]; then
  runs || exit 0
  conf=${1:-}
  set -f
  IFS='
'
  # shellcheck disable=SC2046 # a word a line
  set -- $(words -v -e '^--conf-file=')
  first=$1
  shift
  set -- "$first" ${conf:+"$conf"} "$@"
fi
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
