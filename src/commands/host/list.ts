import { Args } from '@oclif/core'
import { columns, LxcnetCommand } from '../../cli/lxcnet-command.ts'
import { type HostListReport, hostListText } from '../../report/host.ts'
import { listHosts } from '../../workflow/hosts.ts'

export default class HostList extends LxcnetCommand {
  static override summary = 'List the hosts of the inventory.'
  static override description =
    'With -v, the variables of each, those of its groups included. Nothing is connected to. The inventory is an INI file as Ansible reads it: groups, [group:vars], [group:children], ranges.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> "lxc0*" -v',
    '<%= config.bin %> <%= command.id %> -g web --json',
  ]
  static override strict = false
  static override args = {
    pattern: Args.string({ ignoreStdin: true, description: 'names or shell patterns; all hosts when left out' }),
  }

  async run(): Promise<HostListReport> {
    const { argv, flags } = await this.parse(HostList)
    const hosts = [...(argv as string[]), ...(flags.host ?? [])]
    const report = listHosts(flags.inventory, { hosts, groups: flags.group ?? [], limit: flags.limit })
    this.show(hostListText(report, columns(), flags.verbose))
    return report
  }
}
