import { DeleteCommand, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class NatDelete extends DeleteCommand {
  static override summary = 'Remove a further NAT network, with its bridge, dnsmasq and rules.'
  static override description = "LXC's own network cannot be removed; `nat disable` stops it for good."
  static override examples = ['<%= config.bin %> <%= command.id %> blue']
  static override args = { network: nameArg(nat) }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(NatDelete)
    return this.delete(nat, args.network as string, flags)
  }
}
