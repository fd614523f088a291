/**
 * One reading of a host: a single shell answers everything that the rooms ask, and writes nothing.
 *
 * The script is templates/host.sh, the fragments of the probes and a call, all inside one pair of braces, so that a cut
 * stream runs nothing. Answers are framed as `@NONCE KIND STATUS LENGTH ID` with LENGTH bytes after the line; files come
 * last, as tar archives, and `@NONCE end` closes them.
 */
import { exit, LxcnetError } from '../core/error.ts'
import type { Probe } from '../core/probe.ts'
import { quote, quoteAll } from '../core/shell.ts'
import { templateText } from '../template/template.ts'
import type { ExecResult, Host } from './port.ts'
import { readTar } from './tar.ts'

/** Where on the host to work. */
export interface Scope {
  /** Prefix of every path; '' on a live host. */
  root: string
  /** Commands run there. Not in a tree given with --root, which may come from a stranger. */
  live: boolean
  /** lxcnet's own state below the root: /var/lib/lxcnet for root. */
  state: string
}

export interface HostFile {
  text: string
  mode: number
  uid: number
  gid: number
}

/** What a command of a probe printed. */
export interface Answer {
  status: number
  text: string
}

export interface Snapshot {
  /** By resolved absolute path below the root, in the order in which the host lists them. */
  files: Map<string, HostFile>
  /** Every path brought, symbolic links in directories too, in the host's order. */
  listing: string[]
  /** Path as asked for → resolved path, where the two differ. */
  links: Map<string, string>
  directories: Set<string>
  unreadable: Set<string>
  /** By the id that the probe gave. */
  answers: Map<string, Answer>
  /** Journal entries that are not settled, or all when asked for: id → running, awaiting, abandoned, committed, undone, failed. */
  entries: Map<string, string>
  /** What lx_digest of transaction.sh prints for the same host; worked out when it is asked for. */
  readonly digest: string
}

/**
 * One compound command, which a shell runs only once it has read all of it. (A list of functions with a call at the end
 * is not enough: cut in the name of a function that begins like an earlier one, it would call that.)
 */
export function whole(parts: readonly string[]): string {
  return `{\n${parts.join('\n')}\n}\n`
}

/** The definitions that every script starts with. */
export function preamble(scope: Scope, nonce: string, probes: readonly Probe[]): string {
  const live = scope.live ? '1' : ''
  const fragments = [...new Set(probes.map((probe) => probe.fragment))].map((name) => templateText(name))
  const reads = probes.flatMap((probe) => probe.setup).join('\n  ')
  return [
    `lx_root=${quote(scope.root)} lx_nonce=${nonce} lx_live=${live}`,
    templateText('host.sh'),
    ...fragments,
    `lx_setup() {\n  ${reads || ':'}\n}`,
    `lx_read() {\n  ${probes.flatMap((probe) => probe.paths).join('\n  ') || ':'}\n}`,
  ].join('\n')
}

/** The function that prints a snapshot; with `journal`, all entries and these files of each. */
export function snapshotFunction(scope: Scope, probes: readonly Probe[], journal?: readonly string[]): string {
  const frames = probes.flatMap((probe) => [...probe.frames, ...(scope.live ? probe.live : [])])
  return `lx_snapshot() {
  cd "$lx_root/" || return
  lx_setup
  ${frames.join('\n  ')}
  lx_history ${quote(scope.state)} ${journal === undefined ? "''" : 'all'}
  lx_tar ${journal === undefined ? '' : `lx_history_paths ${quote(scope.state)} ${quoteAll(journal)}`}
}`
}

/** A reading takes a second on a host with thousands of containers; one that takes this long hangs in some command. */
const mostMs = 120_000

export interface SnapshotOptions {
  /** Bring all entries of the journal and these files of each. */
  journal?: readonly string[]
}

/** A word that no banner has by chance. Not from node:crypto, which takes 4 ms to load: all else of a `list` takes 40. */
const newNonce = (): string => `${process.pid}x${Math.random().toString(36).slice(2)}`

