/** A run over several hosts: what is planned, how it goes on, and how it ended on each. */
import type { LxcnetError } from '../core/error.ts'
import { quoteAll } from '../core/shell.ts'
import { type ChangeReport, type ChangeResult, planText } from './change.ts'
import { listed, wrapped } from './host-names.ts'
import { readable } from './table.ts'

export type HostResult = ChangeResult | 'ok' | 'skipped' | 'unreachable' | 'failed'

export interface HostEnding<R> {
  host: string
  result: HostResult
  /** Of the error that ended it; null when none did. */
  code: string | null
  /** Why it failed, was taken back or was not begun; null otherwise. */
  reason: string | null
  /** Ways out of the error. */
  suggestions: readonly string[]
  /** What the command says of one host alone; null when it did not come to that. */
  report: R | null
}

export interface FleetReport<R = object> {
  schema: 'lxcnet.fleet/1'
  /** Of the change, the same on every host; null when none was changed. */
  id: string | null
  /** The command that takes it back everywhere, word by word; null when nothing was changed. */
  rollback: string[] | null
  hosts: HostEnding<R>[]
}

/** With --json, a line on standard error for each step of each host. */
export interface FleetEvent {
  schema: 'lxcnet.event/1'
  host: string
  step: 'reading' | 'planned' | 'applying' | 'done'
  /** When done. */
  result?: HostResult
}

const failing: readonly HostResult[] = [
  'rolled-back',
  'rollback-failed',
  'unverified',
  'restart-failed',
  'unreachable',
  'failed',
]

export const hasFailed = ({ result }: { result: HostResult }): boolean => failing.includes(result)

export function endingOfError(
  host: string,
  { code, message, exit, suggestions }: LxcnetError,
  unreachable: number,
): HostEnding<never> {
  const reason = message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message
  return { host, result: exit === unreachable ? 'unreachable' : 'failed', code, reason, suggestions, report: null }
}

const mac = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi

/** A plan's text with every MAC masked: hosts that differ in no more than those are alike. */
export const alikeText = (plan: ChangeReport): string => planText(plan).replace(mac, 'xx:xx:xx:xx:xx:xx')

/**
 * Every host's plan, equal ones once.
 *
 * @param width columns of the terminal; 0 in a pipe
 */
export function fleetPlanText(plans: ReadonlyMap<string, ChangeReport>, width: number): string {
  const groups = Map.groupBy(plans, ([, plan]) => alikeText(plan))
  return [...groups]
    .map(([masked, members]) => {
      const texts = new Set(members.map(([, plan]) => planText(plan)))
      const own = texts.size > 1 ? ', each with MACs of its own' : ''
      const alike = members.length === 1 ? '' : `${members.length} hosts alike${own}: `
      const head = wrapped(alike + listed(members.map(([host]) => host)), 2, width)
      return `${head}${alike === '' ? ':' : ''}\n\n${indented(texts.size > 1 ? masked : ([...texts][0] ?? ''))}`
    })
    .join('\n\n')
}

/** What was read of each host under its name; of hosts where it is the same, once. */
export function fleetText(texts: ReadonlyMap<string, string>, width: number): string {
  const groups = Map.groupBy(texts, ([, text]) => text)
  return [...groups]
    .map(([text, members]) => `${wrapped(`${listed(members.map(([host]) => host))}:`, 2, width)}\n${indented(text)}`)
    .join('\n\n')
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')

const resultWords: Record<HostResult, string> = {
  planned: 'would change',
  declined: 'not changed',
  unchanged: 'unchanged',
  applied: 'applied',
  awaiting: 'to be confirmed',
  'rolled-back': 'rolled back',
  'rollback-failed': 'ROLLBACK FAILED',
  unverified: 'not verified',
  'restart-failed': 'restart failed',
  ok: 'ok',
  skipped: 'skipped',
  unreachable: 'unreachable',
  failed: 'failed',
}

export const resultWord = (result: HostResult): string => resultWords[result]

/** One line, as it is printed when a host is done. */
export function endingLine({ host, result, reason, code }: HostEnding<unknown>): string {
  const why = reason === null ? '' : `: ${readable(reason.replaceAll('\n', '; '))}`
  return `${host}: ${resultWords[result]}${why}${codeOf({ result, code })}`
}

/** A code that says no more than the result is left out. */
const codeOf = ({ code, result }: Pick<HostEnding<unknown>, 'code' | 'result'>): string =>
  code === null || code === result ? '' : ` [${code}]`

/** How it ended: hosts that ended alike in one line, and why below. */
export function fleetResultText({ hosts, rollback }: FleetReport<ChangeReport>, width: number): string {
  const groups = [...Map.groupBy(hosts, ({ result, code, reason }) => `${result} ${code} ${reason}`).values()]
  const words = groups.map(([ending]) => resultWords[ending?.result ?? 'skipped'])
  const column = Math.max('RESULT'.length, ...words.map((word) => word.length)) + 2
  const row = (count: string, word: string): string => `${count.padEnd(7)}${word.padEnd(column)}`
  const text = [
    `${row('HOSTS', 'RESULT')}WHICH`,
    ...groups.flatMap((endings, at) => {
      const which = listed(endings.map(({ host }) => host))
      return [
        wrapped(row(String(endings.length), words[at] ?? '') + which, 7 + column, width),
        ...whyOf(endings[0], width),
      ]
    }),
  ]
  const pending = hosts.flatMap(({ host, report }) => (report?.pending ?? []).map((name) => `${name} on ${host}`))
  if (pending.length > 0 && rollback !== null)
    text.push(wrapped(`Takes effect when restarted (--restart does that): ${listed(pending)}`, 2, width))
  if (rollback !== null) text.push(`To take it back: ${quoteAll(rollback)}`)
  return text.join('\n')
}

function whyOf(ending: HostEnding<unknown> | undefined, width: number): string[] {
  const { reason = null, code = null, result = 'skipped', suggestions = [] } = ending ?? {}
  const lines = reason?.split('\n').map((line) => `       ${readable(line)}`) ?? []
  const mark = codeOf({ code, result })
  if (mark !== '') lines.push(`${lines.pop() ?? '      '}${mark}`)
  if (suggestions[0] !== undefined) lines.push(`       Try this: ${readable(suggestions[0])}`)
  return lines.map((line) => wrapped(line, 7, width))
}
