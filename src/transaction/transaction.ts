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
import { type Change, isFinal, type Note, ordered, type Plan } from '../plan/plan.ts'
import { templateText } from '../template/template.ts'
import { refuse } from './refusal.ts'

/** Who did what, for lxcnet's history. */
export interface Meta {
  id: string
  /** ISO 8601, the controller's clock. */
  at: string
  user: string
  command: string
  /** Id of the change whose way back this is. */
  takesBack?: string
}

/** A command that cannot be taken back, with its output. */
export interface Final {
  argv: string[]
  status: number
  output: string
}

export interface Outcome {
  id: string
  /** awaiting: applied and verified, and taken back unless it is confirmed in time. */
  result: 'committed' | 'awaiting' | 'undone' | 'failed'
  /** Why it was taken back; '' when committed or awaiting. */
  reason: string
  finals: Final[]
  /** Of the way there: `no-boot-recovery`. */
  notes: Note[]
  after: Snapshot | undefined
}

export interface Recovered {
  id: string
  result: 'committed' | 'undone' | 'failed'
  /** Files that someone else had changed meanwhile and that were left alone, or what could not be taken back. */
  detail: string
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
  /**
   * Arms the change: it is taken back unless `confirm` comes within so many seconds after its last step, whatever
   * becomes of this process, the connection and the host. Its final commands wait for the confirmation. Under --root,
   * where nothing runs, it says nothing.
   */
  confirmSeconds?: number
  /** How long each command may take; 600 when it is not said. */
  commandSeconds?: number
}

/** What templates/transaction.sh gives a command when the journal says nothing else. */
const usualSeconds = 600

/**
 * @throws {LxcnetError} `stale` when the host is no longer what the plan was made from, `locked` while another run
 * changes the host, `awaiting` while an armed change waits for its confirmation, `unfinished` after a killed run, `cannot-change` when a target cannot be replaced; nothing has
 * been changed then
 */
export async function carryOut(host: Host, plan: Plan, transaction: Transaction): Promise<Outcome> {
  const { scope, reads, fresh, meta, commandSeconds = usualSeconds } = transaction
  const confirmSeconds = scope.live ? transaction.confirmSeconds : undefined
  const steps = ordered(plan.changes)
  const nonce = randomBytes(8).toString('hex')
  const files = payloadFiles(steps, plan, meta, commandSeconds)
  if (confirmSeconds !== undefined) {
    const text = watcher(scope, nonce, confirmSeconds, patience(steps, commandSeconds))
    files.push({ path: 'watch.sh', text })
  }
  const script = whole([
    preamble(scope, nonce, reads),
    `lx_seconds=${confirmSeconds ?? ''}`,
    ...(confirmSeconds === undefined ? ['history.sh', 'transaction.sh'].map(templateText) : engine()),
    payload(files, steps, scope),
    snapshotFunction(scope, fresh),
    'lx_main() {',
    '  lx_setup >/dev/null',
    `  lx_transaction ${meta.id} ${quote(scope.state)} ${plan.reads}`,
    ...(fresh.flatMap((probe) => probe.paths).length === 0
      ? []
      : [`  lx_read() {\n  ${fresh.flatMap((probe) => probe.paths).join('\n')}\n  }`]),
    '  lx_snapshot',
    '}',
    'lx_main',
  ])
  const result = await host.exec(script)
  // a connection that broke has brought nothing, and the change may have been made all the same
  const isCut = result.status === null && !result.stdout.includes(`@${nonce} `, 'latin1')
  const answered = isCut ? { list: [], tar: undefined } : frames(result, nonce, host.name)
  return outcome(answered, steps, meta.id, host.name, scope)
}

