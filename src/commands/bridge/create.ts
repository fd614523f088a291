import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { bridge } from '../../workflow/nouns/bridge/bridge.ts'

export default class BridgeCreate extends CreateCommand {
  static override summary = 'Make a bridge that the host itself brings back at boot.'
  static override description =
    "It is written into the files of whatever keeps the network of the host: ifupdown, systemd-networkd or netplan. With --uplink the NIC becomes its port, and what that had of addresses, routes and MAC is the bridge's: a change that reaches the way by which you came is taken back by itself unless a new login comes through. Where systemd-networkd or netplan keeps the network that goes for every change, since reading their files again makes true whatever anybody left in them, of any link."
  static override examples = [
    '<%= config.bin %> <%= command.id %> br0 --uplink eth0',
    '<%= config.bin %> <%= command.id %> br1 --address 10.0.5.1/24',
    '<%= config.bin %> <%= command.id %> br100 --uplink eth1 --vlan-id 100 --default yes',
  ]
  static override args = { name: nameArg(bridge) }
  static override flags = flagsOf(bridge)

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(BridgeCreate)
    return this.create(bridge, args.name as string, flags)
  }
}
