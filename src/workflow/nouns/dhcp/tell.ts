/** What makes the dnsmasq of a network read the reservations: its files of options, and the command that tells it. */
import { confFileOf, putBack, reread, restart, runsWith } from '../../../dnsmasq/index.ts'
import { append, parse, print, valuesOf } from '../../../document/dnsmasq-conf.ts'
import { type Assignment, assign, parse as parseShell, print as printShell } from '../../../document/shell-vars.ts'
import { ownConfFile, ownHostsFile, readLxcNet, workOut } from '../../../lxc-net/index.ts'
import { templateText } from '../../../template/template.ts'
import type { Desk } from '../../noun/desk.ts'
import { type DhcpSide, hostsFileOption, hostsOption } from './read.ts'

const variable = 'LXC_DHCP_CONFILE'
/** Behind a line that lxcnet added, so that it can take it away again. A lasting mark. */
const mark = '# lxcnet dhcp'

const confHead = (network: string): string =>
  `# dnsmasq options of ${network}, written by lxcnet; lines added by hand stay.\n`
const hostsHead = (network: string): string =>
  `# DHCP reservations of ${network}, written by lxcnet; lines added by hand stay.\n`

/** The reservations that lxcnet keeps for a network, as they shall be. @param edit null for none at all */
export function writeReservations(desk: Desk, side: DhcpSide, edit: (text: string) => string, why: string): void {
  const { name } = side.network
  const path = ownHostsFile(name)
  const old = desk.text(path)
  const text = edit(old ?? hostsHead(name))
  const left = text.replace(hostsHead(name), '') !== ''
  desk.write(path, left ? text : null, { why })
  if (left) plugIn(desk, side)
  else plugOut(desk, side)
}

/** Sees to it that the options name the file of reservations. */
function plugIn(desk: Desk, side: DhcpSide): void {
  const { network, confFile } = side
  const path = confFile ?? ownConfFile(network.name)
  const line = `${hostsFileOption}=${ownHostsFile(network.name)}`
  const old = desk.text(path)
  const lines = parse(old ?? (path === ownConfFile(network.name) ? confHead(network.name) : ''))
  const why = `has the dnsmasq of ${network.name} read the reservations`
  if (!valuesOf(lines, hostsFileOption).includes(ownHostsFile(network.name)))
    desk.write(path, print(append(lines, line)), { why })
  if (confFile === undefined && network.kind === 'lxc-net') setConfFile(desk, path, why)
}

/** Takes away what plugIn() made, and nothing else. */
function plugOut(desk: Desk, side: DhcpSide): void {
  const { network, confFile } = side
  const text = confFile === undefined ? undefined : desk.text(confFile)
  if (confFile === undefined || text === undefined) return
  const own = ownHostsFile(network.name)
  const rest = parse(text).filter(
    (line) => !(line.kind === 'option' && line.key === hostsFileOption && line.value === own),
  )
  const why = 'nothing is reserved any more'
  const left = print(rest).replace(confHead(network.name), '')
  const empty = confFile === ownConfFile(network.name) && left === ''
  desk.write(confFile, empty ? null : print(rest), { why })
  if (empty && network.kind === 'lxc-net') setConfFile(desk, undefined, why)
}

function setConfFile(desk: Desk, path: string | undefined, why: string): void {
  const lxcNet = readLxcNet(desk.reading.snapshot)
  if (lxcNet === undefined) return
  const { places } = lxcNet
  const text = desk.text(places.settings) ?? ''
  const lines = parseShell(text)
  const have = lines.findLast((line): line is Assignment => line.kind === 'assignment' && line.name === variable)
  if (path === undefined) {
    const rest = lines.filter((line) => line !== have || !line.raw.includes(mark))
    const cleared = rest.length < lines.length ? rest : assign(lines, variable, '')
    if (typeof cleared !== 'string') desk.write(places.settings, printShell(cleared), { why })
    return
  }
  // what is commented out there is the packager's example, and stays
  const end = text === '' || text.endsWith('\n') ? '' : '\n'
  const edited = have === undefined ? `${text}${end}${variable}="${path}" ${mark}\n` : assign(lines, variable, path)
  const after = typeof edited === 'string' ? edited : printShell(edited)
  const seen = workOut(desk.reading.snapshot, places, after).get(variable)
  if (edited !== 'built' && edited !== 'command' && (seen === path || seen === undefined)) {
    desk.write(places.settings, after, { why })
    return
  }
  desk.note({
    severity: 'error',
    code: 'dhcp-conf-by-hand',
    message: `${places.settings} sets ${variable} in a way that lxcnet does not edit`,
    fix: `set it by hand to ${path}, and run the command again`,
    place: { file: places.settings, line: lines.findLastIndex(({ raw }) => raw.includes(variable)) + 1 },
  })
}

/**
 * Tells the dnsmasq what changed: by SIGHUP when it reads the files of reservations already and nothing else differs,
 * else by another start of it.
 *
 * Both have a command in front of the files whose way back comes when the old files are there again.
 *
 * @param before the network as it was read
 */
export function tell(desk: Desk, before: DhcpSide): void {
  const { network, server } = before
  const confFile = before.confFile ?? ownConfFile(network.name)
  const own = ownHostsFile(network.name)
  const unchanged = (path: string): boolean => desk.text(path) === textBefore(desk, path)
  const files = [confFile, own, ...before.reservations.map(({ file }) => file)]
  const changed = files.some((path) => !unchanged(path))
  const text = desk.text(confFile)
  const wanted = text === undefined ? (confFileOf(server) === undefined ? undefined : '/dev/null') : confFile
  const reads = wanted === undefined || confFileOf(server) === wanted
  if (!changed && reads) return
  const nothing = ['true']
  if (server.words.length === 0) {
    if (desk.context.scope.live)
      desk.note({
        severity: 'info',
        code: 'dhcp-not-running',
        message: `the dnsmasq of ${network.name} does not run: it reads this when it starts`,
      })
    return
  }
  if (!network.enabled) return // it goes with this very change, and reads this when it starts
  if (unchanged(confFile) && reads && !(server.outdated && changed)) {
    const again = reread(network.pidFile)
    desk.before(nothing, { undo: again, why: `on the way back: the dnsmasq of ${network.name} reads its files again` })
    desk.after(again, { undo: nothing, why: `the dnsmasq of ${network.name} reads its reservations again` })
    return
  }
  const script = templateText('dnsmasq-restart.sh')
  const why = `the dnsmasq of ${network.name} starts anew: its answers can be late for a moment, all other traffic flows on`
  const impact = 'reconnect'
  const back = putBack(script, network, server.words)
  desk.before(nothing, { undo: back, why: `on the way back: the dnsmasq of ${network.name} as it was`, impact })
  const check = wanted === undefined ? {} : { check: runsWith(network.pidFile, `--conf-file=${wanted}`) }
  desk.after(restart(script, network, wanted), { undo: nothing, why, impact, ...check })
}

function textBefore({ reading }: Desk, path: string): string | undefined {
  const { files, links } = reading.snapshot
  return files.get(links.get(path) ?? path)?.text
}

/** Lines of the file of reservations. */
export const parseHosts = (text: string) => parse(text, hostsOption)
