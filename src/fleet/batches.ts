/** `--batch 1,25%,100%`: how many hosts are changed at a time, the first few as canaries. */
import { exit, LxcnetError } from '../core/error.ts'

/**
 * Cuts the hosts of a run into batches; the last size goes on until none is left, as Ansible's `serial` does.
 *
 * @param sizes whole numbers, or percents of all hosts, rounded up; empty for one batch
 * @throws {LxcnetError} `usage`
 */
export function batches<T>(all: readonly T[], sizes: readonly string[]): T[][] {
  const counts = sizes.map((size) => countOf(size, all.length))
  const cut: T[][] = []
  for (let at = 0; at < all.length; ) {
    const count = counts[cut.length] ?? counts.at(-1) ?? all.length
    cut.push(all.slice(at, at + count))
    at += count
  }
  return cut
}

function countOf(size: string, total: number): number {
  const [, digits = '', percent] = /^(\d{1,6})(%)?$/.exec(size) ?? []
  const number = Number(digits)
  if (digits === '' || number === 0 || (percent !== undefined && number > 100)) {
    throw new LxcnetError('usage', `--batch: "${size}" is neither a number of hosts nor a percentage of them`, {
      exit: exit.usage,
      suggestions: ['for instance --batch 1,25%,100%: one host, then a quarter of all at a time, then the rest'],
    })
  }
  return percent === undefined ? number : Math.max(1, Math.ceil((number / 100) * total))
}
