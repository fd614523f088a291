import { Args, Flags } from '@oclif/core'
import { CreateCommand, flagsOf } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { forward, freshForward } from '../../workflow/nouns/forward/forward.ts'
import { forwardName } from '../../workflow/nouns/forward/name.ts'

const { to: _, ...others } = flagsOf(forward)

export default class ForwardAdd extends CreateCommand {
  static override summary = 'Lead a port of the host to a container.'
  static override description =
    'TCP or UDP, one port or a range, for all addresses of the host or one of them. Clients outside, on the same bridge, in the container itself and on the host, also at 127.0.0.1, are all led there. A container without a fixed address is asked for its address at every start. Forwarding is turned on in the kernel, and the rules are brought back at boot.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 443 web',
    '<%= config.bin %> <%= command.id %> 192.0.2.1:8443 web:443 --source 198.51.100.0/24',
    '<%= config.bin %> <%= command.id %> 53 names --protocol udp',
  ]
  static override args = {
    port: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'port of the host, a range of ports, an address of the host in front: 443, 80-90, 192.0.2.1:443',
    }),
    to: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'container or address, and the port there: web:8443',
    }),
  }
  static override flags = {
    ...others,
    protocol: Flags.string({ options: ['tcp', 'udp'], description: 'tcp when it is left out' }),
  }

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ForwardAdd)
    const { protocol, ...rest } = flags
    return this.create(freshForward, forwardName(args.port, protocol), { ...rest, to: args.to } as typeof rest)
  }
}
