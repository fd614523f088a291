import { Args } from '@oclif/core'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import type { FleetReport } from '../report/fleet.ts'
import { type HistoryReport, historyText } from '../report/history.ts'
import { readHistory } from '../workflow/history.ts'

export default class History extends LxcnetCommand {
  static override summary = 'List what lxcnet changed on this host, or show one change.'
  static override description = 'The hundred newest changes are kept, in /var/lib/lxcnet/journal.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 20261121-120000-4171f',
  ]
  static override args = {
    id: Args.string({ ignoreStdin: true, description: 'of a change, or its last five characters' }),
  }

  async run(): Promise<HistoryReport | FleetReport> {
    const { args, flags } = await this.parse(History)
    return this.inspect(flags, (context) => readHistory(context, args.id), historyText)
  }
}
