/** An inventory as a whole: its hosts, its groups, and all that is wrong with it at once. */
import { LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import { type Line, parse } from './document.ts'
import { type HostEntry, resolve } from './groups.ts'
import { ownVariables, targetOf } from './target.ts'

export interface Inventory {
  /** As given or found; for messages. */
  file: string
  /** In the file's order. */
  hosts: ReadonlyMap<string, InventoryHost>
  /** Group → its hosts, children's included; `all` and `ungrouped` among them. */
  groups: ReadonlyMap<string, readonly string[]>
}

export interface InventoryHost extends HostEntry {
  /** @throws {LxcnetError} `bad-inventory` when it is asked for and a variable cannot be used */
  readonly target: Target
}

/** How many faults are told of; the rest of a file that is no inventory says nothing more. */
const mostProblems = 8

/** @throws {LxcnetError} `bad-inventory`, with every line that is wrong */
export function inventoryOf(text: string, file: string): Inventory {
  const lines = parse(text, file)
  const { hosts, groups, problems } = resolve(lines)
  const all = [...problems, ...lines.flatMap(slips)].sort((a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0))
  const [first, ...others] = all
  if (first !== undefined) {
    const more = others.slice(0, mostProblems - 1).map(({ message, place }) => {
      return `${place?.file}:${place?.line}:${place?.column}: ${message}`
    })
    const rest = others.length - more.length
    throw new LxcnetError(
      'bad-inventory',
      [first.message, ...more, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'),
      {
        ...(first.place === undefined ? {} : { place: first.place }),
        suggestions: [`ansible-inventory --list -i ${file} shows how Ansible reads it`],
      },
    )
  }
  const known = [...hosts.values()].map((entry): [string, InventoryHost] => [
    entry.name,
    {
      ...entry,
      get target() {
        return targetOf(entry)
      },
    },
  ])
  return { file, hosts: new Map(known), groups }
}

/** Ansible lets a variable have any name; in lxcnet's own corner one that it does not know is a slip. */
function slips(line: Line): LxcnetError[] {
  const vars = line.kind === 'hosts' ? line.vars : line.kind === 'variable' ? [line.variable] : []
  return vars.flatMap(({ key, place }) =>
    key.startsWith('lxcnet_') && !ownVariables.some((own) => own === key)
      ? [new LxcnetError('bad-inventory', `${key}: lxcnet knows ${ownVariables.join(' and ')}`, { place })]
      : [],
  )
}
