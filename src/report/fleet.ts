/** A run over several hosts: what is planned, how it goes on, and how it ended on each. */
import type { LxcnetError } from '../core/error.ts'
import { quoteAll } from '../core/shell.ts'
import { type ChangeReport, type ChangeResult, planText } from './change.ts'
import { readable, table } from './table.ts'

export type HostResult = ChangeResult | 'ok' | 'skipped' | 'unreachable' | 'failed'

export interface HostEnding<R> {
  host: string
  result: HostResult
  /** Of the error that ended it; null when none did. */
  code: string | null
  /** Why it failed or was taken back; null otherwise. */
  reason: string | null
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
  { code, message, exit }: LxcnetError,
  unreachable: number,
): HostEnding<never> {
  return { host, result: exit === unreachable ? 'unreachable' : 'failed', code, reason: message, report: null }
}

const mac = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi

/** A plan's text with every MAC masked: hosts that differ in no more than those are alike. */
export const alikeText = (plan: ChangeReport): string => planText(plan).replace(mac, 'xx:xx:xx:xx:xx:xx')

/** Every host's plan, equal ones once. */
export function fleetPlanText(plans: ReadonlyMap<string, ChangeReport>): string {
  const groups = Map.groupBy(plans, ([, plan]) => alikeText(plan))
  return [...groups]
    .map(([masked, members]) => {
      const [first] = members
      const texts = new Set(members.map(([, plan]) => planText(plan)))
      const own = texts.size > 1 ? ', each with MACs of its own' : ''
      const head = members.length === 1 ? `${first?.[0]}:` : `${members.length} hosts alike${own}: ${names(members)}`
      return `${head}\n\n${indent(texts.size > 1 ? masked : ([...texts][0] ?? ''))}`
    })
    .join('\n\n')
}

const names = (members: readonly (readonly [string, unknown])[]): string => shortened(members.map(([name]) => name))

/** All names while they fit into a line or two, then the first and the last. */
export function shortened(hosts: readonly string[]): string {
  return hosts.length <= 12 ? hosts.join(', ') : `${hosts.slice(0, 10).join(', ')} … ${hosts.at(-1)}`
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ')

const resultWords: Record<HostResult, string> = {
  planned: 'would change',
  declined: 'not changed',
  unchanged: 'unchanged',
  applied: 'applied',
  awaiting: 'to be confirmed',
  'rolled-back': 'rolled back',
  'rollback-failed': 'ROLLBACK FAILED',
  unverified: 'not confirmed',
  'restart-failed': 'restart failed',
  ok: 'ok',
  skipped: 'skipped',
  unreachable: 'unreachable',
  failed: 'failed',
}

export const resultWord = (result: HostResult): string => resultWords[result]

/** One line, as it is printed when a host is done. */
export function endingLine({ host, result, reason, code }: HostEnding<unknown>): string {
  const why = result === 'skipped' ? 'too many hosts have failed' : reason
  return `${host}: ${resultWords[result]}${why === null ? '' : `: ${readable(why.replaceAll('\n', '; '))}`}${code === null ? '' : ` [${code}]`}`
}

/** How it ended: hosts that ended alike in one line, and why below. */
export function fleetResultText({ hosts, rollback }: FleetReport<ChangeReport>, width: number): string {
  const groups = [...Map.groupBy(hosts, ({ result, code, reason }) => `${result} ${code} ${reason}`).values()]
  const rows = groups.map((endings) => {
    const result = endings[0]?.result ?? 'skipped'
    return [String(endings.length), resultWords[result], shortened(endings.map(({ host }) => host))]
  })
  const [head = '', ...lines] = table(['HOSTS', 'RESULT', 'WHICH'], rows, width).split('\n')
  const text = [head, ...lines.flatMap((line, at) => [line, ...whyOf(groups[at]?.[0])])]
  const pending = hosts.flatMap(({ host, report }) => (report?.pending ?? []).map((name) => `${name} on ${host}`))
  if (pending.length > 0 && rollback !== null)
    text.push(`Takes effect when restarted (--restart does that): ${shortened(pending)}`)
  if (rollback !== null) text.push(`To take it back: ${quoteAll(rollback)}`)
  return text.join('\n')
}

function whyOf(ending: HostEnding<unknown> | undefined): string[] {
  if (ending?.result === 'skipped') return ['       not begun: too many hosts had failed']
  const { reason = null, code = null } = ending ?? {}
  const lines = reason?.split('\n').map((line) => `       ${readable(line)}`) ?? []
  if (code !== null) lines.push(`${lines.pop() ?? '      '} [${code}]`)
  return lines
}
