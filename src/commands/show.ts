import { Args } from '@oclif/core'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import type { FleetReport } from '../report/fleet.ts'
import { type ShowReport, showText } from '../report/list.ts'
import { readView } from '../workflow/context.ts'
import { showNics } from '../workflow/list-nics.ts'
import { selectContainers, selectNics } from '../workflow/select.ts'

export default class Show extends LxcnetCommand {
  static override summary = 'Show the NICs of a container: each key with the file and line it comes from.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> web01',
    '<%= config.bin %> <%= command.id %> web01:0 --json',
  ]
  static override args = {
    nic: Args.string({ required: true, ignoreStdin: true, description: 'CONTAINER or CONTAINER:INDEX' }),
  }

  async run(): Promise<ShowReport | FleetReport> {
    const { args, flags } = await this.parse(Show)
    return this.inspect(
      flags,
      async (context) => {
        const reading = await readView(context, { containers: [] })
        const selected = args.nic.includes(':')
          ? selectNics(reading.view, args.nic)
          : selectContainers(reading.view, args.nic).map((container) => ({ container, nics: container.effective.nics }))
        return showNics(context.host.name, reading, selected)
      },
      (report, width) => showText(report, width),
    )
  }
}
