/** Which lines of a file are whose: every line that sets or clears something of a NIC, in order of the file. */
import { type Line, parse, type Setting } from './lxc-config.ts'
import { type NicRef, parseNetKey } from './net-key.ts'

export interface NicLine {
  /** 0-based index among the lines. */
  at: number
  setting: Setting
  /** undefined where all NICs are cleared */
  nic: NicRef | undefined
  /** Modern name of the key; '' where the whole NIC or all NICs are cleared. */
  sub: string
  /** A legacy key that names its NIC by number, wherever it stands. */
  indexed: boolean
  /** No line below clears its NIC. */
  alive: boolean
}

export function nicLines(lines: readonly Line[]): NicLine[] {
  const all: NicLine[] = []
  const kill = (index?: number): void => {
    for (const line of all)
      if (index === undefined || (line.nic?.style === 'modern' && line.nic.index === index)) line.alive = false
  }
  let sections = 0
  for (const [at, setting] of lines.entries()) {
    const net = setting.kind === 'setting' ? parseNetKey(setting.key) : undefined
    if (setting.kind !== 'setting' || net === undefined || net.style === 'bad') continue
    const add = (nic: NicRef | undefined, sub: string, indexed = false): void => {
      all.push({ at, setting, nic, sub, indexed, alive: sub !== '' })
    }
    if (net.style === 'modern') add({ style: 'modern', index: net.index }, net.sub)
    else if (net.style === 'modern-nic') {
      kill(net.index)
      add({ style: 'modern', index: net.index }, '')
    } else if (net.style !== 'legacy' || (net.sub === 'type' && setting.value === '')) {
      kill()
      sections = 0
      add(undefined, '')
    } else {
      if (net.sub === 'type') sections++
      const indexed = net.index !== undefined && net.sub !== 'type'
      const index = indexed ? (net.index ?? 0) : sections - 1
      add({ style: 'legacy', index }, net.sub, indexed)
    }
  }
  return all
}

export const isOf = (line: NicLine, nic: NicRef): boolean =>
  line.nic?.style === nic.style && line.nic.index === nic.index

/** The line with another value; quotes, indent, spacing and line end stay. */
export function withValue(line: Setting, value: string): Setting {
  const quote = line.written === line.value ? 0 : 1
  const from = line.at + quote
  const missing =
    line.raw[line.at - 1] === '=' && line.value === '' && quote === 0 && / =$/.test(line.raw.slice(0, line.at))
      ? ' '
      : ''
  return reread(line.raw.slice(0, from) + missing + value + line.raw.slice(from + line.value.length)) as Setting
}

/** A legacy key that names its NIC by number, with another number. */
export function withIndex(line: Setting, index: number): Setting {
  const from = line.raw.indexOf(line.key)
  const key = line.key.replace(/^(lxc\.network\.)\d+/, `$1${index}`)
  return reread(line.raw.slice(0, from) + key + line.raw.slice(from + line.key.length)) as Setting
}

export function reread(raw: string): Line {
  const [line, second] = parse(raw)
  if (line === undefined || second !== undefined) throw new RangeError('not one line')
  return line
}
