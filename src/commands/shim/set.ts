import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { shim } from '../../workflow/nouns/shim.ts'

export default class ShimSet extends SetCommand {
  static override summary = 'Change a shim.'
  static override description = 'The words are the flags of `shim create`; WORD= takes one away.'
  static override examples = ['<%= config.bin %> <%= command.id %> lxcbr2 address=10.0.5.6/24']
  static override strict = false
  static override args = { parent: nameArg(shim), assignment: assignmentArg }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(ShimSet)
    return this.set(shim, argv as string[], flags)
  }
}