/** Finishes what killed runs left on the host. */
export async function recover(host: Host, scope: Scope): Promise<Recovered[]> {
  const nonce = randomBytes(8).toString('hex')
  const script = whole([
    preamble(scope, nonce, []),
    ...engine(),
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

/** What a script has to know that may meet an armed change. */
export const engine = (): string[] => ['history.sh', 'transaction.sh', 'deadman.sh'].map(templateText)

/** The script beside an armed change in the journal: templates/deadman.sh starts it with `watch`, a boot with `boot`. */
function watcher(scope: Scope, nonce: string, seconds: number, patienceSeconds: number): string {
  return whole([
    preamble(scope, nonce, []),
    ...engine(),
    `lx_seconds=${seconds} lx_patience=${patienceSeconds}`,
    `lx_verb=$1\nshift\n"lx_$lx_verb" ${quote(scope.state)} "$@"`,
  ])
}

/** Longer than all commands together, there and back; ten minutes more for the files. */
function patience(steps: readonly Change[], commandSeconds: number): number {
  const commands = steps.flatMap((step) =>
    step.kind === 'run' && !isFinal(step) ? [step.argv, step.undo, step.check] : [],
  )
  return commands.length * (commandSeconds + 10) + 600
}

function payloadFiles(steps: readonly Change[], plan: Plan, meta: Meta, commandSeconds: number): EntryFile[] {
  // not where it says nothing new: other releases run no unfinished change of a tree that holds more than files
  const limit = commandSeconds === usualSeconds ? [] : [`limit ${commandSeconds}`]
  const doing: string[] = []
  const undo: string[] = []
  const final: string[] = []
  steps.forEach((step, index) => {
    const n = index + 1
    if (step.kind === 'file') {
      const call = `file ${n} ${quote(step.path)} ${fingerprint(step.before)} ${fingerprint(step.after)} ${step.mode.toString(8)} ${step.uid} ${step.gid}`
      doing.push(call)
      undo.unshift(call)
    } else if (isFinal(step)) {
      final.push(`run ${n} ${quoteAll(step.argv)}`)
    } else {
      doing.push(`run ${n} ${quoteAll(step.argv)}`)
      if (step.check) doing.push(`check ${n} ${quoteAll(step.check)}`)
      undo.unshift(`run ${n} ${quoteAll(step.undo ?? [])}`)
    }
  })
  const script = (lines: string[]): string =>
    (lines.length === 0 ? [] : [...limit, ...lines]).map((line) => `${line}\n`).join('')
  const json = (value: object): string => Buffer.from(JSON.stringify(value)).toString('latin1')
  return [
    { path: 'steps', text: script(doing) },
    { path: 'undo', text: script(undo) },
    { path: 'final', text: script(final) },
    { path: 'meta.json', text: json(meta) },
    { path: 'plan.json', text: json(plan) },
  ]
}

/** A file of a journal entry, bytes as latin1 text. */
interface EntryFile {
  path: string
  text: string
}

const marksOf = (steps: readonly Change[]): string[] => [
  'committed',
  'awaiting',
  'decide',
  'undone',
  'failed',
  'clean',
  ...steps.map((_, index) => `started.${index + 1}`),
]

/**
 * The functions that write an entry's files and print the new text of a step's file, by the shell itself, since each
 * process there costs a millisecond; and one that looks at what the entry's files are then, and at those to be changed.
 */
function payload(entry: readonly EntryFile[], steps: readonly Change[], scope: Scope): string {
  const lines = entry.map(({ path, text }) => `  ${printed(text)} >"$lx_dir/${path}" || return`)
  const texts = steps.flatMap((step, index) =>
    step.kind === 'file' && step.after !== null ? [`    ${index + 1}) ${printed(step.after)} ;;`] : [],
  )
  const targets = steps.flatMap((step) =>
    step.kind === 'file' && step.before !== null && !/[\\\n]/.test(step.path) ? [quote(scope.root + step.path)] : [],
  )
  return `lx_payload() {\n${lines.join('\n')}
  for lx_c in ${marksOf(steps).join(' ')}; do printf '' >"$lx_dir/marks/$lx_c" || return; done
}
lx_text() {
  case $1 in
${texts.join('\n')}
  esac
}
lx_is_whole() {
  lx_hash_all "$lx_dir" ${[...entry.map(({ path }) => path), ...targets].join(' ')}
  ${entry.map(({ path, text }) => `lx_has ${sha256(text)} ${path}`).join(' && ')}
}`
}

/** printf(1) with these bytes; what is no plain text travels in octal, so that no shell and no locale can read it wrongly. */
function printed(text: string): string {
  if (/^[\t\n -~]*$/.test(text)) return `printf %s ${quote(text)}`
  const octal = (char: string): string => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`
  return `printf %b ${quote(text.replace(/[^\t\n -[\]-~]/g, octal))}`
}

function outcome({ list, tar }: Frames, steps: readonly Change[], id: string, host: string, scope: Scope): Outcome {
  refuse(list, host, scope)
  const end = list.find(({ kind }) => /^(committed|awaiting|undone|failed)$/.test(kind))
  if (end === undefined) {
    const message = `${host}: the connection broke or the shell was ended while ${id} was carried out; what became of it is not known`
    throw new LxcnetError('interrupted', message, {
      exit: exit.failed,
      suggestions: [
        '`lxcnet history` tells once the host is there again; the next change completes it or takes it back',
      ],
    })
  }
  const after = tar === undefined ? undefined : readSnapshot({ list, tar })
  return {
    id,
    result: end.kind as Outcome['result'],
    reason: end.kind === 'awaiting' ? '' : end.text.trim(),
    finals: finalsOf(list, steps),
    notes: list.flatMap(({ kind, id: code, text }) =>
      kind === 'note' ? { severity: 'warning', code, message: `${host}: ${text}` } : [],
    ),
    after,
  }
}

/** @param steps of the plan, in the order in which they run */
export function finalsOf(list: Frames['list'], steps: readonly Change[]): Final[] {
  return list
    .filter(({ kind }) => kind === 'final')
    .map(({ id: n, status, text }) => {
      const step = steps[Number(n) - 1]
      return { argv: step?.kind === 'run' ? step.argv : [], status, output: text }
    })
}
