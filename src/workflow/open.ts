/** From the global flags to the place where a command works. */
import { existsSync, realpathSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { exit, LxcnetError } from '../core/error.ts'
import { quoteAll } from '../core/shell.ts'
import { LocalHost } from '../host/local.ts'
import type { Context } from './context.ts'

export interface PlaceFlags {
  root?: string | undefined
  lxcpath?: string | undefined
  'lxc-version'?: string | undefined
}

export function openContext(flags: PlaceFlags, argv: readonly string[]): Context {
  const { uid, username } = userInfo()
  const home = bytes(homedir())
  const root = flags.root === undefined ? '' : treeOf(flags.root)
  const plain = uid !== 0 && root === ''
  const version = flags['lxc-version']
  if (version !== undefined && !/^\d+\.\d+(\.\d+)?$/.test(version)) {
    throw new LxcnetError('usage', `--lxc-version: "${version}" is not a release of LXC`, {
      exit: exit.usage,
      suggestions: ['for instance --lxc-version 5.0.2'],
    })
  }
  const lxcpath = flags.lxcpath === undefined ? '' : `/${flags.lxcpath.replace(/^\/+/, '')}`
  if (flags.lxcpath !== undefined && !flags.lxcpath.startsWith('/')) {
    throw new LxcnetError('usage', `--lxcpath: "${flags.lxcpath}" is not an absolute path`, {
      exit: exit.usage,
      suggestions: [`--lxcpath ${resolve(flags.lxcpath)}`],
    })
  }
  return {
    host: new LocalHost(),
    scope: { root, live: root === '', state: plain ? join(home, '.local/state/lxcnet') : '/var/lib/lxcnet' },
    lxcpath,
    fallback: plain ? join(home, '.local/share/lxc') : '/var/lib/lxc',
    lxcVersion: version,
    unprivileged: plain,
    user: bytes(process.env['SUDO_USER'] ?? username),
    command: `lxcnet ${quoteAll(argv)}`,
    now: () => new Date(),
    random: (below) => process.getBuiltinModule('node:crypto').randomInt(below), // 4 ms, which most commands need not pay
  }
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1')

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
