import { DeleteCommand, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { ovs } from '../../workflow/nouns/ovs/ovs.ts'

export default class OvsDelete extends DeleteCommand {
  static override summary = 'Remove a switch that lxcnet made.'
  static override description =
    'Its uplinks are free again. What running containers have plugged in goes with it only when --allow switch-in-use says so.'
  static override examples = ['<%= config.bin %> <%= command.id %> switch0']
  static override args = { switch: nameArg(ovs) }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(OvsDelete)
    return this.delete(ovs, args.switch as string, flags)
  }
}
