import { Flags } from '@oclif/core'
import { restartFlag } from '../cli/change-command.ts'
import { SiteCommand } from '../cli/site-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { applySite, checkAcross, type Drawn } from '../workflow/apply-site.ts'
import { writePlan } from '../workflow/plan-file.ts'

export default class PlanSite extends SiteCommand {
  static override summary = 'Show what would make the hosts what the site file says.'
  static override description =
    'Exits 2 when changes are pending, 0 when there is nothing to do. With --out the plan is kept in a file, for `lxcnet apply FILE` to carry out that plan and no other.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --out today.plan && <%= config.bin %> apply today.plan',
  ]
  static override flags = {
    out: Flags.string({ helpValue: 'FILE', description: 'keep the plan in this file' }),
    restart: restartFlag,
  }

  async run(): Promise<FleetReport<ChangeReport>> {
    const { flags } = await this.parse(PlanSite)
    return this.atSite(flags, async (site, places) => {
      const drawn = new Map<string, Drawn>()
      const request = { site, only: this.only(flags), restart: flags.restart }
      const report = await this.changeAll(
        places,
        { ...flags, 'dry-run': true },
        (context, mandate) => applySite(context, request, mandate, drawn),
        () => checkAcross(site, drawn),
      )
      if (flags.out !== undefined) {
        const hosts = places.contexts.flatMap((context) => {
          const one = drawn.get(context.host.name)
          return one !== undefined && one.draft.changes.length > 0 ? [{ context, drawn: one }] : []
        })
        writePlan(flags.out, site.file, hosts)
        this.show(`The plan is in ${flags.out}: lxcnet apply ${flags.out}`)
      }
      return report
    })
  }
}
