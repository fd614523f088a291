# The dead-man's switch: a change that may have cut the way to this host is taken back unless somebody confirms it in time,
# by a connection made after it.
# shellcheck disable=SC2154 # lx_root, lx_live, lx_seconds and lx_patience are set by the text that lxcnet puts in front
# shellcheck disable=SC2015 # A && B || C: C also when B fails is what is meant here
# shellcheck disable=SC2034 # transaction.sh, which comes before, reads what is set here
#
# The journal entry of such a change, an armed one, has besides what transaction.sh says
#   watch.sh        these functions once more, as a script that needs nothing else: the watcher. It holds a lock on this
#                   file (descriptor 8) as long as it lives, so that the kernel tells whether it does.
#   marks/awaiting  moved up when everything is applied and verified, in the place of `committed`
#   marks/decide    moved to `committed` by a confirmation, to `expired` when the time is up: whoever comes first
#
# The watcher starts before the first step is applied. It waits for the lock of the journal, which it gets when the
# shell of the change is through, or dead; so it sees to both. A boot ends the watcher: until the change is settled,
# recover.sh in the state directory and one file that makes the host run it before it brings its network up do the same.

# lx_enter STATE ID: the entry of that name; fails with a frame when there is none. Nothing is armed in a tree, where an
# entry may be a stranger's.
lx_enter() {
  lx_tx=$2
  case $2 in
    '' | *[!0-9A-Za-z-]*) ;;
    *)
      lx_canon "$1/journal" && lx_journal=$lx_root$lx_real && lx_entry=$lx_journal/$2 && [ -n "$lx_live" ] &&
        [ -f "$lx_entry/undo" ] && cd "$lx_root/" && return
      ;;
  esac
  lx_frame unknown 0 "$2" ''
  return 1
}

# lx_detach UNIT AFTER COMMAND...: starts a command that outlives this shell, the session and the connection, and has none
# of their descriptors. As a unit, begun once AFTER is reached while the host boots, it is in no session, so that
# KillUserProcesses= of logind.conf(5) does not end it; what the way back starts, a DHCP client, say, stays (KillMode=).
lx_detach() {
  lx_unit=$1 lx_after=$2
  shift 2
  if [ -d "$lx_root/run/systemd/system" ]; then # as sd_booted(3)
    lx_limit=30
    lx_say systemd-run --quiet --collect --no-ask-password --no-block --unit="$lx_unit" -p After="$lx_after" \
      --description='Take back the network change that nobody confirms' -p KillMode=process -p KillSignal=SIGKILL "$@" && return
  fi
  (
    trap - HUP INT TERM PIPE # what a shell finds ignored, it cannot give back to its commands
    umask "$lx_umask"
    if command -v setsid >/dev/null; then setsid "$@" & else "$@" & fi
  ) </dev/null >/dev/null 2>&1 8<&- 9<&-
}

