# One change of a host: all of it or nothing, also when this shell is killed at any instant.
# shellcheck disable=SC2154 # lx_root, lx_nonce, lx_live and lx_seconds are set by the text that lxcnet puts in front; the rest
# is in host.sh, history.sh and deadman.sh
# shellcheck disable=SC2015 # A && B || C: C also when B fails is what is meant here
# shellcheck disable=SC3013 # -ef: POSIX has it since 2024, and every shell had it before
#
# A change is a journal entry, a directory named by the change's id with
#   steps   what to do, in order: lines that call `file` and `run`
#   undo    the way back, in reverse order, the same calls
#   final   what cannot be taken back and runs after the commit mark
#   old/N   what stood at the path of step N, by a second hard link; old/N.copy where that is on another file system
#   marks/  empty files: where the disk is full, an event is recorded by renaming one, which needs no space
#   plan.json, meta.json   for lxcnet's history
# Marks beside it: started.N (a command of step N may have run), committed, undone, failed, clean; of an armed
# change also awaiting and expired, see deadman.sh.
# An entry without `clean` is unfinished; whoever holds the lock next finishes it (lx_recover), but for one that waits
# for its confirmation while its watcher lives.
#
# Other releases of lxcnet read these entries after a crash: the names of marks and the arguments of file, run and limit
# must keep their meaning.
#
# The way back goes through the steps in the reverse of their order and in no other: a command that is taken back may
# need the file that stood there when it ran, as ifdown(8) needs the interfaces(5) that ifup(8) had. A plan that wants
# the kernel restored before the files has the files in front.
#
# The lock is flock(1) on the state directory: the kernel drops it with the last process of this run, so it is never
# stale. Commands of steps do not inherit it.

lx_hash() {
  lx_out=$(sha256sum <"$1") && lx_out=${lx_out%% *}
}

# lx_hash_all FOLDER PATH...: sets lx_hashes to lines of hash, two blanks and path, between line ends, by one process.
lx_hash_all() {
  lx_hashes="
$(cd "$1" && shift && sha256sum -- "$@")
"
}

# lx_has HASH PATH: lx_hash_all found just that. Not of a path with a backslash or a line end, which sha256sum may print
# in another way.
lx_has() {
  case $2 in *\\* | *"
"*) return 1 ;; esac
  case $lx_hashes in *"
$1  $2
"*) ;; *) return 1 ;; esac
}

lx_sync() {
  sync "$@" 2>/dev/null || sync
}

# lx_mark EVENT: the shell itself makes the mark; where there is no space, the one that was made before is moved.
lx_mark() {
  { printf '' >"$lx_entry/$1"; } 2>/dev/null || mv -f "$lx_entry/marks/$1" "$lx_entry/$1" || return
  lx_sync "$lx_entry/$1" "$lx_entry"
}

# lx_state_of FILE: sets lx_out to its hash, or to "absent".
lx_state_of() {
  if [ -e "$1" ] || [ -L "$1" ]; then lx_hash "$1"; else lx_out=absent; fi
}

# lx_is_as HASH: the file of the step is so, as lx_hash_all has found it or as it is now.
lx_is_as() {
  lx_has "$1" "$lx_file" || { lx_state_of "$lx_file" && [ "$lx_out" = "$1" ]; }
}

# lx_fail STEP REASON: remembers why; the first reason is the one to tell.
lx_fail() {
  [ -n "$lx_why" ] || lx_why="$1: $2"
  return 1
}

