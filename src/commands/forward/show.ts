import { nameArg, ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { forward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

export default class ForwardShow extends ShowCommand {
  static override summary = 'Show all settings of a forward, or of all forwards.'
  static override examples = ['<%= config.bin %> <%= command.id %> 443/tcp']
  static override args = { forward: nameArg(forward, false) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(ForwardShow)
    const name = args.forward as string | undefined
    return this.showOne(forward, name === undefined ? name : forwardName(name), flags)
  }
}
