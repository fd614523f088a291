/**
 * tar archives in memory: read what GNU tar and busybox tar write, write what both read.
 *
 * Format: POSIX.1-2024 pax, "ustar Interchange Format"; GNU's long names (type L) and pax paths (type x) are read.
 * A stream of several archives one after another is read as one, since xargs(1) may start tar more than once.
 */

export interface TarEntry {
  /** As in the archive, without a leading "./". */
  path: string
  /** File content; empty for anything that is not a regular file. */
  data: Buffer
  /** tar's type flag: '0' file, '2' symbolic link, '5' directory. */
  type: string
  mode: number
  uid: number
  gid: number
}

const block = 512

export function readTar(archive: Buffer): TarEntry[] {
  const entries: TarEntry[] = []
  let longName: string | undefined
  for (let at = 0; at + block <= archive.length; ) {
    if (archive[at] === 0) {
      at += block // end of one archive; another may follow
      continue
    }
    const size = number(archive, at + 124, 12)
    const type = String.fromCharCode(archive[at + 156] ?? 0)
    const data = archive.subarray(at + block, at + block + size)
    const next = at + block + Math.ceil(size / block) * block
    if (type === 'L') longName = text(data, 0, size)
    else if (type === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(data.toString('latin1'))?.[1]
    else {
      const prefix = archive.toString('latin1', at + 257, at + 262) === 'ustar' && archive[at + 263] !== 0x20 ? text(archive, at + 345, 155) : ''
      const path = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(archive, at, 100)
      longName = undefined
      entries.push({
        path: path.startsWith('./') ? path.slice(2) : path,
        data,
        type: type === '\0' ? '0' : type,
        mode: number(archive, at + 100, 8),
        uid: number(archive, at + 108, 8),
        gid: number(archive, at + 116, 8),
      })
    }
    at = next
  }
  return entries
}

/** An archive of regular files, mode 0600. Paths are at most 100 bytes. */
export function writeTar(files: readonly { path: string; data: Buffer }[]): Buffer {
  const parts: Buffer[] = []
  for (const { path, data } of files) {
    const header = Buffer.alloc(block)
    header.write(path, 0, 100, 'latin1')
    const fields = [path.padEnd(100, '\0'), ...['0000600', '0000000', '0000000'], octal(data.length, 11), octal(0, 11)]
    header.write(`${fields[0]}${fields.slice(1).map((field) => `${field}\0`).join('')}        0`, 0, 'latin1')
    header.write('ustar\x0000', 257, 'latin1')
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
    parts.push(header, data, Buffer.alloc((block - (data.length % block)) % block))
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.toString('latin1', start, start + length)
  const end = field.indexOf('\0')
  return end === -1 ? field : field.slice(0, end)
}

/** Octal text, or GNU's base-256 when the top bit is set. */
function number(bytes: Buffer, start: number, length: number): number {
  if (((bytes[start] ?? 0) & 0x80) === 0) return Number.parseInt(bytes.toString('latin1', start, start + length), 8) || 0
  let value = (bytes[start] ?? 0) & 0x7f
  for (let i = 1; i < length; i++) value = value * 256 + (bytes[start + i] ?? 0)
  return value
}
