import { nameArg, ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { ovs } from '../../workflow/nouns/ovs/ovs.ts'

export default class OvsShow extends ShowCommand {
  static override summary = 'Show all settings of a switch, or of all switches.'
  static override examples = ['<%= config.bin %> <%= command.id %> switch0']
  static override args = { switch: nameArg(ovs, false) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(OvsShow)
    return this.showOne(ovs, args.switch as string | undefined, flags)
  }
}
