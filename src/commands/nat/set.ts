import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class NatSet extends SetCommand {
  static override summary = "Change a NAT network, LXC's own (lxc-net) among them."
  static override description =
    "The words are the flags of `nat create`; WORD= takes one away. With a subnet come the address and the range that follow from it, unless they are said too. LXC's own network is edited in /etc/default/lxc-net, every other byte of which stays, and stopped and started only if that has to be. A change that would cut off running containers is refused unless it is allowed."
  static override examples = [
    '<%= config.bin %> <%= command.id %> lxc-net subnet=10.9.0.0/24',
    '<%= config.bin %> <%= command.id %> lxc-net domain=lxc firewall=iptables',
    '<%= config.bin %> <%= command.id %> blue range=10.7.0.100,10.7.0.199',
  ]
  static override strict = false
  static override args = { network: nameArg(nat), assignment: assignmentArg }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(NatSet)
    const [name = '', ...words] = argv as string[]
    const anew = words.some((word) => word.startsWith('subnet=')) ? ['address=', 'range='] : []
    return this.set(nat, [name, ...anew, ...words], flags)
  }
}
