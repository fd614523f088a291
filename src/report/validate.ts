/** What `lxcnet validate` says. */
import type { Place } from '../core/error.ts'

export interface ValidateReport {
  schema: 'lxcnet.validate/1'
  file: string
  /** What the file describes; null when it has errors. */
  site: SiteSize | null
  /** In the file's order; warnings that --allow names are left out. */
  problems: { severity: 'error' | 'warning'; code: string; message: string; fix: string; place: Place }[]
}

export interface SiteSize {
  name: string
  hosts: number
  networks: number
  /** Bridges, forwards and so on, each once however many hosts have it. */
  objects: number
  containers: number
  nics: number
}

/** The last line, for people. */
export function validateSummary({ file, site, problems }: ValidateReport): string {
  const count = (severity: string): string =>
    counted(problems.filter((problem) => problem.severity === severity).length, severity)
  if (site === null) return `${file}: ${count('error')}, ${count('warning')}`
  const what = [
    counted(site.hosts, 'host'),
    counted(site.networks, 'network'),
    ...(site.objects === 0 ? [] : [counted(site.objects, 'object')]),
    counted(site.containers, 'container'),
    counted(site.nics, 'NIC'),
  ]
  return `${file}: site ${site.name}, ${what.join(', ')}; ${problems.length === 0 ? 'nothing is wrong' : count('warning')}`
}

const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
