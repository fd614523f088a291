import { bare, type Claim, claimsOf, subnetOf } from './claims.ts'
import { drop, error, type Finding, loading, macOf, put, type Subject } from './finding.ts'
import { modeOf, type Nic, typeOf, value, values } from './model.ts'
import { segmentOf } from './plug.ts'

export function clashChecks(subject: Subject): Finding[] {
  const { container, nic, nics, view } = subject
  const found: Finding[] = []
  const all = claimsOf(view)
  const type = typeOf(nic)
  const clash = (
    list: Claim[] | undefined,
    code: string,
    what: (where: string) => string,
    fix: string | (() => string),
    key: string,
  ): void => {
    const path = view.containers.get(container)?.path
    // names that share one config by a link clash in everything, which is said once as shared-config
    const other = list?.find((claim) => claim.container.name !== container && claim.container.path !== path)
    if (other === undefined) return
    const way = typeof fix === 'string' ? fix : fix()
    const finding = error(code, what(`${other.container.name}:${other.nic.index}`), way, key)
    found.push(
      other.container.state === 'stopped'
        ? { ...finding, severity: 'warning', message: `${finding.message} (stopped)` }
        : finding,
    )
  }
  const here = (list: Claim[] | undefined, test: (other: Nic) => boolean): Claim[] | undefined =>
    list?.filter((claim) => test(claim.nic))
  const mac = macOf(nic)
  if (mac !== undefined) {
    clash(
      all.mac.get(mac),
      'duplicate-mac',
      (where) => `hwaddr: ${mac} is also the MAC of ${where}`,
      put(subject, 'hwaddr', 'auto'),
      'hwaddr',
    )
    if (nics.some((other) => other.index !== nic.index && macOf(other) === mac)) {
      const message = `hwaddr: ${mac} stands on another NIC of this container too`
      found.push(loading(error('duplicate-mac', message, put(subject, 'hwaddr', 'auto'), 'hwaddr')))
    }
  }
  const segment = segmentOf(nic)
  for (const key of ['ipv4.address', 'ipv6.address']) {
    for (const text of values(nic, key)) {
      const free = (): string => `take a free one: ${put(subject, key, `next:${subnetOf(text, key)}`)}`
      const same = here(all.address.get(bare(text)), (other) => segmentOf(other) === segment)
      clash(
        same,
        'duplicate-address',
        (where) => `${key}: ${bare(text)} is also the address of ${where} on ${segment ?? 'the host'}`,
        free,
        key,
      )
      const holder = segment === undefined ? undefined : view.links?.get(segment)
      if (holder?.addresses.some((one) => bare(one) === bare(text))) {
        found.push(
          error('duplicate-address', `${key}: ${bare(text)} is the address of the host's ${holder.name}`, free(), key),
        )
      }
    }
  }
  const pair = value(nic, 'veth.pair')
  if (pair !== undefined) {
    clash(
      all.pair.get(pair),
      'duplicate-pair',
      (where) => `veth.pair: "${pair}" is also the host-side veth of ${where}`,
      `choose another name, or ${drop(subject, 'veth.pair')}`,
      'veth.pair',
    )
    const taken = view.links?.get(pair)
    const own = view.containers.get(container)
    const mine =
      own !== undefined &&
      own.state !== 'stopped' &&
      (own.live?.some((inside) => inside.peerIndex === taken?.index) ?? true)
    if (taken !== undefined && !mine)
      found.push(
        error(
          'duplicate-pair',
          `veth.pair: a link "${pair}" is on this host already`,
          `choose another name, or ${drop(subject, 'veth.pair')}`,
          'veth.pair',
        ),
      )
  }
  const link = value(nic, 'link')
  if (link === undefined) return found
  const onParent = all.parent.get(link)
  if (type === 'vlan') {
    const id = value(nic, 'vlan.id')
    clash(
      here(onParent, (other) => typeOf(other) === 'vlan' && value(other, 'vlan.id') === id),
      'vlan-taken',
      (where) => `vlan.id: VLAN ${id} on "${link}" is taken by ${where}; a parent has each VLAN once`,
      'put both on a bridge over that VLAN',
      'vlan.id',
    )
  }
  if (type === 'macvlan') {
    const exclusive = (other: Nic): boolean =>
      typeOf(other) === 'macvlan' && (modeOf(nic) === 'passthru' || modeOf(other) === 'passthru')
    clash(
      here(onParent, exclusive),
      'passthru-shared',
      (where) => `link: "${link}" is shared with ${where}, but a parent in mode passthru has one macvlan only`,
      'use mode bridge, or another parent',
      'link',
    )
  }
  if (type === 'phys')
    clash(
      here(onParent, (other) => typeOf(other) === 'phys'),
      'phys-taken',
      (where) => `link: "${link}" is also moved into ${where}`,
      'a link is in one container at a time',
      'link',
    )
  return found
}
