/** What a changing command did or would do: one shape for people and for `--json`. */
import { structuredPatch } from 'diff'
import { quoteAll } from '../core/shell.ts'
import { type Change, type FileChange, type Impact, type Note, shown } from '../plan/plan.ts'
import { wrapped } from './host-names.ts'
import { readable } from './table.ts'

export type ChangeResult =
  | 'planned'
  | 'declined'
  | 'unchanged'
  | 'applied'
  | 'awaiting'
  | 'rolled-back'
  | 'rollback-failed'
  | 'unverified'
  | 'restart-failed'

export interface ChangeReport {
  schema: 'lxcnet.change/1'
  host: string
  result: ChangeResult
  /** Of the journal entry, for `lxcnet rollback`; null when nothing was changed. */
  id: string | null
  /** The command that takes it back, word by word; null when nothing was changed. */
  rollback: string[] | null
  /** Why it was taken back, or what failed; null otherwise. */
  reason: string | null
  /** A line for each container. */
  summary: string[]
  /** Contents are latin1 text: one character is one byte. */
  changes: Change[]
  notes: Note[]
  /** What was not done, and why: commands under --root. */
  leftOut: string[]
  /** Running containers whose live NICs differ from their config. */
  pending: string[]
}

/**
 * The plan as a person reads it before saying yes: exact diffs, commands, and what each does to what is running.
 *
 * @param width columns of the terminal, for prose; what may be pasted keeps its lines
 */
export function planText(
  { summary, changes, notes }: Pick<ChangeReport, 'summary' | 'changes' | 'notes'>,
  width = 0,
): string {
  const lines: string[] = summary.filter(Boolean).map((line) => wrapped(readable(line), 2, width))
  for (const change of changes) {
    if (change.kind === 'file' && change.record)
      lines.push('', `${change.path}: ${change.after === null ? 'removed' : change.why}`)
    else if (change.kind === 'file')
      lines.push(
        '',
        `${readable(change.path)} (${impactWords[change.impact]})`,
        ...(change.settings ? settingsLines(change) : diffLines(change.before, change.after)),
      )
    else if (change.argv[0] !== 'true')
      // what does nothing now has its part on the way back
      lines.push(
        '',
        `$ ${readable(shown(change.argv))}`,
        wrapped(
          `  ${[
            change.why,
            ...(change.impact === 'reconnect' || change.impact === 'host-path' ? [impactWords[change.impact]] : []),
            ...(change.undo === undefined ? ['this cannot be taken back'] : []),
          ].join('; ')}`,
          2,
          width,
        ),
      )
  }
  if (notes.length > 0) lines.push('', ...notes.map((note) => noteText(note, width)))
  return lines.join('\n')
}

const impactWords: Record<Impact, string> = {
  live: 'nothing running is touched',
  reconnect: 'packets may be lost for a moment',
  restart: 'takes effect when the container is restarted',
  'host-path': "touches the host's own network",
}

export function noteText({ severity, code, message, fix }: Note, width = 0): string {
  const lead = severity === 'info' ? 'Note' : severity === 'warning' ? 'Warning' : 'Error'
  return `${wrapped(`${lead}: ${readable(message)} [${code}]`, 2, width)}${fix === undefined ? '' : `\n  ${readable(fix)}`}`
}

/** How it ended, in one or two sentences. */
export function resultText(report: ChangeReport): string {
  const { result, id, reason, pending, leftOut } = report
  const back = quoteAll(report.rollback ?? [])
  const lines: string[] = []
  if (result === 'planned') lines.push('Nothing was changed (--dry-run).')
  else if (result === 'declined') lines.push('Nothing was changed.')
  else if (result === 'unchanged') lines.push('Already so; nothing to change.')
  else if (result === 'applied') lines.push(report.rollback === null ? 'Done.' : `Done. To take it back: ${back}`)
  else if (result === 'awaiting')
    lines.push(
      `Applied, and ${reason}`,
      ...report.notes.filter(({ code }) => code === 'no-boot-recovery').map((note) => noteText(note)),
    )
  else if (result === 'rolled-back') lines.push(`Rolled back, everything is as it was: ${reason}`)
  else if (result === 'rollback-failed')
    lines.push(`Failed, and could not be taken back completely; see \`lxcnet history ${id}\`. ${reason}`)
  else if (result === 'unverified') lines.push(`Written, but not verified: ${reason}`)
  else
    lines.push(
      `Written, but what was to follow failed: ${reason}`,
      ...(back === '' ? [] : [`To take it back: ${back}`]),
    )
  lines.push(...leftOut.map((text) => `Left out: ${text}.`))
  if (result !== 'planned')
    lines.push(
      ...pending.map(
        (name) => `${name} runs with other NICs than its config says until it is restarted (--restart does that).`,
      ),
    )
  return lines
    .flatMap((line) => line.split('\n'))
    .map(readable)
    .join('\n')
}

/** What a script is told, and that a program comes, goes or changes behind it. */
function settingsLines({ before, after }: FileChange): string[] {
  const [old, now] = [before, after].map((text) => (text === null ? undefined : /^(.*?\n)(\n.*)?$/s.exec(text)))
  const [behind, ahead] = [old?.[2] ?? '', now?.[2] ?? '']
  const program = `  (${(ahead || behind).split('\n').length - 1} lines of program behind them; --json shows all)`
  return [...diffLines(old?.[1] ?? null, now?.[1] ?? null), ...(behind === ahead ? [] : [program])]
}

/** Lines of a unified diff without its file header. */
function diffLines(before: string | null, after: string | null): string[] {
  const patch = structuredPatch('', '', before ?? '', after ?? '', '', '', { context: 2, maxEditLength: 5000 })
  if (patch === undefined) return ['  (too many lines differ to show them)']
  return patch.hunks.flatMap((hunk) => [
    `  @@ line ${hunk.newStart} @@`,
    ...hunk.lines.map((line) => `  ${readable(line.replace(/\r/g, ''))}`),
  ])
}
