import { restartFlag } from '../../cli/change-command.ts'
import { DeleteCommand, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { gateway, restartingGateway } from '../../workflow/nouns/gateway/gateway.ts'

export default class GatewayDelete extends DeleteCommand {
  static override summary = 'Make a gateway an ordinary container again.'
  static override description =
    'Removes the NICs that the gateway brought, in itself and in its members, the hook and the rules, and gives the members the default gateways that they had. The containers stay.'
  static override examples = ['<%= config.bin %> <%= command.id %> dmz']
  static override args = { container: nameArg(gateway) }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(GatewayDelete)
    return this.delete(flags.restart ? restartingGateway : gateway, args.container as string, flags)
  }
}