# file N PATH BEFORE AFTER MODE UID GID: BEFORE and AFTER are sha256 or "absent"; MODE UID GID are for a new file.
file() {
  [ -z "$lx_broken" ] || return 0
  lx_n=$1 lx_path=$2 lx_before=$3 lx_after=$4 lx_file=$lx_root$2
  lx_temp=${lx_file%/*}/.lxcnet-$lx_tx-$lx_n
  "file_$lx_phase" "$5" "$6" "$7" || lx_break "$lx_path" "could not $lx_phase it"
}

# run N COMMAND...: in `undo` the command that takes step N back, in `final` one after the commit.
run() {
  [ -z "$lx_broken" ] || return 0
  lx_n=$1
  shift
  "run_$lx_phase" "$@" || lx_break "$*" failed
}

# check N COMMAND...: must succeed once everything is applied.
check() {
  [ -z "$lx_broken" ] && [ "$lx_phase" = verify ] || return 0
  shift
  lx_do "$@" || lx_break "$*" failed
}

# limit SECONDS: how long each command that follows may take.
limit() { lx_limit=$1; }

# lx_break SUBJECT REASON: ends a phase at its first failure; undo goes on and collects them.
lx_break() {
  [ -n "$lx_why" ] || lx_why="$1: $2"
  if [ "$lx_phase" = undo ]; then lx_bad="$lx_bad$lx_why; " lx_why=''; else lx_broken=1; fi
}

# lx_each PHASE FILE: goes through the steps in FILE until one fails.
lx_each() {
  lx_phase=$1 lx_broken='' lx_limit=600
  # shellcheck disable=SC1090 # a journal's own file
  . "$2"
  [ -z "$lx_broken" ]
}

# lx_find_fixed FILE...: sets lx_fixed to those for which chattr(1) has set the flag i or a, each between bars.
lx_find_fixed() {
  lx_fixed=''
  while IFS=' ' read -r lx_flags lx_c; do
    case $lx_flags in *[ia]*) lx_fixed="$lx_fixed|$lx_c|" ;; esac
  done <<LIST
$(lsattr -d "$@" 2>/dev/null)
LIST
}

# The target is what the plan saw, and can be replaced by a rename.
file_check() {
  lx_canon "$lx_path" && [ "$lx_real" = "$lx_path" ] || { lx_stale="$lx_path (a link now)"; return 1; }
  lx_is_as "$lx_before" || { lx_stale=$lx_path; return 1; }
  lx_is_home || [ -d "${lx_file%/*}" ] || { lx_fail "$lx_path" 'its directory does not exist'; return 1; }
  [ -d "${lx_file%/*}" ] || return 0
  [ -w "${lx_file%/*}" ] || { lx_fail "$lx_path" 'its directory cannot be written to'; return 1; }
  if [ "$lx_before" = absent ]; then lx_find_fixed "${lx_file%/*}"; else lx_find_fixed "${lx_file%/*}" "$lx_file"; fi
  case $lx_fixed in
    *"|${lx_file%/*}|"*) lx_fail "$lx_path" 'its directory is immutable or append-only, see chattr(1)' || return 1 ;;
    *"|$lx_file|"*) lx_fail "$lx_path" 'immutable or append-only, see chattr(1)' || return 1 ;;
  esac
  [ "$lx_before" != absent ] || return 0
  [ -f "$lx_file" ] || { lx_fail "$lx_path" 'not a regular file'; return 1; }
  [ -w "$lx_file" ] || { lx_fail "$lx_path" 'read-only'; return 1; }
  [ "$(stat -c %h "$lx_file")" = 1 ] || { lx_fail "$lx_path" 'has other hard links, which a replaced file would leave behind'; return 1; }
  lx_one=$lx_file
  if [ -n "$lx_root" ]; then lx_one=$(cd "${lx_file%/*}" && pwd -P && echo .) && lx_one=${lx_one%??}/${lx_file##*/}; fi
  # shellcheck disable=SC1003 # a backslash, not an escape
  case $lx_one in # mountinfo writes a blank as \040
    *[' 	\']*) lx_one=$(printf %s "$lx_one" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') ;;
  esac
  while read -r _ _ _ _ lx_mount _; do
    [ "$lx_mount" != "$lx_one" ] || { lx_fail "$lx_path" 'a mount point, which cannot be replaced'; return 1; }
  done </proc/self/mountinfo
}

