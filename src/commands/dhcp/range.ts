import { Args } from '@oclif/core'
import { nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class DhcpRange extends SetCommand {
  static override summary = 'Set which addresses of a network DHCP gives to those who have no reservation.'
  static override description = 'The same as `nat set NETWORK range=FROM,TO`. Reservations may lie outside.'
  static override examples = ['<%= config.bin %> <%= command.id %> lxc-net 10.0.3.100,10.0.3.199']
  static override args = {
    network: nameArg(nat),
    range: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'first and last address, with a comma between',
    }),
  }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(DhcpRange)
    return this.set(nat, [args.network as string, `range=${args.range}`], flags)
  }
}
