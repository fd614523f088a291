import { Args } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { change } from '../workflow/change.ts'
import { upgradeConfigs } from '../workflow/upgrade-config.ts'

export default class Upgrade extends ChangeCommand {
  static override summary = 'Bring a config of LXC before 2.1 (lxc.network.*) to the syntax of today.'
  static override description =
    'Like lxc-update-config(1), and right where that goes wrong: comments, indexed keys, keys of both kinds in one file, a last line without its end. Includes are named, not edited.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> old01 --dry-run',
    '<%= config.bin %> <%= command.id %> "*"',
  ]
  static override args = {
    container: Args.string({ required: true, ignoreStdin: true, description: 'name or shell pattern' }),
  }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(Upgrade)
    return this.change(
      flags,
      () => (context, mandate) =>
        change(context, {
          ...mandate,
          draft: ({ view }) => upgradeConfigs(context, view, args.container, flags.restart),
        }),
    )
  }
}
