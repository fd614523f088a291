/** What networks say for their NICs, checked. */
import type { Given, Network, NicTable, Say, Span } from './model.ts'

/** What a network says for NICs of one type. */
export interface Inherited {
  given: ReadonlyMap<string, Given>
  link: Given | undefined
  /** By host. */
  links: ReadonlyMap<string, Given>
  gateways: Partial<Record<4 | 6, Given>>
}

export const nothing: Inherited = { given: new Map(), link: undefined, links: new Map(), gateways: {} }

/** Checks the values of a network where its NICs need them: once for each type, which decides what a key means. */
export class Networks {
  private readonly table: NicTable
  private readonly say: Say
  private readonly known = new Map<string, Inherited>()

  constructor(table: NicTable, say: Say) {
    this.table = table
    this.say = say
  }

  /** @param title of a NIC of another type than its network says, for whose sake it is checked again */
  inherit(network: Network, type: string, title?: string): Inherited {
    const id = `${network.name} ${type}`
    const about = `${title === undefined ? '' : `${title}: `}network ${network.name}`
    const known = this.known.get(id) ?? this.check(network, type, about)
    this.known.set(id, known)
    return known
  }

  private check({ given, link, links, gateways }: Network, type: string, about: string): Inherited {
    const take = (flag: string, raw: Given | undefined, where = about): Given | undefined =>
      raw === undefined ? undefined : checkGiven(this.table, this.say, { about: where, flag, type }, raw)
    const right = <K>(entries: Iterable<readonly [K, Given | undefined]>): Map<K, Given> =>
      new Map([...entries].filter((entry): entry is [K, Given] => entry[1] !== undefined))
    const [v4, v6] = [take('ipv4-gateway', gateways[4]), take('ipv6-gateway', gateways[6])]
    return {
      given: right([...given].map(([flag, raw]) => [flag, take(flag, raw)])),
      link: take('link', link),
      links: right([...links].map(([host, raw]) => [host, take('link', raw, `${about}: links`)])),
      gateways: { ...(v4 === undefined ? {} : { 4: v4 }), ...(v6 === undefined ? {} : { 6: v6 }) },
    }
  }
}

/** Where a value stands, for the message. */
export interface About {
  about: string
  flag: string
  type: string
}

/** @returns the values as they are to be written, without those that are wrong; undefined when none is left */
export function checkGiven(
  table: NicTable,
  say: Say,
  { about, flag, type }: About,
  { values, span }: { values: readonly string[]; span: Span },
): Given | undefined {
  const right: string[] = []
  for (const text of values) {
    if (text.trim() === '') {
      say.error(span, 'no-value', `${about}: ${flag} is empty`, `write its value, or leave ${flag} out`)
      continue
    }
    const found = table.check(flag, type, text)
    if ('value' in found) right.push(found.value)
    else say.error(span, found.code, `${about}: ${found.message}`, found.fix)
  }
  return right.length === 0 ? undefined : { values: right, span }
}
