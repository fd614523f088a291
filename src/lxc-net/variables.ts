/**
 * The settings of lxc-net as it gets them itself: the defaults in its own script, over them what /etc/default/lxc and the
 * files sourced there say. Variables: lxc-net of LXC 1.0 to 7.0.
 */
import { evaluate, parse, type ShellLine, type ShellValues } from '../document/shell-vars.ts'
import type { Answers } from './answers.ts'

export const variables = [
  'USE_LXC_BRIDGE',
  'LXC_BRIDGE',
  'LXC_ADDR',
  'LXC_NETMASK',
  'LXC_NETWORK',
  'LXC_DHCP_RANGE',
  'LXC_DHCP_MAX',
  'LXC_DHCP_CONFILE',
  'LXC_DOMAIN',
  'LXC_USE_NFT',
  'LXC_IPV6_ENABLE',
  'LXC_IPV6_ADDR',
  'LXC_IPV6_MASK',
  'LXC_IPV6_NETWORK',
  'LXC_IPV6_NAT',
] as const

export type Variable = (typeof variables)[number]

/** What the script of LXC 4.0 and 5.0 has, for a tree without the script. */
const usual: ReadonlyMap<Variable, string> = new Map([
  ['USE_LXC_BRIDGE', 'true'],
  ['LXC_BRIDGE', 'lxcbr0'],
  ['LXC_ADDR', '10.0.3.1'],
  ['LXC_NETMASK', '255.255.255.0'],
  ['LXC_NETWORK', '10.0.3.0/24'],
  ['LXC_DHCP_RANGE', '10.0.3.2,10.0.3.254'],
  ['LXC_DHCP_MAX', '253'],
  ['LXC_USE_NFT', 'true'],
  ['LXC_IPV6_NAT', 'false'],
])

/** Where the files of lxc-net are; undefined on a host without it. */
export interface Places {
  script: string | undefined
  /** /etc/default/lxc, which sources `settings`. */
  common: string
  /** /etc/default/lxc-net: the file that lxcnet edits. */
  settings: string
}

export function placesOf({ files, links, answers }: Answers): Places | undefined {
  const script = answers.get('lxc-net-script')?.text
  const folder = answers.get('lxc-net-etc')?.text ?? '/etc/default'
  const settings = `${folder}/lxc-net`
  if (script === undefined && !files.has(links.get(settings) ?? settings)) return undefined
  return { script, common: `${folder}/lxc`, settings }
}

const textAt = ({ files, links }: Answers, path: string): string | undefined => files.get(links.get(path) ?? path)?.text

/**
 * @param settings the file of settings as it shall be; as it is when left out
 * @returns undefined for what only a shell can tell
 */
export function workOut(answers: Answers, places: Places, settings?: string): ShellValues {
  const values: ShellValues = new Map([...variables.map((name) => [name, ''] as const), ...usual])
  let sure = true
  const script = places.script === undefined ? undefined : textAt(answers, places.script)
  if (script !== undefined) {
    const head = parse(script.split(/^\[ ! -f .*sysconfdir\/lxc/m, 1)[0] ?? '')
    for (const name of usual.keys()) values.set(name, '')
    // its functions come behind: an assignment at the top is a default
    sure = evaluate(
      head.filter(({ kind }) => kind === 'assignment'),
      values,
      () => undefined,
    )
  }
  const file = (path: string): ShellLine[] | undefined => {
    const text = path === places.settings && settings !== undefined ? settings : textAt(answers, path)
    return text === undefined ? undefined : parse(text)
  }
  sure = evaluate(file(places.common) ?? [], values, file) && sure
  return sure ? values : new Map(variables.map((name) => [name, undefined]))
}

/** The values as a shell on the host gives them, else as far as the files tell. */
export function readVariables(answers: Answers, places: Places): ShellValues {
  const said = answers.answers.get('lxc-net-values')
  const lines = said?.status === 0 ? said.text.split('\n') : []
  const values = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  return variables.every((name) => values.has(name)) ? values : workOut(answers, places)
}
