import { Args } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { change } from '../workflow/change.ts'
import { deleteNics } from '../workflow/edit-nic.ts'
import { withHooks } from '../workflow/nouns/ovs/hooks.ts'
import { switchProbes } from '../workflow/switches.ts'

export default class Delete extends ChangeCommand {
  static override summary = 'Remove a NIC from a container.'
  static override description = 'The other NICs keep their indexes; comments stay.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> web01:1',
    '<%= config.bin %> <%= command.id %> "web01:*" --dry-run',
  ]
  static override args = {
    nic: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'CONTAINER:INDEX; CONTAINER:* for all; shell patterns allowed',
    }),
  }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(Delete)
    return this.change(
      flags,
      () => (context, mandate) =>
        change(context, {
          ...mandate,
          probes: switchProbes,
          draft: (reading) =>
            withHooks(
              context,
              reading,
              deleteNics(context, reading.view, { select: args.nic, restart: flags.restart }),
            ),
        }),
    )
  }
}
