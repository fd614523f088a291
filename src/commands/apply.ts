import { Args } from '@oclif/core'
import { restartFlag } from '../cli/change-command.ts'
import { SiteCommand } from '../cli/site-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { applySite, checkAcross, type Drawn } from '../workflow/apply-site.ts'
import { openTargets } from '../workflow/open.ts'
import { applyPlan, type HostPlan, readPlan } from '../workflow/plan-file.ts'

export default class Apply extends SiteCommand {
  static override summary = 'Make the hosts what the site file says.'
  static override description =
    'Every plan is made and shown, equal ones once, before any host changes. A host that fails is rolled back alone; run it again for what is left. With PLAN, a file that `lxcnet plan --out` wrote, that plan is carried out, or nothing when a host has changed since.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -f site.yaml --batch 1,25%,100% --yes',
    '<%= config.bin %> <%= command.id %> today.plan',
  ]
  static override args = {
    plan: Args.string({ ignoreStdin: true, description: 'a plan, kept with `lxcnet plan --out`' }),
  }
  static override flags = { restart: restartFlag }

  async run(): Promise<FleetReport<ChangeReport>> {
    const { args, flags } = await this.parse(Apply)
    if (args.plan !== undefined) {
      const plan = readPlan(args.plan)
      const hosts = new Map(plan.hosts.map((host) => [host.target.name, host]))
      const targets = plan.hosts.map(({ target }) => target)
      const places = await openTargets(
        { ...flags, file: plan.site },
        targets,
        this.words,
        (question) => this.ask.secret(question),
        true,
      )
      try {
        return await this.changeAll(places, flags, (context, mandate) =>
          applyPlan(context, hosts.get(context.host.name) as HostPlan, mandate),
        )
      } finally {
        await places.close()
      }
    }
    return this.atSite(flags, (site, places) => {
      const drawn = new Map<string, Drawn>()
      const request = { site, only: this.only(flags), restart: flags.restart }
      return this.changeAll(
        places,
        flags,
        (context, mandate) => applySite(context, request, mandate, drawn),
        () => checkAcross(site, drawn),
      )
    })
  }
}
