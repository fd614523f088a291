import { Args } from '@oclif/core'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import type { FleetReport } from '../report/fleet.ts'
import { type ListReport, listText } from '../report/list.ts'
import { readView } from '../workflow/context.ts'
import { listNics } from '../workflow/list-nics.ts'
import { selectContainers } from '../workflow/select.ts'

export default class List extends LxcnetCommand {
  static override summary = 'List the containers and their NICs.'
  static override description =
    'A NOTE of "restart" says that the running container differs from its config; it is found by comparing the two, not by dates.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> "web*" --json',
  ]
  static override args = { container: Args.string({ ignoreStdin: true, description: 'name or shell pattern' }) }

  async run(): Promise<ListReport | FleetReport> {
    const { args, flags } = await this.parse(List)
    return this.inspect(
      flags,
      async (context) => {
        const reading = await readView(context, { containers: [] })
        const chosen = args.container === undefined ? undefined : selectContainers(reading.view, args.container)
        return listNics(context.host.name, reading, chosen)
      },
      (report, width) => listText(report, width),
    )
  }
}
