/** Other firewalls of the host that drop what is forwarded, and the way through their own doors. */
import {
  type Forward,
  type Listener,
  ownerOf,
  parseEntrance,
  readDroppers,
  targetPorts,
  type UfwRule,
  ufwAllow,
  ufwDelete,
} from '../../../firewall/index.ts'
import type { Note } from '../../../plan/plan.ts'
import type { Reading } from '../../context.ts'
import type { Desk } from '../../noun/desk.ts'

/** @param isNew it is about to be made, by flags */
export function forwardDrops({ snapshot }: Reading, name: string, { through }: Forward, isNew: boolean): Note[] {
  return readDroppers(snapshot)
    .filter((one) => !through.includes(one))
    .map((one): Note => {
      const words = [...through, one].join(',')
      const way = isNew ? `--through ${words}` : `\`lxcnet forward set ${name} through=${words}\``
      const door = doors[one]
      return {
        severity: 'error',
        code: door === undefined ? 'forwards-dropped' : `${one}-drops`,
        message: `forward ${name}: ${one} drops what this host forwards, and no rule elsewhere changes that`,
        fix:
          door === undefined
            ? 'add a rule there that accepts `ct status dnat`, then --allow forwards-dropped'
            : `${way} lets it through by a rule ${door}`,
      }
    })
}

/** The snapshot does not ask: to tell a socket's process ss(8) looks through those of all containers. */
export const whoListens = ({ protocol, port }: Listener): string =>
  `\`ss -ln${protocol.charAt(0)}p sport = :${port}\` tells what it is`

const doors: Record<string, string> = { docker: 'in DOCKER-USER', ufw: 'of `ufw route`' }

/** The rules of ufw that go and come: it keeps them itself, and brings them back at boot. What others made stays. */
export function passUfw(desk: Desk, old: ReadonlyMap<string, Forward>, next: ReadonlyMap<string, Forward>): void {
  const [before, after] = [ufwRules(old), ufwRules(next)]
  const owner = (rule: UfwRule) => ownerOf(desk.reading.snapshot, rule)
  for (const [key, rule] of before)
    if (!after.has(key) && owner(rule) === 'lxcnet')
      desk.before(ufwDelete(rule), { undo: ufwAllow(rule), why: 'ufw lets it through no longer' })
  for (const [key, rule] of after)
    if (!before.has(key) && owner(rule) === undefined)
      desk.after(ufwAllow(rule), { undo: ufwDelete(rule), why: 'ufw lets it through' })
}

/** What ufw sees is the packet behind the DNAT. */
function ufwRules(forwards: ReadonlyMap<string, Forward>): Map<string, UfwRule> {
  const rules = [...forwards].flatMap(([name, { address, port, sources, through }]) => {
    const entrance = through.includes('ufw') ? parseEntrance(name) : undefined
    if (entrance === undefined || address === undefined) return []
    const { protocol, first, last } = entrance
    const ports = targetPorts(first, last, port).replace('-', ':')
    return (sources.length === 0 ? ['any'] : sources).map((source) => ({ protocol, source, address, ports }))
  })
  return new Map(rules.map((rule) => [JSON.stringify(rule), rule]))
}
