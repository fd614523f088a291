/** From edited configs to a draft: the changes, what is wrong with them, and the restarts that were asked for. */
import { LxcnetError, type Place } from '../core/error.ts'
import type { Effective, Problem, Value } from '../document/effective.ts'
import { type Line, print } from '../document/lxc-config.ts'
import {
  type Container,
  checkNic,
  type Finding,
  type Nic,
  namesInside,
  pendingChanges,
  type Subject,
  typeOf,
  value,
} from '../nic/index.ts'
import type { Change, Note } from '../plan/plan.ts'
import { missingQuota } from '../usernet/index.ts'
import type { Draft } from './change.ts'
import { type Context, isUp, type View } from './context.ts'

/** One container's config as it shall become. */
export interface Touch {
  container: Container & { text: string }
  lines: Line[]
  /** NICs to judge afterwards. */
  indexes: readonly number[]
  why: string
}

export interface DraftOptions {
  restart: boolean
  /** Findings from before there was a config to look at. */
  findings?: readonly Finding[]
}

export function draftOf(
  context: Context,
  view: View,
  touches: readonly Touch[],
  { restart, findings = [] }: DraftOptions,
): Draft {
  const after = withTexts(view, touches)
  const changes: Change[] = []
  const notes: Note[] = findings.map((finding) => noteOf(finding))
  const leftOut: string[] = []
  for (const { container, lines, indexes, why } of touches) {
    const text = print(lines)
    const { name, path, mode, uid, gid, state } = container
    const running = isUp(container, view)
    const impact = running ? 'restart' : 'live'
    if (text !== container.text)
      changes.push({ kind: 'file', path, before: container.text, after: text, mode, uid, gid, why, impact })
    const { effective } = after.containers.get(name) ?? container
    notes.push(...judge(container, effective, indexes, after, view))
    notes.push(...shiftedNames(container, effective, indexes))
    if (container.sharedWith !== undefined && text !== container.text) notes.push(sharedNote(container))
    notes.push(...refusedFile(container, effective))
    if (restart && state === 'unknown' && running) {
      leftOut.push(`restart of ${name}: LXC refuses its config, so it can neither stop nor start it`)
    } else if (restart && running && (text !== container.text || (pendingChanges(container, view)?.length ?? 0) > 0)) {
      changes.push(...restartOf(name, view.lxcpath))
    } else if (restart && context.scope.root !== '' && text !== container.text) {
      leftOut.push(`restart of ${name}: no commands run under --root`)
    }
  }
  return {
    summary: touches.map(({ why }) => why),
    changes,
    notes,
    leftOut,
    containers: touches.map(({ container }) => container.name),
  }
}

/** The view as it will be, so that two NICs made by one command are checked against each other. */
export function withTexts(view: View, touches: readonly Touch[]): View {
  const containers = new Map(view.containers)
  for (const { container, lines } of touches) {
    const text = print(lines)
    containers.set(container.name, { ...container, text, effective: view.evaluate(container.path, text) })
  }
  return { ...view, containers }
}

/** What is wrong with the NICs as they will be; a fault that was there before does not stop a change beside it. */
function judge(container: Container, effective: Effective, indexes: readonly number[], view: View, now: View): Note[] {
  return indexes.flatMap((index) => {
    const nic = effective.nics.find((one) => one.index === index)
    const before = container.effective.nics.find((one) => one.index === index)
    if (nic === undefined) return []
    const old = new Set(
      before === undefined ? [] : faults(container, before, container.effective, now).map(({ message }) => message),
    )
    const stands = (key: string): boolean => before?.keys.get(key)?.at(-1)?.value === nic.keys.get(key)?.at(-1)?.value
    const how = { fresh: before === undefined, strict: (key: string) => !stands(key) }
    return faults(container, nic, effective, view, how).map((finding) => {
      // a line that is not written yet has no place to point at
      const { key = '', message } = finding
      const note = stands(key) ? noteOf(finding, container, before) : noteOf(finding)
      return old.has(message) ? { ...note, severity: 'warning' } : note
    })
  })
}

function sharedNote({ name, path, sharedWith = [] }: Container): Note {
  const others = sharedWith.join(', ')
  const message = `${path} is the config of ${name} and, by a symbolic link, of ${others}: the change is theirs too`
  return {
    severity: 'warning',
    code: 'shared-config',
    message,
    fix: `give ${others} a config of its own if that is not meant`,
  }
}

/** LXC names the unnamed NICs by their order, so a change of one can rename another inside the container. */
function shiftedNames({ name, effective }: Container, after: Effective, indexes: readonly number[]): Note[] {
  const then = namesInside(after.nics)
  return [...namesInside(effective.nics)].flatMap(([index, now]): Note[] => {
    const next = then.get(index)
    if (indexes.includes(index) || next === undefined || next === now) return []
    const message = `${name}: NIC ${index} has no name of its own, so it becomes ${next} inside, not ${now} as before`
    return [{ severity: 'warning', code: 'name-shifts', message, fix: `lxcnet set ${name}:${index} name=${now}` }]
  })
}

