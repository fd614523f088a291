import { Args, Flags } from '@oclif/core'
import { ChangeCommand, restartFlag } from '../cli/change-command.ts'
import { exit, LxcnetError } from '../core/error.ts'
import { keys, type NicType, nicTypes, type ValueKind } from '../nic/index.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { askForNic } from '../workflow/ask-nic.ts'
import { change, type Mandate } from '../workflow/change.ts'
import { type Context, checkContainerName } from '../workflow/context.ts'
import { afterMaking, createContainer } from '../workflow/create-container.ts'
import { type CreateRequest, createNic, hooksIn } from '../workflow/create-nic.ts'
import { checkHostAccess, withHostAccess } from '../workflow/host-access.ts'
import { withHooks } from '../workflow/nouns/ovs/hooks.ts'
import { switchProbes } from '../workflow/switches.ts'

/** Common words of other tools for LXC's own. */
const aliases: Record<string, string[]> = { link: ['parent'], hwaddr: ['mac'], ipv4: ['ip'], 'ipv4-gateway': ['gw'] }

/** What stands behind a flag in the help. */
const placeholders: Partial<Record<ValueKind['kind'], string>> = {
  choice: 'WORD',
  link: 'LINK',
  name: 'NAME',
  mac: 'MAC',
  number: 'N',
  address: 'ADDRESS',
  gateway: 'ADDRESS',
  route: 'SUBNET',
  flags: 'up',
  command: 'COMMAND',
}

/** The summary of each key that the flag stands for, with the types that it is for when not for all. */
function describe(flag: string): string {
  const named = keys.filter((key) => key.flag === flag)
  const texts = named.map((key) => {
    const types = key.types.length < 5 ? `${key.types.join(', ')}: ` : ''
    return `${types}${key.value.kind === 'choice' && flag === 'mode' ? key.value.of.join(', ') : key.summary}`
  })
  const also = (aliases[flag] ?? []).map((alias) => ` (also --${alias})`).join('')
  return texts.join('; ') + also
}

/** One flag for each key of the table; several keys share one where the type decides. */
const keyFlags = Object.fromEntries(
  [...new Set(keys.slice(1).map((key) => key.flag))].map((flag) => {
    const kind = keys.find((key) => key.flag === flag)?.value.kind ?? 'name'
    const common = {
      helpGroup: 'NIC',
      helpValue: placeholders[kind] ?? 'VALUE',
      description: describe(flag),
      ...(aliases[flag] === undefined ? {} : { aliases: aliases[flag] }),
    }
    const list = keys.some((key) => key.flag === flag && key.list)
    return [flag, list ? Flags.string({ ...common, multiple: true, multipleNonGreedy: true }) : Flags.string(common)]
  }),
)

const usage = (message: string, way: string): LxcnetError =>
  new LxcnetError('usage', message, { exit: exit.usage, suggestions: [way] })

