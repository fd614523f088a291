/** What stands in the way of a plan, and what the operator lets through. */
import { LxcnetError } from '../core/error.ts'
import type { Note } from '../plan/plan.ts'

/** What is said of several NICs alike is said once. */
export const once = (notes: readonly Note[]): Note[] => [
  ...new Map(notes.map((note) => [JSON.stringify(note), note])).values(),
]

/** Warnings and allowed errors that the operator does not want to hear of are dropped. */
export function judge(notes: readonly Note[], allow: ReadonlySet<string>): Note[] {
  return notes.filter((note) => !(allow.has(note.code) && (note.severity === 'warning' || allowable.has(note.code))))
}

/** Errors that rest on the state of the host at this moment, which the operator may know to change. */
const allowable = new Set([
  'nat-drops-containers',
  'link-not-found',
  'link-not-bridge',
  'gateway-member-leaves',
  'phys-default-route',
  'phys-taken',
  'duplicate-address',
  'duplicate-mac',
  'duplicate-pair',
  'passthru-shared',
  'vlan-taken',
  'script-missing',
  'bridge-no-vlans',
  'phys-cuts-way',
  'usernet-quota',
  'dhcp-in-use',
  'dhcp-lease-held',
  'port-taken',
  'docker-drops',
  'ufw-drops',
  'forwards-dropped',
  'bridge-in-use',
  'switch-in-use',
  'link-in-use',
  'subnet-taken',
  'default-routes',
  'gateway-lost',
])

/** @throws {LxcnetError} the first error, with the messages of all */
export function refuseErrors(notes: readonly Note[]): void {
  const errors = notes.filter((note) => note.severity === 'error')
  const [first] = errors
  if (first === undefined) return
  const message = errors.map((note) => note.message).join('\n')
  const fixes = [...new Set(errors.flatMap((note) => note.fix ?? []))]
  if (errors.every((note) => allowable.has(note.code)))
    fixes.push(`if it is meant so: --allow ${[...new Set(errors.map((note) => note.code))].join(',')}`)
  throw new LxcnetError(first.code, message, {
    suggestions: fixes,
    ...(first.place === undefined ? {} : { place: first.place }),
  })
}
