/**
 * What can be wrong with a NIC beyond its single values: with itself, with its neighbours and with its host.
 *
 * An error is what LXC or the kernel refuses or what surely breaks; the rest is a warning. A clash with a container
 * that is stopped is a warning, since clones lie about everywhere.
 */
import { addressChecks, gatewayChecks } from './check-address.ts'
import { clashChecks } from './check-clash.ts'
import { linkChecks } from './check-link.ts'
import { siblingChecks, typeChecks, valueChecks } from './check-own.ts'
import { type Finding, isWritten, type Subject } from './finding.ts'

export type { Finding, Subject } from './finding.ts'

/** All findings about one NIC. */
export function checkNic(subject: Subject): Finding[] {
  return [valueChecks, typeChecks, gatewayChecks, addressChecks, siblingChecks, linkChecks, clashChecks]
    .flatMap((check) => check(subject))
    .map(({ loads, ...finding }) =>
      loads && finding.severity === 'error' && !isWritten(subject, finding.key ?? 'type')
        ? { ...finding, severity: 'warning' }
        : finding,
    )
}