# lx_is_home: the file is one of lxcnet's own, whose directories come with the first file and go with the last.
lx_is_home() {
  case $lx_path in /etc/lxcnet/*) ;; *) return 1 ;; esac
}

# lx_leave_home: removes the directories of lxcnet's own in which nothing is left.
lx_leave_home() {
  [ -e "$lx_file" ] || ! lx_is_home || (cd "$lx_root/etc" && lx_c=${lx_path%/*} && rmdir -p "${lx_c#/etc/}") 2>/dev/null || :
}

# A second hard link, so that the way back is one rename, which needs no space, and brings the very same inode.
file_save() {
  [ "$lx_before" = absent ] || ln "$lx_file" "$lx_dir/old/$lx_n" 2>/dev/null ||
    lx_try cp -a "$lx_file" "$lx_dir/old/$lx_n.copy"
}

# lx_try COMMAND...: runs one command of lxcnet's own; what it complains of becomes the reason.
lx_try() {
  lx_said=$("$@" 2>&1) || lx_fail "$lx_path" "$lx_said"
}

# Everything that needs space happens here, before the first rename: also what a rename brings back.
file_stage() {
  ! lx_is_home || [ -d "${lx_file%/*}" ] || (umask 022 && lx_try mkdir -p "${lx_file%/*}") || return
  [ ! -e "$lx_entry/old/$lx_n.copy" ] || ln "$lx_file" "$lx_temp-old" 2>/dev/null || lx_try cp -a "$lx_file" "$lx_temp-old" ||
    return
  [ "$lx_after" != absent ] || return 0
  if [ "$lx_before" != absent ]; then # the copy brings mode, owner, ACL, extended attributes and SELinux label along
    lx_try cp -a "$lx_file" "$lx_temp-new" && lx_same_attributes || return
  fi
  { lx_text "$lx_n" >"$lx_temp-new"; } 2>/dev/null || { lx_fail "$lx_path" 'a short write, is the disk full?'; return 1; }
  [ "$lx_before" != absent ] || { lx_try chown "$2:$3" "$lx_temp-new" && { [ "$1" = 600 ] || lx_try chmod "$1" "$lx_temp-new"; }; } || return # 600: the umask
  lx_quoted "$lx_temp-new"
  lx_staged="$lx_staged $lx_out"
}

# lx_is_busybox PROGRAM: the one that is found first is busybox under another name, or the shell is, which brings it along.
lx_is_busybox() {
  lx_rest=$PATH:
  while [ -n "$lx_rest" ]; do
    lx_c=${lx_rest%%:*} lx_rest=${lx_rest#*:}
    [ -x "$lx_c/busybox" ] && [ "$lx_c/busybox" -ef "/proc/$$/exe" ] && return
    [ ! -x "$lx_c/$1" ] || { [ -L "$lx_c/$1" ] || [ "$lx_c/$1" -ef "$lx_c/busybox" ]; return; }
  done
}

# busybox cp knows no extended attributes: with such metadata on the file the change is refused.
lx_same_attributes() {
  lx_is_busybox cp && command -v getfattr >/dev/null || return 0
  lx_one=$(cd "${lx_file%/*}" && getfattr -hd -m - -- "./${lx_file##*/}" 2>/dev/null)
  [ -n "$lx_one" ] || return 0
  lx_two=$(cd "${lx_file%/*}" && getfattr -hd -m - -- "./${lx_temp##*/}-new" 2>/dev/null)
  lx_one=${lx_one#*
} lx_two=${lx_two#*
} # behind the line with the name
  [ "$lx_one" = "$lx_two" ] || lx_fail "$lx_path" 'cp does not keep its ACL or extended attributes: install coreutils'
}

# Looked at once more: an editor may have saved the file since it was checked.
file_apply() {
  lx_hash_all / "$lx_file" "$lx_temp-new"
  lx_is_as "$lx_before" || { lx_fail "$lx_path" 'changed by someone else meanwhile'; return 1; }
  if [ "$lx_after" = absent ]; then
    lx_try rm -f "$lx_file"
  else
    lx_has "$lx_after" "$lx_temp-new" || { lx_hash "$lx_temp-new" && [ "$lx_out" = "$lx_after" ]; } ||
      { lx_fail "$lx_path" 'a short write, is the disk full?'; return 1; }
    lx_try mv -f "$lx_temp-new" "$lx_file"
  fi && lx_sync "${lx_file%/*}"
}

# What has been renamed is what was looked at: only a command may have altered it since.
file_verify() {
  [ -z "$lx_ran" ] || { lx_state_of "$lx_file" && [ "$lx_out" = "$lx_after" ]; }
}

# Whoever changed the file in the meantime keeps that change; all else is taken back.
file_undo() {
  lx_inside || return
  lx_state_of "$lx_file"
  if [ "$lx_out" = "$lx_before" ]; then
    :
  elif [ "$lx_after" != absent ] && [ -e "$lx_temp-new" ]; then
    : # it never came to the rename
  elif [ "$lx_out" != "$lx_after" ]; then
    lx_kept="$lx_kept$lx_path "
  elif [ "$lx_before" = absent ]; then
    lx_try rm -f "$lx_file" || return
  elif [ -e "$lx_temp-old" ]; then
    lx_try mv -f "$lx_temp-old" "$lx_file" || return
  elif [ -e "$lx_entry/old/$lx_n" ]; then
    lx_try mv -f "$lx_entry/old/$lx_n" "$lx_file" || return
  else
    lx_try cp -a "$lx_entry/old/$lx_n.copy" "$lx_temp-back" && lx_sync "$lx_temp-back" &&
      lx_try mv -f "$lx_temp-back" "$lx_file" || return
  fi
  file_clean && lx_sync "${lx_file%/*}"
}

