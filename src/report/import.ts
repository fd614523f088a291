/** What `lxcnet import` says besides the file itself. */
import { readable } from './table.ts'

export interface ImportReport {
  schema: 'lxcnet.import/1'
  /** Where the site file was written; null when it stands in `text` alone. */
  file: string | null
  /** The site file. */
  text: string
  hosts: number
  containers: number
  nics: number
  /** Bridges, forwards and so on, each once however many hosts have it. */
  objects: number
  /** What the file cannot say. */
  leftOut: string[]
  unreachable: { host: string; reason: string }[]
}

export function importText({ file, hosts, containers, nics, objects, leftOut, unreachable }: ImportReport): string {
  const counts = [
    count(hosts, 'host'),
    count(containers, 'container'),
    count(nics, 'NIC'),
    ...(objects === 0 ? [] : [count(objects, 'object')]),
  ]
  return [
    ...unreachable.map(({ host, reason }) => `${host} is not in it: ${reason}`),
    ...leftOut.map((text) => `Left out: ${text}.`),
    `${counts.join(', ')}${file === null ? '' : ` in ${file}`}. The plan of this file is empty.`,
  ]
    .map(readable)
    .join('\n')
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
