/** From the global flags to the places where a command works: this host, a tree, or hosts over SSH. */
import { existsSync, realpathSync } from 'node:fs'
import { homedir, hostname, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { exit, LxcnetError } from '../core/error.ts'
import { quoteAll } from '../core/shell.ts'
import type { Target, Transport } from '../core/target.ts'
import { inTurn } from '../core/turn.ts'
import { LocalHost } from '../host/local.ts'
import type { Secrets, Ssh, SshOptions } from '../ssh/index.ts'
import { newId } from '../transaction/id.ts'
import type { Context } from './context.ts'
import type { Selection } from './site-hosts.ts'

export interface PlaceFlags extends Selection {
  root?: string | undefined
  lxcpath?: string | undefined
  'lxc-version'?: string | undefined
  /** A site file, whose hosts are meant. */
  file?: string | undefined
  transport: Transport
  'host-key': SshOptions['hostKey']
  'connect-timeout': number
  'ask-sudo-password': boolean
  parallel: number
}

export interface Places {
  /** One for each host, in the inventory's order. */
  contexts: readonly [Context, ...Context[]]
  /** More than one host was meant, even if it was one in the end: the answer is a fleet's. */
  fleet: boolean
  parallel: number
  close(): Promise<void>
}

/** @param ask answers undefined when nobody is there */
export async function openPlaces(
  flags: PlaceFlags,
  argv: readonly string[],
  ask: (question: string) => Promise<string | undefined>,
): Promise<Places> {
  const { file: siteFile } = flags
  if ([flags.host, flags.group, flags.limit, siteFile].every((one) => one === undefined)) {
    const context = openHere(flags, argv)
    return { contexts: [context], fleet: false, parallel: 1, close: async () => {} }
  }
  if (siteFile !== undefined) {
    const [{ readSite }, { siteTargets }] = await Promise.all([import('./site-file.ts'), import('./site-hosts.ts')])
    return openTargets(flags, await siteTargets(readSite(siteFile), flags), argv, ask, true)
  }
  const { chooseTargets, findInventory, readInventory } = await import('../inventory/index.ts')
  const file = findInventory(flags.inventory, process.env)
  const wanted = { hosts: flags.host ?? [], groups: flags.group ?? [], limit: flags.limit }
  if (wanted.hosts.length + wanted.groups.length === 0) wanted.groups = ['all']
  const targets = chooseTargets(file === undefined ? undefined : readInventory(file), wanted)
  return openTargets(
    flags,
    targets,
    argv,
    ask,
    wanted.groups.length > 0 || (flags.host ?? []).join().match(/[*?,[]/) !== null,
  )
}

/** A login that was begun before the command line was understood. */
interface Begun {
  ssh: Ssh
  target: Target
  /** Who answers questions from now on. */
  tell(secrets: Secrets): void
}

let begun: Begun | undefined

/**
 * Begins the login at the one host that -H names, with all else as it is by default, while the command line is still
 * being read. It is taken by whoever asks for this host in the same way; what is wrong with it is said then.
 */
export async function beginLogin(word: string): Promise<void> {
  try {
    const { chooseTargets, findInventory, readInventory } = await import('../inventory/index.ts')
    const file = findInventory(undefined, process.env)
    const inventory = file === undefined ? undefined : readInventory(file)
    const [target, ...others] = chooseTargets(inventory, { hosts: [word], groups: [], limit: undefined })
    if (target === undefined || others.length > 0 || isHere(target)) return
    ;(await import('../ssh/ssh-settings.ts')).foresee(target)
    const { promise, resolve: tell } = Promise.withResolvers<Secrets>()
    const { Ssh } = await import('../ssh/index.ts')
    const ssh = new Ssh({
      ...{ transport: 'auto', hostKey: 'strict', connectTimeoutMs: 10_000 },
      secrets: {
        passphrase: async (keyFile) => (await promise).passphrase(keyFile),
        sudoPassword: async (host, user) => (await promise).sudoPassword(host, user),
      },
    })
    await ssh.prepare(target)
    begun = { ssh, target, tell }
    for (let turn = 0; turn < 5; turn++) await inTurn() // ssh answers, its output ends, it ends itself
  } catch {
    // said when it is asked for
  }
}

/** Drops the login that was begun, when nobody asked for it. */
export async function dropLogin(): Promise<void> {
  const ssh = begun?.ssh
  begun = undefined
  await ssh?.close()
}

/** The login that was begun, if it is at this one host; whoever asks has no wishes of their own, see main.ts. */
function takeBegun([target, ...others]: readonly Target[]): Begun | undefined {
  if (begun === undefined || others.length > 0 || !isDeepStrictEqual(begun.target, target)) return undefined
  const taken = begun
  begun = undefined
  return taken
}

/** The hosts that the inventory knows how to log in to. */
export async function inventoryNames({ inventory }: Pick<PlaceFlags, 'inventory'>): Promise<ReadonlySet<string>> {
  const { findInventory, readInventory } = await import('../inventory/index.ts')
  const file = findInventory(inventory, process.env)
  return new Set(file === undefined ? [] : readInventory(file).hosts.keys())
}

/** @param fleet the answer is a fleet's even for one host */
export async function openTargets(
  flags: PlaceFlags,
  targets: readonly Target[],
  argv: readonly string[],
  ask: (question: string) => Promise<string | undefined>,
  fleet: boolean,
): Promise<Places> {
  const tree = flags.root !== undefined
  if (tree && !targets.every(isHere))
    throw usage(
      '--root is a tree on this machine, and does not go with other hosts',
      'leave --root out, or -H, -g, -f, --limit',
    )
  const { Ssh } = await import('../ssh/index.ts')
  const secrets = await secretsOf(flags, ask)
  const early = takeBegun(targets)
  early?.tell(secrets)
  const ssh =
    early?.ssh ??
    new Ssh({
      transport: flags.transport,
      hostKey: flags['host-key'],
      connectTimeoutMs: flags['connect-timeout'] * 1000,
      secrets,
    })
  const many = fleet || targets.length > 1
  const changeId = newId(new Date())
  const shared = {
    lxcVersion: undefined,
    owner: { uid: 0, gid: 0 },
    unprivileged: false,
    user: `${bytes(userInfo().username)}@${bytes(hostname())}`,
    command: `lxcnet ${quoteAll(argv)}`,
    ...(many ? { changeId } : {}),
    now: () => new Date(),
    random: randomInt,
  }
  const chosen = selectionOf(flags)
  const contexts = targets.map((target): Context => {
    if (isHere(target)) {
      const here = openHere(flags, argv)
      const lxcpath = flags.lxcpath === undefined && target.lxcpath !== undefined ? { lxcpath: target.lxcpath } : {}
      return { ...here, ...lxcpath, ...(many ? { changeId } : {}), place: chosen }
    }
    return {
      ...shared,
      host: ssh.host(target),
      target,
      scope: { root: '', live: true, state: '/var/lib/lxcnet' },
      lxcpath: flags.lxcpath === undefined ? (target.lxcpath ?? '') : lxcpathOf(flags.lxcpath),
      fallback: '/var/lib/lxc',
      place: chosen,
    }
  })
  const [first, ...rest] = contexts
  if (first === undefined) throw usage('no host is left', 'say fewer limits; `lxcnet host list` shows the inventory')
  return { contexts: [first, ...rest], fleet: many, parallel: flags.parallel, close: () => ssh.close() }
}

/** `localhost`, with nothing said of how to log in, is this machine. */
const isHere = ({ name, address, port, user, jump }: Target): boolean =>
  name === 'localhost' && [address, port, user, jump].every((one) => one === undefined)

/** The words that chose the hosts. */
function selectionOf(flags: PlaceFlags): string[] {
  return [
    ...(flags.file === undefined ? [] : ['-f', flags.file]),
    ...(flags.inventory === undefined ? [] : ['-i', flags.inventory]),
    ...(flags.host === undefined ? [] : ['-H', flags.host.join(',')]),
    ...(flags.group === undefined ? [] : ['-g', flags.group.join(',')]),
    ...(flags.limit === undefined ? [] : ['--limit', flags.limit]),
    ...(flags.root === undefined ? [] : ['--root', flags.root]),
    ...(flags.lxcpath === undefined ? [] : ['-P', flags.lxcpath]),
  ]
}

async function secretsOf(flags: PlaceFlags, ask: (question: string) => Promise<string | undefined>): Promise<Secrets> {
  const secret = async (question: string): Promise<string | undefined> => {
    const answer = await ask(question)
    return answer === undefined ? undefined : bytes(answer)
  }
  const password = flags['ask-sudo-password'] ? await secret('Password for sudo on the hosts:') : undefined
  if (flags['ask-sudo-password'] && password === undefined) {
    throw new LxcnetError('missing-answer', '--ask-sudo-password: nobody is here to answer', {
      exit: exit.usage,
      suggestions: ['run it on a terminal', 'allow sudo without a password (NOPASSWD) for this user on the hosts'],
    })
  }
  return {
    passphrase: (keyFile) => secret(`Passphrase of ${keyFile}:`),
    sudoPassword: async () => password,
  }
}

function openHere(flags: PlaceFlags, argv: readonly string[]): Context {
  const { uid, gid, username } = userInfo()
  const home = bytes(homedir())
  const root = flags.root === undefined ? '' : treeOf(flags.root)
  const plain = uid !== 0 && root === ''
  const version = flags['lxc-version']
  if (version !== undefined && !/^\d+\.\d+(\.\d+)?$/.test(version))
    throw usage(`--lxc-version: "${version}" is not a release of LXC`, 'for instance --lxc-version 5.0.2')
  const lxcpath = flags.lxcpath === undefined ? '' : lxcpathOf(flags.lxcpath)
  return {
    host: new LocalHost(),
    scope: { root, live: root === '', state: plain ? join(home, '.local/state/lxcnet') : '/var/lib/lxcnet' },
    lxcpath,
    fallback: plain ? join(home, '.local/share/lxc') : '/var/lib/lxc',
    lxcVersion: version,
    owner: { uid, gid },
    unprivileged: plain,
    user: bytes(process.env['SUDO_USER'] ?? username),
    command: `lxcnet ${quoteAll(argv)}`,
    place: [...(root === '' ? [] : ['--root', root]), ...(lxcpath === '' ? [] : ['-P', lxcpath])],
    now: () => new Date(),
    random: randomInt,
  }
}

/** Loaded with the first use: it takes 4 ms, which most commands need not pay. */
const randomInt = (below: number): number => process.getBuiltinModule('node:crypto').randomInt(below)

const bytes = (text: string): string => Buffer.from(text).toString('latin1')

const usage = (message: string, way: string): LxcnetError =>
  new LxcnetError('usage', message, { exit: exit.usage, suggestions: [way] })

function lxcpathOf(given: string): string {
  if (given.startsWith('/')) return `/${given.replace(/^\/+/, '')}`
  throw usage(`--lxcpath: "${given}" is not an absolute path`, `--lxcpath ${resolve(given)}`)
}

/** The tree's own path; "/" means this host, its files alone. */
function treeOf(given: string): string {
  if (given === '' || !existsSync(Buffer.from(given, 'latin1'))) {
    throw new LxcnetError('no-root', `--root: there is no directory ${JSON.stringify(given)}`, {
      exit: exit.usage,
      suggestions: ['give a directory with var/lib/lxc below it'],
    })
  }
  const tree = realpathSync(Buffer.from(given, 'latin1'), 'buffer').toString('latin1')
  if (/[\n\0]/.test(tree))
    throw new LxcnetError('no-root', '--root: a path with a line break is not supported', {
      exit: exit.usage,
      suggestions: ['rename the directory'],
    })
  return tree === '/' ? '/.' : tree
}
