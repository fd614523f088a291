/** What every command has: the flags of lxcnet(1) that work everywhere, the way to ask, and the way to answer. */
import { Command, Flags, type Interfaces } from '@oclif/core'
import { exit, LxcnetError } from '../core/error.ts'
import { type Ask, asker } from './ask.ts'
import { closest } from './closest.ts'
import { decodeBytes } from './json.ts'

const helpGroup = 'GLOBAL'

export type GlobalFlags = Interfaces.InferredFlags<typeof LxcnetCommand.baseFlags>

export abstract class LxcnetCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    root: Flags.string({ helpGroup, helpValue: 'DIR', description: 'work on a directory tree, not on a live host' }),
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
    const flags = parsed.flags as Partial<GlobalFlags>
    this.quiet = flags.quiet === true
    this.ask = asker({ yes: flags.yes === true, json: this.jsonEnabled() })
    return parsed
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
