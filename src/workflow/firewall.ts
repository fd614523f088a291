/** The one piece that holds all rules of lxcnet on a host: forwards, and what networks want done for them. */
import { bootProbe, piecePath } from '../boot/index.ts'
import type { Probe } from '../core/probe.ts'
import {
  firewallBody,
  firewallProbe,
  hasForeignTable,
  hasNoTool,
  type NetworkRules,
  noRules,
  parseRules,
  printRules,
  type Rules,
  readDroppers,
  saySame,
} from '../firewall/index.ts'
import { lxcNetProbe } from '../lxc-net/index.ts'
import type { Note } from '../plan/plan.ts'
import { templateText } from '../template/template.ts'
import type { Reading } from './context.ts'
import { Desk, type PieceOptions } from './noun/desk.ts'
import { hairpinsOf } from './targets.ts'

export type { NetworkRules } from '../firewall/index.ts'

export const firewallProbes: readonly Probe[] = [bootProbe, lxcNetProbe, firewallProbe]

/** Behind the pieces that make links. */
const piece = '50-firewall'
export const firewallPath = piecePath(piece)

/** The rules as they will be on a desk, or as they were read. */
export function readRules(from: Desk | Reading): Rules {
  const text = from instanceof Desk ? from.pieceText(piece) : from.snapshot.files.get(firewallPath)?.text
  if (text === undefined) return noRules
  if (latest?.text !== text) latest = { text, rules: parseRules(text) }
  return latest.rules
}

/** A thousand forwards are read once, however many ask for them. */
let latest: { text: string; rules: Rules } | undefined

/** By the name of the network. */
export const readNetworkRules = (from: Desk | Reading): ReadonlyMap<string, NetworkRules> => readRules(from).networks

/** @param rules undefined when the network goes */
export function setNetworkRules(desk: Desk, name: string, rules: NetworkRules | undefined): void {
  const old = readRules(desk)
  const networks = new Map(old.networks)
  if (rules === undefined) networks.delete(name)
  else {
    networks.set(name, rules)
    desk.note(...networkFaults({ ...desk.reading, view: desk.view }, name, rules))
  }
  putRules(desk, { ...old, networks }, { why: `rules of ${name}` })
}

/** Why nobody in a network reaches the outside: firewalls of the host, or an address that nobody answers to. */
export function networkFaults(
  { snapshot, view: { links } }: Reading,
  name: string,
  { bridge, masquerade, through = [] }: NetworkRules,
): Note[] {
  const warning = (code: string, message: string, fix: string): Note => ({
    severity: 'warning',
    code,
    message: `nat ${name}: ${message}`,
    fix,
  })
  const drops = readDroppers(snapshot)
    .filter((one) => !through.includes(one))
    .map((one) =>
      warning(
        one === 'docker' || one === 'ufw' ? `${one}-drops` : 'forwards-dropped',
        `${one} drops what this host forwards, so its containers reach nobody outside`,
        ways[one]?.(bridge, name) ?? `accept there what comes from ${bridge}, and what answers it`,
      ),
    )
  if (masquerade === 'on' || masquerade === 'off' || links === undefined || hasAddress(links, masquerade)) return drops
  const fix = `\`ip -br address\` lists what it has; \`lxcnet nat set ${name} masquerade=\` takes any of these`
  return [...drops, warning('masquerade-no-address', `no link of this host has ${masquerade} now`, fix)]
}

/** The links that lead out of the host are others after this plan: isolated networks may leave by these alone. */
export function followWayOut(desk: Desk): void {
  const text = desk.pieceText(piece)
  if (text === undefined || ![...readRules(desk).networks.values()].some(({ isolated }) => isolated)) return
  const why = 'isolated networks leave by the links that lead out now'
  desk.piece(piece, text, { why, converges: true, again: true })
}

export const hasAddress = (links: ReadonlyMap<string, { addresses: string[] }>, address: string): boolean =>
  [...links.values()].some(({ addresses }) => addresses.some((one) => one.split('/')[0] === address))

const ways: Record<string, (bridge: string, name: string) => string> = {
  docker: (_, name) => `lxcnet nat set ${name} through=docker`,
  ufw: (bridge) => `ufw allow in on ${bridge}; ufw route allow in on ${bridge}`,
}

/**
 * Puts down the piece as it shall be; without rules there is none.
 *
 * @param anew also what follows from the links of the host is worked out again where networks and forwards stay as they
 *   are: else a link that has come or gone since would be a change of theirs
 */
export function putRules(
  desk: Desk,
  { networks, forwards }: Pick<Rules, 'networks' | 'forwards'>,
  { anew = false, ...options }: Pick<PieceOptions, 'why' | 'impact'> & { anew?: boolean },
): void {
  const old = readRules(desk)
  const same = saySame({ networks, forwards }, old)
  const hairpins = same && !anew ? old.hairpins : hairpinsOf(desk, { ...old, networks, forwards })
  const none = networks.size === 0 && forwards.size === 0
  const { piece: text, body } = none ? { piece: null, body: null } : firewallText({ networks, forwards, hairpins })
  if (body !== (desk.text(firewallBody) ?? null))
    desk.write(firewallBody, body, { why: 'makes the rules that 50-firewall says', record: true })
  // another release wrote it, and may have made other rules of the same lines
  const again = body !== (desk.reading.snapshot.files.get(firewallBody)?.text ?? null)
  if ((desk.pieceText(piece) ?? null) === text && !again) return
  if (text !== null && hasForeignTable(desk.reading.snapshot))
    desk.note({
      severity: 'error',
      code: 'table-taken',
      message: 'there is a table inet lxcnet on this host that lxcnet did not write',
      fix: '`nft list table inet lxcnet` shows it; rename it where it is made, or remove it',
    })
  if (text !== null && hasNoTool(desk.reading.snapshot))
    desk.note({
      severity: 'error',
      code: 'firewall-no-tool',
      message: 'this host has neither nft nor iptables to make rules with',
      fix: 'apt-get install nftables',
    })
  desk.piece(piece, text, { ...options, converges: true, again })
}

const head = `#!/bin/sh
# Forwards and the rules of networks, brought back at boot. Written by lxcnet; an edit by hand is lost.
`

/** The piece, and the file that it reads at its end. */
export const firewallText = (rules: Rules): { piece: string; body: string } => ({
  piece: `${head}${printRules(rules)}\n. ${firewallBody}\n`,
  body: bodyText(),
})

const bodyText = (): string =>
  `# Makes the rules that 50-firewall says. Written by lxcnet, and gone with the last of them: an edit by hand is lost.\n\n` +
  ['firewall-nft', 'firewall-iptables', 'firewall-docker', 'firewall']
    .map((name) => templateText(`boot/${name}.sh`))
    .join('\n')
