/** Which hosts a command line means: -H, -g and --limit against the inventory; what it does not know is a name for ssh. */
import { isIPv6 } from 'node:net'
import { closest } from '../core/closest.ts'
import { exit, LxcnetError } from '../core/error.ts'
import { globPattern, isGlob } from '../core/glob.ts'
import type { Target } from '../core/target.ts'
import type { Inventory, InventoryHost } from './inventory.ts'
import { checkName, checkWord, expandHosts } from './names.ts'

export interface Wanted {
  /** Words of -H, commas among them or not: names, shell patterns, `[user@]host[:port]`. */
  hosts: readonly string[]
  groups: readonly string[]
  /** Names, shell patterns and groups, `!` before those to leave out, separated by commas. */
  limit: string | undefined
}

/**
 * @returns each host once: those of the inventory in its order, then the others as they were typed
 * @throws {LxcnetError} `no-host`, `no-group`, `bad-target`, `no-inventory`; `bad-inventory` of a host that is meant
 */
export function chooseTargets(inventory: Inventory | undefined, wanted: Wanted): Target[] {
  const typed = new Map<string, Typed>()
  return choose(inventory, wanted, typed).map((name): Target => {
    const { user, port } = typed.get(name) ?? {}
    const target = inventory?.hosts.get(name)?.target ?? { name }
    return { ...target, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) }
  })
}

/**
 * The hosts of the inventory that are meant; all when none is named.
 *
 * @throws {LxcnetError} as chooseTargets, and `no-host` for a name that the inventory does not have
 */
export function chooseHosts(inventory: Inventory, wanted: Wanted): InventoryHost[] {
  const groups = wanted.hosts.length + wanted.groups.length === 0 ? ['all'] : wanted.groups
  if (inventory.hosts.size === 0 && wanted.hosts.length === 0) return []
  return choose(inventory, { ...wanted, groups }, new Map()).map((name) => {
    const host = inventory.hosts.get(name)
    if (host !== undefined) return host
    throw noHost(`${inventory.file} has no host ${name}`, near(name, [...inventory.hosts.keys()]))
  })
}

/** @param typed gets what was typed beside a name */
function choose(inventory: Inventory | undefined, wanted: Wanted, typed: Map<string, Typed>): string[] {
  const chosen = new Set<string>(wanted.groups.flatMap(split).flatMap((group) => hostsOfGroup(inventory, group)))
  for (const word of wanted.hosts.flatMap(split).flatMap(spread)) {
    const names = isPattern(word) ? hostsLike(inventory, word) : [collect(typed, word)]
    for (const name of names) chosen.add(name)
  }
  const known = [...(inventory?.hosts.keys() ?? [])].filter((name) => chosen.has(name))
  const other = [...chosen].filter((name) => inventory?.hosts.has(name) !== true)
  return limited(inventory, [...known, ...other], wanted.limit)
}

// not trim(): in UTF-8 a byte of some letters is the no-break space of latin1
const split = (words: string): string[] =>
  words
    .split(/[ \t]*,[ \t]*/)
    .map((word) => word.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter(Boolean)

/** `web[01:20]` as an inventory has it; to a shell pattern the brackets would be a set of letters. */
function spread(word: string): string[] {
  if (!/\[\w*:\w+(:\d+)?\]/.test(word) || isAddress(word)) return [word]
  try {
    const { names, port } = expandHosts(word)
    return names.map((name) => (port === undefined ? name : `${name}:${port}`))
  } catch (error) {
    throw badTarget(word, (error as Error).message)
  }
}

const isPattern = (word: string): boolean => isGlob(word) && !isAddress(word)

/** `[2001:db8::5]:22`, with a user or without. */
function isAddress(word: string): boolean {
  const [, address] = /^(?:[^@]*@)?\[([^\]]*)\](?::\d*)?$/.exec(word) ?? []
  return address !== undefined && isIPv6(address)
}

interface Typed {
  name: string
  user: string | undefined
  port: number | undefined
}

/** Notes what was typed beside the name; the same name cannot be two hosts. */
function collect(typed: Map<string, Typed>, word: string): string {
  const one = parseTyped(word)
  const before = typed.get(one.name)
  if (before !== undefined && (before.user !== one.user || before.port !== one.port)) {
    throw new LxcnetError('bad-target', `-H ${word}: ${one.name} was named before, with another user or port`, {
      exit: exit.usage,
      suggestions: ['give each a name of its own: lxcnet host add NAME --address ADDRESS --port PORT'],
    })
  }
  typed.set(one.name, one)
  return one.name
}

