import { ListCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { bridge } from '../../workflow/nouns/bridge/bridge.ts'

export default class BridgeList extends ListCommand {
  static override summary = 'List the bridges in the network files of the host.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(BridgeList)
    return this.list(bridge, ['uplink', 'vlan-id', 'address'], flags)
  }
}
