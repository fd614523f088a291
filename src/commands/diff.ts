import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import { onlyFlag } from '../cli/site-command.ts'
import { exit } from '../core/error.ts'
import { type DiffReport, diffText } from '../report/diff.ts'
import type { FleetReport } from '../report/fleet.ts'
import { diffHost } from '../workflow/diff-site.ts'
import { atSite, patternOf } from '../workflow/open-site.ts'

export default class Diff extends LxcnetCommand {
  static override summary = 'Show where the hosts are not what the site file says, and who made it so.'
  static override description =
    'Exits 2 when there is a difference. CHANGED BY says whether the site file is newer than the host, a later lxcnet command changed the host, or somebody else did.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --limit "lxc0*" --json',
  ]

  static override flags = { only: onlyFlag }

  async run(): Promise<FleetReport<DiffReport>> {
    const { flags } = await this.parse(Diff)
    const ask = (question: string): Promise<string | undefined> => this.ask.secret(question)
    return atSite(flags, this.words, ask, (site, places) =>
      this.inspectAll(
        places,
        (context) => diffHost(context, { site, only: patternOf(flags.only) }),
        diffText,
        ({ differences, notes }) => (differences.length + notes.length > 0 ? exit.pending : exit.done),
      ),
    )
  }
}
