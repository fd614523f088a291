import { Args } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { noEntry, rollback } from '../workflow/history.ts'

export default class Rollback extends ChangeCommand {
  static override summary = 'Take a change back.'
  static override description =
    'Refused when something it would restore has changed since: take the later changes back first. A rollback stands in the history too, and can itself be taken back.'
  static override examples = ['<%= config.bin %> <%= command.id %> 20261121-120000-4171f']
  static override args = {
    id: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'of a change, as `lxcnet history` prints it, or its last five characters',
    }),
  }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(Rollback)
    const knowing = new Set<string>()
    const report = await this.change(
      flags,
      () => (context, mandate) => rollback(context, args.id, { ...mandate, restart: flags.restart }, knowing),
    )
    if (knowing.size === 0 && 'hosts' in report && report.hosts.every(({ report }) => report !== null))
      throw noEntry(args.id)
    return report
  }
}
