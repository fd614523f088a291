/** What of a host this room reads, and which of its own systems keeps the network there. */
import type { Probe } from '../core/probe.ts'
import { findIfupdown, ifupdownKnows } from './ifupdown.ts'
import { type BackendName, type Standing, Texts } from './model.ts'
import { findNetplan, netplanKnows } from './netplan.ts'
import { findNetworkd, networkdKnows } from './networkd.ts'

export const bridgeProbe: Probe = {
  fragment: 'bridge.sh',
  setup: [],
  frames: ['bridge_frames'],
  live: ['bridge_live'],
  paths: ['bridge_paths'],
}

/** The parts of a snapshot that this room looks at. */
export interface Answers {
  files: ReadonlyMap<string, { text: string }>
  links: ReadonlyMap<string, string>
  answers: ReadonlyMap<string, { text: string }>
}

const wordsOf = ({ answers }: Answers, id: string): string[] => answers.get(id)?.text.split(/\s+/).filter(Boolean) ?? []

export const isWireless = (answers: Answers, link: string): boolean => wordsOf(answers, 'wireless').includes(link)
export const hasNoCarrier = (answers: Answers, link: string): boolean => wordsOf(answers, 'no-carrier').includes(link)
/** Is it on this host, and has it something to keep? */
export const isThere = (answers: Answers, backend: BackendName): boolean =>
  wordsOf(answers, 'network-systems').includes(backend)
export const hasNetworkManager = (answers: Answers): boolean =>
  wordsOf(answers, 'network-systems').includes('networkmanager')

export const textsOf = ({ files, links }: Answers): Texts =>
  new Texts((path) => files.get(links.get(path) ?? path)?.text)

/** The files of each system, in the order in which it reads them. */
export function filesOf(answers: Answers, backend: BackendName): string[] {
  if (backend === 'ifupdown') return answers.answers.get('interfaces')?.text.split('\n').filter(Boolean) ?? []
  const pattern = backend === 'netplan' ? /^\/etc\/netplan\/[^/]+\.yaml$/ : /^\/(etc|run)\/systemd\/network\/[^/]+$/
  return [...answers.files.keys()].filter((path) => pattern.test(path)).sort(byName)
}

/** systemd.network(5): by the name of the file, whichever directory it is in. */
const byName = (a: string, b: string): number => {
  const [one, other] = [a.replace(/.*\//, ''), b.replace(/.*\//, '')]
  return one < other ? -1 : one > other ? 1 : a < b ? -1 : 1
}

export const standingBridges = (answers: Answers): Standing[] => {
  const texts = textsOf(answers)
  const [netplan, networkd, ifupdown] = order.map((name) => standingIn(name, texts, filesOf(answers, name)))
  const made = new Set(netplan?.map(({ bridge }) => bridge.name))
  // netplan writes its own for networkd in /run
  const own = networkd?.filter(({ bridge }) => !made.has(bridge.name)) ?? []
  return [...(ifupdown ?? []), ...own, ...(netplan ?? [])]
}

const order: readonly BackendName[] = ['netplan', 'networkd', 'ifupdown']

export const standingIn = (name: BackendName, texts: Texts, files: readonly string[]): Standing[] =>
  ({ ifupdown: findIfupdown, networkd: findNetworkd, netplan: findNetplan })[name](texts, files)

/** The client identifier of the DHCP lease that networkd has for a link, by its number in the kernel. */
export const leaseOf = ({ answers }: Answers, index: number): string | undefined =>
  /^CLIENTID=([\da-f]+)$/im.exec(answers.get(`networkd-lease/${index}`)?.text ?? '')?.[1]

/**
 * The system that keeps the network of this host: the one whose files name the first of the links that any names, else
 * the one that is there.
 *
 * @param links the uplink, then those of the default routes
 */
export function backendOf(answers: Answers, links: readonly string[]): BackendName | undefined {
  const texts = textsOf(answers)
  const there = wordsOf(answers, 'network-systems')
  const knows: Record<BackendName, (link: string) => boolean> = {
    netplan: (link) => netplanKnows(texts, filesOf(answers, 'netplan'), link),
    networkd: (link) => networkdKnows(texts, filesOf(answers, 'networkd'), link),
    ifupdown: (link) => ifupdownKnows(texts, filesOf(answers, 'ifupdown'), link),
  }
  const usable = order.filter((name) => there.includes(name))
  for (const link of links) {
    const hit = usable.find((name) => knows[name](link))
    if (hit !== undefined) return hit
  }
  return usable[0]
}
