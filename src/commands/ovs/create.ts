import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { ovs } from '../../workflow/nouns/ovs/ovs.ts'

export default class OvsCreate extends CreateCommand {
  static override summary = 'Make a switch of Open vSwitch.'
  static override description =
    'Its database keeps the switch; lxcnet brings its addresses back at boot, and takes out the ports that a crash has left. A NIC gets there by `lxcnet create CT --type veth --link SWITCH`, with --vlan-id for a VLAN: by LXC itself where it can, else by a hook that lxcnet brings along.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> switch0 --address 192.168.100.1/24',
    '<%= config.bin %> <%= command.id %> switch0 --uplink eth1 --tunnel vxlan:198.18.0.12:42',
    '<%= config.bin %> <%= command.id %> switch0 --datapath netdev --address 192.168.100.1/24',
  ]
  static override args = { switch: nameArg(ovs) }
  static override flags = flagsOf(ovs)

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(OvsCreate)
    return this.create(ovs, args.switch as string, flags)
  }
}
