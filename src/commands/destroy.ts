import { restartFlag } from '../cli/change-command.ts'
import { SiteCommand } from '../cli/site-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { applySite } from '../workflow/apply-site.ts'

export default class Destroy extends SiteCommand {
  static override summary = 'Take away what the site has set on the hosts, and nothing else.'
  static override description =
    'NICs, bridges and all else that the site made are removed; what it set of others goes back to what it was. What others have changed since stays, with a warning. Containers are never removed.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --only "web*,bridge/*"',
  ]
  static override flags = { restart: restartFlag }

  async run(): Promise<FleetReport<ChangeReport>> {
    const { flags } = await this.parse(Destroy)
    return this.atSite(flags, (site, places) => {
      const request = { site, only: this.only(flags), restart: flags.restart, destroy: true }
      return this.changeAll(places, flags, (context, mandate) => applySite(context, request, mandate, new Map()))
    })
  }
}
