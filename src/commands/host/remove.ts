import { Args } from '@oclif/core'
import { HostEditCommand } from '../../cli/host-edit-command.ts'
import type { HostEditReport } from '../../report/host.ts'
import { removeFromInventory } from '../../workflow/hosts.ts'

export default class HostRemove extends HostEditCommand {
  static override summary = 'Remove a host from the inventory.'
  static override description =
    'Takes out every line that names it alone; one that stands in a range is refused. Nothing on the host itself changes: `lxcnet host check` shows what lxcnet has put there.'
  static override examples = ['<%= config.bin %> <%= command.id %> lxc01']
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'as the inventory has it' }),
  }

  async run(): Promise<HostEditReport> {
    const { args, flags } = await this.parse(HostRemove)
    return this.edit(flags, (options) => removeFromInventory(args.name, options))
  }
}
