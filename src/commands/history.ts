import { Args } from '@oclif/core'
import { columns, LxcnetCommand } from '../cli/lxcnet-command.ts'
import { planText } from '../report/change.ts'
import { type HistoryReport, historyText } from '../report/history.ts'
import { readEntry, readHistory } from '../workflow/history.ts'
import { openContext } from '../workflow/open.ts'

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

  async run(): Promise<HistoryReport> {
    const { args, flags } = await this.parse(History)
    const context = openContext(flags, this.words)
    if (args.id === undefined) {
      const report = await readHistory(context)
      this.show(historyText(report, columns()))
      return report
    }
    const { state, meta, plan } = await readEntry(context, args.id)
    const entry = { id: meta.id, state, at: meta.at, user: meta.user, command: meta.command }
    this.show(
      `${meta.id}  ${state}  ${meta.at}  ${meta.user}\n${meta.command}\n${planText({ summary: [], changes: plan.changes, notes: [] })}`,
    )
    return { schema: 'lxcnet.history/1', host: context.host.name, entries: [{ ...entry, plan }] }
  }
}
