/** `list` and `show` of what a host has besides NICs: one shape for people and for `--json`. */
import { readable, table } from './table.ts'

export interface ObjectsReport {
  schema: 'lxcnet.objects/1'
  host: string
  noun: string
  objects: ObjectRow[]
}

export interface ObjectRow {
  name: string
  state: string
  /** The file that says so. */
  from: string
  /** lxcnet made it. */
  own: boolean
  /** Word of the command line → its values. */
  settings: Record<string, readonly string[]>
}

/** @param columns words that have a column of their own @param argument head of the first column: BRIDGE */
export function objectsText(
  { noun, objects }: ObjectsReport,
  { columns, argument }: { columns: readonly string[]; argument: string },
  width: number,
): string {
  if (objects.length === 0) return `Nothing here yet; \`lxcnet ${noun} create\` makes the first.`
  const head = [argument, 'STATE', ...columns.map((word) => word.toUpperCase())]
  const rows = objects.map(({ name, state, settings }) => [
    name,
    state,
    ...columns.map((word) => settings[word]?.join(', ') ?? '-'),
  ])
  return table(head, rows, width)
}

/** Every setting of each object, one a line. */
export function objectText({ noun, objects }: ObjectsReport): string {
  return objects
    .map(({ name, state, from, own, settings }) => {
      const words = Object.entries(settings).map(([word, texts]) => [word, texts.join(', ')])
      const rows = [['state', state], ...words, ['from', own ? `${from}, made by lxcnet` : from]]
      const widest = Math.max(...rows.map(([word = '']) => word.length))
      return [`${noun} ${name}`, ...rows.map(([word = '', text = '']) => `  ${word.padEnd(widest)}  ${text}`)]
        .map(readable)
        .join('\n')
    })
    .join('\n\n')
}
