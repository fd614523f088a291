import { ListCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { forward } from '../../workflow/nouns/forward/forward.ts'

export default class ForwardList extends ListCommand {
  static override summary = 'List the forwards.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(ForwardList)
    return this.list(forward, ['to', 'source'], flags)
  }
}