# The file that is in its place again has no second link.
file_clean() {
  lx_inside || return
  for lx_c in "$lx_temp-new" "$lx_temp-old" "$lx_temp-back"; do
    if [ -e "$lx_c" ] || [ -L "$lx_c" ]; then rm -f "$lx_c"; fi
  done
  [ ! "$lx_entry/old/$lx_n" -ef "$lx_file" ] || rm -f "$lx_entry/old/$lx_n"
  lx_leave_home
}

# lx_bound: sets lx_bounded to what bounds the time of a command on this host, in the dialect of its timeout(1).
lx_bound() {
  if timeout -k 5 5 true; then
    lx_bounded='timeout -k 5'
  elif timeout -s KILL 5 true; then
    lx_bounded='timeout -s KILL' # busybox before 1.34 has no -k
  elif timeout -s KILL -t 5 true; then
    lx_bounded='timeout -s KILL -t' # nor has it a number without -t before 1.30
  else
    lx_bounded=''
  fi </dev/null >/dev/null 2>&1 8<&- 9<&- # busybox leaves a process that looks on for a second
}

# lx_say COMMAND...: runs a command of the plan, sets lx_said to its output and returns its status. The command gets
# neither the locks, nor the umask, nor the ignored signals of this shell. What it leaves in the background may keep its
# output open: the end is told by a line, not by the end of the pipe.
lx_say() {
  [ -n "${lx_bounded+known}" ] || lx_bound
  read -r lx_since _ </proc/uptime # not date(1): the clock may jump, and with the network it may do so now
  # shellcheck disable=SC2086 # several words, or none
  lx_said=$({
    (trap - HUP INT TERM PIPE && umask "$lx_umask" && exec ${lx_bounded:+$lx_bounded "$lx_limit"} "$@") 2>&1 </dev/null 8<&- 9<&-
    printf '\n@%s %s\n\n' "$lx_nonce" "$?" # busybox sed looks one line ahead
  } | sed "/^@$lx_nonce /q")
  read -r lx_now _ </proc/uptime
  lx_status=${lx_said##*"@$lx_nonce "} lx_said=${lx_said%?"@$lx_nonce "*}
  lx_said=${lx_said%"
"}
  case $lx_status in
    '' | *[!0-9]*) return 1 ;;
    124 | 137 | 143) # of timeout(1), or of a command that it killed itself: busybox tells the latter
      [ $((${lx_now%.*} - ${lx_since%.*})) -lt "$lx_limit" ] || lx_said="timed out after $lx_limit s${lx_said:+: $lx_said}"
      ;;
  esac
  return "$lx_status"
}

# lx_do COMMAND...: a command of the plan that has to succeed.
lx_do() {
  [ "$#" -gt 0 ] || return 0
  lx_say "$@" || lx_fail "$*" "exit status $?: $lx_said"
}

run_check() { command -v "$1" >/dev/null || lx_fail "$1" 'no such command on this host'; }
run_save() { :; }
run_stage() { :; }
run_apply() { lx_ran=1 && lx_mark "started.$lx_n" && lx_do "$@"; }
run_verify() { :; }
run_undo() { [ -n "$lx_files_only" ] || [ ! -e "$lx_entry/started.$lx_n" ] || lx_do "$@"; }
run_clean() { :; }
run_final() {
  lx_say "$@"
  lx_frame final "$?" "$lx_n" "$lx_said"
}

# lx_undo: the way back; every step is tried, whatever became of the others.
lx_undo() {
  lx_bad='' lx_kept='' lx_why=''
  lx_each undo "$lx_entry/undo"
  if [ -n "$lx_bad" ]; then lx_mark failed; else lx_mark undone; fi
}

lx_finish() {
  lx_each clean "$lx_entry/steps"
  [ ! -f "$lx_entry/watch.sh" ] || lx_disarm
  # not synced: an entry that a power cut makes unclean is finished again
  { printf '' >"$lx_entry/clean"; } 2>/dev/null || mv -f "$lx_entry/marks/clean" "$lx_entry/clean"
  rm -rf "$lx_entry/marks" "$lx_entry/watch.sh"
}

# lx_decide OUTCOME: committed or expired, of a change that waits for its confirmation. One rename decides: whoever comes
# second finds nothing to rename, and the mark of the first.
lx_decide() {
  mv -f "$lx_entry/marks/decide" "$lx_entry/$1" 2>/dev/null && lx_sync "$lx_entry"
}

