import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { ovs } from '../../workflow/nouns/ovs/ovs.ts'

export default class OvsSet extends SetCommand {
  static override summary = 'Change a switch.'
  static override description =
    'The words are the flags of `ovs create`; WORD= takes one away. Of a switch that lxcnet did not make, no port is taken out.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> switch0 uplink=eth1 mtu=1450',
    '<%= config.bin %> <%= command.id %> switch0 tunnel=',
  ]
  static override strict = false
  static override args = { switch: nameArg(ovs), assignment: assignmentArg }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(OvsSet)
    return this.set(ovs, argv as string[], flags)
  }
}
