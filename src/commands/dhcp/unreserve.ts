import { Args } from '@oclif/core'
import { DeleteCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { dhcp } from '../../workflow/nouns/dhcp/dhcp.ts'

export default class DhcpUnreserve extends DeleteCommand {
  static override summary = 'Give a reserved address up.'
  static override description = 'Its lease stays until it ends; `dhcp release` ends it at once.'
  static override examples = ['<%= config.bin %> <%= command.id %> mail']
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: dhcp.name.words }) }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(DhcpUnreserve)
    return this.delete(dhcp, args.name, flags)
  }
}
