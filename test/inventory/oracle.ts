/** Ansible's own reading of inventories, and lxcnet's in the same shape. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LxcnetError } from '../../src/core/error.ts'
import { inventoryOf } from '../../src/inventory/index.ts'

export interface Reading {
  /** Names in the order of the file. */
  order: string[]
  groups: Record<string, string[]>
  /** Variables by host, groups' included. */
  hosts: Record<string, Record<string, unknown>>
}

/** Runs a program of Ansible without the settings of this machine. */
export function runAnsible(argv: readonly [string, ...string[]], input: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lxcnet-ansible-'))
  writeFileSync(join(folder, 'ansible.cfg'), '')
  const env = { PATH: '/usr/bin:/bin', HOME: folder, ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), LC_ALL: 'C.UTF-8' }
  const [command, ...args] = argv
  const ran = spawnSync(command, args, { input, env, encoding: 'utf8', maxBuffer: 1e9 })
  rmSync(folder, { recursive: true })
  assert.equal(ran.status, 0, ran.stderr ?? String(ran.error))
  return ran.stdout
}

/** @returns for each text what Ansible reads in it; null where Ansible refuses it */
export function ansible(texts: readonly string[]): (Reading | null)[] {
  // Debian's own Python, which is the one that ansible-inventory runs with
  const argv = ['/usr/bin/python3', join(import.meta.dirname, 'oracle.py')] as const
  return JSON.parse(runAnsible(argv, JSON.stringify(texts))) as (Reading | null)[]
}

/** lxcnet's reading; null where it refuses the text. */
export function lxcnet(text: string): Reading | null {
  const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString()
  try {
    const { hosts, groups } = inventoryOf(text, 'hosts')
    return {
      order: [...hosts.keys()].map(utf8),
      groups: Object.fromEntries([...groups].map(([name, its]) => [utf8(name), its.map(utf8).sort()])),
      hosts: Object.fromEntries(
        [...hosts.values()].map(({ name, vars }) => [
          utf8(name),
          Object.fromEntries([...vars.values()].map(({ key, value }) => [utf8(key), utf8(value)])),
        ]),
      ),
    }
  } catch (error) {
    if (error instanceof LxcnetError && error.code === 'bad-inventory') return null
    throw error
  }
}

/** lxcnet keeps numbers, lists and the like as they are written; Ansible makes Python values of them. */
export function assertSame(ours: Reading | null, theirs: Reading | null, text: string): void {
  if (ours === null || theirs === null) {
    assert.equal(ours, theirs, text)
    return
  }
  const told = (vars: Record<string, unknown>, their: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(vars).map(([key, value]) => [key, asPython(String(value), their[key])]))
  const hosts = Object.entries(ours.hosts).map(([name, vars]) => [name, told(vars, theirs.hosts[name] ?? {})])
  assert.deepEqual({ ...ours, hosts: Object.fromEntries(hosts) }, theirs, text)
}

function asPython(written: string, theirs: unknown): unknown {
  if (typeof theirs === 'number') return Number(written)
  if (typeof theirs === 'boolean') return ({ True: true, False: false } as Record<string, unknown>)[written]
  if (theirs === null) return written === 'None' ? null : written
  if (typeof theirs === 'object') return /[[({,]/.test(written) ? theirs : written
  return written
}
