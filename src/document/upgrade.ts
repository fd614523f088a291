/**
 * From the syntax of LXC up to 2.1 to that of 2.1 and later, which is all that LXC 3.0 and later read.
 *
 * Does what `lxc-update-config` is for, and keeps to what LXC 2.1 made of the file: only keys change, never comments
 * or the text of values; NICs are counted as LXC counts them. A file that LXC 2.1 refuses for its NICs is left as it
 * is. In a file of both styles the legacy NICs are numbered behind the highest `lxc.net` index, and a legacy key that
 * LXC 2.1 gave to an `lxc.net` NIC (it goes to the last one in its list) becomes a key of that NIC.
 */
import { LxcnetError } from '../core/error.ts'
import { evaluate, type Problem } from './effective.ts'
import { modernKey } from './legacy-keys.ts'
import { isProxmox, type Line, lineEnd, parse, print, type Setting } from './lxc-config.ts'
import { netKey, parseNetKey } from './net-key.ts'
import { reread, withValue } from './nic-lines.ts'

export interface Upgraded {
  lines: Line[]
  /** 1-based lines of the old file, without line end; `after` is '' where a line goes. */
  changes: { line: number; before: string; after: string }[]
  /** What stood in the way (then nothing is changed), and what is wrong with the result. */
  problems: Problem[]
}

/**
 * @param file names the file in the problems
 * @throws {LxcnetError} `proxmox-file`
 */
export function upgrade(lines: readonly Line[], file = ''): Upgraded {
  if (isProxmox(lines))
    throw new LxcnetError('proxmox-file', "the file is Proxmox VE's, which makes the LXC config from it")
  const { keys, obstacles } = numberNics(lines, file)
  if (obstacles.length > 0) return { lines: [...lines], changes: [], problems: obstacles }
  const changes: Upgraded['changes'] = []
  const backend = backendOf(lines)
  const out = lines.flatMap((line, at): Line[] => {
    const after = line.kind === 'setting' ? upgradeLine(line, keys.get(at), backend) : line
    if (after === line) return [line]
    changes.push({ line: at + 1, before: withoutEnd(line.raw), after: withoutEnd(after?.raw ?? '') })
    return after === undefined ? [] : [after]
  })
  const after = parse(print(out))
  const { problems } = evaluate({ file, lines: after }, { include: () => [] })
  return { lines: after, changes, problems: [...includesOf(after, file), ...problems] }
}

/** @returns undefined where the line has no meaning any more */
function upgradeLine(line: Setting, netName: string | undefined, backend: string | undefined): Line | undefined {
  const name = netName ?? modernKey(line.key)
  if (name === '') return undefined
  const renamed = name === undefined ? line : withKey(line, name)
  return renamed.key === 'lxc.rootfs.path' ? withBackend(renamed, backend) : renamed
}

function withKey(line: Setting, key: string): Setting {
  const from = line.raw.indexOf(line.key)
  return reread(line.raw.slice(0, from) + key + line.raw.slice(from + line.key.length)) as Setting
}

/** Storage that LXC knows by a prefix of the path (src/lxc/storage/storage.c). */
const backends = /^(aufs|btrfs|dir|loop|lvm|nbd|overlay|overlayfs|rbd|zfs):/

/** Without a backend LXC finds the kind of storage by itself, so nothing is put in front. */
const withBackend = (line: Setting, backend: string | undefined): Setting =>
  backend === undefined || line.value === '' || backends.test(line.value)
    ? line
    : withValue(line, `${backend}:${line.value}`)

/** `lxc.rootfs.backend` holds for the file wherever it stands; it may name several, of which LXC takes one that fits. */
function backendOf(lines: readonly Line[]): string | undefined {
  const last = lines.findLast((line) => line.kind === 'setting' && line.key === 'lxc.rootfs.backend')
  return last?.kind === 'setting' && backends.test(`${last.value}:`) ? last.value : undefined
}

