import { Args } from '@oclif/core'
import { ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { dhcp } from '../../workflow/nouns/dhcp/dhcp.ts'

export default class DhcpShow extends ShowCommand {
  static override summary = 'Show a reservation, or all of them, with the file that it stands in.'
  static override examples = ['<%= config.bin %> <%= command.id %> mail']
  static override args = { name: Args.string({ ignoreStdin: true, description: dhcp.name.words }) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(DhcpShow)
    return this.showOne(dhcp, args.name, flags)
  }
}
