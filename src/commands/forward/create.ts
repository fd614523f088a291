import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { forward, freshForward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

export default class ForwardCreate extends CreateCommand {
  /** Its help is that of `forward add`, which says the same with fewer words. */
  static override hidden = true
  static override summary = 'Lead a port of the host to a container.'
  static override description = 'The same as `forward add`.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 443/tcp --to web:8443',
    '<%= config.bin %> <%= command.id %> 192.0.2.1:8000-8010/udp --to 10.0.3.5 --source 198.51.100.0/24',
  ]
  static override args = { forward: nameArg(forward) }
  static override flags = flagsOf(forward)

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ForwardCreate)
    return this.create(freshForward, forwardName(args.forward as string), flags)
  }
}
