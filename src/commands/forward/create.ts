import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { forward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

export default class ForwardCreate extends CreateCommand {
  static override summary = 'Lead a port of the host to a container.'
  static override description =
    'TCP or UDP, one port or a range, for all addresses of the host or one of them. Clients outside, on the same bridge, in the container itself and on the host, also at 127.0.0.1, are all led there. A container without a fixed address is asked for its address at every start. Forwarding is turned on in the kernel, and the rules are brought back at boot. `forward add` is shorter to type.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 443/tcp --to web:8443',
    '<%= config.bin %> <%= command.id %> 192.0.2.1:8000-8010/udp --to 10.0.3.5 --source 198.51.100.0/24',
  ]
  static override args = { forward: nameArg(forward) }
  static override flags = flagsOf(forward)

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ForwardCreate)
    return this.create(forward, forwardName(args.forward as string), flags)
  }
}
