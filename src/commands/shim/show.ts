import { nameArg, ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { shim } from '../../workflow/nouns/shim/shim.ts'

export default class ShimShow extends ShowCommand {
  static override summary = 'Show all settings of a shim, or of all shims.'
  static override examples = ['<%= config.bin %> <%= command.id %> lxcbr2']
  static override args = { parent: nameArg(shim, false) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(ShimShow)
    return this.showOne(shim, args.parent as string | undefined, flags)
  }
}
