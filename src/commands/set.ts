import { Args } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { change } from '../workflow/change.ts'
import { hooksIn, parseAssignment, setKeys } from '../workflow/edit-nic.ts'
import { withHooks } from '../workflow/nouns/ovs/hooks.ts'
import { switchProbes } from '../workflow/switches.ts'

export default class SetKeys extends ChangeCommand {
  static override summary = 'Change keys of a NIC.'
  static override description =
    "KEY is LXC's own, without its prefix (mtu, link, ipv4.address, veth.pair, …), or a flag of `create` (mode, vlan-id). += and -= add to and take from keys that may stand on several lines. type=… keeps the keys that the new type has and says which ones go."
  static override examples = [
    '<%= config.bin %> <%= command.id %> web01:0 mtu=1400',
    '<%= config.bin %> <%= command.id %> web01:0 ipv4.address+=10.0.5.4/24 ipv4.gateway=10.0.5.1',
    '<%= config.bin %> <%= command.id %> "web*:0" link=lxcbr1',
  ]
  static override strict = false
  static override args = {
    nic: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'CONTAINER:INDEX, shell patterns allowed; the index may be left out where there is one NIC',
    }),
    assignment: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'KEY=VALUE, KEY+=VALUE or KEY-=VALUE; several may follow',
    }),
  }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(SetKeys)
    const [select = '', ...words] = argv as string[]
    const assignments = words.map(parseAssignment)
    return this.change(
      flags,
      () => (context, mandate) =>
        change(context, {
          ...mandate,
          probes: switchProbes,
          scripts: hooksIn(assignments),
          draft: (reading) =>
            withHooks(
              context,
              reading,
              setKeys(context, reading.view, { select, restart: flags.restart }, assignments),
            ),
        }),
    )
  }
}
