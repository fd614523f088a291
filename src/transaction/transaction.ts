/**
 * Carries a plan out on one host: one shell, all of it or nothing. templates/transaction.sh does the work there.
 *
 * The same exec brings a fresh snapshot afterwards, so that the caller can plan again and must get nothing.
 */
import { createHash, randomBytes } from 'node:crypto'
import { exit, LxcnetError } from '../core/error.ts'
import type { Probe } from '../core/probe.ts'
import { quote, quoteAll } from '../core/shell.ts'
import type { Host } from '../host/port.ts'
import {
  type Frames,
  frames,
  preamble,
  readSnapshot,
  type Scope,
  type Snapshot,
  snapshotFunction,
  whole,
} from '../host/snapshot.ts'
import { writeTar } from '../host/tar.ts'
import { type Change, isFinal, ordered, type Plan } from '../plan/plan.ts'
import { templateText } from '../template/template.ts'

/** Who did what, for lxcnet's history. */
export interface Meta {
  id: string
  /** ISO 8601, the controller's clock. */
  at: string
  user: string
  command: string
}

export interface Outcome {
  id: string
  result: 'committed' | 'undone' | 'failed'
  /** Why it was taken back; '' when committed. */
  reason: string
  /** Final commands that failed: what ran, with its output. */
  finals: { argv: string[]; status: number; output: string }[]
  after: Snapshot | undefined
}

export interface Recovered {
  id: string
  result: 'committed' | 'undone' | 'failed'
  /** Files that someone else had changed meanwhile and that were left alone, or what could not be taken back. */
  detail: string
}

/** `20261121-062708-4171f`: sorts by time, to the millisecond; two hex digits keep two runs of one instant apart. */
export function newId(now: Date): string {
  const [date, time, rest] = now.toISOString().replace(/[-:Z]/g, '').split(/[T.]/)
  return `${date}-${time}-${rest}${randomBytes(1).toString('hex')}`
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex')
const fingerprint = (text: string | null): string => (text === null ? 'absent' : sha256(text))

export interface Transaction {
  scope: Scope
  /** What the plan was made from; read again under the lock. */
  reads: readonly Probe[]
  /** What to read once it is done. */
  fresh: readonly Probe[]
  meta: Meta
}

/**
 * @throws {LxcnetError} `stale` when the host is no longer what the plan was made from, `locked` while another run
 * changes the host, `unfinished` after a killed one, `cannot-change` when a target cannot be replaced; nothing has
 * been changed then
 */
export async function carryOut(host: Host, plan: Plan, { scope, reads, fresh, meta }: Transaction): Promise<Outcome> {
  const steps = ordered(plan.changes)
  const payload = writeTar(payloadFiles(steps, plan, meta))
    .toString('base64')
    .replace(/.{76}/g, '$&\n')
  const nonce = randomBytes(8).toString('hex')
  const script = whole([
    preamble(scope, nonce, reads),
    templateText('history.sh'),
    templateText('transaction.sh'),
    `lx_payload() {\n  cat <<'LX_PAYLOAD'\n${payload}\nLX_PAYLOAD\n}`,
    snapshotFunction(scope, fresh),
    'lx_main() {',
    '  lx_setup >/dev/null',
    `  lx_transaction ${meta.id} ${quote(scope.state)} ${sha256(`${payload}\n`)} ${plan.reads}`,
    ...(fresh.flatMap((probe) => probe.paths).length === 0
      ? []
      : [`  lx_read() {\n  ${fresh.flatMap((probe) => probe.paths).join('\n')}\n  }`]),
    '  lx_snapshot',
    '}',
    'lx_main',
  ])
  const answered = frames(await host.exec(script), nonce, host.name)
  return outcome(answered, steps, meta.id, host.name, scope)
}

/** Finishes what killed runs left on the host. */
export async function recover(host: Host, scope: Scope): Promise<Recovered[]> {
  const nonce = randomBytes(8).toString('hex')
  const script = whole([
    preamble(scope, nonce, []),
    templateText('transaction.sh'),
    `lx_main() {\n  lx_recovery ${quote(scope.state)}\n  lx_frame end 0 - ''\n}`,
    'lx_main',
  ])
  const { list } = frames(await host.exec(script), nonce, host.name)
  refuse(list, host.name, scope)
  return list
    .filter((frame) => frame.kind === 'recovered')
    .map(({ id, text }) => {
      const [, result = '', detail = ''] = /^(\w+) ?(.*)$/s.exec(text) ?? []
      return { id, result: result as Recovered['result'], detail: detail.trim() }
    })
}

function payloadFiles(steps: readonly Change[], plan: Plan, meta: Meta): { path: string; data: Buffer }[] {
  const doing: string[] = []
  const undo: string[] = []
  const final: string[] = []
  const files: { path: string; data: Buffer }[] = []
  steps.forEach((step, index) => {
    const n = index + 1
    if (step.kind === 'file') {
      const call = `file ${n} ${quote(step.path)} ${fingerprint(step.before)} ${fingerprint(step.after)} ${step.mode.toString(8)} ${step.uid} ${step.gid}`
      doing.push(call)
      undo.unshift(call)
      if (step.after !== null) files.push({ path: `new/${n}`, data: Buffer.from(step.after, 'latin1') })
    } else if (isFinal(step)) {
      final.push(`run ${n} ${quoteAll(step.argv)}`)
    } else {
      doing.push(`run ${n} ${quoteAll(step.argv)}`)
      if (step.check) doing.push(`check ${n} ${quoteAll(step.check)}`)
      undo.unshift(`run ${n} ${quoteAll(step.undo ?? [])}`)
    }
  })
  const marks = ['committed', 'undone', 'failed', 'clean', ...steps.map((_, index) => `started.${index + 1}`)]
  const script = (lines: string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1')
  return [
    { path: 'steps', data: script(doing) },
    { path: 'undo', data: script(undo) },
    { path: 'final', data: script(final) },
    { path: 'meta.json', data: Buffer.from(JSON.stringify(meta)) },
    { path: 'plan.json', data: Buffer.from(JSON.stringify(plan)) },
    ...marks.map((mark) => ({ path: `marks/${mark}`, data: Buffer.alloc(0) })),
    ...files,
  ]
}

function outcome({ list, tar }: Frames, steps: readonly Change[], id: string, host: string, scope: Scope): Outcome {
  refuse(list, host, scope)
  const end = list.find(({ kind }) => kind === 'committed' || kind === 'undone' || kind === 'failed')
  if (end === undefined) {
    throw new LxcnetError('interrupted', `${host}: the shell that carried out ${id} was ended in the middle`, {
      exit: exit.failed,
      suggestions: ['the next changing command completes it or takes it back; `lxcnet history` tells which'],
    })
  }
  const finals = list
    .filter(({ kind }) => kind === 'final')
    .map(({ id: n, status, text }) => {
      const step = steps[Number(n) - 1]
      return { argv: step?.kind === 'run' ? step.argv : [], status, output: text }
    })
  const after = tar === undefined ? undefined : readSnapshot({ list, tar })
  return { id, result: end.kind as Outcome['result'], reason: end.text.trim(), finals, after }
}

/** What the script refuses before it has changed anything. */
function refuse(list: Frames['list'], host: string, scope: Scope): void {
  const frame = list.find(({ kind }) => kind === 'refused')
  if (frame === undefined) return
  const { id, text } = frame
  if (id === 'locked') {
    throw new LxcnetError('locked', `${host}: another lxcnet is changing this host`, {
      exit: exit.locked,
      suggestions: ['wait until it is done and try again', '`lxcnet history` shows what is under way'],
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