function parseTyped(word: string): Typed {
  const at = word.lastIndexOf('@')
  const user = at === -1 ? undefined : word.slice(0, at)
  const place = word.slice(at + 1)
  // the colons first: the pattern behind isIPv6 takes a millisecond to compile
  const [, bracketed, plain, digits] =
    /:.*:/.test(place) && isIPv6(place) ? ['', place] : (/^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(place) ?? [])
  const name = bracketed ?? plain
  if (name === undefined) throw badTarget(word, 'an IPv6 address with a port stands in brackets')
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65535)) throw badTarget(word, 'a port is a number from 1 to 65535')
  try {
    checkName(name)
    if (user !== undefined) checkWord(user)
  } catch (error) {
    throw badTarget(word, (error as Error).message)
  }
  return { name, user, port }
}

const badTarget = (word: string, reason: string): LxcnetError =>
  new LxcnetError('bad-target', `-H ${word}: ${reason}`, {
    exit: exit.usage,
    suggestions: ['[USER@]HOST[:PORT], for instance root@192.0.2.7:2222 or [2001:db8::7]:2222'],
  })

/** @throws {LxcnetError} `no-group`, `no-inventory` */
function hostsOfGroup(inventory: Inventory | undefined, group: string): readonly string[] {
  if (inventory === undefined) throw noInventory(`-g ${group}`)
  const names = inventory.groups.get(group)
  if (names === undefined || names.length === 0) {
    const groups = [...inventory.groups].filter(([, its]) => its.length > 0).map(([name]) => name)
    const empty = names === undefined ? `has no group "${group}"` : `has no host in "${group}"`
    throw new LxcnetError('no-group', `${inventory.file} ${empty}`, {
      exit: exit.usage,
      suggestions: groups.length === 0 ? ['lxcnet host add NAME'] : [`-g ${near(group, groups).join(', -g ')}`],
    })
  }
  return names
}

/** @throws {LxcnetError} `no-host`, `no-inventory` */
function hostsLike(inventory: Inventory | undefined, pattern: string): string[] {
  if (inventory === undefined) throw noInventory(`-H ${pattern}`)
  const expression = globPattern(pattern)
  const names = [...inventory.hosts.keys()]
  const fitting = names.filter((name) => expression.test(name))
  if (fitting.length === 0) throw noHost(`${inventory.file} has no host like "${pattern}"`, near(pattern, names))
  return fitting
}

const noHost = (message: string, names: readonly string[]): LxcnetError =>
  new LxcnetError('no-host', message, {
    exit: exit.usage,
    suggestions: [...(names.length === 0 ? [] : [`there are ${names.join(', ')}`]), 'lxcnet host list'],
  })

const noInventory = (words: string): LxcnetError =>
  new LxcnetError('no-inventory', `${words}: there is no inventory to find that in`, {
    exit: exit.usage,
    suggestions: ['lxcnet host add NAME --address ADDRESS', 'name the inventory of Ansible: -i FILE'],
  })

/** Up to five names that look or begin alike; the first ones where none does. */
function near(word: string, names: readonly string[]): string[] {
  const letters = word.replace(/[*?[].*$/s, '')
  const alike = names.filter((name) => name.startsWith(letters.slice(0, 3)))
  const found = new Set([...closest(letters, names), ...(letters === '' ? [] : alike)])
  return [...(found.size > 0 ? found : names)].slice(0, 5)
}

/** @throws {LxcnetError} `no-host` */
function limited(inventory: Inventory | undefined, names: readonly string[], limit: string | undefined): string[] {
  if (limit === undefined) return [...names]
  const words = split(limit)
  const hit = (word: string): ((name: string) => boolean) => {
    const group = new Set(inventory?.groups.get(word))
    const expression = globPattern(word)
    return (name) => group.has(name) || expression.test(name)
  }
  const drop = words.filter((word) => word.startsWith('!')).map((word) => hit(word.slice(1)))
  const keep = words.filter((word) => !word.startsWith('!')).map(hit)
  const left = names.filter(
    (name) => (keep.length === 0 || keep.some((test) => test(name))) && !drop.some((test) => test(name)),
  )
  if (left.length === 0) throw noHost(`--limit ${limit} leaves none of ${names.length} hosts`, names.slice(0, 5))
  return left
}
