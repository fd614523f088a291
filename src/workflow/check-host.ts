/** `lxcnet check`: every fault of every config that can be known before a start. */
import { type Container, checkNic, type HostView } from '../nic/index.ts'
import type { Note } from '../plan/plan.ts'
import type { CheckReport } from '../report/check.ts'
import { noteOf } from './nic-change.ts'

export function checkHost(
  host: string,
  view: HostView,
  chosen: Iterable<Container>,
  allow: ReadonlySet<string>,
): CheckReport {
  const findings: CheckReport['findings'] = []
  for (const container of chosen) {
    const { name, text, effective } = container
    const found: Note[] = []
    if (text === undefined)
      found.push({
        severity: 'error',
        code: 'unreadable',
        message: `${container.path} cannot be read`,
        fix: 'run lxcnet as root',
      })
    for (const { severity, code, message, place } of effective.problems) found.push({ severity, code, message, place })
    for (const { nic, sub, lost, by } of effective.overridden.filter((one) => one.by.inside === 'include')) {
      const where = { file: lost.file, line: lost.line }
      found.push({
        severity: 'warning',
        code: 'include-wins',
        message: `NIC ${nic.index}: ${sub} = ${lost.value} has no effect: ${by.file}:${by.line} wins`,
        fix: 'change it there, or take the line out',
        place: where,
      })
    }
    for (const nic of effective.nics) {
      for (const finding of checkNic({ container: name, nic, nics: effective.nics, view })) {
        const note = noteOf(finding, container, nic)
        found.push({ ...note, message: `NIC ${nic.index}: ${note.message}` })
      }
    }
    findings.push(...found.filter(({ code }) => !allow.has(code)).map((note) => ({ container: name, ...note })))
  }
  return {
    schema: 'lxcnet.check/1',
    host,
    lxcVersion: view.version ?? null,
    leftOut:
      view.links === undefined
        ? ["the host's links are not known under --root: whether links exist and are bridges was not checked"]
        : [],
    findings,
  }
}
