# --- through Docker's own door: DOCKER-USER, where Docker looks first and which it leaves to others ---
# shellcheck disable=SC2015,SC2034,SC2046,SC2030,SC2031,SC2154 # variables of firewall.sh, given to one run

# docker_rules [4|6...]: as iptables_rules; nothing where there is no Docker, or nobody goes through it.
docker_rules() {
  grep -q ' through=docker' "$0" || return 0
  [ $# -gt 0 ] || set -- $(versions)
  for version; do
    allowed=$(engine=docker chain=LXCNET-DOCKER && networks && forwards)
    [ -n "$allowed" ] && tool "$version" '' && has_chain filter DOCKER-USER || continue
    printf '*filter\n:LXCNET-DOCKER - [0:0]\n%s\nCOMMIT\n# Docker, IPv%s\n' "$allowed" "$version"
  done
}

docker_hairpin() { :; }

# Both ways: whoever asked has an address that nobody knows.
docker_forward() {
  case $through in *docker*) ours LXCNET-DOCKER || return 0 ;; *) return 0 ;; esac
  port=${port:-$first} && size=$((last - first))
  echo "-A $chain -d $address -p $protocol --dport $port:$((port + size)) -m conntrack --ctstate DNAT -j ACCEPT"
  echo "-A $chain -s $address -p $protocol --sport $port:$((port + size)) -m conntrack --ctstate DNAT -j ACCEPT"
}

docker_network() {
  case $through in *docker*) ;; *) return 0 ;; esac
  echo "-A $chain -i $bridge -j ACCEPT"
  echo "-A $chain -o $bridge -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
}

docker_up() {
  if [ -z "$passes" ]; then
    ! grep -qs LXCNET-DOCKER "$state/rules" || docker_down
    return
  fi
  for version in $(versions); do
    allowed=$(docker_rules "$version")
    [ -n "$allowed" ] || continue
    tool "$version" -restore && printf '%s\n' "$allowed" | "$tool" -w -n && tool "$version" '' &&
      jump filter DOCKER-USER LXCNET-DOCKER || return
  done
}

docker_down() {
  for version in 4 6; do
    ! tool "$version" '' || { unjump filter DOCKER-USER LXCNET-DOCKER && remove_chain filter - LXCNET-DOCKER; } || return
  done
}