export async function takeSnapshot(
  host: Host,
  scope: Scope,
  probes: readonly Probe[],
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const nonce = newNonce()
  const script = whole([
    preamble(scope, nonce, probes),
    templateText('history.sh'),
    snapshotFunction(scope, probes, options.journal),
    'lx_snapshot',
  ])
  const result = await host.exec(script, { timeoutMs: mostMs })
  return readSnapshot(frames(result, nonce, host.name))
}

export interface Frames {
  list: { kind: string; status: number; id: string; text: string }[]
  tar: Buffer | undefined
}

/** @throws {LxcnetError} `unreachable` when the shell ended before it answered, `missing-tool` */
export function frames(result: ExecResult, nonce: string, host: string): Frames {
  const { stdout } = result
  const mark = `@${nonce} `
  const list: Frames['list'] = []
  let at = stdout.indexOf(mark, 0, 'latin1')
  while (at !== -1 && at < stdout.length) {
    const end = stdout.indexOf(10, at)
    if (end === -1) break
    const head = /^@\w+ (\w+) (\d+) (\d+) (.*)$/s.exec(stdout.toString('latin1', at, end))
    const body = end + 1 + Number(head?.[3] ?? 0)
    if (head !== null && body <= stdout.length) {
      const [, kind = '', status = '', , id = ''] = head
      if (kind === 'tar') return { list, tar: complete(stdout.subarray(end + 1), mark) }
      list.push({ kind, status: Number(status), id, text: stdout.toString('latin1', end + 1, body) })
    }
    at = stdout.indexOf(mark, body, 'latin1')
  }
  if (list.length === 0) {
    const said = result.stderr.trim().split('\n').slice(0, 3).join('; ')
    throw new LxcnetError(
      'unreachable',
      `${host}: the shell ended (${result.status ?? 'killed'}) before it answered${said && `: ${said}`}`,
      {
        exit: exit.unreachable,
        suggestions: ['check that `sh`, `tar`, `xargs` and `find` work there for this user'],
      },
    )
  }
  const lacks = list.find(({ kind }) => kind === 'lacks')?.id
  if (lacks === undefined) return { list, tar: undefined }
  throw new LxcnetError('missing-tool', `${host}: no \`${lacks}\` on this host, which cannot be read without`, {
    exit: exit.failed,
    suggestions: [
      `apt-get install ${lacks === 'tar' ? 'tar' : 'findutils'}`,
      '`lxcnet host check` lists all that it lacks',
    ],
  })
}

/** The archives without the line that closes them; undefined when that line did not arrive. */
function complete(archives: Buffer, mark: string): Buffer | undefined {
  const end = archives.lastIndexOf(`\n${mark}end\n`, undefined, 'latin1')
  return end === -1 ? undefined : archives.subarray(0, end)
}

/** @throws {LxcnetError} `unreachable` when the stream of files is missing or was cut */
export function readSnapshot({ list, tar }: Frames): Snapshot {
  if (tar === undefined)
    throw new LxcnetError('unreachable', 'the host stopped answering in the middle', { exit: exit.unreachable })
  const snapshot: Snapshot = {
    files: new Map(),
    listing: [],
    links: new Map(),
    directories: new Set(),
    unreadable: new Set(),
    answers: new Map(),
    entries: new Map(),
    get digest() {
      const { createHash } = process.getBuiltinModule('node:crypto') // for changes alone, as with newNonce
      return createHash('sha256').update(tar).digest('hex')
    },
  }
  for (const { kind, status, id, text } of list) {
    if (kind === 'link') snapshot.links.set(id, text)
    else if (kind === 'directory') snapshot.directories.add(id)
    else if (kind === 'unreadable') snapshot.unreadable.add(id)
    else if (kind === 'entry') snapshot.entries.set(id, text)
    else snapshot.answers.set(kind === 'run' ? id : kind, { status, text })
  }
  for (const { path, data, type, mode, uid, gid } of readTar(tar)) {
    snapshot.listing.push(`/${path}`)
    if (type === '0') snapshot.files.set(`/${path}`, { text: data.toString('latin1'), mode, uid, gid })
  }
  return snapshot
}
