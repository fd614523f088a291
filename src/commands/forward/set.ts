import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { forward, freshForward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

export default class ForwardSet extends SetCommand {
  static override summary = 'Change where a forward leads, or who may use it.'
  static override description =
    'The words are to, source and through; WORD= takes one away. What is said as it is has the rules follow the links of the host, after `shim create` for instance.'
  static override examples = ['<%= config.bin %> <%= command.id %> 443/tcp to=web2 source=198.51.100.0/24']
  static override strict = false
  static override args = { forward: nameArg(forward), assignment: assignmentArg }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(ForwardSet)
    const [name = '', ...words] = argv as string[]
    return this.set(freshForward, [forwardName(name), ...words], flags)
  }
}