# lx_settle: finishes an entry. What was committed stays, everything else is taken back.
lx_settle() {
  lx_tx=${lx_entry##*/} lx_kept='' lx_bad=''
  [ ! -e "$lx_entry/awaiting" ] || lx_decide expired
  if [ ! -e "$lx_entry/committed" ] && [ ! -e "$lx_entry/undone" ] && [ ! -e "$lx_entry/failed" ]; then lx_undo; fi
  if [ -e "$lx_entry/committed" ]; then lx_out=committed
  elif [ -e "$lx_entry/failed" ]; then lx_out="failed $lx_bad"
  else lx_out="undone $lx_kept"; fi
  lx_frame recovered 0 "$lx_tx" "$lx_out"
  lx_finish
}

# lx_inert ENTRY: it leads nowhere else, and holds calls of `file` alone, each word plain or in single quotes. A tree given
# with --root may come from a stranger, and nothing in its journal may be more than that; no commands run there anyway.
lx_inert() {
  for lx_c in "$1" "$1"/* "$1"/.[!.]* "$1"/*/*; do [ ! -L "$lx_c" ] || return 1; done
  for lx_c in "$1/steps" "$1/undo"; do
    [ -f "$lx_c" ] || return 1
    ! grep -qvE "^file [0-9]+ ([A-Za-z0-9_@%+=:,./-]+|('[^']*'|[\\\\]')+) (absent|[0-9a-f]{64}) (absent|[0-9a-f]{64}) [0-7]+ [0-9]+ [0-9]+\$" "$lx_c" || return 1
  done
}

# lx_inside: the target of this step is where its path says, in the tree, and not behind a link or a "..".
lx_inside() {
  lx_canon "$lx_path" && [ "$lx_real" = "$lx_path" ] || lx_fail "$lx_path" 'does not lie where the journal says'
}

# lx_recover: finishes what a killed run left.
lx_recover() {
  for lx_entry in "$lx_journal"/*; do
    [ -f "$lx_entry/undo" ] && [ ! -e "$lx_entry/clean" ] && ! lx_awaits || continue
    if [ -z "$lx_live" ] && ! lx_inert "$lx_entry"; then
      lx_frame refused 0 foreign "$lx_entry"
      return
    fi
    lx_settle
  done
}

# lx_find_umask: sets lx_umask, from the kernel since 4.7: a substitution would be a process.
lx_find_umask() {
  { read -r _ && read -r lx_c lx_umask; } </proc/self/status
  [ "$lx_c" = Umask: ] || lx_umask=$(umask)
}

# lx_open STATE: the state directory, made and locked. Fails with a frame that says why.
lx_open() {
  lx_canon "$1/journal" || { lx_frame refused 0 state "$1"; return 1; }
  lx_journal=$lx_root$lx_real
  lx_find_umask
  for lx_c in flock sha256sum tar cp mv stat; do
    command -v "$lx_c" >/dev/null || { lx_frame refused 0 tool "$lx_c"; return 1; }
  done
  # what lies above lxcnet's own directory is not lxcnet's to close
  [ -d "$lx_journal" ] || { umask "$lx_umask" && mkdir -p "${lx_journal%/*/*}" && umask 077 && mkdir -p "$lx_journal"; } 2>/dev/null
  umask 077
  [ -w "$lx_journal" ] && [ -r "$lx_journal" ] || { lx_frame refused 0 state "$lx_journal"; return 1; }
  exec 9<"$lx_journal"
  # once more after a moment: whoever reads the history holds it for an instant
  flock -n 9 || { sleep 1 && flock -n 9; } || { lx_frame refused 0 locked ''; return 1; }
  # what a run left that was killed before its entry, or while it dropped an old one
  for lx_c in "$lx_journal"/.new-*; do [ ! -d "$lx_c" ] || rm -rf "$lx_c"; done
}

# lx_digest: sets lx_out to the hash of what lx_tar would print now: names, links, owners, modes, times and bytes of all
# files that lx_read names. Nothing is written, so a full disk does not look stale.
lx_digest() {
  lx_out=$(lx_archive | sha256sum)
  lx_out=${lx_out%% *}
}

