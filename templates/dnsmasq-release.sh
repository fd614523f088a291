# $1 lease file, $2 bridge, $3 address, $4 MAC, $5 client id: tells dnsmasq(8) that the client gives its lease up, as the
# client would, and waits until it is gone.
dhcp_release "$2" "$3" "$4" ${5:+"$5"} || exit
n=0
while grep -qF " $3 " "$1"; do
  n=$((n + 1))
  [ "$n" -lt 250 ] || { echo "dnsmasq keeps the lease of $3" >&2; exit 1; }
  sleep 0.02
done
