# What Open vSwitch has on this host, and lxcnet's hooks for it.
# shellcheck disable=SC2154 # lx_root comes from host.sh

# ovs_live: the tables of its database, and whether its daemon answers.
ovs_live() {
  if command -v ethtool >/dev/null; then lx_frame run 0 ethtool ''; fi
  command -v ovs-vsctl >/dev/null || { lx_frame run 1 ovs-program ''; return 0; }
  lx_frame run 0 ovs-program ''
  # without its server ovs-vsctl(8) only waits
  [ -S "$lx_root/run/openvswitch/db.sock" ] || return 0
  lx_run ovs-tables ovs-vsctl -t 3 --format=json \
    --columns=name,datapath_type,stp_enable,ports,external_ids list Bridge -- \
    --columns=_uuid,name,interfaces,tag,trunks,vlan_mode,external_ids list Port -- \
    --columns=_uuid,name,type,options,ofport,error,mtu_request list Interface
  lx_run ovs-daemon ovs-appctl -T 3 -t ovs-vswitchd version
  # 1 where the kernel has no openvswitch, built in or loaded: dpif_netlink_enumerate() in lib/dpif-netlink.c
  lx_run ovs-datapath ovs-dpctl dump-dps
}

# ovs_paths: the hooks.
ovs_paths() {
  lx_path /etc/lxcnet/hooks/ovs-up /etc/lxcnet/hooks/ovs-down
}
