#!/bin/sh
# The process that holds a lab's own network namespace, with its two networks: lab0 for management and lab1 for data.
#
#   lan-init.sh RUN      the lab's directory, with hosts and ssh_config; lan.pid says that the networks are there
set -eu
run=$1
mount -t sysfs sysfs /sys # the one mounted shows the machine's devices
# Who works from here, as Ansible or lxcnet as a controller, knows the hosts' names, their key and the one that opens them.
mount --bind "$run/hosts" /etc/hosts
mount --bind "$run/ssh_config" /etc/ssh/ssh_config
ip -batch - <<LINKS
link set lo up
link add lab0 type bridge forward_delay 0 mcast_snooping 0
link add lab1 type bridge forward_delay 0 mcast_snooping 0
addr add 198.18.0.1/24 dev lab0
addr add 198.18.1.1/24 dev lab1
link set lab0 up
link set lab1 up
LINKS
read -r stat </proc/self/stat
# shellcheck disable=SC2086
set -- $stat
echo "$1 ${22}" >"$run/lan.pid.new"
mv "$run/lan.pid.new" "$run/lan.pid"
exec sleep infinity
