import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class NatCreate extends CreateCommand {
  static override summary = 'Make a further NAT network: a bridge with DHCP, DNS and masquerade.'
  static override description =
    'LXC itself has one NAT network; this makes another beside it, with a dnsmasq of its own. It is brought back at boot. Gateway and DHCP range follow from the subnet unless they are said.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> blue --subnet 10.7.0.0/24',
    '<%= config.bin %> <%= command.id %> dmz --subnet 10.8.0.0/24 --bridge lxcbr8 --isolated yes --masquerade 198.51.100.7',
  ]
  static override args = { network: nameArg(nat) }
  static override flags = flagsOf(nat)

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(NatCreate)
    return this.create(nat, args.network as string, flags)
  }
}
