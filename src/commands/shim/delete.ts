import { DeleteCommand, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { shim } from '../../workflow/nouns/shim/shim.ts'

export default class ShimDelete extends DeleteCommand {
  static override summary = 'Remove a shim.'
  static override examples = ['<%= config.bin %> <%= command.id %> lxcbr2']
  static override args = { parent: nameArg(shim) }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ShimDelete)
    return this.delete(shim, args.parent as string, flags)
  }
}
