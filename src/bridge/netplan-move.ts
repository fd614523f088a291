/**
 * A NIC of a netplan file that gives its addresses to a bridge: its lines move as they are, with their comments, and every
 * other line of the file stays.
 */
import { isMap, isScalar, parseDocument, stringify } from 'yaml'
import { LxcnetError } from '../core/error.ts'
import type { Bridge } from './model.ts'

/** What stays with the NIC when the rest goes to its bridge: what names it, and what speaks of the wire. */
const staying = new Set([
  'match',
  'set-name',
  'mtu',
  'wakeonlan',
  'macaddress',
  'renderer',
  'receive-checksum-offload',
  'transmit-checksum-offload',
  'tcp-segmentation-offload',
  'tcp6-segmentation-offload',
  'generic-segmentation-offload',
  'generic-receive-offload',
  'large-receive-offload',
  'id',
  'link',
  'interfaces',
  'parameters',
])

/** Where a key stands in the file. */
interface Spot {
  key: string
  /** 0-based; `to` is behind the last line that belongs to it. */
  from: number
  to: number
  column: number
}

interface Heir {
  bridge: Bridge
  /** Without what it gets from the NIC. */
  definition: object
  /** Keys of the NIC that do not move. */
  replaced: readonly string[]
}

/**
 * @param old the NIC, as the file has it
 * @throws {LxcnetError} `netplan-shape`
 */
export function handedOver(
  source: string,
  { path, kind, name }: { path: string; kind: string; name: string },
  { bridge, definition, replaced }: Heir,
): string {
  const lines = source.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const network = parseDocument(source).get('network')
  const kinds = spotsIn(lines, source, network)
  const nics = spotsIn(lines, source, isMap(network) ? network.get(kind) : undefined)
  const [outer, nic] = [kinds.find(({ key }) => key === kind), nics.find(({ key }) => key === name)]
  if (outer === undefined || nic === undefined) throw shapeless(path)
  const keys = spotsIn(lines, source, isMap(network) ? network.getIn([kind, name]) : undefined)
  const inner = keys[0]?.column ?? 2 * nic.column - outer.column
  const resized = bridge.mtu !== undefined
  const gone = keys.filter(({ key }) => !staying.has(key) || (key === 'mtu' && resized))
  const given = new Set(Object.keys(definition))
  const moved = gone.filter(({ key }) => !given.has(key) && !replaced.includes(key))
  const along = keys.filter((one) => moved.includes(one) || (one.key === 'mtu' && !resized))
  const own = along.flatMap(({ from, to }) => lines.slice(from, to).map(ended))
  const section = [
    `${' '.repeat(nic.column)}${bridge.name}:\n`,
    ...indented(stringify(definition, { lineWidth: 0 }), inner),
    ...own,
  ]
  const bridges = kinds.find(({ key }) => key === 'bridges')
  const place = bridges === undefined ? Math.max(...kinds.map(({ to }) => to)) : bridges.from + 1
  const fresh = bridges === undefined ? [`${' '.repeat(outer.column)}bridges:\n`, ...section] : section
  const mtu = resized ? [`${' '.repeat(inner)}mtu: ${bridge.mtu}\n`] : []
  const bare = gone.length === keys.length && mtu.length === 0
  const result = lines.flatMap((line, at) => {
    const before = at === place ? fresh : []
    if (gone.some(({ from, to }) => from <= at && at < to)) return before
    if (at === nic.from) return [...before, ended(titled(line, bare)), ...mtu]
    return [...before, at === lines.length - 1 && place === lines.length ? ended(line) : line]
  })
  return checked([...result, ...(place === lines.length ? fresh : [])].join(''), bridge.name, path)
}

/** The keys of a map in block style; none of one in braces. */
function spotsIn(lines: readonly string[], source: string, map: unknown): Spot[] {
  if (!isMap(map) || map.flow) return []
  return map.items.map(({ key }) => {
    const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0
    const from = source.slice(0, at).split('\n').length - 1
    const column = at - (source.lastIndexOf('\n', at - 1) + 1)
    return { key: text(key), from, to: endOf(lines, from, column), column }
  })
}

/** Behind the lines that are indented further, and a list that is not: YAML 1.2 §8.2.1. */
function endOf(lines: readonly string[], from: number, column: number): number {
  let end = from + 1
  for (let at = from + 1; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.trim() === '') continue
    const indent = line.length - line.trimStart().length
    if (indent < column || (indent === column && !line.trimStart().startsWith('- '))) break
    end = at + 1
  }
  return end
}

/** The line of the NIC itself: a key with nothing below it has to say that it is an empty map. */
const titled = (line: string, bare: boolean): string =>
  bare ? line.replace(/:([ \t]*(\{\}|~|null))?/, ': {}') : line.replace(/:[ \t]*\{\}/, ':')

/** Whatever the layout was, what comes out is YAML that has the bridge. */
function checked(source: string, bridge: string, path: string): string {
  const document = parseDocument(source)
  if (document.errors.length === 0 && isMap(document.getIn(['network', 'bridges', bridge]))) return source
  throw shapeless(path)
}

export const shapeless = (path: string): LxcnetError =>
  new LxcnetError('netplan-shape', `${path} is laid out in a way that lxcnet could not keep`, {
    suggestions: ['write its links in block style, a line for each key'],
  })

export const text = (node: unknown): string => String(isScalar(node) ? node.value : node)

const ended = (line: string): string => (line.endsWith('\n') ? line : `${line}\n`)

const indented = (block: string, column: number): string[] =>
  block
    .trimEnd()
    .split('\n')
    .map((line) => `${' '.repeat(column)}${line}\n`)
