import { nameArg, ShowCommand } from '../../cli/noun-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import type { ObjectsReport } from '../../report/objects.ts'
import { nat, natInFull } from '../../workflow/nouns/nat/nat.ts'

export default class NatShow extends ShowCommand {
  static override summary = 'Show all settings of a NAT network, or of all.'
  static override examples = ['<%= config.bin %> <%= command.id %> lxc-net']
  static override args = { network: nameArg(nat, false) }

  async run(): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    const { args, flags } = await this.parse(NatShow)
    return this.showOne(natInFull, args.network as string | undefined, flags)
  }
}
