/** The NAT networks of a host with all their settings, as they were read or as they will be on a desk. */
import { bootProbe, pieceSettings, readPieces } from '../../../boot/index.ts'
import type { Probe } from '../../../core/probe.ts'
import { type DhcpNetwork, lxcNetProbe, readNetworks } from '../../../lxc-net/index.ts'
import type { Reading } from '../../context.ts'
import { Desk } from '../../noun/desk.ts'

export const natProbes: readonly Probe[] = [bootProbe, lxcNetProbe]

const piecePrefix = '30-nat-'
export const natPiece = (name: string): string => piecePrefix + name

/** Settings of the pieces of further networks, by the names of these. */
export const furtherPieces = ({ snapshot }: Reading): Map<string, Map<string, string>> =>
  new Map(
    [...readPieces(snapshot)]
      .filter(([piece]) => piece.startsWith(piecePrefix))
      .map(([piece, text]) => [piece.slice(piecePrefix.length), pieceSettings(text)]),
  )

/**
 * Those whose dnsmasq can be told what to give. Needs `natProbes`.
 *
 * @param also names of networks that may be new on the desk
 */
export function natNetworks(from: Desk | Reading, also: Iterable<string> = []): DhcpNetwork[] {
  if (!(from instanceof Desk)) return readNetworks(from.snapshot, furtherPieces(from))
  const pieces = new Map<string, Map<string, string>>()
  for (const name of new Set([...furtherPieces(from.reading).keys(), ...also])) {
    const text = from.pieceText(natPiece(name))
    if (text !== undefined) pieces.set(name, pieceSettings(text))
  }
  return readNetworks(answersOf(from), pieces)
}

/** What was read, with the files as they will be. What a shell made of the settings holds only while they stay. */
export function answersOf(desk: Desk): Parameters<typeof readNetworks>[0] {
  const { files, links, answers } = desk.reading.snapshot
  const file = (path: string): { text: string } | undefined => {
    const text = desk.text(path)
    return text === undefined ? undefined : { text }
  }
  const settings = `${answers.get('lxc-net-etc')?.text}/lxc-net`
  const stale = desk.text(settings) !== files.get(links.get(settings) ?? settings)?.text
  const answer = (id: string) => (id === 'lxc-net-values' && stale ? undefined : answers.get(id))
  return {
    files: { get: file, has: (path) => file(path) !== undefined },
    links,
    answers: { get: answer, has: (id) => answer(id) !== undefined },
  }
}
