/** `lxcnet check`: every fault of every config that can be known before a start. */
import type { Container } from '../nic/index.ts'
import type { CheckFinding, CheckReport } from '../report/check.ts'
import type { View } from './context.ts'
import { faults, noteOf } from './nic-change.ts'

type Found = Omit<CheckFinding, 'container' | 'object'>

export function checkHost(
  host: string,
  view: View,
  chosen: readonly Container[],
  allow: ReadonlySet<string>,
): CheckReport {
  const findings: CheckReport['findings'] = []
  for (const container of chosen) {
    const { name, text, effective, sharedWith = [] } = container
    const found: Found[] = []
    if (text === undefined)
      found.push({
        severity: 'error',
        code: 'unreadable',
        message: `${container.path} cannot be read`,
        fix: 'run lxcnet as root; a config is a plain file',
        nic: null,
      })
    if (sharedWith.length > 0)
      found.push({
        severity: 'warning',
        code: 'shared-config',
        message: `${container.path} is also the config of ${sharedWith.join(', ')}`,
        fix: 'copy it where the containers shall differ',
        nic: null,
      })
    for (const { severity, code, message, place } of effective.problems)
      found.push({ severity, code, message, place, nic: null })
    for (const { nic, sub, lost, by } of effective.overridden.filter((one) => one.by.inside === 'include')) {
      const where = { file: lost.file, line: lost.line }
      found.push({
        severity: 'warning',
        code: 'include-wins',
        message: `NIC ${nic.index}: ${sub} = ${lost.value} has no effect: ${by.file}:${by.line} wins`,
        fix: 'change it there, or take the line out',
        place: where,
        nic: nic.index,
      })
    }
    for (const nic of effective.nics) {
      for (const finding of faults(container, nic, effective, view)) {
        // a running container has its veth already
        if (finding.code === 'usernet-quota' && container.state !== 'stopped') continue
        const note = noteOf(finding, container, nic)
        found.push({ ...note, message: `NIC ${nic.index}: ${note.message}`, nic: nic.index })
      }
    }
    findings.push(
      ...once(found.filter(({ code }) => !allow.has(code))).map((note) => ({ container: name, object: null, ...note })),
    )
  }
  return {
    schema: 'lxcnet.check/1',
    host,
    lxcVersion: view.version ?? null,
    containers: chosen.length,
    leftOut:
      view.links === undefined
        ? ["the host's links are not known under --root: whether links exist and are bridges was not checked"]
        : [],
    findings,
  }
}

/** Each finding once: the parser and the checks of a NIC can see the same line. */
function once(found: readonly Found[]): Found[] {
  const said = new Set<string>()
  return found.filter(({ code, message, place, nic }) => {
    const line = `${code} ${place?.file}:${place?.line}`
    if (nic !== null && place !== undefined && said.has(line)) return false
    const all = `${line} ${message}`
    if (said.has(all)) return false
    said.add(all)
    if (nic === null) said.add(line)
    return true
  })
}
