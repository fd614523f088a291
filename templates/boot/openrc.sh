#!/sbin/openrc-run
# Written by lxcnet, and gone with the last thing that it brings back at boot: an edit by hand is lost.
# shellcheck disable=SC2034 # openrc-run(8) reads it
description="Networks, links and rules that lxcnet set up"

depend() {
  need localmount
  after net lxc-net ovs-vswitchd nftables iptables docker
  before lxc
}

start() {
  ebegin "Bringing back what lxcnet set up"
  sh /etc/lxcnet/boot
  eend $?
}
