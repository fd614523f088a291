import { Args } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { change } from '../workflow/change.ts'
import { unsetKeys } from '../workflow/edit-nic.ts'
import { withHooks } from '../workflow/nouns/ovs/hooks.ts'
import { switchProbes } from '../workflow/switches.ts'

export default class Unset extends ChangeCommand {
  static override summary = 'Remove keys of a NIC.'
  static override description = 'Every line of the key goes. A key that is not there is no error.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> web01:0 mtu',
    '<%= config.bin %> <%= command.id %> web01:0 ipv4.gateway ipv4.address',
  ]
  static override strict = false
  static override args = {
    nic: Args.string({ required: true, ignoreStdin: true, description: 'CONTAINER:INDEX, shell patterns allowed' }),
    key: Args.string({ required: true, ignoreStdin: true, description: 'key without its prefix; several may follow' }),
  }
  static override flags = { restart: restartFlag }

  async run(): Promise<ChangeReport | FleetReport> {
    const { argv, flags } = await this.parse(Unset)
    const [select = '', ...words] = argv as string[]
    return this.change(
      flags,
      () => (context, mandate) =>
        change(context, {
          ...mandate,
          probes: switchProbes,
          draft: (reading) =>
            withHooks(context, reading, unsetKeys(context, reading.view, { select, restart: flags.restart }, words)),
        }),
    )
  }
}