/** A NIC in the list that LXC 2.1 keeps, with the index it has there: legacy ones count down from the one before. */
interface Listed {
  index: number
  legacy: boolean
  /** Its index after the upgrade. */
  becomes: number
}

/** Place of each legacy line about NICs → its modern key. */
function numberNics(lines: readonly Line[], file: string): { keys: Map<number, string>; obstacles: Problem[] } {
  const keys = new Map<number, string>()
  const obstacles: Problem[] = []
  const firstFree = 1 + highestIndex(lines)
  let list: Listed[] = []
  const obstacle = (code: string, message: string, at: number): void => {
    const text = withoutEnd(lines[at]?.raw ?? '')
    obstacles.push({
      code,
      severity: 'error',
      message,
      place: { file, line: at + 1, column: 1, length: Math.max(1, text.length), text },
    })
  }
  for (const [at, line] of lines.entries()) {
    const net = line.kind === 'setting' ? parseNetKey(line.key) : undefined
    if (line.kind !== 'setting' || net === undefined) continue
    if (net.style === 'legacy-all' || (net.style === 'legacy' && net.sub === 'type' && line.value === '')) {
      keys.set(at, 'lxc.net')
      list = []
    } else if (net.style === 'modern-all') list = []
    else if (net.style === 'modern-nic' || net.style === 'modern') {
      const found = list.find(({ index }) => index === net.index)
      if (net.style === 'modern-nic') list = list.filter((one) => one !== found)
      if (found?.legacy)
        obstacle(
          'mixed-styles',
          `LXC 2.1 takes ${line.key} for a key of a legacy NIC; what is meant cannot be told`,
          at,
        )
      if (found === undefined && line.value !== '' && net.style === 'modern')
        insertByIndex(list, { index: net.index, legacy: false, becomes: net.index })
    } else if (net.style === 'bad') {
      if (line.key.startsWith('lxc.network')) obstacle('bad-index', `${line.key}: ${net.reason}`, at)
    } else if (net.sub === 'type') {
      const becomes = firstFree + list.filter(({ legacy }) => legacy).length
      list.push({ index: (list.at(-1)?.index ?? 0) - 1, legacy: true, becomes })
      keys.set(at, netKey({ style: 'modern', index: becomes }, 'type'))
    } else {
      const target = net.index === undefined ? list.at(-1) : list[net.index]
      if (target !== undefined) keys.set(at, netKey({ style: 'modern', index: target.becomes }, net.sub))
      else if (list.length === 0)
        obstacle(
          'legacy-key-before-type',
          `${line.key} stands before the first lxc.network.type, so its NIC cannot be told`,
          at,
        )
      else obstacle('legacy-no-such-nic', `${line.key}: NIC ${net.index} does not exist at this line`, at)
    }
  }
  return { keys, obstacles }
}

function insertByIndex(list: Listed[], nic: Listed): void {
  const place = list.findIndex(({ index }) => index > nic.index)
  list.splice(place === -1 ? list.length : place, 0, nic)
}

function highestIndex(lines: readonly Line[]): number {
  let highest = -1
  for (const line of lines) {
    const net = line.kind === 'setting' ? parseNetKey(line.key) : undefined
    if (net?.style === 'modern' || net?.style === 'modern-nic') highest = Math.max(highest, net.index)
  }
  return highest
}

const includesOf = (lines: readonly Line[], file: string): Problem[] =>
  lines.flatMap((line, at) => {
    if (line.kind !== 'setting' || line.key !== 'lxc.include' || line.value === '') return []
    const place = { file, line: at + 1, column: line.at + 1, length: line.written.length, text: withoutEnd(line.raw) }
    return {
      code: 'include-not-upgraded',
      severity: 'warning',
      message: `${line.value} is included and stays as it is`,
      place,
    }
  })

const withoutEnd = (raw: string): string => raw.slice(0, raw.length - lineEnd(raw).length)
