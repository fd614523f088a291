import { nameArg, ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { gateway } from '../../workflow/nouns/gateway/gateway.ts'

export default class GatewayShow extends ShowCommand {
  static override summary = 'Show all settings of a gateway, or of all gateways.'
  static override examples = ['<%= config.bin %> <%= command.id %> dmz']
  static override args = { container: nameArg(gateway, false) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(GatewayShow)
    return this.showOne(gateway, args.container as string | undefined, flags)
  }
}
