/** What every command has: the flags of lxcnet(1) that work everywhere, the way to ask, and the way to answer. */
import { Command, type Config, Flags, type Interfaces } from '@oclif/core'
import { closest } from '../core/closest.ts'
import { exit, LxcnetError } from '../core/error.ts'
import { transports } from '../core/target.ts'
import { inTurn } from '../core/turn.ts'
import { endingLine, type FleetReport, fleetText } from '../report/fleet.ts'
import type { Context } from '../workflow/context.ts'
import { fleetExit, readFleet } from '../workflow/fleet.ts'
import { openPlaces, type PlaceFlags, type Places } from '../workflow/open.ts'
import { type Ask, asker } from './ask.ts'
import { decodeBytes } from './json.ts'

const helpGroup = 'GLOBAL'
const hostGroup = 'HOSTS'

export type GlobalFlags = Interfaces.InferredFlags<typeof LxcnetCommand.baseFlags>

export abstract class LxcnetCommand extends Command {
  static override enableJsonFlag = true

  /** oclif's own would read its configuration once more, for commands of plugins that were built with another oclif. */
  static override async run<T extends Command>(
    this: new (
      argv: string[],
      config: Config,
    ) => T,
    argv: string[],
    config: Config,
  ): Promise<ReturnType<T['run']>> {
    return (new this(argv, config) as T & { _run(): Promise<ReturnType<T['run']>> })._run()
  }

  static override baseFlags = {
    root: Flags.string({ helpGroup, helpValue: 'DIR', description: 'work on a directory tree, not on a live host' }),
    host: Flags.string({
      char: 'H',
      helpGroup: hostGroup,
      helpValue: '[USER@]HOST[:PORT]',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description:
        'work over SSH on these hosts: names or shell patterns of the inventory, names of ~/.ssh/config, addresses',
    }),
    group: Flags.string({
      char: 'g',
      helpGroup: hostGroup,
      helpValue: 'GROUP',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'on the hosts of these groups of the inventory; `all` is every host',
    }),
    limit: Flags.string({
      helpGroup: hostGroup,
      helpValue: 'PATTERN',
      description: 'of these hosts only those, or all but !those',
    }),
    file: Flags.string({
      char: 'f',
      helpGroup: hostGroup,
      helpValue: 'FILE',
      description:
        'on the hosts of this site file; commands that are about a site file take lxcnet.yaml when it is left out',
    }),
    inventory: Flags.string({
      char: 'i',
      helpGroup: hostGroup,
      helpValue: 'FILE',
      description:
        'hosts and groups, an INI file as Ansible reads it; else $LXCNET_INVENTORY, ~/.config/lxcnet/hosts, /etc/lxcnet/hosts, $ANSIBLE_INVENTORY, /etc/ansible/hosts',
    }),
    parallel: Flags.integer({
      helpGroup: hostGroup,
      helpValue: 'N',
      min: 1,
      max: 500,
      default: 20,
      description: 'hosts worked on at once',
    }),
    transport: Flags.option({ options: transports, helpGroup: hostGroup })({
      default: 'auto',
      description: "ssh2 is lxcnet's own SSH, openssh the system's ssh; auto takes that where a login needs it",
    }),
    'host-key': Flags.option({ options: ['strict', 'accept-new'] as const, helpGroup: hostGroup })({
      default: 'strict',
      description: 'refuse a host key that known_hosts lacks, or add it there; a changed one is always refused',
    }),
    'connect-timeout': Flags.integer({
      helpGroup: hostGroup,
      helpValue: 'SECONDS',
      min: 1,
      max: 600,
      default: 10,
      description: 'until a host that does not answer is given up',
    }),
    'ask-sudo-password': Flags.boolean({
      char: 'K',
      helpGroup: hostGroup,
      description: 'ask once for the password that sudo wants on the hosts',
    }),
    lxcpath: Flags.string({ char: 'P', helpGroup, helpValue: 'DIR', description: 'where the containers are kept' }),
    'lxc-version': Flags.string({
      helpGroup,
      helpValue: 'V',
      dependsOn: ['root'],
      description: 'the LXC that will read what lies below --root',
    }),
    'dry-run': Flags.boolean({ helpGroup, description: 'print the plan and stop; exit 2 if it would change anything' }),
    yes: Flags.boolean({ char: 'y', helpGroup, description: 'do not ask' }),
    json: Flags.boolean({ helpGroup, description: 'print one JSON document' }),
    verbose: Flags.boolean({ char: 'v', helpGroup, exclusive: ['quiet'], description: 'with a bug, print its stack' }),
    quiet: Flags.boolean({ char: 'q', helpGroup, description: 'print the result and errors only' }),
    'no-color': Flags.boolean({ helpGroup, description: 'print without colour, as with NO_COLOR' }),
    allow: Flags.string({
      helpGroup,
      helpValue: 'CODE',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: "accept a warning by its code, or an error that rests on the host's state; may be repeated",
    }),
  }