# lx_prepare ID DIGEST: everything up to the journal entry in its place; nothing of the host is changed.
lx_prepare() {
  lx_dir=$lx_journal/.new-$1
  [ ! -e "$lx_entry" ] || { lx_why="$lx_entry is there already"; return 1; }
  mkdir "$lx_dir" "$lx_dir/old" "$lx_dir/marks" && lx_payload ||
    { lx_why="$lx_journal: no space for the journal, or no right to write it"; return 1; }
  lx_is_whole || { lx_damaged=1; return 1; }
  lx_digest
  [ "$lx_out" = "$2" ] || [ "$2" = - ] || { lx_stale='a container configuration'; return 1; }
  lx_each check "$lx_dir/steps" && lx_each save "$lx_dir/steps" || return
  set -- "$lx_dir"/* "$lx_dir"
  for lx_c in "$lx_dir"/old/*; do [ ! -f "$lx_c" ] || set -- "$lx_c" "$@"; done
  lx_sync "$@" && mv "$lx_dir" "$lx_entry" || { lx_why="$lx_journal: could not write the journal"; return 1; }
}

# lx_stage: the new files beside the old ones, and with them the entry, on the disk.
lx_stage() {
  lx_staged=''
  lx_each stage "$lx_entry/steps" && eval "lx_sync \"\$lx_journal\" $lx_staged"
}

# lx_transaction ID STATE DIGEST: one change. DIGEST is of what the plan was made from. lx_seconds: how long it waits for
# its confirmation; empty when it needs none.
lx_transaction() {
  trap '' HUP INT TERM PIPE
  lx_tx=$1 lx_why='' lx_stale='' lx_damaged='' lx_ran='' lx_hashes=''
  cd "$lx_root/" && lx_open "$2" || return
  for lx_entry in "$lx_journal"/*; do
    [ -f "$lx_entry/undo" ] && [ ! -e "$lx_entry/clean" ] || continue
    if lx_awaits; then lx_frame refused 0 awaiting "${lx_entry##*/}"; else lx_frame refused 0 unfinished "${lx_entry##*/}"; fi
    return
  done
  lx_entry=$lx_journal/$lx_tx
  if ! lx_prepare "$1" "$3" 2>/dev/null; then
    rm -rf "$lx_journal/.new-$lx_tx"
    if [ -n "$lx_damaged" ]; then lx_frame refused 0 payload ''
    elif [ -n "$lx_stale" ]; then lx_frame refused 0 stale "$lx_stale"
    else lx_frame refused 0 check "$lx_why"; fi
    return
  fi
  if lx_stage && { [ -z "$lx_seconds" ] || lx_arm; } && lx_each apply "$lx_entry/steps" &&
    lx_each verify "$lx_entry/steps" && lx_commit; then
    [ -z "$lx_seconds" ] || { lx_frame awaiting 0 "$lx_tx" "$lx_seconds"; exec 9<&-; return; }
    lx_frame committed 0 "$lx_tx" ''
    lx_finish
    lx_prune
    exec 9<&- # what follows cannot be taken back, and may take its time
    lx_each final "$lx_entry/final"
  else
    lx_reason=$lx_why
    lx_undo
    if [ -n "$lx_bad$lx_kept" ]; then lx_frame failed 0 "$lx_tx" "$lx_reason
$lx_bad${lx_kept:+changed by someone else meanwhile and left alone: $lx_kept}"
    else lx_frame undone 0 "$lx_tx" "$lx_reason"; fi
    lx_finish
    lx_prune
    exec 9<&-
  fi 2>/dev/null
}

# lx_commit: the mark that everything is applied; of an armed change, that it waits, if somebody is there to wait.
lx_commit() {
  lx_goal=committed
  if [ -n "$lx_seconds" ]; then
    lx_goal=awaiting
    lx_watched || lx_fail "$lx_tx" 'its watcher is gone' || return
  fi
  lx_mark "$lx_goal" || [ -e "$lx_entry/$lx_goal" ]
}

# lx_prune: the journal is bounded: the hundred newest entries stay, and this one whatever the clock says.
lx_prune() {
  set -- "$lx_journal"/*
  while [ "$#" -gt 100 ]; do
    # an entry without its marks would look unfinished: it leaves the journal by one rename
    [ "$1" = "$lx_entry" ] || { mv "$1" "$lx_journal/.new-${1##*/}" && rm -rf "$lx_journal/.new-${1##*/}"; }
    shift
  done 2>/dev/null
}

# lx_recovery STATE: finishes what killed runs left.
lx_recovery() {
  trap '' HUP INT TERM PIPE
  lx_why=''
  cd "$lx_root/" && lx_open "$1" && lx_recover 2>/dev/null
  exec 9<&-
}
