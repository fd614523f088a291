import { Args, Flags } from '@oclif/core'
import { HostEditCommand } from '../../cli/host-edit-command.ts'
import { exit, LxcnetError } from '../../core/error.ts'
import type { HostEditReport } from '../../report/host.ts'
import { addToInventory } from '../../workflow/hosts.ts'

export default class HostAdd extends HostEditCommand {
  static override summary = 'Add a host to the inventory.'
  static override description =
    'Writes one line, at the end of the group that -g names; every other byte of the file stays. Where there is no inventory, ~/.config/lxcnet/hosts becomes one. What is left out is for ~/.ssh/config to say.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> lxc01 --address 192.0.2.7 --user admin -g web',
    '<%= config.bin %> <%= command.id %> lxc02 --jump root@gateway.example.org',
  ]
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'what the host is called from then on' }),
  }
  static override flags = {
    address: Flags.string({ helpValue: 'ADDRESS', description: 'what ssh connects to; the name when left out' }),
    user: Flags.string({ helpValue: 'USER', description: 'who logs in; one other than root becomes root by sudo' }),
    port: Flags.integer({ min: 1, max: 65535, helpValue: 'PORT', description: "sshd's port there" }),
    jump: Flags.string({ helpValue: '[USER@]HOST[:PORT]', description: 'the host to go through, as ssh -J' }),
    'identity-file': Flags.string({ helpValue: 'FILE', description: 'the private key to log in with' }),
  }

  async run(): Promise<HostEditReport> {
    const { args, flags } = await this.parse(HostAdd)
    const [group, ...surplus] = flags.group ?? []
    if (surplus.length > 0) {
      throw new LxcnetError('usage', '-g: one line is in one group', {
        exit: exit.usage,
        suggestions: ['[group:children] in the inventory puts groups into groups'],
      })
    }
    const given = {
      ansible_host: flags.address,
      ansible_port: flags.port?.toString(),
      ansible_user: flags.user,
      ansible_ssh_private_key_file: flags['identity-file'],
      ansible_ssh_common_args: flags.jump === undefined ? undefined : `-J ${flags.jump}`,
    }
    const vars = new Map(Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
    const host = { name: args.name, vars, ...(group === undefined ? {} : { group }) }
    return this.edit(flags, (options) => addToInventory(host, options))
  }
}
