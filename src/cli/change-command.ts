/** What every changing command does around its plan: show it, ask, say how it ended, and exit accordingly. */
import { Flags } from '@oclif/core'
import { exit, LxcnetError } from '../core/error.ts'
import { type ChangeReport, type ChangeResult, planText, resultText } from '../report/change.ts'
import { type FleetReport, fleetPlanText, fleetResultText } from '../report/fleet.ts'
import type { Mandate } from '../workflow/change.ts'
import type { Context } from '../workflow/context.ts'
import { changeFleet, fleetExit } from '../workflow/fleet.ts'
import type { PlaceFlags, Places } from '../workflow/open.ts'
import { columns, LxcnetCommand } from './lxcnet-command.ts'

export const restartFlag = Flags.boolean({ description: 'restart the container afterwards if it is running' })

const helpGroup = 'HOSTS'

const exitCodes: Record<ChangeResult, number> = {
  planned: exit.pending,
  declined: exit.pending,
  unchanged: exit.done,
  applied: exit.done,
  awaiting: exit.pending,
  'rolled-back': exit.rolledBack,
  'rollback-failed': exit.rollbackFailed,
  unverified: exit.failed,
  'restart-failed': exit.failed,
}

export interface ChangeFlags extends PlaceFlags {
  'dry-run': boolean
  allow?: string[] | undefined
  batch?: string[] | undefined
  confirm?: number | undefined
  'step-timeout'?: number | undefined
  'max-failures': number
}

export type Work = (context: Context, mandate: Mandate) => Promise<ChangeReport>

export abstract class ChangeCommand extends LxcnetCommand {
  static override baseFlags = {
    ...LxcnetCommand.baseFlags,
    batch: Flags.string({
      helpGroup,
      helpValue: 'SIZE',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'change so many hosts at a time, the last size repeats: 1,25%,100% begins with a canary',
    }),
    'max-failures': Flags.integer({
      helpGroup,
      helpValue: 'N',
      min: 0,
      default: 0,
      description: 'begin no further host when more than N have failed; one that cannot be reached does not count',
    }),
    'step-timeout': Flags.integer({
      helpGroup: 'GLOBAL',
      helpValue: 'SECONDS',
      min: 1,
      max: 86400,
      description: 'end a command of the plan that takes longer, and roll back; 600 when it is left out',
    }),
    confirm: Flags.integer({
      helpGroup: 'GLOBAL',
      helpValue: '[SECONDS]',
      min: 5,
      max: 86400,
      description:
        'take the change back unless `lxcnet confirm` comes within SECONDS, 60 when none are said. A change that may cut the way to the host does so without being told, and is confirmed by a new login',
    }),
  }

  /** `--confirm` alone is a flag with its usual value; the parser knows no such thing. */
  override async init(): Promise<void> {
    const end = this.argv.indexOf('--')
    const at = this.argv.indexOf('--confirm')
    if (at !== -1 && (end === -1 || at < end)) {
      const next = this.argv[at + 1] ?? ''
      if (/^\d+$/.test(next)) {
        throw new LxcnetError('usage', `--confirm ${next}: its seconds stand behind a "="`, {
          exit: exit.usage,
          suggestions: [`--confirm=${next}`],
        })
      }
      this.argv = this.argv.with(at, '--confirm=60')
    }
    await super.init()
  }

  /**
   * One host: plan, question, result. Several: every plan first, equal ones once, then batch after batch.
   *
   * @param begin called once with the first host, to ask what was not said; its answer is the work on each host
   */
  protected change(
    flags: ChangeFlags,
    begin: (first: Context) => Work | Promise<Work>,
  ): Promise<ChangeReport | FleetReport<ChangeReport>> {
    return this.at(flags, async (places) => {
      const work = await begin(places.contexts[0])
      if (places.fleet) return this.changeAll(places, flags, work)
      return this.finish(
        await work(places.contexts[0], { ...mandate(flags), confirm: (plan) => this.confirmPlan(plan) }),
      )
    })
  }

  /** @param judge sees every plan before anybody is asked; what it throws stops the run */
  protected async changeAll(
    places: Places,
    flags: ChangeFlags,
    work: Work,
    judge: () => void = () => {},
  ): Promise<FleetReport<ChangeReport>> {
    const { progressOf } = await import('./progress.ts')
    const progress = progressOf(places.contexts.length, { json: this.jsonEnabled(), quiet: this.quiet })
    const stop = new AbortController()
    const interrupt = (): void => stop.abort()
    const report = await changeFleet(
      places.contexts,
      (context, confirm) => work(context, { ...mandate(flags), confirm }),
      {
        parallel: places.parallel,
        batch: flags.batch ?? [],
        maxFailures: flags['max-failures'],
        decide: async (plans) => {
          progress.pause()
          judge()
          const yes = await this.confirmFleet(plans)
          process.on('SIGINT', interrupt) // from here on the hosts that have begun are finished first
          return yes
        },
        isStopped: () => stop.signal.aborted,
        onStep: (host, step, ending) => progress.step(host, step, ending),
      },
    ).finally(() => {
      process.off('SIGINT', interrupt)
      progress.pause()
    })
    const plans = report.hosts.flatMap(({ host, report: own }) =>
      own?.result === 'planned' ? [[host, own] as const] : [],
    )
    if (plans.length > 0) {
      judge()
      this.show(`${fleetPlanText(new Map(plans), columns())}\n\n`)
    }
    this.show(fleetResultText(report, columns()))
    process.exitCode = fleetExit(report)
    return report
  }

  private async confirmFleet(plans: ReadonlyMap<string, ChangeReport>): Promise<boolean> {
    if (!this.quiet || this.ask.interactive) this.show(`${fleetPlanText(plans, columns())}\n\n`)
    if (!this.ask.interactive) return true
    return this.ask.confirm(`Apply this on ${plans.size === 1 ? 'this host' : `these ${plans.size} hosts`}?`)
  }

  /** Asks on a terminal; elsewhere the command line is the consent, since every change can be taken back. */
  private async confirmPlan(report: ChangeReport): Promise<boolean> {
    if (!this.quiet || this.ask.interactive) this.show(planText(report, columns()))
    if (!this.ask.interactive) return true
    this.show('')
    return this.ask.confirm(report.host === 'localhost' ? 'Apply this?' : `Apply this on ${report.host}?`)
  }

  private finish(report: ChangeReport): ChangeReport {
    if (report.result === 'planned' || (report.result === 'unchanged' && !this.quiet))
      this.show(planText(report, columns()))
    this.show(this.quiet ? resultText(report) : `\n${resultText(report)}`)
    process.exitCode = exitCodes[report.result]
    return report
  }
}

const mandate = (flags: ChangeFlags): Omit<Mandate, 'confirm'> => ({
  dryRun: flags['dry-run'],
  allow: new Set(flags.allow),
  confirmSeconds: flags.confirm,
  stepSeconds: flags['step-timeout'],
})
