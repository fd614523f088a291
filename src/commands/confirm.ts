import { Args, Flags } from '@oclif/core'
import { ChangeCommand } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { confirmChange } from '../workflow/confirm.ts'

export default class Confirm extends ChangeCommand {
  static override summary = 'Keep a change that waits for its confirmation.'
  static override description =
    'A change made with --confirm, or one that may have cut the way to the host, is taken back by the host itself unless it is confirmed in time, by a login that was made after it. With -H this command makes such a login; without, run it from one.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 20261121-120000-4171f -H lxc1 --address 203.0.113.9',
  ]
  static override args = {
    id: Args.string({
      ignoreStdin: true,
      description: 'of the change, or its last five characters; the one that waits when left out',
    }),
  }
  static override flags = {
    address: Flags.string({
      helpValue: 'ADDRESS',
      description: 'where the host can be reached now; its host key must be the one it is known by',
    }),
  }

  async run(): Promise<ChangeReport | FleetReport<ChangeReport>> {
    const { args, flags } = await this.parse(Confirm)
    return this.change(
      flags,
      () =>
        (context, { dryRun }) =>
          confirmChange(context, { id: args.id, address: flags.address, dryRun }),
    )
  }
}
