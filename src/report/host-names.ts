/** Names of hosts in what people read: those that are numbered through as a range, `lxc[01:20]`, which -H understands. */
import { readable } from './table.ts'

/** Two names are said as fast as a range of two. */
const shortestRange = 3

/** More names than these are told by the first ones and the last; --json has them all. */
const most = 12

/** The names with commas between them; of a long list not all. */
export function listed(hosts: readonly string[]): string {
  const names = folded(hosts)
  const shown = names.length <= most ? names : [...names.slice(0, most - 2), `… ${names.at(-1)}`]
  return readable(shown.join(', '))
}

/** Neighbours whose names differ by one number that counts up become a range, as an inventory has it. */
export function folded(hosts: readonly string[]): string[] {
  const names: string[] = []
  for (let at = 0; at < hosts.length; ) {
    const { text, count } = rangeAt(hosts, at)
    names.push(text)
    at += count
  }
  return names
}

/** The longest range that begins there; the name itself where none does. */
function rangeAt(hosts: readonly string[], at: number): { text: string; count: number } {
  const name = hosts[at] ?? ''
  let longest = { text: name, count: 1 }
  if (name.includes(':')) return longest // an IPv6 address, whose numbers are of another base
  for (const { 0: first, index } of name.matchAll(/\d{1,9}/g)) {
    const head = name.slice(0, index)
    const tail = name.slice(index + first.length)
    let last = first
    let count = 1
    for (let next = following(first); next !== undefined && hosts[at + count] === head + next + tail; count++) {
      last = next
      next = following(next)
    }
    if (count >= shortestRange && count > longest.count) longest = { text: `${head}[${first}:${last}]${tail}`, count }
  }
  return longest
}

/** With leading zeros both ends of a range have as many digits: undefined where that would change. */
function following(digits: string): string | undefined {
  const next = String(Number(digits) + 1)
  if (!/^0./.test(digits)) return next
  return next.length > digits.length ? undefined : next.padStart(digits.length, '0')
}

/**
 * Breaks a text between words into lines; those after the first are indented.
 *
 * @param width columns of the terminal; 0 in a pipe, where nothing is broken
 */
export function wrapped(text: string, indent: number, width: number): string {
  if (width === 0) return text
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last} ${word}`
    if (last !== undefined && longer.length > width) lines.push(' '.repeat(indent) + word)
    else lines.splice(-1, 1, longer)
  }
  return lines.join('\n')
}