export default class Create extends ChangeCommand {
  static override summary = 'Give a container one more NIC.'
  static override description =
    `Prints the plan, asks on a terminal, applies it, and reads the host again. Modes are always written out: bridge for macvlan, l2 for ipvlan when none is said. The NIC gets flags = up, a MAC in LXC's own range (not ipvlan and phys), and a name as soon as the container has two; "none" leaves hwaddr, flags or ifname out.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> web01 --type macvlan --mode bridge --link lxcbr2 --ipv4 10.0.5.3/24',
    '<%= config.bin %> <%= command.id %> web01 --type macvlan --link lxcbr2 --ipv4 10.0.5.3/24 --host-access',
    '<%= config.bin %> <%= command.id %> web01 --type veth --link lxcbr0 --ipv4 next:10.0.3.0/24 --ipv4-gateway auto',
    '<%= config.bin %> <%= command.id %> web01 --type vlan --link eth1 --vlan-id 10 --replace 0 --restart',
    '<%= config.bin %> <%= command.id %> new01 --type veth --link lxcbr0 --template download -- -d debian -r bookworm -a amd64',
  ]
  static override usage = 'create CONTAINER --type TYPE [--link LINK] [--mode MODE] [FLAG...]'
  static override strict = false
  static override args = { container: Args.string({ ignoreStdin: true, description: 'name, as lxc-ls(1) prints it' }) }
  static override flags = {
    name: Flags.string({
      char: 'n',
      helpValue: 'CONTAINER',
      description: 'the container, as in the lxc-* tools; same as the argument',
    }),
    type: Flags.option({ options: nicTypes, helpGroup: 'NIC' })({ description: 'how the NIC is made' }),
    ...keyFlags,
    index: Flags.integer({
      min: 0,
      max: 2147483646,
      exclusive: ['replace'],
      description: 'N of lxc.net.N; the lowest free one when left out. A NIC that is already so is left alone',
    }),
    replace: Flags.integer({ min: 0, max: 2147483646, description: 'put the new NIC in the place of this one' }),
    'host-access': Flags.string({
      helpGroup: 'NIC',
      helpValue: '[ADDRESS/PREFIX]',
      exclusive: ['template'],
      description:
        "macvlan: let the host reach it, as this address or a free one of the NIC's subnet; makes the shim of the link where there is none, see `lxcnet shim`",
    }),
    template: Flags.string({
      char: 't',
      description:
        'run `lxc-create -t TEMPLATE` first when there is no such container; what follows -- goes to the template',
    }),
    restart: restartFlag,
  }

  /** `--host-access` alone is a flag with its usual value; the parser knows no such thing. */
  override async init(): Promise<void> {
    const end = this.argv.indexOf('--')
    const at = this.argv.indexOf('--host-access')
    const isValue = /^(next|[\da-f.:]+\/\d+)$/i.test(this.argv[at + 1] ?? '')
    if (at !== -1 && (end === -1 || at < end) && !isValue) this.argv = this.argv.with(at, '--host-access=next')
    await super.init()
  }

  async run(): Promise<ChangeReport | FleetReport> {
    const { flags, argv } = await this.parse(Create)
    const access = flags['host-access'] === undefined ? undefined : checkHostAccess(flags['host-access'])
    const given = new Map<string, string[]>()
    for (const flag of Object.keys(keyFlags)) {
      const value = (flags as Record<string, unknown>)[flag]
      if (value !== undefined) given.set(flag, Array.isArray(value) ? (value as string[]) : [String(value)])
    }
    // behind `--` stand the template's own arguments, the container may stand before it
    const dashes = this.argv.indexOf('--')
    const templateArgs = dashes === -1 ? [] : this.argv.slice(dashes + 1)
    const words = (argv as string[]).slice(0, argv.length - templateArgs.length)
    const surplus = flags.name === undefined ? words.slice(1) : words
    if (surplus.length > 0)
      throw usage(
        `${surplus.join(' ')}: one container is enough`,
        '-n or the word behind create names it; a flag takes one value: repeat it for more',
      )
    if (templateArgs.length > 0 && flags.template === undefined)
      throw usage(`-- ${templateArgs.join(' ')}: nothing to give that to`, 'add --template')
    return this.change(flags, async (first) => {
      const asked = await askForNic(first, this.ask, { container: flags.name ?? words[0], type: flags.type, given })
      checkContainerName(asked.container)
      const request = {
        ...asked,
        type: asked.type as NicType,
        index: flags.index,
        replace: flags.replace,
        restart: flags.restart,
        fresh: flags.template !== undefined,
      }
      if (flags.template === undefined) return (context, mandate) => addNic(context, mandate, request, access)
      const template = { template: flags.template, args: templateArgs }
      return (context, mandate) => makeAndAdd(context, mandate, request, template)
    })
  }
}

const addNic = (context: Context, mandate: Mandate, request: CreateRequest, access?: string): Promise<ChangeReport> =>
  change(context, {
    ...mandate,
    probes: switchProbes,
    scripts: hooksIn(request.given),
    draft: (reading) => {
      const draft = withHooks(context, reading, createNic(context, reading.view, request))
      return withHostAccess(context, reading, draft, { container: request.container, access })
    },
  })

async function makeAndAdd(
  context: Context,
  mandate: Mandate,
  request: CreateRequest,
  template: { template: string; args: readonly string[] },
): Promise<ChangeReport> {
  const made = await createContainer(context, request, template, mandate)
  if (made === undefined) return addNic(context, mandate, request)
  if ('report' in made) return made.report
  // asked and answered for the whole already
  const adding = addNic(context, { ...mandate, confirm: async () => true }, request)
  return afterMaking(made.step, request.container, adding)
}
