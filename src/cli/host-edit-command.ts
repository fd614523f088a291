/** What `host add` and `host remove` do around their edit of the inventory: show it, ask, say how it ended. */
import { exit } from '../core/error.ts'
import { type HostEditReport, hostEditResult, hostEditText } from '../report/host.ts'
import type { EditOptions } from '../workflow/hosts.ts'
import { LxcnetCommand } from './lxcnet-command.ts'

export abstract class HostEditCommand extends LxcnetCommand {
  protected async edit(
    flags: { inventory?: string | undefined; 'dry-run': boolean },
    work: (options: EditOptions) => Promise<HostEditReport>,
  ): Promise<HostEditReport> {
    const report = await work({
      inventory: flags.inventory,
      dryRun: flags['dry-run'],
      confirm: (planned) => this.confirmEdit(planned),
    })
    if (report.result === 'planned') this.show(hostEditText(report))
    this.show(hostEditResult(report))
    if (report.result !== 'written') process.exitCode = exit.pending
    return report
  }

  /** Asks on a terminal; elsewhere the command line is the consent. */
  private async confirmEdit(report: HostEditReport): Promise<boolean> {
    if (!this.quiet || this.ask.interactive) this.show(hostEditText(report))
    return this.ask.interactive ? this.ask.confirm('Write this?') : true
  }
}
