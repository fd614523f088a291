import { ListCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { shim } from '../../workflow/nouns/shim/shim.ts'

export default class ShimList extends ListCommand {
  static override summary = 'List the shims.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(ShimList)
    return this.list(shim, ['ifname', 'address', 'route'], flags)
  }
}
