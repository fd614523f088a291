import { ListCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class NatList extends ListCommand {
  static override summary = "List the NAT networks, LXC's own first."
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { flags } = await this.parse(NatList)
    return this.list(nat, ['bridge', 'subnet', 'ipv6', 'domain'], flags)
  }
}
