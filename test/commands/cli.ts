/** The built command line on a directory tree of its own. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const project = resolve(import.meta.dirname, '../..')

export interface Ran {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs lxcnet as a user does, in a pipe. */
export function lxcnet(args: readonly string[], env: Record<string, string> = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'bin/run.js'), ...args], {
    encoding: 'utf8',
    input: '',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

/** A tree with containers in var/lib/lxc. */
export class Tree {
  readonly root = mkdtempSync(join(tmpdir(), 'lxcnet-tree-'))

  constructor(containers: Record<string, string> = {}) {
    mkdirSync(join(this.root, 'var/lib/lxc'), { recursive: true })
    for (const [name, text] of Object.entries(containers)) this.write(`/var/lib/lxc/${name}/config`, text)
  }

  run(...args: string[]): Ran {
    const end = args.indexOf('--')
    return lxcnet(
      end === -1 ? [...args, '--root', this.root] : [...args.slice(0, end), '--root', this.root, ...args.slice(end)],
    )
  }

  json<T = Record<string, unknown>>(...args: string[]): T {
    return JSON.parse(this.run(...args, '--json').stdout) as T
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'latin1')
  }

  config(name: string): string {
    return this.read(`/var/lib/lxc/${name}/config`)
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text, 'latin1')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export const vethConfig =
  'lxc.uts.name = web01\n\n# network\nlxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\nlxc.net.0.hwaddr = 00:16:3e:00:53:01\n'
