# The way by which this host is administered: the connection that brought this script, or else who is logged in by SSH.
# shellcheck disable=SC2154 # host.sh comes before
lx_connection=$1 # SSH_CONNECTION of sshd(8), "client port server port"; here, in no function, $1 is the script's own

# path_live: frames it, the links, and where the host sends what leaves it.
path_live() {
  lx_frame connection 0 - "$lx_connection"
  lx_run path-links ip -j -d address show
  lx_run path-routes ip -j route show default
  lx_run path-routes6 ip -j -6 route show default
  if [ -n "$lx_connection" ]; then
    lx_run path-reply ip -j route get "${lx_connection%% *}"
  elif command -v ss >/dev/null; then
    lx_run path-sessions ss -Htnp state established
  else
    lx_run path-sockets cat /proc/net/tcp /proc/net/tcp6
  fi
}
