/** `lxcnet plan`, `apply` and `destroy`: one draft for each host of a site, and what only all of them together show. */
import { LxcnetError } from '../core/error.ts'
import { type Nic, typeOf, value, values } from '../nic/index.ts'
import type { ChangeReport } from '../report/change.ts'
import type { Network, Site } from '../site/index.ts'
import { change, type Mandate } from './change.ts'
import type { Context, Reading } from './context.ts'
import { type SiteDraft, siteDraft } from './site-draft.ts'
import { siteReads } from './site-objects.ts'
import type { SiteRequest } from './site-request.ts'

/** What was read of a host and what shall become of it. */
export interface Drawn {
  reading: Reading
  draft: SiteDraft
}

/** @param drawn gets each host's draft, by its name */
export function applySite(
  context: Context,
  request: SiteRequest,
  mandate: Mandate,
  drawn: Map<string, Drawn>,
): Promise<ChangeReport> {
  return change(context, {
    ...mandate,
    ...siteReads(context, request.site),
    draft: (reading) => {
      const draft = siteDraft(context, reading, request)
      drawn.set(context.host.name, { reading, draft })
      return draft
    },
  })
}

interface Claim {
  host: string
  container: string
  nic: number
  /** This plan writes it. */
  fresh: boolean
}

/**
 * MACs and addresses that would be there twice, on different hosts; an address only where both are in one of the
 * site's networks, and not on bridges, which are apart on different hosts. What stood there before is for `lxcnet check`
 * and `validate` to tell.
 *
 * @throws {LxcnetError} `duplicate-mac`, `duplicate-address`
 */
export function checkAcross(site: Site, drawn: ReadonlyMap<string, Drawn>): void {
  const claims = new Map<string, Claim[]>()
  for (const host of site.hosts.keys()) {
    const { reading, draft } = drawn.get(host) ?? {}
    if (reading === undefined || draft === undefined) continue
    const texts = new Map(
      draft.changes.flatMap((step) => (step.kind === 'file' ? [[step.path, step.after] as const] : [])),
    )
    for (const { name, path, effective } of reading.view.containers.values()) {
      const text = texts.get(path) ?? undefined
      const before = new Map(effective.nics.map((nic) => [nic.index, new Set(keysOf(site, host, nic))]))
      const { nics } = text === undefined ? effective : reading.view.evaluate(path, text)
      for (const nic of nics) {
        for (const key of keysOf(site, host, nic)) {
          const claim = { host, container: name, nic: nic.index, fresh: !before.get(nic.index)?.has(key) }
          claims.set(key, [...(claims.get(key) ?? []), claim])
        }
      }
    }
  }
  const twice = [...claims].filter(
    ([, all]) => all.some(({ fresh }) => fresh) && new Set(all.map(({ host }) => host)).size > 1,
  )
  const [first] = twice
  if (first === undefined) return
  const lines = twice.map(([key, all]) => {
    const who = all.map(({ host, container, nic }) => `${container}:${nic} on ${host}`).join(' and ')
    return `${key} would be there twice: ${who}`
  })
  throw new LxcnetError(first[0].startsWith('MAC') ? 'duplicate-mac' : 'duplicate-address', lines.join('\n'), {
    suggestions: ['give one of them another in the site file', 'or delete the NIC that is not wanted'],
  })
}

const linkOn = ({ link, links }: Network, host: string): string | undefined => (links.get(host) ?? link)?.values[0]

function keysOf(site: Site, host: string, nic: Nic): string[] {
  const mac = value(nic, 'hwaddr')?.toLowerCase()
  const macs = mac === undefined || mac.includes('x') ? [] : [`MAC ${mac}`]
  const link = value(nic, 'link')
  const network = [...site.networks.values()].find((one) => link !== undefined && linkOn(one, host) === link)
  if (network === undefined || typeOf(nic) === 'veth') return macs
  const addresses = [...values(nic, 'ipv4.address'), ...values(nic, 'ipv6.address')].map(
    (text) => text.split(/[/ ]/)[0],
  )
  return [...macs, ...addresses.map((address) => `address ${address?.toLowerCase()} in network ${network.name}`)]
}
