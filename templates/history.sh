# What lxcnet did on this host, read without a lock; transaction.sh says how an entry looks.
# shellcheck disable=SC2154 # lx_root comes from the text that lxcnet puts in front

# lx_watched: the watcher of this entry is alive: it holds a lock, which the kernel drops with it. See deadman.sh.
lx_watched() {
  [ -f "$lx_entry/watch.sh" ] && ! flock -n -s "$lx_entry/watch.sh" true 2>/dev/null
}

# lx_awaits: this entry waits for its confirmation, and somebody is there who takes it back when none comes.
lx_awaits() {
  [ -e "$lx_entry/awaiting" ] && [ -e "$lx_entry/marks/decide" ] && lx_watched
}

# lx_history STATE ALL: frames the entries and what became of each; without ALL only those that are not settled.
lx_history() {
  lx_canon "$1/journal" || return 0
  lx_journal=$lx_root$lx_real
  for lx_entry in "$lx_journal"/*; do
    [ -f "$lx_entry/undo" ] || continue
    if [ ! -e "$lx_entry/clean" ]; then
      if lx_awaits; then lx_out=awaiting
      elif flock -n -s "$lx_journal" true 2>/dev/null; then lx_out=abandoned; else lx_out=running; fi
    elif [ -e "$lx_entry/failed" ]; then lx_out=failed
    elif [ -e "$lx_entry/committed" ]; then lx_out=committed
    else lx_out=undone; fi
    [ -n "$2" ] || case $lx_out in running | abandoned | awaiting) ;; *) continue ;; esac
    lx_frame entry 0 "${lx_entry##*/}" "$lx_out"
  done
}

# lx_history_paths STATE NAME...: has these files of every entry archived.
lx_history_paths() {
  lx_canon "$1/journal" || return 0
  shift
  for lx_entry in ".$lx_real"/*; do
    for lx_c in "$@"; do
      [ ! -f "$lx_entry/$lx_c" ] || lx_add "$lx_entry/$lx_c"
    done
  done
}
