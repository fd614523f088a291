// The ground that a lab stands on: one folder with its records and one cgroup with all its processes. No namespace or
// mount of a lab has a name anywhere: each lives as long as a process in the cgroup. So ending these processes ends the
// lab, whatever state it is in, and a dead runner's lab can be ended by the next one.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache, cgroups, sleepSync, startTime } from './machine.ts'

const runs = join(cache, 'run')
let made = 0

/** An id says which process answers for a lab: its pid, its start time, and a number. */
function newId(): string {
  return `${process.pid}-${startTime(process.pid)}-${++made}`
}

export function create(): string {
  const id = newId()
  mkdirSync(folder(id), { recursive: true })
  mkdirSync(cgroup(id), { recursive: true })
  standing.add(id)
  return id
}

export function folder(id: string): string {
  return join(runs, id)
}

export function cgroup(id: string): string {
  return join(cgroups, id)
}

/** Makes the cgroup of one member of a lab: a host, or its network. */
export function member(id: string, name: string): string {
  if (!existsSync(cgroup(id))) throw new Error('lab: the lab is down')
  const group = join(cgroup(id), name)
  mkdirSync(group, { recursive: true })
  return group
}

/** Writes down which process a member is. */
export function note(id: string, name: string, pid: number): void {
  writeFileSync(join(folder(id), `${name}.pid`), `${pid} ${startTime(pid)}`)
}

/** The pid that a member wrote down, when that very process is still alive. */
export function pidOf(id: string, name: string): number | undefined {
  const [pid, start] = record(id, `${name}.pid`)?.trim().split(' ') ?? []
  return start !== undefined && startTime(Number(pid)) === start ? Number(pid) : undefined
}

export function record(id: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder(id), file), 'utf8')
  } catch {
    return undefined
  }
}

/** Lets a lab live on when its runner ends, until somebody ends it. */
export function keep(id: string, notes: string): void {
  writeFileSync(join(folder(id), 'kept'), notes)
  standing.delete(id)
}

/** The labs that were left standing on purpose, the newest last. */
export function kept(): string[] {
  return list().filter((id) => existsSync(join(folder(id), 'kept')) && existsSync(cgroup(id)))
}

/** Ends every process of a member or, without a name, of the whole lab, and removes the cgroup. */
export function end(id: string, name = ''): void {
  const group = join(cgroup(id), name)
  for (let turn = 0; existsSync(group); turn++) {
    if (turn > 0) sleepSync(Math.min(turn, 20))
    if (turn > 1000) throw new Error(`lab: ${group} does not go away`)
    try {
      writeFileSync(join(group, 'cgroup.kill'), '1')
      removeTree(group)
    } catch {
      // a process is still on its way out, or another sweep was faster
    }
  }
}

/** Ends a lab and forgets it. It is no fault when it is half built, or gone. */
export function destroy(id: string): void {
  end(id)
  rmSync(folder(id), { recursive: true, force: true })
  standing.delete(id)
  tidy()
}

function tidy(): void {
  for (const parent of [cgroups, runs]) {
    try {
      rmdirSync(parent)
    } catch {
      // other labs are there
    }
  }
}

/** Whether the kernel can end a whole cgroup, tried on one; throws when none can be made. */
export function canEndCgroups(): boolean {
  const probe = cgroup(newId())
  mkdirSync(probe, { recursive: true })
  const can = existsSync(join(probe, 'cgroup.kill'))
  rmdirSync(probe)
  tidy()
  return can
}

/** Ends the labs whose runner is dead and that nobody asked to keep; returns their ids. */
export function sweep(): string[] {
  const keepers = new Set(kept())
  const dead = list().filter((id) => !keepers.has(id) && !hasRunner(id))
  dead.forEach(destroy)
  sweepEmpty()
  tidy()
  return dead
}

function hasRunner(id: string): boolean {
  const [pid, start] = id.split('-')
  return start !== undefined && startTime(Number(pid)) === start
}

/** Removes cgroups without processes that no folder tells of: one with processes is a lab with another cache. */
function sweepEmpty(): void {
  for (const entry of existsSync(cgroups) ? readdirSync(cgroups, { withFileTypes: true }) : []) {
    const group = join(cgroups, entry.name)
    try {
      if (!entry.isDirectory() || hasRunner(entry.name)) continue
      if (/^populated 0$/m.test(readFileSync(join(group, 'cgroup.events'), 'utf8'))) removeTree(group)
    } catch {
      // somebody else was faster
    }
  }
}

function list(): string[] {
  return existsSync(runs) ? readdirSync(runs).sort((a, b) => Number(a.split('-')[1]) - Number(b.split('-')[1])) : []
}

function removeTree(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(group, entry.name))
  }
  rmdirSync(group)
}

// This process's labs go with it. A signal first ends the labs and then does what it would have done.
const standing = new Set<string>()
const destroyAll = (): void => standing.forEach(destroy)
process.on('exit', destroyAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  const stop = (): void => {
    destroyAll()
    process.removeListener(signal, stop)
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  process.prependListener(signal, stop)
}
