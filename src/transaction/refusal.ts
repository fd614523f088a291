/** What the scripts of a transaction refuse, before they have changed anything. */
import { exit, LxcnetError } from '../core/error.ts'
import { quote } from '../core/shell.ts'
import type { Frames, Scope } from '../host/snapshot.ts'

/** @throws {LxcnetError} when the script answered that it refuses */
export function refuse(list: Frames['list'], host: string, scope: Scope): void {
  const frame = list.find(({ kind }) => kind === 'refused')
  if (frame === undefined) return
  const { id, text } = frame
  if (id === 'locked') {
    throw new LxcnetError('locked', `${host}: another lxcnet is changing this host`, {
      exit: exit.locked,
      suggestions: ['wait until it is done and try again', '`lxcnet history` shows what is under way'],
    })
  }
  if (id === 'awaiting') {
    throw new LxcnetError('awaiting', `${host}: change ${text} waits for its confirmation; nothing was changed`, {
      exit: exit.locked,
      suggestions: [
        `keep it: lxcnet confirm ${text}`,
        `take it back: lxcnet rollback ${text}`,
        'or wait: unconfirmed, it is taken back by itself',
      ],
    })
  }
  if (id === 'unfinished') {
    throw new LxcnetError('unfinished', `${host}: ${text} was left unfinished by a killed run`, { exit: exit.failed })
  }
  if (id === 'stale') {
    throw new LxcnetError('stale', `${text} has changed since it was read; nothing was changed`, {
      exit: exit.failed,
      suggestions: ['run the command again'],
    })
  }
  if (id === 'foreign') {
    throw new LxcnetError(
      'foreign-journal',
      `${text}: this unfinished change holds more than lxcnet writes into a tree; nothing of it was run`,
      {
        exit: exit.data,
        suggestions: [`look at it, and remove it if it is not yours: rm -r ${quote(text)}`],
      },
    )
  }
  if (id === 'tool') {
    throw new LxcnetError('missing-tool', `${host}: no \`${text}\` on this host; nothing was changed`, {
      exit: exit.failed,
      suggestions: [text === 'flock' ? 'apt-get install util-linux' : 'apt-get install coreutils tar'],
    })
  }
  if (id === 'state') {
    throw new LxcnetError(
      'no-rights',
      `${scope.root}${text.slice(scope.root.length)}: cannot write lxcnet's journal there; nothing was changed`,
      {
        exit: exit.noRights,
        suggestions: ['run lxcnet as root', 'check for a full or read-only file system: df, mount'],
      },
    )
  }
  if (id === 'payload') {
    throw new LxcnetError('interrupted', `${host}: the plan arrived damaged; nothing was changed`, {
      exit: exit.failed,
    })
  }
  throw new LxcnetError('cannot-change', `${text}; nothing was changed`, { exit: exit.failed })
}
