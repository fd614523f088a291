import { SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class NatEnable extends SetCommand {
  static override summary = "Have LXC's own NAT network up, now and after every boot."
  static override description =
    'Sets USE_LXC_BRIDGE in /etc/default/lxc-net, enables the unit and starts it: whatever of that is missing.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ChangeReport | FleetReport> {
    const { flags } = await this.parse(NatEnable)
    return this.set(nat, ['lxc-net', 'enabled=yes'], flags)
  }
}
