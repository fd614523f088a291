/** `lxcnet dhcp release`: a lease ends before its time. What was given up cannot be taken back. */
import { exit, LxcnetError } from '../../../core/error.ts'
import { confFileOf, isLive, type Lease, release, restartWithout } from '../../../dnsmasq/index.ts'
import type { ChangeReport } from '../../../report/change.ts'
import { templateText } from '../../../template/template.ts'
import { change, type Mandate } from '../../change.ts'
import { type Context, isUp, type Reading } from '../../context.ts'
import { Desk } from '../../noun/desk.ts'
import { dhcp } from './dhcp.ts'
import { ownersOf } from './leases.ts'
import { type DhcpSide, nowOf, type Reservation, sidesOf } from './read.ts'

/** @param word address of the lease, or name of its container or client */
export function releaseLease(context: Context, word: string, mandate: Mandate): Promise<ChangeReport> {
  return change(context, {
    ...mandate,
    probes: dhcp.probes(context),
    draft: (reading) => {
      const desk = new Desk(context, reading)
      for (const [side, lease] of chosen(reading, word)) giveUp(desk, side, lease)
      return desk.draft()
    },
  })
}

/** @throws {LxcnetError} `no-lease` */
function chosen(reading: Reading, word: string): [DhcpSide, Lease][] {
  const owners = ownersOf(reading)
  const all = sidesOf(reading).flatMap((side) => side.leases.map((lease): [DhcpSide, Lease] => [side, lease]))
  const found = all.filter(([, { address, name, mac }]) => [address, name, owners.get(mac)].includes(word))
  if (found.length > 0) return found
  throw new LxcnetError('no-lease', `nobody has a lease ${word}`, {
    exit: exit.data,
    suggestions: ['`lxcnet dhcp leases` shows all'],
  })
}

function giveUp(desk: Desk, { network, server, reservations }: DhcpSide, lease: Lease): void {
  const { address, mac, name } = lease
  const owner = ownersOf(desk.reading).get(mac)
  const reserved = reservations.find((one) => one.address === address)
  const container = owner === undefined ? undefined : desk.view.containers.get(owner)
  if (container !== undefined && isUp(container, desk.view) && isLive(lease, nowOf(desk.context, desk.reading)))
    desk.note({
      severity: 'error',
      code: 'dhcp-in-use',
      message: `dhcp ${owner}: it runs and uses ${address}, which ${fate(lease, reserved)}`,
      fix: `lxc-stop -n ${owner}`,
    })
  if (server.words.length === 0 && desk.context.scope.live)
    desk.note({
      severity: 'error',
      code: 'dhcp-not-running',
      message: `the dnsmasq of ${network.name} does not run, and only it ends a lease`,
      fix: network.kind === 'lxc-net' ? 'lxcnet nat enable' : 'sh /etc/lxcnet/boot',
    })
  const left = reserved === undefined ? 'is free again' : 'is not leased any more, and stays reserved'
  desk.say(`dhcp ${owner ?? name ?? mac}: ${address} ${left}`)
  if (desk.reading.snapshot.answers.has('dhcp-release')) {
    const argv = release(templateText('dnsmasq-release.sh'), network.leaseFile, network.bridge, lease)
    desk.final(argv, { why: `ends the lease of ${address}` })
    return
  }
  const argv = restartWithout(templateText('dnsmasq-restart.sh'), network.leaseFile, lease, network, confFileOf(server))
  const why = `without dhcp_release (package dnsmasq-utils) by a new start of the dnsmasq of ${network.name}`
  desk.final(argv, { why: `ends the lease of ${address}, ${why}`, impact: 'reconnect' })
}

/** What becomes of an address that is given up while somebody uses it. */
function fate({ mac, name }: Lease, reserved: Reservation | undefined): string {
  if (reserved === undefined) return 'would be given to the next who asks'
  const itself = reserved.macs.length === 0 ? reserved.name === name : reserved.macs.includes(mac)
  return itself
    ? 'stays reserved for it, but has no name in DNS until it asks again'
    : `would be given to ${reserved.name ?? reserved.macs[0]}, for whom it is reserved`
}
