import { LxcnetCommand } from '../../cli/lxcnet-command.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { type LeasesReport, leasesText } from '../../report/leases.ts'
import { listLeases } from '../../workflow/nouns/dhcp/leases.ts'

export default class DhcpLeases extends LxcnetCommand {
  static override summary = 'List who has which address by DHCP, and until when.'
  static override description =
    'A stale lease is one that has not ended while no container has its MAC any more: the address is given to nobody else until then.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']

  async run(): Promise<LeasesReport | FleetReport<LeasesReport>> {
    const { flags } = await this.parse(DhcpLeases)
    return this.inspect(flags, listLeases, leasesText)
  }
}
