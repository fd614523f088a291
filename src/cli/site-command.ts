/** What the commands that make hosts what a site file says have in common: the file, its hosts, and the part that is meant. */
import { Flags } from '@oclif/core'
import type { Places } from '../workflow/open.ts'
import { atSite, patternOf, type Site } from '../workflow/open-site.ts'
import { ChangeCommand, type ChangeFlags } from './change-command.ts'

export interface SiteFlags extends ChangeFlags {
  only?: string[] | undefined
}

export const onlyFlag = Flags.string({
  helpValue: 'NAME',
  multiple: true,
  multipleNonGreedy: true,
  delimiter: ',',
  description: 'only these containers, and objects such as bridge/lxcbr1; names or shell patterns',
})

export abstract class SiteCommand extends ChangeCommand {
  static override baseFlags = { ...ChangeCommand.baseFlags, only: onlyFlag }

  protected atSite<R>(flags: SiteFlags, work: (site: Site, places: Places) => Promise<R>): Promise<R> {
    return atSite(flags, this.words, (question) => this.ask.secret(question), work)
  }

  protected only = (flags: SiteFlags): ((name: string) => boolean) => patternOf(flags.only)
}
