import { ListCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { gateway } from '../../workflow/nouns/gateway/gateway.ts'

export default class GatewayList extends ListCommand {
  static override summary = 'List the gateways.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(GatewayList)
    return this.list(gateway, ['uplink', 'inside', 'subnet', 'members'], flags)
  }
}
