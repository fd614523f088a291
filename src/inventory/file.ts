/** The file that an inventory lies in: where it is looked for, what is refused, and how it is replaced. */
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { exit, LxcnetError } from '../core/error.ts'
import { type Inventory, inventoryOf } from './inventory.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** File names are bytes. */
const path = (file: string): Buffer => Buffer.from(file, 'latin1')
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

/**
 * The inventory that holds: the one that was named, by -i or $LXCNET_INVENTORY, else the first of the usual ones that is
 * there: lxcnet's own, then Ansible's.
 *
 * @throws {LxcnetError} `no-inventory` when the one that was named is missing
 */
export function findInventory(given: string | undefined, env: Environment): string | undefined {
  const named = given ?? (env['LXCNET_INVENTORY'] ? bytes(env['LXCNET_INVENTORY']) : undefined)
  if (named !== undefined) {
    if (existsSync(path(named))) return named
    const by = given === undefined ? '$LXCNET_INVENTORY' : '--inventory'
    throw new LxcnetError('no-inventory', `${by}: there is no file ${named}`, {
      exit: exit.usage,
      suggestions: [`lxcnet host add NAME --address ADDRESS -i ${named}`],
    })
  }
  const usual = [ownInventory(env), '/etc/lxcnet/hosts', bytes(env['ANSIBLE_INVENTORY'] ?? ''), '/etc/ansible/hosts']
  return usual.find((file) => file !== undefined && file !== '' && existsSync(path(file)))
}

/**
 * The file that `host add` and `host remove` edit: the inventory that holds, or the one that was named and is yet to be
 * made, or a new one of the user's own.
 *
 * @throws {LxcnetError} `no-inventory` when there is no home to put one into
 */
export function inventoryToEdit(given: string | undefined, env: Environment): string {
  const named = given ?? (env['LXCNET_INVENTORY'] ? bytes(env['LXCNET_INVENTORY']) : undefined)
  const file = named ?? findInventory(undefined, env) ?? ownInventory(env)
  if (file !== undefined) return file
  throw new LxcnetError('no-inventory', 'there is no inventory, and no $HOME to make one in', {
    exit: exit.usage,
    suggestions: ['-i FILE'],
  })
}

/** $XDG_CONFIG_HOME/lxcnet/hosts, where `host add` puts the first host; undefined without a home. */
function ownInventory(env: Environment): string | undefined {
  const config = env['XDG_CONFIG_HOME'] || (env['HOME'] ? join(env['HOME'], '.config') : undefined)
  return config === undefined ? undefined : bytes(join(config, 'lxcnet/hosts'))
}

/** @throws {LxcnetError} `bad-inventory`, `unreadable` */
export function readInventory(file: string): Inventory {
  return inventoryOf(readText(file), file)
}

/** @throws {LxcnetError} `bad-inventory` when it is not an INI file, `unreadable` */
export function readText(file: string): string {
  let text: string
  let stat: Stats
  try {
    stat = statSync(path(file))
    text = stat.isDirectory() ? '' : readFileSync(path(file), 'latin1')
  } catch (cause) {
    throw new LxcnetError('unreadable', `the inventory ${file} cannot be read`, { exit: exit.noRights, cause })
  }
  if (stat.isDirectory())
    throw foreign(file, 'is a directory: lxcnet reads one INI file', [`-i ${join(file, 'FILE')} for one file of it`])
  if (text.startsWith('#!') && isExecutable(file))
    throw foreign(file, 'is a program, and lxcnet runs none to learn its hosts', wayOut(file))
  const start = /^(?:[ \t]*(?:#.*)?\r?\n)*/.exec(text)?.[0].length ?? 0
  if (/\.(ya?ml|json|toml)$/.test(file) || /^(---|\{|[\w.-]+:[ \t]*\r?$)/m.exec(text.slice(start))?.index === 0)
    throw foreign(file, 'is YAML, JSON or TOML, and lxcnet reads INI', wayOut(file))
  return text
}

/** @returns undefined when there is no such file */
export const textToEdit = (file: string): string | undefined => (existsSync(path(file)) ? readText(file) : undefined)

/** What Ansible reads beside an inventory and lxcnet does not. */
export function unreadBeside(file: string): string[] {
  return ['group_vars', 'host_vars']
    .map((name) => join(dirname(file), name))
    .filter((folder) => existsSync(path(folder)))
}

const foreign = (file: string, reason: string, suggestions: string[]): LxcnetError =>
  new LxcnetError('bad-inventory', `the inventory ${file} ${reason}`, { suggestions })

const wayOut = (file: string): string[] => [
  `ansible-inventory -i ${file} --list shows its hosts`,
  'lxcnet host add NAME --address ADDRESS -i OTHER-FILE, for each; -i OTHER-FILE, or $LXCNET_INVENTORY, from then on',
]

function isExecutable(file: string): boolean {
  try {
    accessSync(path(file), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Puts a text in the place of another: the old or the new one is there at every instant, with the mode and owner of the
 * old one. Of a symbolic link, what it points to.
 *
 * @param before what was read; undefined when there was no file
 * @throws {LxcnetError} `stale` when the file holds something else by now, `unwritable`
 */
export function replaceText(file: string, before: string | undefined, after: string): void {
  try {
    if (before === undefined) mkdirSync(path(dirname(file)), { recursive: true, mode: 0o700 })
    const target = before === undefined ? file : realpathSync(path(file), 'buffer').toString('latin1')
    const old = statSync(path(target), { throwIfNoEntry: false })
    if ((old === undefined ? undefined : readFileSync(path(target), 'latin1')) !== before) {
      throw new LxcnetError('stale', `${file} has changed meanwhile; it was left alone`, {
        exit: exit.failed,
        suggestions: ['run the command again'],
      })
    }
    writeBeside(target, after, old)
  } catch (cause) {
    if (cause instanceof LxcnetError) throw cause
    const message = `${file} cannot be written: ${(cause as Error).message}`
    throw new LxcnetError('unwritable', message, {
      exit: exit.noRights,
      suggestions: ['-i FILE for another inventory'],
    })
  }
}

function writeBeside(target: string, text: string, old: Stats | undefined): void {
  const fresh = join(dirname(target), `.lxcnet-hosts-${process.pid}`)
  const file = openSync(path(fresh), 'wx', 0o600)
  try {
    writeFileSync(file, text, 'latin1')
    // it may hold passwords for sudo
    fchmodSync(file, old === undefined ? 0o600 : old.mode & 0o7777)
    fsyncSync(file)
    if (old !== undefined && (old.uid !== process.getuid?.() || old.gid !== process.getgid?.()))
      chownSync(path(fresh), old.uid, old.gid)
    renameSync(path(fresh), path(target))
  } catch (error) {
    rmSync(path(fresh), { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  const directory = openSync(path(dirname(target)), 'r')
  fsyncSync(directory)
  closeSync(directory)
}
