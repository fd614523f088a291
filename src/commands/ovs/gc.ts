import { ChangeCommand } from '../../cli/change-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { collectDeadPorts } from '../../workflow/nouns/ovs/gc.ts'

export default class OvsGc extends ChangeCommand {
  static override summary = 'Take out the ports that crashed containers have left.'
  static override description =
    'A port stays in the database of Open vSwitch when its container is killed or fails to start, and LXC then starts no container whose NIC has the same name there. Only ports whose link is gone are taken out, and only those of containers: an uplink that is missing stays.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --dry-run']

  async run(): Promise<ChangeReport | FleetReport> {
    const { flags } = await this.parse(OvsGc)
    return this.change(flags, () => collectDeadPorts)
  }
}
