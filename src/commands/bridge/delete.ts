import { DeleteCommand, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { bridge } from '../../workflow/nouns/bridge/bridge.ts'

export default class BridgeDelete extends DeleteCommand {
  static override summary = 'Remove a bridge that lxcnet made.'
  static override description =
    'The files read as before, and the uplink has back what it gave. One that somebody else made is left to them.'
  static override examples = ['<%= config.bin %> <%= command.id %> br0']
  static override args = { name: nameArg(bridge) }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(BridgeDelete)
    return this.delete(bridge, args.name as string, flags)
  }
}
