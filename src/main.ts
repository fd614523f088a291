/**
 * From the words of a command line to a command, and from what it throws to an exit code.
 *
 * oclif parses, describes and runs; finding the command, "did you mean" and the report of a failure are done here, so
 * that oclif needs no plugin, no hook and no file of its own at start-up: package.json and the manifest are passed in.
 */
import { type Command, Config, type Interfaces } from '@oclif/core'
import pjson from '../package.json' with { type: 'json' }
import { asLxcnetError, errorDocument, errorText, interrupted } from './cli/failure.ts'
import { decodeBytes } from './cli/json.ts'
import { closest } from './core/closest.ts'
import { exit, LxcnetError } from './core/error.ts'
import { inTurn } from './core/turn.ts'

/** What oclif tells about every command, by id (`nat:list`), made at build time. */
export type Manifest = Record<string, Command.Cached>

/** What it takes to find a command: a tenth of a manifest. */
type Names = Record<string, Pick<Command.Cached, 'id' | 'aliases' | 'hidden'>>

export const namesOf = (manifest: Manifest): Names =>
  Object.fromEntries(Object.entries(manifest).map(([key, { id, aliases, hidden }]) => [key, { id, aliases, hidden }]))

/** Commands whose -H, when they know it, is not simply a host to log in to. */
const notThere = ['apply', 'destroy', 'diff', 'help', 'host', 'plan', 'validate']

/** esbuild turns the pattern into a table of the files it fits: a new file is a new command, loaded when it is run. */
const load = async (id: string): Promise<Command.Class> =>
  (await import(`./commands/${id.replaceAll(':', '/')}.ts`)).default

/**
 * @param words as Node.js decoded them; inside, every text is bytes as latin1, since file names and configs are bytes
 * @param manifest all that is known of the commands, for the help
 */
export async function main(words: string[], names: Names, manifest: () => Manifest): Promise<void> {
  const argv = words.map((word) => Buffer.from(word).toString('latin1'))
  if (beforeDashes(argv).includes('--no-color')) process.env['NO_COLOR'] = '1'
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  process.on('SIGINT', () => {
    // Whoever has more to lose than time, such as a transaction, listens as well and ends the run itself.
    if (process.listenerCount('SIGINT') === 1) process.exit(report(interrupted(), argv))
  })
  const host = onlyHost(beforeDashes(argv))
  const login = host === undefined ? undefined : await import('./workflow/open.ts')
  if (host !== undefined) await login?.beginLogin(host)
  try {
    await dispatch(argv, names, manifest)
  } catch (error) {
    process.exitCode = report(error, argv)
  }
  await login?.dropLogin()
}

async function dispatch(argv: string[], names: Names, manifest: () => Manifest): Promise<void> {
  if (argv[0] === '--version') return print(`${pjson.oclif.bin} ${pjson.version}\n`)
  const before = beforeDashes(argv)
  if (argv[0] === 'help') return help(argv.slice(1), await configure(manifest()))
  if (argv.length === 0 || before.includes('--help') || before.includes('-h'))
    return help(argv, await configure(manifest()))

  const words = leadingWords(argv)
  for (let count = words.length; count > 0; count--) {
    const typed = words.slice(0, count).join(':')
    const known = Object.values(names).find(({ id, aliases }) => id === typed || aliases.includes(typed))
    if (known) {
      const config = await configure({ [known.id]: known })
      await inTurn()
      const command = await load(known.id)
      await inTurn()
      command.id = known.id // oclif sets it where its own plugins load a command
      return void (await command.run(argv.slice(count), config))
    }
  }
  const config = await configure(names)
  if (config.findTopic(words.join(':'))) return help(words, await configure(manifest()))
  throw unknownCommand(words, config)
}

async function help(argv: string[], config: Config): Promise<void> {
  const words = leadingWords(argv)
  const found = words.length === 0 || config.findCommand(words[0] ?? '') || config.findTopic(words[0] ?? '')
  if (!found) throw unknownCommand(words, config)
  const { helpText } = await import('./cli/help.ts')
  print(
    await helpText(
      argv.filter((word) => word !== '--help' && word !== '-h'),
      config,
    ),
  )
}

function unknownCommand(words: string[], config: Config): LxcnetError {
  const typed = words.join(' ')
  if (typed === '')
    return new LxcnetError('usage', 'a command comes first', { exit: exit.usage, suggestions: ['lxcnet help'] })
  const known = config.commands.filter(({ hidden }) => !hidden).map(({ id }) => id.replaceAll(':', ' '))
  const near = closest(typed, known).concat(closest(words[0] ?? '', known))
  const suggestions = [...new Set(near), 'help'].map((words) => `${config.bin} ${words}`)
  return new LxcnetError('unknown-command', `${typed}: no such command`, { exit: exit.usage, suggestions })
}

function leadingWords(argv: string[]): string[] {
  const flag = argv.findIndex((word) => word.startsWith('-'))
  return flag < 0 ? argv : argv.slice(0, flag)
}

/** The host of -H, when one is named, and nothing is said of how to log in. */
function onlyHost(argv: string[]): string | undefined {
  if (notThere.includes(argv[0] ?? '')) return undefined
  const at = argv.findIndex((word) => word === '-H' || word === '--host')
  const word = argv[at + 1]
  const others = argv.filter((one) =>
    /^(-[HgfihK]|--(host|group|file|inventory|limit|root|transport|connect-timeout|ask-sudo-password|help)\b)/.test(
      one,
    ),
  )
  return at === -1 || others.length > 1 || word === undefined || !/^[\w@:.-]+$/.test(word) ? undefined : word
}

/** Behind `--` stand words that are not lxcnet's. */
function beforeDashes(argv: string[]): string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

/** An oclif configuration whose one plugin is lxcnet itself, described by the manifest instead of looked up on disk. */
export async function configure(known: Manifest | Names): Promise<Config> {
  const commands = Object.values(known).map((cached) => ({ ...cached, load: () => load(cached.id) }))
  const { name, version } = pjson
  const root = import.meta.dirname
  const topics = Object.entries(pjson.oclif.topics as Record<string, { description: string }>).map(([topic, text]) => ({
    ...text,
    name: topic,
  }))
  const plugin = { name, version, root, pjson, commands, topics, hooks: {}, type: 'core', isRoot: true, valid: true }
  const plugins = new Map([[name, plugin as unknown as Interfaces.Plugin]])
  const config = new PlainConfig({ root, pjson: pjson as unknown as Interfaces.PJSON, plugins })
  await config.load()
  return config
}

class PlainConfig extends Config {
  /** oclif looks for a file of colours, which takes 2 ms: lxcnet has none. */
  override async loadTheme(): Promise<undefined> {}
}

/** @returns the exit code */
function report(thrown: unknown, argv: string[]): number {
  const error = asLxcnetError(thrown)
  const flags = beforeDashes(argv)
  const verbose = flags.includes('-v') || flags.includes('--verbose') || process.env['DEBUG'] !== undefined
  if (flags.includes('--json')) print(`${JSON.stringify(errorDocument(error), decodeBytes, 2)}\n`)
  else process.stderr.write(errorText(error, verbose))
  return error.exit
}

function print(text: string): void {
  process.stdout.write(text)
}

/** The reader left early, as `head` does: what is written after that has no reader, and nothing is wrong. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
