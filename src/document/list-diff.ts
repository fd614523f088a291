/** The least that turns one short list of texts into another, order kept. */

/** `old.slice(from, to)` is replaced by `added`. */
export interface Hunk {
  from: number
  to: number
  added: string[]
}

/** Beyond this many comparisons the lists are taken as wholly different between their common ends. */
const mostComparisons = 1_000_000

export function diffLists(old: readonly string[], wanted: readonly string[]): Hunk[] {
  let start = 0
  while (start < old.length && start < wanted.length && old[start] === wanted[start]) start++
  let oldEnd = old.length
  let wantedEnd = wanted.length
  while (oldEnd > start && wantedEnd > start && old[oldEnd - 1] === wanted[wantedEnd - 1]) {
    oldEnd--
    wantedEnd--
  }
  const hunks: Hunk[] = []
  let i = start
  let j = start
  for (const [keptOld, keptWanted] of [
    ...longestCommon(old, wanted, start, oldEnd, wantedEnd),
    [oldEnd, wantedEnd] as const,
  ]) {
    if (keptOld > i || keptWanted > j) hunks.push({ from: i, to: keptOld, added: wanted.slice(j, keptWanted) })
    i = keptOld + 1
    j = keptWanted + 1
  }
  return hunks
}

/** Positions in both lists of a longest common subsequence between `start` and the ends. */
function longestCommon(
  old: readonly string[],
  wanted: readonly string[],
  start: number,
  oldEnd: number,
  wantedEnd: number,
): (readonly [number, number])[] {
  const width = wantedEnd - start + 1
  const height = oldEnd - start
  if (width * height > mostComparisons) return []
  const lengths = new Uint32Array(width * (height + 1))
  const at = (i: number, j: number): number => lengths[(i - start) * width + j - start] ?? 0
  for (let i = oldEnd - 1; i >= start; i--) {
    for (let j = wantedEnd - 1; j >= start; j--) {
      lengths[(i - start) * width + j - start] =
        old[i] === wanted[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const pairs: (readonly [number, number])[] = []
  for (let i = start, j = start; i < oldEnd && j < wantedEnd; ) {
    if (old[i] === wanted[j]) pairs.push([i++, j++])
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return pairs
}
