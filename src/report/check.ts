/** What `lxcnet check` says. */
import type { Note } from '../plan/plan.ts'
import { readable } from './table.ts'

export interface CheckReport {
  schema: 'lxcnet.check/1'
  host: string
  lxcVersion: string | null
  /** How many were checked. */
  containers: number
  /** What could not be checked, and why. */
  leftOut: string[]
  /** `nic`: the index, null for what is wrong with the config as a whole. */
  findings: (Note & { container: string; nic: number | null })[]
}

export function checkText({ findings, leftOut, containers }: CheckReport): string {
  const lines: string[] = []
  let last = ''
  for (const { container, severity, code, message, fix, place } of findings) {
    if (container !== last) lines.push(...(last === '' ? [] : ['']), container)
    last = container
    lines.push(`  ${severity}: ${message} [${code}]`)
    if (place !== undefined)
      lines.push(`    ${place.file}:${place.line}${place.text === undefined ? '' : `: ${place.text.trim()}`}`)
    if (fix !== undefined) lines.push(`    ${fix}`)
  }
  const count = (severity: string): string => {
    const all = findings.filter((finding) => finding.severity === severity).length
    return `${all} ${severity}${all === 1 ? '' : 's'}`
  }
  if (findings.length > 0) lines.push('')
  lines.push(`${containers} ${containers === 1 ? 'container' : 'containers'}: ${count('error')}, ${count('warning')}`)
  lines.push(...leftOut.map((text) => `Left out: ${text}.`))
  return lines.map(readable).join('\n')
}
