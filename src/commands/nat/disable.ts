import { SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { nat } from '../../workflow/nouns/nat/nat.ts'

export default class NatDisable extends SetCommand {
  static override summary = "Stop LXC's own NAT network, for good."
  static override description =
    'Stops it and clears USE_LXC_BRIDGE in /etc/default/lxc-net. While containers run on its bridge that has to be allowed, since it cuts them off.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<ChangeReport | FleetReport> {
    const { flags } = await this.parse(NatDisable)
    return this.set(nat, ['lxc-net', 'enabled=no'], flags)
  }
}
