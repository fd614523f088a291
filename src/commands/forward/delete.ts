import { DeleteCommand, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { forward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

export default class ForwardDelete extends DeleteCommand {
  /** Its help is that of `forward remove`. */
  static override hidden = true
  static override summary = 'Remove a forward.'
  static override description = 'The same as `forward remove`.'
  static override examples = ['<%= config.bin %> <%= command.id %> 443/tcp']
  static override args = { forward: nameArg(forward) }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ForwardDelete)
    return this.delete(forward, forwardName(args.forward as string), flags)
  }
}
