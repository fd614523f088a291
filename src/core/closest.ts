/** "Did you mean": the known words nearest to what was typed, at most a third of it away. */
export function closest(typed: string, known: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(typed.length / 3))
  const near = [...known].map((word) => ({ word, far: distance(typed, word) })).filter(({ far }) => far <= limit)
  return near
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ word }) => word)
}

/** Letters to add, drop, change or swap with their neighbour. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(i - 2, j - 2) + 1)
      row.push(best)
    }
  }
  return at(a.length, b.length)
}
