import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { bridge } from '../../workflow/nouns/bridge/bridge.ts'

export default class BridgeSet extends SetCommand {
  static override summary = 'Change a bridge.'
  static override description =
    'The words are the flags of `bridge create`; WORD= takes one away. A bridge that was written by hand is edited where it stands.'
  static override examples = ['<%= config.bin %> <%= command.id %> br1 address=10.0.5.1/24,10.0.6.1/24 mtu=1400']
  static override strict = false
  static override args = { name: nameArg(bridge), assignment: assignmentArg }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(BridgeSet)
    return this.set(bridge, argv as string[], flags)
  }
}
