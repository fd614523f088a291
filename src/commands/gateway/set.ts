import { restartFlag } from '../../cli/change-command.ts'
import { assignmentArg, nameArg, SetCommand } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { gateway, restartingGateway } from '../../workflow/nouns/gateway/gateway.ts'

export default class GatewaySet extends SetCommand {
  static override summary = 'Change a gateway, or put back what it lacks.'
  static override description =
    'The words are the flags of `gateway create`; WORD= takes one away. `members` is the whole list: who is not in it any more is handed back what it had. Without a word, everything that is not as it was set is put back: the hook, the NICs, the rules of a running container.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> dmz members=web,db,mail',
    '<%= config.bin %> <%= command.id %> dmz masquerade=off',
    '<%= config.bin %> <%= command.id %> dmz',
  ]
  static override strict = false
  static override args = { container: nameArg(gateway), assignment: { ...assignmentArg, required: false } }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(GatewaySet)
    return this.set(flags.restart ? restartingGateway : gateway, argv as string[], flags)
  }
}
