import { Args } from '@oclif/core'
import { ChangeCommand } from '../../cli/change-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { releaseLease } from '../../workflow/nouns/dhcp/release.ts'

export default class DhcpRelease extends ChangeCommand {
  static override summary = 'End a lease before its time; this cannot be taken back.'
  static override description =
    'By dhcp_release (package dnsmasq-utils) where the host has it; else the dnsmasq of the network is started anew without the lease, and its answers are late for a moment. Refused while a container runs with the address.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 10.0.3.16',
    '<%= config.bin %> <%= command.id %> mail',
  ]
  static override args = {
    lease: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'its address, or the name of its container or client, as `dhcp leases` shows them',
    }),
  }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(DhcpRelease)
    return this.change(flags, () => (context, mandate) => releaseLease(context, args.lease, mandate))
  }
}
