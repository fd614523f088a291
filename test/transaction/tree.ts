/** A throwaway tree that stands for a host, a plan for it, and ways to look at every byte of it afterwards. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Probe } from '../../src/core/probe.ts'
import { LocalHost } from '../../src/host/local.ts'
import { type Scope, type Snapshot, takeSnapshot } from '../../src/host/snapshot.ts'
import type { Change, FileChange, RunChange } from '../../src/plan/plan.ts'
import { newId } from '../../src/transaction/id.ts'
import { carryOut, type Outcome, type Transaction } from '../../src/transaction/transaction.ts'

export const shells: readonly { name: string; argv: [string, ...string[]] }[] = [
  { name: 'dash', argv: ['dash', '-s'] },
  { name: 'busybox ash', argv: ['busybox', 'ash', '-s'] },
]

/** What a reading of all containers asks, written out so that these tests depend on the engine alone. */
const includes = '/etc/lxc/default.conf /usr/share/lxc/config /usr/share/lxc/config/common.conf.d'
export const probes: Probe[] = [
  {
    fragment: 'nic.sh',
    setup: ["nic_lxcpath '' /var/lib/lxc"],
    frames: ['nic_links', `lx_links ${includes}`],
    live: [],
    paths: ['nic_paths', `lx_path ${includes}`],
  },
]

const left: (() => void)[] = []
process.once('SIGTERM', () => process.exit(143)) // so that a test run that is ended tidies up too
process.on('exit', () => {
  for (const clean of left.splice(0)) clean()
})

/** Runs `clean` when mocha's process ends, unless the function that is given back ran it earlier. */
export function whenDone(clean: () => void): () => void {
  left.push(clean)
  return () => {
    const at = left.indexOf(clean)
    if (at === -1) return
    left.splice(at, 1)
    clean()
  }
}

export class Tree {
  readonly root: string
  readonly scope: Scope
  readonly dispose: () => void

  /** @param base folder to lie in; /dev/shm makes many trees cheap, the default is a real disk */
  constructor(base = tmpdir()) {
    this.root = fs.mkdtempSync(join(base, 'lxcnet-test-'))
    this.scope = { root: this.root, live: true, state: '/var/lib/lxcnet' }
    this.dispose = whenDone(() => fs.rmSync(this.root, { recursive: true, force: true }))
    this.dir('/var/lib/lxc')
    this.dir('/etc/lxc')
  }

  /** @param path bytes as latin1 text, below the root */
  at(path: string): Buffer {
    return Buffer.from(this.root + path, 'latin1')
  }

  dir(path: string): void {
    fs.mkdirSync(this.at(path), { recursive: true })
  }

  write(path: string, text: string, mode = 0o644): void {
    this.dir(path.slice(0, path.lastIndexOf('/')))
    fs.writeFileSync(this.at(path), text, 'latin1')
    fs.chmodSync(this.at(path), mode)
  }

  read(path: string): string {
    return fs.readFileSync(this.at(path), 'latin1')
  }

  has(path: string): boolean {
    return fs.lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined
  }

  stat(path: string): fs.Stats {
    return fs.lstatSync(this.at(path))
  }

  snapshot(host = new LocalHost(['dash', '-s'])): Promise<Snapshot> {
    return takeSnapshot(host, this.scope, probes)
  }

  /** Carries the changes out against what the tree is now, or against `reads`. */
  async change(
    host: LocalHost,
    changes: Change[],
    reads?: string,
    id = newId(new Date()),
    options: Pick<Transaction, 'confirmSeconds' | 'commandSeconds'> = {},
  ): Promise<Outcome> {
    const digest = reads ?? (await this.snapshot(host)).digest
    const meta = { id, at: new Date().toISOString(), user: 'tester', command: 'lxcnet test' }
    const plan = { host: 'localhost', changes, notes: [], reads: digest }
    return carryOut(host, plan, { scope: this.scope, reads: probes, fresh: probes, meta, ...options })
  }

  get journal(): string {
    return join(this.root, 'var/lib/lxcnet/journal')
  }

  /** Everything in the tree but lxcnet's own state: path → type, mode, owner and a hash of the bytes. */
  look(): Map<string, string> {
    const seen = new Map<string, string>()
    const walk = (path: string): void => {
      for (const name of fs.readdirSync(this.at(path === '' ? '/' : path), { encoding: 'latin1' }).sort()) {
        const inner = `${path}/${name}`
        if (inner === '/var/lib/lxcnet' || inner === '/.stubs') continue
        const stat = this.stat(inner)
        const kind = stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : stat.isFile() ? 'file' : 'pipe'
        let content = ''
        if (kind === 'link') content = fs.readlinkSync(this.at(inner), 'latin1')
        if (kind === 'file')
          content = createHash('sha256')
            .update(fs.readFileSync(this.at(inner)))
            .digest('hex')
        seen.set(inner, `${kind} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${content}`)
        if (kind === 'directory') walk(inner)
      }
    }
    walk('')
    return seen
  }

  /** The finished entries of the journal and nothing else: no half-made entry, no temporary file, no lock. */
  assertTidy(): void {
    for (const path of this.look().keys()) assert.ok(!path.includes('.lxcnet-'), `left behind: ${path}`)
    if (!fs.existsSync(this.journal)) return
    for (const name of fs.readdirSync(this.journal)) {
      assert.ok(!name.startsWith('.'), `left behind in the journal: ${name}`)
      const entry = fs.readdirSync(join(this.journal, name))
      assert.ok(entry.includes('clean'), `unfinished entry ${name}: ${entry.join(' ')}`)
    }
    assert.ok(!this.locked(), 'the lock is still held')
  }

  locked(): boolean {
    return spawnSync('flock', ['-n', this.journal, 'true']).status !== 0
  }
}

/** Runs `body` with a new tree and removes it, whatever happens. */
export async function withTree<T>(body: (tree: Tree) => Promise<T>, base?: string): Promise<T> {
  const tree = new Tree(base)
  try {
    return await body(tree)
  } finally {
    tree.dispose()
  }
}

export function file(path: string, before: string | null, after: string | null, mode = 0o644): FileChange {
  return { kind: 'file', path, before, after, mode, uid: 0, gid: 0, why: 'a test', impact: 'live' }
}

/** A command that can be taken back; without `undo` a final one. */
export function run(argv: string[], undo?: string[], check?: string[]): RunChange {
  return { kind: 'run', argv, why: 'a test', impact: 'live', ...(undo && { undo }), ...(check && { check }) }
}

/** Runs a command that must succeed. */
export function must(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'latin1' })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}${error ?? ''}`)
  return stdout
}

/**
 * The shell as a host whose processes `processesWith(tree.root)` finds, also those that outlive it.
 *
 * @param stubs commands that stand in for the machine's own: name → shell text
 */
export function hostOn(tree: Tree, shell: readonly string[], stubs: Record<string, string> = {}): LocalHost {
  const folder = `${tree.root}/.stubs`
  for (const [name, text] of Object.entries(stubs)) {
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(join(folder, name), `#!/bin/dash\n${text}\n`, { mode: 0o755 })
  }
  return new LocalHost(['env', `LXCNET_TRACE=${tree.root}`, `PATH=${folder}:${process.env['PATH']}`, ...shell])
}

/** Processes that carry this text in their environment. */
export function processesWith(text: string): string[] {
  return fs.readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text)
    } catch {
      return false // it has just ended
    }
  })
}

/** Waits until `met` holds, looking every few milliseconds. */
export async function until(met: () => boolean, what: string, seconds = 20): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !met(); ) {
    assert.ok(Date.now() < end, `waited ${seconds} s until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
