import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { freshShim, shim } from '../../workflow/nouns/shim/shim.ts'

export default class ShimSet extends SetCommand {
  static override summary = 'Change a shim.'
  static override description =
    'The words are the flags of `shim create`; WORD= takes one away. Without a word, the routes to the containers are worked out anew.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> lxcbr2 address=10.0.5.6/24',
    '<%= config.bin %> <%= command.id %> lxcbr2',
  ]
  static override strict = false
  static override args = { parent: nameArg(shim), assignment: { ...assignmentArg, required: false } }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(ShimSet)
    return this.set(freshShim, argv as string[], flags)
  }
}
