/**
 * /etc/lxcnet/gateways/NAME: what a gateway was told, what the hook needs, and what `delete` has to hand back.
 *
 * One assignment a line, which the hook reads as shell. Other releases of lxcnet read these names, and so do hooks that
 * they wrote: their meaning stays.
 */
import { gatewayWords, type Words } from './words.ts'

export const hookPath = '/etc/lxcnet/hooks/gateway'
export const hookKey = 'lxc.hook.start-host'
export const settingsFolder = '/etc/lxcnet/gateways'
export const settingsPath = (name: string): string => `${settingsFolder}/${name}`

/** A NIC that a gateway brought, in itself or in a member. By its MAC: an index may be another NIC's by then. */
export interface Made {
  container: string
  mac: string
}

/** The ipv4.gateway that a NIC had before; '' for none. */
export interface Was {
  container: string
  index: number
  gateway: string
}

export interface GatewayRecord {
  /** Where its container is. */
  lxcpath: string
  words: Words
  /** Names of its NICs inside the container. */
  outsideNic: string
  insideNic: string
  made: readonly Made[]
  was: readonly Was[]
}

const variable = (flag: string): string => flag.replaceAll('-', '_')

export function printRecord(name: string, { lxcpath, words, outsideNic, insideNic, made, was }: GatewayRecord): string {
  const entries: [string, string][] = [
    ['lxcpath', lxcpath],
    ...gatewayWords.flatMap(({ flag }): [string, string][] => {
      const texts = words.get(flag)
      return texts === undefined ? [] : [[variable(flag), texts.join(' ')]]
    }),
    ['outside_nic', outsideNic],
    ['inside_nic', insideNic],
    ['made', made.map(({ container, mac }) => `${container}=${mac}`).join(' ')],
    ['was', was.map(({ container, index, gateway }) => `${container}:${index}=${gateway}`).join(' ')],
  ]
  const lines = entries
    .filter(([, text]) => text !== '')
    .map(([key, text]) => `${key}='${text.replaceAll("'", "'\\''")}'`)
  return `# gateway ${name}. Written by lxcnet; an edit by hand is lost: use \`lxcnet gateway set ${name}\`.
${lines.join('\n')}
`
}

/** @param settings the assignments of the file, name → value */
export function readRecord(settings: ReadonlyMap<string, string>): GatewayRecord {
  const list = (name: string): string[] => settings.get(name)?.split(' ').filter(Boolean) ?? []
  const words = gatewayWords.flatMap(({ flag }): [string, string[]][] =>
    settings.has(variable(flag)) ? [[flag, list(variable(flag))]] : [],
  )
  return {
    lxcpath: settings.get('lxcpath') ?? '',
    words: new Map(words),
    outsideNic: settings.get('outside_nic') ?? '',
    insideNic: settings.get('inside_nic') ?? '',
    made: list('made').map((text) => {
      const [container = '', mac = ''] = text.split('=')
      return { container, mac }
    }),
    was: list('was').map((text) => {
      const [, container = '', index = '', gateway = ''] = /^(.*):(\d+)=(.*)$/.exec(text) ?? []
      return { container, index: Number(index), gateway }
    }),
  }
}
