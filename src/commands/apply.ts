import { Args } from '@oclif/core'
import { restartFlag } from '../cli/change-command.ts'
import { SiteCommand, type SiteFlags } from '../cli/site-command.ts'
import { exit, LxcnetError } from '../core/error.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { applySite, checkAcross, type Drawn } from '../workflow/apply-site.ts'
import { openTargets } from '../workflow/open.ts'
import { applyPlan, type HostPlan, readPlan } from '../workflow/plan-file.ts'
import { planTargets } from '../workflow/site-hosts.ts'

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
    if (args.plan !== undefined) return this.applyKept(args.plan, flags)
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

  /** That plan and no other: what would make it another one is refused. */
  private async applyKept(file: string, flags: SiteFlags & { restart: boolean }): Promise<FleetReport<ChangeReport>> {
    const fixed = [
      flags.only && '--only',
      flags.restart && '--restart',
      flags.lxcpath && '--lxcpath',
      flags.file && '--file',
    ]
    const [word] = fixed.filter(Boolean)
    if (word) {
      throw new LxcnetError('usage', `${word} does not go with a kept plan`, {
        exit: exit.usage,
        suggestions: [`make the plan anew with it: lxcnet plan ${word} … --out FILE`],
      })
    }
    const plan = readPlan(file)
    if (plan.hosts.length === 0) {
      this.show('The plan is empty: there was nothing to change.')
      return { schema: 'lxcnet.fleet/1', id: null, rollback: null, hosts: [] }
    }
    const targets = await planTargets(plan, file, flags)
    const hosts = new Map(plan.hosts.map((host) => [host.target.name, host]))
    const from = { ...flags, file: plan.site }
    const places = await openTargets(from, targets, this.words, (question) => this.ask.secret(question), true)
    try {
      return await this.changeAll(places, flags, (context, mandate) =>
        applyPlan(context, hosts.get(context.host.name) as HostPlan, mandate),
      )
    } finally {
      await places.close()
    }
  }
}
