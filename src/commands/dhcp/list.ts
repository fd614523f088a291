import { LxcnetCommand } from '../../cli/lxcnet-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { type ObjectsReport, objectsText } from '../../report/objects.ts'
import { listNoun } from '../../workflow/noun/list-noun.ts'
import { dhcp } from '../../workflow/nouns/dhcp/dhcp.ts'

export default class DhcpList extends LxcnetCommand {
  static override summary = 'List the reserved addresses.'
  static override description = 'Those in files written by hand too: `dhcp show` says where each stands.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(DhcpList)
    return this.inspect(
      flags,
      (context) => listNoun(context, dhcp),
      (report, width) =>
        report.objects.length === 0
          ? 'Nothing is reserved; `lxcnet dhcp reserve` does that.'
          : objectsText(report, { columns: ['address', 'mac', 'network'], argument: dhcp.name.argument }, width),
    )
  }
}
