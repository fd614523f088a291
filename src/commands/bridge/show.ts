import { nameArg, ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { bridge } from '../../workflow/nouns/bridge/bridge.ts'

export default class BridgeShow extends ShowCommand {
  static override summary = 'Show all settings of a bridge, or of all.'
  static override examples = ['<%= config.bin %> <%= command.id %> br0']
  static override args = { name: nameArg(bridge, false) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(BridgeShow)
    return this.showOne(bridge, args.name as string | undefined, flags)
  }
}
