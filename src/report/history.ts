/** What `lxcnet history` says. */
import type { Plan } from '../plan/plan.ts'
import { planText } from './change.ts'
import { table } from './table.ts'

export interface HistoryReport {
  schema: 'lxcnet.history/1'
  host: string
  /** Oldest first; with its plan when one was asked for. */
  entries: { id: string; state: string; at: string | null; user: string | null; command: string | null; plan?: Plan }[]
}

const words: Record<string, string> = {
  committed: 'done',
  'taken-back': 'taken back',
  undone: 'rolled back',
  failed: 'FAILED',
  running: 'running',
  abandoned: 'unfinished',
  awaiting: 'to be confirmed',
}

export function historyText({ entries }: HistoryReport, width: number): string {
  const [only] = entries
  if (only?.plan !== undefined) {
    const { id, state, at, user, command, plan } = only
    return `${id}  ${words[state] ?? state}  ${at}  ${user}\n${command}\n${planText({ summary: [], changes: plan.changes, notes: [] })}`
  }
  if (entries.length === 0) return 'Nothing has been changed here yet.'
  const rows = entries.map(({ id, state, user, command }) => [id, words[state] ?? state, user ?? '-', command ?? '-'])
  return table(['ID', 'STATE', 'USER', 'COMMAND'], rows, width)
}
