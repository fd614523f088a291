/** What the commands of a site file's cycle have in common: the file, the hosts it names, and the part that is meant. */
import { Flags } from '@oclif/core'
import type { Places } from '../workflow/open.ts'
import { openSite, patternOf, type Site } from '../workflow/open-site.ts'
import { usualSiteFile } from '../workflow/site-file.ts'
import { ChangeCommand, type ChangeFlags } from './change-command.ts'

export interface SiteFlags extends ChangeFlags {
  only?: string[] | undefined
}

export abstract class SiteCommand extends ChangeCommand {
  static override baseFlags = {
    ...ChangeCommand.baseFlags,
    only: Flags.string({
      helpValue: 'CONTAINER',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'only these containers, names or shell patterns',
    }),
  }

  /** Opens the hosts of the site file, or those of them that -H, -g and --limit choose. */
  protected async atSite<R>(flags: SiteFlags, work: (site: Site, places: Places) => Promise<R>): Promise<R> {
    const { site, places } = await openSite({ ...flags, file: flags.file ?? usualSiteFile }, this.words, (question) =>
      this.ask.secret(question),
    )
    try {
      return await work(site, places)
    } finally {
      await places.close()
    }
  }

  protected only = (flags: SiteFlags): ((name: string) => boolean) => patternOf(flags.only)
}
