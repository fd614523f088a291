import { restartFlag } from '../../cli/change-command.ts'
import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { gateway, restartingGateway } from '../../workflow/nouns/gateway/gateway.ts'

export default class GatewayCreate extends CreateCommand {
  static override summary = 'Make a container the way out for others.'
  static override description =
    "The container gets a veth on the uplink and a macvlan inside, or keeps those that it has, and a hook that LXC runs on the host at every start: it sets forwarding and masquerade in the container's network namespace, so nothing has to be installed inside. What the inside begins may leave and is answered; nobody outside opens a connection to the inside. The members' default route leads to it; a member without a NIC on the inside gets one. `gateway delete` hands everything back."
  static override examples = [
    '<%= config.bin %> <%= command.id %> dmz --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.5.0/24 --members web,db',
    '<%= config.bin %> <%= command.id %> dmz --uplink lxcbr1 --inside lxcbr2 --subnet 10.0.5.0/24 --outside-address 192.0.2.5/24 --outside-gateway 192.0.2.1 --restart',
  ]
  static override args = { container: nameArg(gateway) }
  static override flags = { ...flagsOf(gateway), restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(GatewayCreate)
    return this.create(flags.restart ? restartingGateway : gateway, args.container as string, flags)
  }
}
