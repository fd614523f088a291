#!/bin/sh
# Written by lxcnet, and gone with the last thing that it brings back at boot: an edit by hand is lost.
### BEGIN INIT INFO
# Provides:          lxcnet
# Required-Start:    $network $remote_fs
# Required-Stop:
# Should-Start:      lxc-net openvswitch-switch nftables docker
# X-Start-Before:    lxc
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Networks, links and rules that lxcnet set up
### END INIT INFO
case $1 in
  start | restart | reload | force-reload) exec sh /etc/lxcnet/boot ;;
  stop | status) ;;
  *) echo "usage: $0 start|restart" >&2; exit 2 ;;
esac
