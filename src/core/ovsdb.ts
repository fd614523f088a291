/** Tables of an OVSDB as `ovs-vsctl --format=json … list TABLE` prints them, one a line; values as in RFC 7047 §5.1. */

/** Column → its value: an atom is a set of one. */
export type OvsdbRow = ReadonlyMap<string, OvsdbValue>
interface OvsdbValue {
  texts: string[]
  map: ReadonlyMap<string, string>
}

type Json = string | number | boolean | [string, unknown]

/** The tables in the order of the commands; none when the answer is not whole. */
export function ovsdbTables(text: string): OvsdbRow[][] {
  try {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const { headings, data } = JSON.parse(line) as { headings: string[]; data: Json[][] }
        return data.map((row) => new Map(headings.map((name, at) => [name, decode(row[at] ?? '')])))
      })
  } catch {
    return []
  }
}

export const texts = (row: OvsdbRow, column: string): string[] => row.get(column)?.texts ?? []
export const text = (row: OvsdbRow, column: string): string => texts(row, column)[0] ?? ''
export const entry = (row: OvsdbRow, column: string, key: string): string | undefined => row.get(column)?.map.get(key)

function decode(json: Json): OvsdbValue {
  if (!Array.isArray(json)) return { texts: [String(json)], map: new Map() }
  const [kind, body] = json
  if (kind === 'set') return { texts: (body as Json[]).map(atom), map: new Map() }
  if (kind === 'map') return { texts: [], map: new Map((body as [Json, Json][]).map(([k, v]) => [atom(k), atom(v)])) }
  return { texts: [atom(json)], map: new Map() }
}

/** A UUID is written as `["uuid", TEXT]`. */
const atom = (json: Json): string => String(Array.isArray(json) ? json[1] : json)
