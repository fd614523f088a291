import { Args } from '@oclif/core'
import { columns, LxcnetCommand } from '../../cli/lxcnet-command.ts'
import { exit, LxcnetError } from '../../core/error.ts'
import { type HostCheckReport, hostCheckText } from '../../report/host.ts'
import { checkExit, checkHosts, hasInventory } from '../../workflow/hosts.ts'

export default class HostCheck extends LxcnetCommand {
  static override summary = 'Say of each host whether it can be reached, what it runs, and what it lacks for lxcnet.'
  static override description =
    'Every host of the inventory when none is named; this one when there is no inventory. Nothing is written on a host. Exits 3 when some cannot be reached, 4 when none can.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> "lxc0*" root@192.0.2.7:2222',
    '<%= config.bin %> <%= command.id %> -g web --json',
  ]
  static override strict = false
  static override args = {
    pattern: Args.string({ ignoreStdin: true, description: 'names, shell patterns or [USER@]HOST[:PORT]' }),
  }

  async run(): Promise<HostCheckReport> {
    const { argv, flags } = await this.parse(HostCheck)
    if (flags.root !== undefined) {
      throw new LxcnetError('usage', '--root is a tree, and a tree runs nothing', {
        exit: exit.usage,
        suggestions: ['lxcnet check --root DIR looks at its containers'],
      })
    }
    const host = [...(flags.host ?? []), ...(argv as string[])]
    const isNamed = host.length > 0 || flags.group !== undefined || flags.limit !== undefined
    const meant = isNamed ? {} : hasInventory(flags.inventory) ? { group: ['all'] } : {}
    const places = { ...flags, ...meant, ...(host.length > 0 ? { host } : {}) }
    return this.at(places, async ({ contexts, parallel }) => {
      const report = await checkHosts(contexts, parallel)
      this.show(hostCheckText(report, columns()))
      process.exitCode = checkExit(report)
      return report
    })
  }
}
