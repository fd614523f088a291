# What both scripts that lxcnet runs on a host share: framed answers, and paths inside a root.
# POSIX sh with coreutils or busybox. Nothing here writes to the host. Every name starts with lx_.
#
# lx_root   prefix of every path: empty on a live host, the tree given with --root otherwise
# lx_nonce  random word of this run; a frame starts with it, so banners of a login shell cannot pass for one
# shellcheck disable=SC2154 # lx_root and lx_nonce are set by the text that lxcnet puts in front

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# lx_frame KIND STATUS ID BODY: one answer; the body's length in bytes stands in front of it.
lx_frame() {
  printf '@%s %s %s %s %s\n%s\n' "$lx_nonce" "$1" "$2" "${#4}" "$3" "$4"
}

# lx_run ID COMMAND...: what a command prints, framed with its exit status.
lx_run() {
  lx_id=$1
  shift
  lx_out=$("$@" 2>/dev/null </dev/null)
  lx_frame run "$?" "$lx_id" "$lx_out"
}

# lx_canon PATH: sets lx_real to PATH with every symbolic link resolved, never leaving lx_root. Fails on a loop.
# (readlink -f would follow an absolute link out of the tree given with --root.)
lx_canon() {
  lx_todo=$1/ lx_real='' lx_hops=0
  while [ -n "$lx_todo" ]; do
    lx_part=${lx_todo%%/*} lx_todo=${lx_todo#*/}
    case $lx_part in
      '' | .) ;;
      ..) lx_real=${lx_real%/*} ;;
      *)
        if [ -L "$lx_root$lx_real/$lx_part" ]; then
          lx_hops=$((lx_hops + 1))
          [ "$lx_hops" -le 40 ] || return 1
          lx_target=$(readlink "$lx_root$lx_real/$lx_part" && echo .)
          lx_target=${lx_target%??}
          case $lx_target in /*) lx_real='' ;; esac
          lx_todo=$lx_target/$lx_todo
        else
          lx_real=$lx_real/$lx_part
        fi
        ;;
    esac
  done
}

# lx_quoted PATH: sets lx_out to the path as a word that eval reads.
lx_quoted() {
  lx_out=$1
  case $1 in *\'*) lx_out=$(printf %s. "$1" | sed "s/'/'\\\\''/g") && lx_out=${lx_out%.} ;; esac
  lx_out="'$lx_out'"
}

# lx_add PATH: one more file for the archive, ./PATH below the root. The list grows in pieces: to add to a text, a shell
# copies all of it.
lx_add() {
  lx_quoted "$1"
  lx_piece="$lx_piece $lx_out"
  [ "${#lx_piece}" -lt 4000 ] || { lx_paths=$lx_paths$lx_piece lx_piece=''; }
  [ "${#lx_paths}" -lt 100000 ] || lx_pack
}

# lx_folder FOLDER: has its *.conf entries archived. Several are left to find, which has them in readdir order.
lx_folder() {
  lx_only=''
  for lx_conf in "$1"/*.conf "$1"/.*.conf; do
    if [ "$lx_conf" = "$1/.conf" ]; then continue; fi
    if [ -L "$lx_conf" ] || [ -e "$lx_conf" ]; then lx_only=${lx_only:+several}${lx_only:-$lx_conf}; fi
  done
  case $lx_only in
    '') ;;
    several*)
      lx_quoted "$1/"
      lx_folders="$lx_folders $lx_out"
      ;;
    *) if [ -L "$lx_only" ] || [ ! -d "$lx_only" ]; then lx_add "$lx_only"; fi ;;
  esac
}

# lx_path PATH...: has each file that is there archived, links resolved; of a directory its *.conf entries in readdir
# order, as lxc.include takes them.
lx_path() {
  for lx_p in "$@"; do
    lx_canon "$lx_p" || continue
    if [ -d "$lx_root$lx_real" ]; then
      lx_folder ".$lx_real"
    elif [ -f "$lx_root$lx_real" ] && [ -r "$lx_root$lx_real" ]; then
      lx_add ".$lx_real"
    fi
  done
}

# lx_links PATH...: frames the paths that resolve to another one, and those that are directories or cannot be read.
lx_links() {
  for lx_p in "$@"; do
    lx_canon "$lx_p" || continue
    [ "$lx_real" = "$lx_p" ] || lx_frame link 0 "$lx_p" "$lx_real"
    if [ -d "$lx_root$lx_real" ]; then
      lx_frame directory 0 "$lx_p" ''
    elif [ -e "$lx_root$lx_real" ] && ! [ -r "$lx_root$lx_real" ]; then
      lx_frame unreadable 0 "$lx_p" ''
    fi
  done
}

# lx_pack: an archive of the files of the list.
lx_pack() {
  lx_paths=$lx_paths$lx_piece lx_piece=''
  [ -n "$lx_paths" ] || return 0
  eval "tar -cf - --no-recursion -- $lx_paths" 2>/dev/null </dev/null
  # up to 125: tar missed a file that was removed meanwhile; above: no tar, or it was killed
  [ "$?" -le 125 ] || lx_cut=1
  lx_paths=''
}

# lx_archive [COMMAND...]: what lx_read and the command add, as tar archives; the same bytes while nothing changes. The
# working directory is the root.
lx_archive() {
  lx_paths='' lx_piece='' lx_folders='' lx_cut=''
  lx_read
  "$@"
  if [ -n "$lx_folders" ]; then
    lx_paths=$lx_paths$lx_piece
    eval "{ ${lx_paths:+printf '%s\\0' $lx_paths; }find $lx_folders -maxdepth 1 -name '?*.conf' ! -type d -print0; } |
      xargs -0r tar -cf - --no-recursion --" 2>/dev/null
    [ "$?" -le 123 ] || lx_cut=1
  else
    lx_pack
  fi
  [ -z "$lx_cut" ]
}

# lx_tar [COMMAND...]: the archives of lx_archive. Always the last answer; the line behind it says that nothing was cut
# off. Where the host lacks what reading takes, that is the last answer.
lx_tar() {
  for lx_c in tar xargs find; do
    command -v "$lx_c" >/dev/null || { lx_frame lacks 0 "$lx_c" ''; return; }
  done
  printf '@%s tar 0 0 -\n' "$lx_nonce"
  lx_archive "$@" && printf '\n@%s end\n' "$lx_nonce"
}
