import { Args } from '@oclif/core'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import { exit } from '../core/error.ts'
import { type CheckReport, checkText } from '../report/check.ts'
import type { FleetReport } from '../report/fleet.ts'
import { checkHost } from '../workflow/check-host.ts'
import { readView } from '../workflow/context.ts'
import { selectContainers } from '../workflow/select.ts'

export default class Check extends LxcnetCommand {
  static override summary = 'Find what is wrong with the NICs: what LXC refuses, what does not start, what clashes.'
  static override description =
    'Bridges, forwards and all else that the NICs hang on are looked at as well, unless a container is named. Exits 1 when there are errors. Each finding has a code, explained in lxcnet-errors(7).'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> web01 --allow not-up',
  ]
  static override args = {
    container: Args.string({ ignoreStdin: true, description: 'name or shell pattern; all when left out' }),
  }

  async run(): Promise<CheckReport | FleetReport> {
    const { args, flags } = await this.parse(Check)
    return this.inspect(
      flags,
      async (context) => {
        const { container } = args
        const allow = new Set(flags.allow)
        const objects = container === undefined ? await import('../workflow/check-objects.ts') : undefined
        const probes = objects?.objectProbes(context) ?? []
        const reading = await readView(context, { containers: [], scripts: 'all', probes })
        const { view } = reading
        const chosen = container === undefined ? [...view.containers.values()] : selectContainers(view, container)
        const report = checkHost(context.host.name, view, chosen, allow)
        const more = objects?.checkObjects(context, reading, allow) ?? []
        return { ...report, findings: [...report.findings, ...more] }
      },
      (report) => checkText(report),
      ({ findings }) => (findings.some(({ severity }) => severity === 'error') ? exit.failed : exit.done),
    )
  }
}