/** @param how what is being written just now, where more is an error than in a config that stands and loads */
export const faults = (
  { name }: Container,
  nic: Nic,
  { nics }: Effective,
  view: View,
  how: Pick<Subject, 'fresh' | 'strict'> = {},
): Finding[] => [...checkNic({ container: name, nic, nics, view, ...how }), ...plainUserChecks(nic, view)]

/** What LXC does for a plain user's container: veth through lxc-user-nic, which passes on link and name alone. */
function plainUserChecks(nic: Nic, { usernet }: View): Finding[] {
  if (usernet === undefined) return []
  const type = typeOf(nic)
  if (!['veth', 'empty', 'none'].includes(type)) {
    return [
      {
        severity: 'error',
        code: 'unprivileged-type',
        message: `a plain user's container cannot have a NIC of type ${type}`,
        fix: 'use veth, or run lxcnet as root for a container of root',
        key: 'type',
      },
    ]
  }
  if (type !== 'veth') return []
  const ignored = [
    'mtu',
    'veth.pair',
    'veth.mode',
    'veth.ipv4.route',
    'veth.ipv6.route',
    'veth.vlan.id',
    'veth.vlan.tagged.id',
    'veth.n_rxqueues',
    'veth.n_txqueues',
  ].filter((key) => nic.keys.has(key))
  const bridge = value(nic, 'link') ?? 'none'
  const line = missingQuota(usernet, bridge)
  return [
    ...ignored.map(
      (key): Finding => ({
        severity: 'warning',
        code: 'unprivileged-key',
        message: `${key}: LXC ignores it in a plain user's container`,
        fix: 'leave it out',
        key,
      }),
    ),
    ...(line === undefined
      ? []
      : [
          {
            severity: 'error',
            code: 'usernet-quota',
            message: `link: ${usernet.user} may not have ${usernet.used === 0 ? 'a' : 'another'} veth on "${bridge}"`,
            fix: `root can allow it: echo '${line}' >> /etc/lxc/lxc-usernet`,
            key: 'link',
          } satisfies Finding,
        ]),
  ]
}

/** A finding, with the line it is about when `nic` is one that stands in the container's config. */
export function noteOf({ severity, code, message, fix, key }: Finding, container?: Container, nic?: Nic): Note {
  const found = nic?.keys.get(key ?? '')?.at(-1)
  return { severity, code, message, fix, ...(found === undefined ? {} : { place: placeOf(found, container) }) }
}

function placeOf({ file, line, value: written }: Value, container: Container | undefined): Place {
  if (file !== container?.path) return { file, line }
  const text = container.text?.split(/\r\n|\n|\r/, line)[line - 1] ?? ''
  const at = text.indexOf(written, text.indexOf('=') + 1)
  return { file, line, text, ...(at === -1 ? {} : { column: at + 1, length: written.length }) }
}

/** LXC refuses a file for one bad line anywhere: said once, not as an error of this change. */
function refusedFile(container: Container, after: Effective): Note[] {
  const old = new Set(container.effective.problems.map((problem) => problem.code + problem.message))
  return after.problems
    .filter((problem) => problem.severity === 'error')
    .map((problem: Problem): Note => {
      const known = old.has(problem.code + problem.message)
      return {
        severity: known ? 'warning' : 'error',
        code: problem.code,
        message: `${container.name}: ${problem.message}`,
        place: problem.place,
        fix: `\`lxcnet check ${container.name}\` shows all that LXC refuses`,
      }
    })
}

export function restartOf(name: string, lxcpath: string): [stop: Change, start: Change] {
  const at = ['-P', lxcpath, '-n', name]
  return [
    { kind: 'run', argv: ['lxc-stop', ...at], why: `stops ${name}`, impact: 'restart' },
    { kind: 'run', argv: ['lxc-start', ...at, '-d'], why: `starts ${name} with its new NICs`, impact: 'restart' },
  ]
}

/**
 * Makes sure that LXC will see what was asked for, and not what an include says.
 *
 * @throws {LxcnetError} `include-wins`, pointing at the line that does
 */
export function mustSee(
  container: Container,
  effective: Effective,
  index: number,
  key: string,
  wanted: readonly string[],
): void {
  const nic = effective.nics.find((one) => one.index === index)
  const seen = nic?.keys.get(key) ?? []
  if (JSON.stringify(seen.map((one) => one.value)) === JSON.stringify(wanted)) return
  const lost = effective.overridden.find((one) => one.nic.index === index && one.sub === key)?.by
  const winner = seen.findLast((one) => one.inside === 'include') ?? lost ?? seen.at(-1)
  throw new LxcnetError(
    'include-wins',
    `${container.name}: lxc.net.${index}.${key} is ${wanted.length === 0 ? 'also ' : ''}set by ${winner?.file ?? 'an include'}, which lxcnet does not edit`,
    {
      ...(winner === undefined ? {} : { place: { file: winner.file, line: winner.line } }),
      suggestions: ['change it there, or take the lxc.include line out'],
    },
  )
}
