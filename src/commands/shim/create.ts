import { CreateCommand, flagsOf, nameArg } from '../../cli/noun-command.ts'
import type { ChangeReport } from '../../report/change.ts'
import type { FleetReport } from '../../report/fleet.ts'
import { freshShim, shim } from '../../workflow/nouns/shim/shim.ts'

export default class ShimCreate extends CreateCommand {
  static override summary = 'Let the host reach the macvlan containers on a link.'
  static override description =
    "A host and the macvlan containers on its links never hear each other; the shim, a macvlan of the host itself, is one more neighbour of theirs. It is brought back at boot. Where the host has an address of the same subnet elsewhere, on the parent say, the kernel's route stays there, and the shim gets a route to each macvlan container with a fixed address."
  static override examples = ['<%= config.bin %> <%= command.id %> lxcbr2 --address 10.0.5.5/24']
  static override args = { parent: nameArg(shim) }
  static override flags = flagsOf(shim)

  async run(): Promise<ChangeReport | FleetReport> {
    const { args, flags } = await this.parse(ShimCreate)
    return this.create(freshShim, args.parent as string, flags)
  }
}
