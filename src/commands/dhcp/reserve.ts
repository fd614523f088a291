import { Args } from '@oclif/core'
import { ChangeCommand } from '../../cli/change-command.ts'
import { flagsOf, textsOf } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { checkName, settingsOf } from '../../workflow/noun/change-noun.ts'
import { dhcp } from '../../workflow/nouns/dhcp/dhcp.ts'
import { reserve } from '../../workflow/nouns/dhcp/reserve.ts'

const { address: _, ...flags } = flagsOf(dhcp)

export default class DhcpReserve extends ChangeCommand {
  static override summary = 'Have DHCP always give the same address to a container.'
  static override description =
    "A container is known by the MAC of its NIC, which gets one that stays where it has none; what is no container, by the name that it asks DHCP by. The address is there from the client's next lease. A reservation that is there already moves to the new address."
  static override examples = [
    '<%= config.bin %> <%= command.id %> mail 10.0.3.16',
    '<%= config.bin %> <%= command.id %> web01 next:',
    '<%= config.bin %> <%= command.id %> printer 10.0.3.17 --mac 00:16:3e:12:34:56',
  ]
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: dhcp.name.words }),
    address: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'such as 10.0.3.16; next: is the first free one of the range, next:SUBNET that of a part of it',
    }),
  }
  static override flags = flags

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(DhcpReserve)
    const { address } = args
    const want = settingsOf(dhcp, textsOf(dhcp, { ...flags, address }))
    const name = checkName(dhcp, args.name)
    return this.change(flags, () => (context, mandate) => reserve(context, name, want, mandate))
  }
}
