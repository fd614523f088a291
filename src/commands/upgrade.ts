import { Args } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import { change } from '../workflow/change.ts'
import { openContext } from '../workflow/open.ts'
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

  async run(): Promise<ChangeReport> {
    const { args, flags } = await this.parse(Upgrade)
    const context = openContext(flags, this.words)
    return this.finish(
      await change(context, {
        ...this.options(flags),
        draft: ({ view }) => upgradeConfigs(context, view, args.container, flags.restart),
      }),
    )
  }
}
