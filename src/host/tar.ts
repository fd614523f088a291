/**
 * tar archives in memory, as GNU tar and busybox tar write them.
 *
 * Format: POSIX.1-2024 pax, "ustar Interchange Format"; GNU's long names (types L and K) and pax records (type x) are
 * read, and a hard link to a file that came earlier is given as that file again.
 * A stream of several archives one after another is read as one, since xargs(1) may start tar more than once.
 */

export interface TarEntry {
  /** As in the archive, without a leading "./". */
  path: string
  /** File content; empty for anything that is not a regular file. */
  data: Buffer
  /** tar's type flag: '0' file, '2' symbolic link, '5' directory. */
  type: string
  /** What a symbolic link points to; '' for anything else. */
  target: string
  mode: number
  uid: number
  gid: number
}

const block = 512

export function readTar(archive: Buffer): TarEntry[] {
  const entries: TarEntry[] = []
  const files = new Map<string, Buffer>()
  let path: string | undefined
  let target: string | undefined
  for (let at = 0; at + block <= archive.length; ) {
    if (archive[at] === 0) {
      at += block // end of one archive; another may follow
      continue
    }
    const size = number(archive, at + 124, 12)
    const type = String.fromCharCode(archive[at + 156] ?? 0)
    const data = archive.subarray(at + block, at + block + size)
    const next = at + block + Math.ceil(size / block) * block
    if (type === 'L') path = text(data, 0, size)
    else if (type === 'K') target = text(data, 0, size)
    else if (type === 'x') {
      const records = paxRecords(data)
      path = records.get('path')
      target = records.get('linkpath')
    } else {
      const posix = archive.toString('latin1', at + 257, at + 262) === 'ustar' && archive[at + 263] !== 0x20
      const prefix = posix ? text(archive, at + 345, 155) : ''
      const name = relative(path ?? (prefix === '' ? '' : `${prefix}/`) + text(archive, at, 100))
      const link = target ?? text(archive, at + 157, 100)
      const linked = type === '1' ? files.get(relative(link)) : undefined
      const isFile = type === '0' || type === '\0' || linked !== undefined
      path = target = undefined
      if (isFile) files.set(name, linked ?? data)
      entries.push({
        path: name,
        data: linked ?? data,
        type: isFile ? '0' : type,
        target: type === '2' ? link : '',
        mode: number(archive, at + 100, 8),
        uid: number(archive, at + 108, 8),
        gid: number(archive, at + 116, 8),
      })
    }
    at = next
  }
  return entries
}

const relative = (path: string): string => (path.startsWith('./') ? path.slice(2) : path)

/** `LENGTH KEY=VALUE\n`, where the length counts itself; a value may hold line ends. */
function paxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < data.length; ) {
    const length = Number.parseInt(data.toString('latin1', at, at + 20), 10)
    if (!(length > 0)) break
    const [, key = '', value = ''] = /^\d+ ([^=]*)=(.*)\n$/s.exec(data.toString('latin1', at, at + length)) ?? []
    records.set(key, value)
    at += length
  }
  return records
}

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.toString('latin1', start, start + length)
  const end = field.indexOf('\0')
  return end === -1 ? field : field.slice(0, end)
}

/** Octal text, or GNU's base-256 when the top bit is set. */
function number(bytes: Buffer, start: number, length: number): number {
  if (((bytes[start] ?? 0) & 0x80) === 0)
    return Number.parseInt(bytes.toString('latin1', start, start + length), 8) || 0
  let value = (bytes[start] ?? 0) & 0x7f
  for (let i = 1; i < length; i++) value = value * 256 + (bytes[start + i] ?? 0)
  return value
}
