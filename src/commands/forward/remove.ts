import { Args, Flags } from '@oclif/core'
import { DeleteCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { forward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

export default class ForwardRemove extends DeleteCommand {
  static override summary = 'Remove a forward.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 443',
    '<%= config.bin %> <%= command.id %> 53 --protocol udp',
  ]
  static override args = {
    port: Args.string({ required: true, ignoreStdin: true, description: 'as it was added: 443, 80-90, 192.0.2.1:443' }),
  }
  static override flags = {
    protocol: Flags.string({ options: ['tcp', 'udp'], description: 'tcp when it is left out' }),
  }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ForwardRemove)
    return this.delete(forward, forwardName(args.port, flags.protocol), flags)
  }
}
