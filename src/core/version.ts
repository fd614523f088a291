/** LXC release numbers, such as `5.0.2`. */

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`; missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)]
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The same few are compared for every key of every config. */
const known = new Map<string, number[]>()

function parts(version: string): number[] {
  let numbers = known.get(version)
  if (numbers === undefined) {
    numbers = version.split(/[.~+-]/, 3).map((part) => Number.parseInt(part, 10) || 0)
    known.set(version, numbers)
  }
  return numbers
}
