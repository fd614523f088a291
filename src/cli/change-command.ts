/** What every changing command does around its plan: show it, ask, say how it ended, and exit accordingly. */
import { Flags } from '@oclif/core'
import { exit } from '../core/error.ts'
import { type ChangeReport, type ChangeResult, planText, resultText } from '../report/change.ts'
import { LxcnetCommand } from './lxcnet-command.ts'

export const restartFlag = Flags.boolean({ description: 'restart the container afterwards if it is running' })

const exitCodes: Record<ChangeResult, number> = {
  planned: exit.pending,
  declined: exit.pending,
  unchanged: exit.done,
  applied: exit.done,
  'rolled-back': exit.rolledBack,
  'rollback-failed': exit.rollbackFailed,
  unverified: exit.failed,
  'restart-failed': exit.failed,
}

export abstract class ChangeCommand extends LxcnetCommand {
  /** What the global flags mean for a change. */
  protected options(flags: { 'dry-run': boolean; allow?: string[] | undefined }) {
    return {
      containers: [],
      dryRun: flags['dry-run'],
      allow: new Set(flags.allow),
      confirm: (plan: ChangeReport) => this.confirmPlan(plan),
    }
  }

  /** Asks on a terminal; elsewhere the command line is the consent, since every change can be taken back. */
  protected async confirmPlan(report: ChangeReport): Promise<boolean> {
    if (!this.quiet || this.ask.interactive) this.show(planText(report))
    if (!this.ask.interactive) return true
    this.show('')
    return this.ask.confirm('Apply this?')
  }

  protected finish(report: ChangeReport): ChangeReport {
    if (report.result === 'planned' || (report.result === 'unchanged' && !this.quiet)) this.show(planText(report))
    this.show(this.quiet ? resultText(report) : `\n${resultText(report)}`)
    process.exitCode = exitCodes[report.result]
    return report
  }
}