# lx_arm: a watcher that is known to live, and a way back after a boot. Fails before anything is changed.
lx_arm() {
  lx_state=${lx_journal%/journal}
  (umask 022 && lx_guard_boot) ||
    lx_frame note 0 no-boot-recovery 'a reboot before the confirmation would leave the change half done until the next lxcnet'
  lx_detach "lxcnet-$lx_tx" basic.target sh "$lx_entry/watch.sh" watch "$lx_tx"
  lx_left=100
  until lx_watched; do
    [ "$lx_left" -gt 0 ] || { lx_fail "$lx_tx" 'no watcher could be started that would take the change back'; return 1; }
    lx_left=$((lx_left - 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
}

# lx_guard_boot: has this host run recover.sh before it brings up its network, whatever starts its services.
lx_guard_boot() {
  rm -f "$lx_state/recover.sh"
  { ln "$lx_entry/watch.sh" "$lx_state/recover.sh" || cp "$lx_entry/watch.sh" "$lx_state/recover.sh"; } || return
  lx_etc=$lx_root/etc
  if [ -d "$lx_root/run/systemd/system" ]; then
    lx_units=$lx_etc/systemd/system
    mkdir -p "$lx_units/sysinit.target.wants" && lx_unit_text >"$lx_units/lxcnet-recover.service" &&
      lx_sync "$lx_units/lxcnet-recover.service" "$lx_state" &&
      ln -sf ../lxcnet-recover.service "$lx_units/sysinit.target.wants/lxcnet-recover.service" &&
      lx_sync "$lx_units" "$lx_units/sysinit.target.wants"
  elif [ -x "$lx_root/sbin/openrc-run" ] && [ -d "$lx_etc/runlevels/boot" ]; then
    lx_openrc_text >"$lx_etc/init.d/lxcnet-recover" && chmod 755 "$lx_etc/init.d/lxcnet-recover" &&
      lx_sync "$lx_etc/init.d/lxcnet-recover" "$lx_state" &&
      ln -sf /etc/init.d/lxcnet-recover "$lx_etc/runlevels/boot/lxcnet-recover" &&
      lx_sync "$lx_etc/init.d" "$lx_etc/runlevels/boot"
  elif [ -d "$lx_etc/rcS.d" ] && [ -d "$lx_etc/init.d" ]; then
    lx_sysv_text >"$lx_etc/init.d/lxcnet-recover" && chmod 755 "$lx_etc/init.d/lxcnet-recover" &&
      lx_sync "$lx_etc/init.d/lxcnet-recover" "$lx_state" && lx_link_sysv && lx_sync "$lx_etc/init.d" "$lx_etc/rcS.d"
  else
    return 1
  fi 2>/dev/null
}

# lx_link_sysv: where there is an insserv(8), startpar(8) runs at boot only what that has noted. Else the scripts run by
# their names: with the number of networking, and a name that sorts before it, this one comes after the disks.
lx_link_sysv() {
  if command -v insserv >/dev/null; then
    lx_limit=30
    lx_say insserv -p "$lx_etc/init.d" lxcnet-recover
    return
  fi
  lx_number=S12
  for lx_c in "$lx_etc"/rcS.d/S[0-9][0-9]networking; do
    [ ! -L "$lx_c" ] || { lx_number=${lx_c##*/} && lx_number=${lx_number%networking}; }
  done
  ln -sf ../init.d/lxcnet-recover "$lx_etc/rcS.d/${lx_number}lxcnet-recover"
}

# network-pre.target is passive: it is reached only where somebody wants it, systemd.special(7). sysinit.target, so that
# no daemon and no container starts before; systemd-networkd and ifupdown do not wait for that one, but for network-pre.
lx_unit_text() {
  cat <<UNIT
# Written by lxcnet for a change that waits for its confirmation, and removed with that: an edit by hand is lost.
[Unit]
Description=Take back the network change that nobody confirmed before the reboot
Documentation=man:lxcnet(1)
DefaultDependencies=no
RequiresMountsFor=$lx_state
ConditionPathExists=$lx_state/recover.sh
Wants=network-pre.target
After=local-fs.target
Before=network-pre.target sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh $lx_state/recover.sh boot
StandardOutput=null
StandardError=journal
KillMode=process
TimeoutStartSec=120

[Install]
WantedBy=sysinit.target
UNIT
}

lx_openrc_text() {
  cat <<SCRIPT
#!/sbin/openrc-run
# Written by lxcnet for a change that waits for its confirmation, and removed with that: an edit by hand is lost.
description="Take back the network change that nobody confirmed before the reboot"

depend() {
  need localmount
  before net
}

start() {
  [ ! -e $lx_state/recover.sh ] || sh $lx_state/recover.sh boot >/dev/null
}
SCRIPT
}

lx_sysv_text() {
  cat <<SCRIPT
#!/bin/sh
# Written by lxcnet for a change that waits for its confirmation, and removed with that: an edit by hand is lost.
### BEGIN INIT INFO
# Provides:          lxcnet-recover
# Required-Start:    \$local_fs
# Required-Stop:
# X-Start-Before:    networking
# Default-Start:     S
# Default-Stop:
# Short-Description: Take back the network change that nobody confirmed before the reboot
### END INIT INFO
[ "\$1" != start ] || [ ! -e $lx_state/recover.sh ] || sh $lx_state/recover.sh boot >/dev/null
SCRIPT
}

# lx_disarm: nothing is left that a boot would have to take back. What starts the rest goes first.
lx_disarm() {
  [ -n "$lx_live" ] || return 0
  lx_etc=$lx_root/etc
  if [ -e "$lx_etc/init.d/lxcnet-recover" ] && command -v insserv >/dev/null; then
    lx_limit=30
    lx_say insserv -r -p "$lx_etc/init.d" lxcnet-recover
  fi
  rm -f "$lx_etc/systemd/system/sysinit.target.wants/lxcnet-recover.service" "$lx_etc"/rcS.d/S[0-9][0-9]lxcnet-recover \
    "$lx_etc/runlevels/boot/lxcnet-recover" "$lx_etc/systemd/system/lxcnet-recover.service" "$lx_etc/init.d/lxcnet-recover" \
    "${lx_journal%/journal}/recover.sh"
}

# lx_take: waits for the lock of the journal. Every step has its time-out, so that whoever holds it for longer than all of
# them together hangs, in a file system that does not answer, say, and is ended.
lx_take() {
  lx_left=$lx_patience
  until flock -n 9; do
    [ "$lx_left" -gt 0 ] || lx_end_holders
    lx_left=$((lx_left - 1))
    sleep 1 8<&- 9<&- # not with the locks: it may outlive this shell
  done
}

# lx_end_holders: kills the processes that hold the lock of the journal, as the kernel tells them: proc(5), fdinfo.
lx_end_holders() {
  # shellcheck disable=SC2013 # no blanks in these names
  for lx_c in $(grep -ls FLOCK /proc/[0-9]*/fdinfo/*); do
    lx_out=${lx_c#/proc/} lx_out=${lx_out%%/*}
    [ "$(readlink "/proc/$lx_out/fd/${lx_c##*/}")" != "$lx_journal" ] || kill -9 "$lx_out"
  done
}

# lx_watch STATE ID: the watcher.
lx_watch() {
  trap '' HUP INT TERM PIPE
  lx_why=''
  lx_enter "$1" "$2" || return
  lx_umask=$(umask)
  umask 077
  exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<"$lx_entry/watch.sh" 9<"$lx_journal"
  flock 8
  lx_take
  if [ -e "$lx_entry/awaiting" ]; then
    flock -u 9
    lx_left=$lx_seconds # counted, not read from a clock: it may jump
    while [ "$lx_left" -gt 0 ] && [ -e "$lx_entry/marks/decide" ]; do
      sleep 1 8<&- 9<&-
      lx_left=$((lx_left - 1))
    done
    lx_take
  fi
  [ -e "$lx_entry/clean" ] || lx_settle
  lx_prune
} 2>/dev/null

# lx_boot STATE: before the network is brought up, puts back the files of what was unfinished or unconfirmed. Commands are
# for later: links are gone with the reboot, and what outlives one, a port in the database of Open vSwitch, say, is
# taken back by a server that is not there yet.
lx_boot() {
  trap '' HUP INT TERM PIPE
  lx_why='' lx_left=''
  cd "$lx_root/" && lx_open "$1" || return
  for lx_entry in "$lx_journal"/*; do
    [ -f "$lx_entry/undo" ] && [ ! -e "$lx_entry/clean" ] && ! lx_awaits || continue
    lx_tx=${lx_entry##*/} lx_bad='' lx_kept='' lx_files_only=1 lx_left=1
    [ ! -e "$lx_entry/awaiting" ] || lx_decide expired
    [ -e "$lx_entry/committed" ] || {
      echo "lxcnet: change $lx_tx was not confirmed before the reboot: taking it back" >&2
      lx_each undo "$lx_entry/undo" 2>/dev/null
    }
  done
  exec 9<&-
  [ -n "$lx_left" ] || return 0
  lx_limit=60
  # units, and what generators made of netplan(5), say, were read before these files were back
  [ ! -d "$lx_root/run/systemd/system" ] || lx_say systemctl daemon-reload
  lx_detach lxcnet-recovery multi-user.target sh "${lx_journal%/journal}/recover.sh" rest
}

# lx_rest STATE: what lx_boot left for later. Without units to wait for, the host gets a minute.
lx_rest() {
  if [ -d "$lx_root/run/systemd/system" ]; then
    lx_recovery "$1"
    systemctl daemon-reload # it has run the unit that is gone now
  else
    sleep 60
    lx_recovery "$1"
  fi
}

# lx_verdict: frames what has become of a change that was to be confirmed.
lx_verdict() {
  if [ -e "$lx_entry/awaiting" ] && [ -e "$lx_entry/committed" ]; then lx_frame confirmed 0 "$lx_tx" ''
  elif [ -e "$lx_entry/failed" ] && [ -e "$lx_entry/awaiting" ]; then lx_frame expired 0 "$lx_tx" failed
  elif [ -e "$lx_entry/undone" ] && [ -e "$lx_entry/awaiting" ]; then lx_frame expired 0 "$lx_tx" undone
  elif [ -e "$lx_entry/expired" ]; then lx_frame expired 0 "$lx_tx" ''
  elif [ -e "$lx_entry/clean" ]; then lx_frame unknown 0 "$lx_tx" ''
  else lx_frame running 0 "$lx_tx" ''; fi
}

# lx_confirm STATE ID: the change stays. It is decided before the lock is asked for, which somebody else may hold for a
# moment; without the lock the watcher tidies up.
lx_confirm() {
  trap '' HUP INT TERM PIPE
  lx_why=''
  lx_enter "$1" "$2" || return
  if [ -e "$lx_entry/awaiting" ] && lx_decide committed; then
    lx_verdict
    [ ! -s "$lx_entry/final" ] || lx_frame plan 0 - "$(cat "$lx_entry/plan.json")"
    if lx_open "$1" >/dev/null; then
      [ -e "$lx_entry/clean" ] || lx_settle >/dev/null
      lx_prune
      exec 9<&-
    fi
    lx_each final "$lx_entry/final"
  else
    lx_verdict
  fi 2>/dev/null
}

# lx_expire STATE ID: the time is up now.
lx_expire() {
  trap '' HUP INT TERM PIPE
  lx_why=''
  lx_enter "$1" "$2" || return
  if [ -e "$lx_entry/awaiting" ] && [ ! -e "$lx_entry/clean" ]; then
    lx_decide expired
    if [ ! -e "$lx_entry/committed" ] && lx_open "$1"; then
      [ -e "$lx_entry/clean" ] || lx_settle
      lx_prune
      exec 9<&-
    fi
  fi 2>/dev/null
  lx_verdict
}