  /** The words of the command line, for the history. */
  protected get words(): string[] {
    return [...(this.id ?? '').split(':'), ...this.argv]
  }

  protected ask: Ask = asker({ yes: false, json: true })
  protected quiet = false

  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse<F, B, A>(options, argv).catch((error: unknown) => {
      throw isUnknownFlag(error) ? this.unknownFlag(error.flags) : error
    })
    await inTurn()
    const flags = parsed.flags as Partial<GlobalFlags>
    this.quiet = flags.quiet === true
    this.ask = asker({ yes: flags.yes === true, json: this.jsonEnabled() })
    return parsed
  }

  /** Opens the places that the flags name, works there, and closes them whatever happens. */
  protected async at<R>(flags: PlaceFlags, work: (places: Places) => Promise<R>): Promise<R> {
    const places = await openPlaces(flags, this.words, (question) => this.ask.secret(question))
    try {
      return await work(places)
    } finally {
      await places.close()
    }
  }

  /**
   * A command that only reads: one host's answer as it is, or those of all hosts under their names.
   *
   * @param exitOf exit code of one host's answer; 0 when left out
   */
  protected inspect<R>(
    flags: PlaceFlags,
    read: (context: Context) => Promise<R>,
    text: (report: R, width: number) => string,
    exitOf: (report: R) => number = () => exit.done,
  ): Promise<R | FleetReport<R>> {
    return this.at(flags, async (places) => {
      if (places.fleet) return this.inspectAll(places, read, text, exitOf)
      const report = await read(places.contexts[0])
      this.show(text(report, columns()))
      process.exitCode = exitOf(report)
      return report
    })
  }

  /** The same of several hosts, each under its name. */
  protected async inspectAll<R>(
    { contexts, parallel }: Places,
    read: (context: Context) => Promise<R>,
    text: (report: R, width: number) => string,
    exitOf: (report: R) => number,
  ): Promise<FleetReport<R>> {
    const all = await readFleet(contexts, parallel, read)
    const width = Math.max(0, columns() - 2)
    const answers = all.hosts.flatMap(({ host, report }) =>
      report === null ? [] : [[host, text(report, width)] as const],
    )
    if (answers.length > 0) this.show(fleetText(new Map(answers), columns()))
    for (const ending of all.hosts)
      if (ending.report === null && !this.jsonEnabled()) process.stderr.write(`${endingLine(ending)}\n`)
    const worst = Math.max(...all.hosts.map(({ report }) => (report === null ? exit.done : exitOf(report))))
    process.exitCode = fleetExit(all) || worst
    return all
  }

  /** Prints a result for people; with --json the document that `run` returns stands alone. */
  protected show(text: string): void {
    if (!this.jsonEnabled()) process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
  }

  // A failure is reported once, by main.
  protected override async catch(error: Error): Promise<never> {
    throw error
  }

  protected override logJson(document: unknown): void {
    process.stdout.write(`${JSON.stringify(document, decodeBytes, 2)}\n`)
  }

  private unknownFlag(flags: string[]): LxcnetError {
    const { flags: own, baseFlags } = this.ctor
    const known = Object.entries({ ...baseFlags, ...own }).flatMap(([name, { aliases = [] }]) => [name, ...aliases])
    const near = flags.flatMap((flag) => closest(flag.replace(/^-+/, ''), known)).map((name) => `--${name}`)
    const suggestions = near.length > 0 ? near : [`${this.config.bin} ${this.id?.replaceAll(':', ' ')} --help`]
    const message = `${flags.join(', ')}: no such flag`
    return new LxcnetError('unknown-flag', message, { exit: exit.usage, suggestions })
  }
}

/** Columns of the terminal; 0 in a pipe. */
export const columns = (): number => (process.stdout.isTTY ? process.stdout.columns || 80 : 0)

/** oclif's NonExistentFlagsError, which it does not export. */
const isUnknownFlag = (error: unknown): error is Error & { flags: string[] } =>
  error instanceof Error && 'flags' in error && Array.isArray(error.flags)
