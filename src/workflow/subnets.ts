/** Addresses that the host gets of a subnet in which another of its links has one already. */
import { type Cidr, parseCidr } from '../core/address.ts'
import { overlaps } from '../lxc-net/index.ts'
import type { Note } from '../plan/plan.ts'
import type { View } from './context.ts'

interface Given {
  /** "bridge br1", for the message. */
  title: string
  addresses: readonly string[]
  /** Links that are meant: the one that gets them, what it stands on, and what it replaces. */
  own: readonly (string | undefined)[]
  /** Nobody else is on it, so that whoever is in the subnet is found on the other link alone. */
  isolated: boolean
}

/**
 * Of two routes to one subnet the kernel takes the older one (fib_table_insert(), NLM_F_APPEND): one of the links is deaf
 * for the host, and which one may change with the next boot.
 */
export function subnetNotes({ links }: View, { title, addresses, own, isolated }: Given): Note[] {
  const others = [...(links?.values() ?? [])].filter(
    ({ name, parent, loopback }) => !loopback && !own.includes(name) && !own.includes(parent ?? name),
  )
  return addresses.flatMap((text): Note[] => {
    const mine = cidrOf(text)
    const clash = others.find((link) => link.addresses.some((one) => mine !== undefined && meets(mine, cidrOf(one))))
    if (clash === undefined) return []
    return [
      {
        severity: isolated ? 'error' : 'warning',
        code: 'subnet-taken',
        message: `${title}: ${text} is of a subnet that ${clash.name} has: the host would reach it by one of the two alone`,
        fix: 'choose an address of another subnet',
      },
    ]
  })
}

const cidrOf = (text: string): Cidr | undefined => parseCidr(text, text.includes(':') ? 6 : 4)

/** An address of its own, with no subnet about it, is in nobody's way. */
const meets = (mine: Cidr, other: Cidr | undefined): boolean =>
  other !== undefined && mine.first !== mine.last && other.first !== other.last && overlaps(mine, other)
