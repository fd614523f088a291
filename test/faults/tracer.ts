/**
 * Stands between a shell and every external command it starts, and kills the shell with all it started at one of them.
 *
 * A folder in front of PATH holds one wrapper per command. A command is told from another by its name and by how many
 * of that name came before in its session, which does not depend on how the kernel schedules the ends of a pipe. The
 * watcher of an armed change has a session of its own; the shell of the change, with what timeout(1) puts into groups
 * of their own, has the one that the host began.
 */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { LocalHost } from '../../src/host/local.ts'
import { type Tree, whenDone } from '../transaction/tree.ts'

/** before and after the command; half: while it works, with a part of what it does done. */
export type Moment = 'before' | 'after' | 'half'

export interface Instant {
  moment: Moment
  /** `mv 3`: the third mv; `watcher mv 3`: the third of the watcher. */
  command: string
}

/** Who dies: the session of the command that was reached, or all of them, as when the power fails. */
export type Victims = 'session' | 'all'

const tools = [
  'sh cat chmod chown cp find flock getfattr grep head ln lsattr mkdir mv readlink rm rmdir sed sha256sum sort',
  'stat sync tail tar touch tr wc xargs cut env test true false sleep printf ls id mktemp dirname basename timeout setsid',
].flatMap((line) => line.split(' '))

/** Commands of which a part may be done when they die, and a shell text that does such a part. */
const halves: Record<string, string> = {
  // the first bytes of the archive only
  tar: 'case $* in *x*) head -c 3000 | "$real" "$@" ;; *) "$real" "$@" | head -c 700 ;; esac',
  // some bytes of the file are there, its mode and owner are not
  cp: 'for last; do :; done; for from; do case $from in -*) ;; *) break ;; esac; done; head -c 3 "$from" >"$last"',
  cat: '"$real" "$@" | head -c 3',
  // of a folder the marks go first, which is the worst order; of several files the last one
  rm: 'for last; do :; done; if [ -d "$last" ]; then "$real" -f "$last/clean" "$last/committed"; else "$real" -f "$last"; fi',
  mkdir: '"$real" "$1"',
}

export class Tracer {
  readonly #folder: string
  readonly dispose: () => void

  constructor(base: string) {
    this.#folder = fs.mkdtempSync(join(base, 'lxcnet-tracer-'))
    this.dispose = whenDone(() => fs.rmSync(this.#folder, { recursive: true, force: true }))
    for (const name of tools) {
      const real = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
        .map((dir) => join(dir, name))
        .find((path) => fs.existsSync(path))
      if (real === undefined) continue
      fs.writeFileSync(join(this.#folder, name), wrapper(name, real), { mode: 0o755 })
    }
  }

  /** A host whose shell is traced into `tree`, and killed at that instant. */
  host(tree: Tree, kill?: Instant, victims: Victims = 'session'): LocalHost {
    const state = `${tree.root}.trace`
    fs.rmSync(state, { recursive: true, force: true })
    fs.mkdirSync(state)
    const path = `${this.#folder}:${process.env['PATH']}`
    const at = kill === undefined ? '' : `${kill.moment} ${kill.command}`
    return new LocalHost([
      'env',
      `LXCNET_TRACE=${state}`,
      `LXCNET_KILL=${at}`,
      `LXCNET_VICTIMS=${victims}`,
      `PATH=${path}`,
      `LXCNET_PATH=${path}`,
      'dash',
      '-c',
      'export LXCNET_SESSION=$$; exec dash -s',
    ])
  }

  /** The commands of the last run, in order. */
  log(tree: Tree): string[] {
    const path = `${tree.root}.trace/log`
    return fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim().split('\n') : []
  }

  killed(tree: Tree): boolean {
    return fs.existsSync(`${tree.root}.trace/killed`)
  }

  forget(tree: Tree): void {
    fs.rmSync(`${tree.root}.trace`, { recursive: true, force: true })
  }
}

/** Every instant at which a run of these commands can be killed. */
export function instants(log: readonly string[]): Instant[] {
  return log.flatMap((command) => {
    const half = halves[command.replace('watcher ', '').split(' ')[0] ?? ''] !== undefined
    return (half ? (['before', 'half', 'after'] as const) : (['before', 'after'] as const)).map((moment) => ({
      moment,
      command,
    }))
  })
}

/**
 * Builtins of the shell alone, so that tracing a command costs one more fork and nothing else. The short sleeps of one
 * who waits are shorter still.
 */
function wrapper(name: string, real: string): string {
  // two xargs stand in one pipe: they go by what they start
  const key = name === 'xargs' ? 'xargs-$2' : name
  return `#!/bin/dash
real=${real} key=${key} PATH=/usr/bin:/bin
[ -n "$LXCNET_TRACE" ] || exec "$real" "$@"
read -r _ _ _ _ _ session _ </proc/$$/stat
[ "$session" = "$LXCNET_SESSION" ] || key="watcher $key"
n=0
[ ! -e "$LXCNET_TRACE/$key" ] || read -r n <"$LXCNET_TRACE/$key"
n=$((n + 1))
echo "$n" >"$LXCNET_TRACE/$key"
echo "$key $n" >>"$LXCNET_TRACE/log"
end() {
  : >"$LXCNET_TRACE/killed"
  for p in $(grep -als "LXCNET_TRACE=$LXCNET_TRACE" /proc/[0-9]*/environ); do
    p=\${p%/environ}
    [ "\${p##*/}" != $$ ] && read -r _ _ _ _ _ of _ 2>/dev/null <"$p/stat" || continue
    [ "$LXCNET_VICTIMS" = session ] && [ "$of" != "$session" ] || victims="$victims \${p##*/}"
  done
  kill -9 $victims $$
}
half() {
  ${halves[name] ?? ':'}
}
case $LXCNET_KILL in
  "before $key $n") end ;;
  "half $key $n") half "$@"; end ;;
  "after $key $n") "$real" "$@"; end ;;
esac
${name === 'sleep' ? 'case $1 in 1) exec "$real" 0.02 ;; 0.1) exec "$real" 0.01 ;; esac' : ''}
PATH=${'$'}LXCNET_PATH exec "$real" "$@"
`
}
