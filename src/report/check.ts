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
  findings: CheckFinding[]
}

/** What is wrong with a container, or with an object. */
export interface CheckFinding extends Note {
  container: string | null
  /** The index; null for what is wrong with the config as a whole. */
  nic: number | null
  /** `bridge lxcbr1`, or the noun alone where it is not about one. */
  object: string | null
}

export function checkText({ findings, leftOut, containers }: CheckReport): string {
  const lines: string[] = []
  let last = ''
  for (const { container, object, severity, code, message, fix, place } of findings) {
    const about = container ?? object ?? ''
    if (about !== last) lines.push(...(last === '' ? [] : ['']), about)
    last = about
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
