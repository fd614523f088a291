import { Args } from '@oclif/core'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import { exit } from '../core/error.ts'
import { type CheckReport, checkText } from '../report/check.ts'
import { checkHost } from '../workflow/check-host.ts'
import { readView } from '../workflow/context.ts'
import { openContext } from '../workflow/open.ts'
import { selectContainers } from '../workflow/select.ts'

export default class Check extends LxcnetCommand {
  static override summary = 'Find what is wrong with the NICs: what LXC refuses, what does not start, what clashes.'
  static override description = 'Exits 1 when there are errors. Each finding has a code, explained in lxcnet-errors(7).'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> web01 --allow not-up',
  ]
  static override args = {
    container: Args.string({ ignoreStdin: true, description: 'name or shell pattern; all when left out' }),
  }

  async run(): Promise<CheckReport> {
    const { args, flags } = await this.parse(Check)
    const context = openContext(flags, this.words)
    const { view } = await readView(context, { containers: [], scripts: 'all' })
    const chosen = args.container === undefined ? [...view.containers.values()] : selectContainers(view, args.container)
    const report = checkHost(context.host.name, view, chosen, new Set(flags.allow))
    this.show(checkText(report, chosen.length))
    if (report.findings.some(({ severity }) => severity === 'error')) process.exitCode = exit.failed
    return report
  }
}
