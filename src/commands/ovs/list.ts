import { ListCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { ovs } from '../../workflow/nouns/ovs/ovs.ts'

export default class OvsList extends ListCommand {
  static override summary = "List the switches of Open vSwitch, lxcnet's own and others."
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(OvsList)
    return this.list(ovs, ['address', 'uplink', 'tunnel', 'datapath'], flags)
  }
}
